"""Tasks over HTTP: ordered, followed, cancelled, tried again and listed; workers and queues."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from cms_bridge.access import registry
from cms_bridge.access.callers import Action
from cms_bridge.jobs import workers
from cms_bridge.pricing.estimates import Prices
from cms_bridge.states import Status
from cms_bridge.tables import Job, Worker
from render.generation.base import Kind
from tests.support import events, every_kind
from tests.support.api import api_settings, running_api
from tests.support.api_objects import store_api_objects
from tests.support.jobs import accept, expire, put
from tests.support.ledger import claimed, new_job

pytestmark = pytest.mark.anyio

TASKS = "/api/v1/tasks"
PRICES = Prices(picture=lambda _: Decimal("0.14"), narration=lambda _: Decimal("0.02"))


@pytest.fixture
async def http(
    database_url: str, redis_url: str, tmp_path: Path
) -> AsyncIterator[httpx.AsyncClient]:
    settings = api_settings(database_url, redis_url, tmp_path)
    async with running_api(settings, prices=PRICES) as client:
        yield client


def video(**fields: Any) -> dict[str, Any]:
    brief = {"title": "Bread", "script": "One sentence."}
    return {"kind": "video", "projectId": "bakery", "brief": brief, **fields}


IMAGE = {"kind": "image", "projectId": "bakery", "prompt": "A loaf", "aspectRatio": "1:1"}
AUDIO = {"kind": "audio", "projectId": "bakery", "text": "Hello.", "locale": "de"}


async def submitted(
    http: httpx.AsyncClient, body: dict[str, Any], *, key: str | None = None
) -> dict[str, Any]:
    headers = {} if key is None else {"Idempotency-Key": key}
    answer = await http.post(f"{TASKS}/submit", json=body, headers=headers)
    assert answer.status_code in {200, 202}, answer.text
    assert answer.headers["Location"] == f"{TASKS}/{answer.json()['id']}/status"
    return answer.json()


@pytest.mark.parametrize(
    ("body", "status", "estimate"),
    [
        (video(), "pending", "0.000000"),
        (IMAGE, "approved", "0.140000"),
        (AUDIO, "approved", "0.020000"),
    ],
)
async def test_each_kind_is_taken_and_followed(
    http: httpx.AsyncClient, body: dict[str, Any], status: str, estimate: str
) -> None:
    task = await submitted(http, body)
    assert (task["kind"], task["projectId"]) == (body["kind"], "bakery")
    assert (task["status"], task["estimatedCost"]) == (status, estimate)
    assert (task["resultUrl"], task["error"]) == (None, None)
    again = await http.get(f"{TASKS}/{task['id']}/status")
    assert again.json() == task


@pytest.mark.parametrize("body", [video(), IMAGE, AUDIO])
async def test_whoever_waits_is_told_the_place_and_the_more_urgent_stand_before(
    http: httpx.AsyncClient, body: dict[str, Any]
) -> None:
    first, urgent = await submitted(http, body), await submitted(http, {**body, "priority": "high"})
    assert (first["priority"], urgent["priority"]) == (None, "high")
    lane = "drafts" if body["kind"] == "video" else "generation"
    assert urgent["line"] == {"lane": lane, "place": 1, "startsAt": None}
    listed = (await http.get("/api/v1/projects/bakery/tasks")).json()["tasks"]
    assert {one["id"]: one["line"]["place"] for one in listed} == {urgent["id"]: 1, first["id"]: 2}
    stopped = (await http.delete(f"{TASKS}/{first['id']}/cancel")).json()
    assert (stopped["status"], stopped["line"]) == ("cancelled", None)


async def test_a_projects_priority_is_that_of_jobs_without_one(http: httpx.AsyncClient) -> None:
    path = "/api/v1/projects/bakery/priority"
    assert (await http.get(path)).status_code == 404
    first = await submitted(http, video())
    assert (await http.get(path)).json() == {"priority": "normal"}
    assert (await http.put(path, json={"priority": "urgent"})).status_code == 400
    assert (await http.put(path, json={"priority": "low"})).json() == {"priority": "low"}
    normal = await submitted(http, video(priority="normal"))
    assert normal["line"]["place"] == 1
    waits = (await http.get(f"/api/v1/videos/jobs/{first['id']}/status")).json()
    assert (waits["priority"], waits["line"]["place"]) == (None, 2)


@pytest.mark.parametrize("body", [video(), video(approval={"upTo": "1.5"}), IMAGE, AUDIO])
async def test_the_same_key_and_request_is_the_same_task_and_another_is_a_conflict(
    http: httpx.AsyncClient, body: dict[str, Any]
) -> None:
    first = await submitted(http, body, key="k")
    assert (await submitted(http, body, key="k"))["id"] == first["id"]
    assert (await submitted(http, body, key="another"))["id"] != first["id"]
    changed = [
        other for other in (video(approval={"upTo": "2"}), IMAGE, AUDIO) if other is not body
    ]
    for other in [*changed, {**body, "version": "2"}]:
        answer = await http.post(f"{TASKS}/submit", json=other, headers={"Idempotency-Key": "k"})
        assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_conflict")


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (video(approval={"upTo": "x"}), "upTo"),
        (video(approval={"upTo": "1", "more": 1}), "more"),
        (video(prompt="A loaf"), "prompt"),
        ({**IMAGE, "kind": "film"}, "kind"),
        ({**IMAGE, "text": "x"}, "text"),
        ({**AUDIO, "music": {"assetId": "x"}}, "assetId"),
        ({**AUDIO, "music": {"assetId": str(uuid4()), "volume": 1}}, "volume"),
        ({"kind": "video"}, "projectId"),
    ],
)
async def test_what_is_not_of_its_form_is_named(
    http: httpx.AsyncClient, body: dict[str, Any], named: str
) -> None:
    answer = await http.post(f"{TASKS}/submit", json=body)
    assert answer.status_code == 400, answer.text
    assert named in answer.text


async def test_music_is_an_asset_or_a_mood(http: httpx.AsyncClient) -> None:
    answer = await http.post(f"{TASKS}/submit", json={**AUDIO, "music": {}})
    assert answer.status_code == 422
    assert "a mood (calm, warm, bright, driving, tense, solemn)" in answer.json()["detail"]
    wrong = {**AUDIO, "music": {"mood": "jolly"}}
    answer = await http.post(f"{TASKS}/submit", json=wrong)
    assert answer.status_code == 400
    assert "There are calm, warm" in answer.text


async def test_music_is_something_to_hear_of_the_same_project(http: httpx.AsyncClient) -> None:
    spoken, picture = await submitted(http, AUDIO), await submitted(http, IMAGE)
    elsewhere = await submitted(http, {**AUDIO, "projectId": "elsewhere"})

    async def with_music(asset: str) -> httpx.Response:
        body = {**AUDIO, "text": "Over music.", "music": {"assetId": asset, "duck": 6}}
        return await http.post(f"{TASKS}/submit", json=body)

    assert (await with_music(spoken["id"])).status_code == 409  # it is not made yet
    await every_kind.an_asset(
        UUID(picture["id"]), "medium", every_kind.Source.MODEL, every_kind.Condition.USABLE
    )
    for task in (spoken, elsewhere):
        await every_kind.an_asset(
            UUID(task["id"]),
            "medium",
            every_kind.Source.MODEL,
            every_kind.Condition.USABLE,
            kind=Kind.NARRATION,
        )
    assert (await with_music(spoken["id"])).status_code == 409  # nor is the whole of it
    await put(UUID(spoken["id"]), Status.COMPLETED)
    assert (await with_music(picture["id"])).status_code == 422
    for unknown in (elsewhere["id"], str(uuid4())):
        assert (await with_music(unknown)).status_code == 404
    answer = await with_music(spoken["id"])
    assert answer.status_code == 202
    board = (await Job.select(Job.storyboard_data).where(Job.id == UUID(answer.json()["id"])))[0]
    assert f'"file":"{spoken["id"]}.wav"' in board["storyboard_data"]
    # Its own narration is not the mix: nothing is handed over before that.
    await every_kind.an_asset(
        UUID(answer.json()["id"]),
        "medium",
        every_kind.Source.MODEL,
        every_kind.Condition.USABLE,
        kind=Kind.NARRATION,
    )
    content = await http.get(f"/api/v1/media/assets/{answer.json()['id']}/content")
    assert content.status_code == 409


async def test_a_task_is_cancelled_once_and_goes_on_when_it_is_tried_again(
    http: httpx.AsyncClient,
) -> None:
    task = await submitted(http, IMAGE)
    for _ in range(2):
        answer = await http.delete(f"{TASKS}/{task['id']}/cancel")
        assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    for _ in range(2):
        answer = await http.post(f"{TASKS}/{task['id']}/retry")
        assert (answer.status_code, answer.json()["status"]) == (202, "approved")


@pytest.mark.parametrize(
    ("approved", "status"), [(True, "approved"), (False, "storyboard_complete")]
)
async def test_a_failed_task_goes_on_from_the_step_that_failed(
    http: httpx.AsyncClient, approved: bool, status: str
) -> None:
    job = await new_job()
    problem = '{"code":"x","message":"y"}'
    await put(job, Status.FAILED, approved=approved, error=problem, error_message="y")
    assert (await http.get(f"{TASKS}/{job}/status")).json()["error"]["code"] == "x"
    answer = await http.post(f"{TASKS}/{job}/retry")
    assert (answer.json()["status"], answer.json()["error"]) == (status, None)


async def test_what_is_done_is_neither_cancelled_nor_tried_again(http: httpx.AsyncClient) -> None:
    job = await new_job()
    await put(job, Status.COMPLETED, video_url="/somewhere")
    assert (await http.get(f"{TASKS}/{job}/status")).json()["resultUrl"] == "/somewhere"
    for method, path in (("DELETE", "cancel"), ("POST", "retry")):
        answer = await http.request(method, f"{TASKS}/{job}/{path}")
        assert (answer.status_code, answer.json()["code"]) == (409, "illegal_move")


async def test_a_superseded_task_is_not_tried_again(http: httpx.AsyncClient) -> None:
    old = await accept(events.submitted())
    await accept(events.submitted(submission=2))
    answer = await http.post(f"{TASKS}/{old.job_id}/retry")
    assert (answer.status_code, answer.json()["code"]) == (409, "superseded")


async def listed(http: httpx.AsyncClient, **query: Any) -> list[str]:
    """Return the ids of all pages."""
    found, cursor = list[str](), None
    while True:
        asked = query | ({"cursor": cursor} if cursor else {})
        answer = await http.get("/api/v1/projects/bakery/tasks", params=asked)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += [task["id"] for task in page["tasks"]]
        assert len(page["tasks"]) <= query.get("limit", 50)
        if (cursor := page["nextCursor"]) is None:
            return found


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 200])
async def test_a_project_s_tasks_are_listed_newest_first_whatever_a_page_holds(
    http: httpx.AsyncClient, limit: int
) -> None:
    tasks = [await submitted(http, body) for body in (video(), IMAGE, AUDIO, video(), IMAGE, AUDIO)]
    await submitted(http, {**IMAGE, "projectId": "elsewhere"})
    # Some began in the very same moment.
    now = datetime.now(UTC).replace(microsecond=0)
    for number, task in enumerate(tasks):
        at = now - timedelta(seconds=number // 2, microseconds=number // 2 * 7)
        await Job.update({Job.created_at: at}).where(Job.id == UUID(task["id"]))
    await put(UUID(tasks[1]["id"]), Status.FAILED)
    newest_first = sorted(range(6), key=lambda one: (-(one // 2), tasks[one]["id"]), reverse=True)
    expected = [tasks[one]["id"] for one in newest_first]
    assert await listed(http, limit=limit) == expected

    async def only(**query: Any) -> list[int]:
        found = await listed(http, limit=limit, **query)
        assert found == [one for one in expected if one in found]
        return sorted(next(n for n, task in enumerate(tasks) if task["id"] == one) for one in found)

    assert await only(kind="audio") == [2, 5]
    assert await only(kind=["audio", "video"]) == [0, 2, 3, 5]
    assert await only(status="failed") == [1]
    assert await only(status=["failed", "pending"]) == [0, 1, 3]
    assert await only(status="approved", kind="image") == [4]
    edge = (now - timedelta(seconds=1, microseconds=7)).isoformat()
    assert await only(createdFrom=edge) == [0, 1, 2, 3]
    assert await only(createdBefore=edge) == [4, 5]
    assert await only(createdFrom=edge, createdBefore=now.isoformat(), kind="audio") == [2]


async def test_what_is_submitted_meanwhile_moves_no_page(http: httpx.AsyncClient) -> None:
    tasks = [(await submitted(http, video()))["id"] for _ in range(4)]
    path = "/api/v1/projects/bakery/tasks"
    first = (await http.get(path, params={"limit": 2})).json()
    await submitted(http, video())
    second = (await http.get(path, params={"limit": 2, "cursor": first["nextCursor"]})).json()
    assert [task["id"] for task in first["tasks"] + second["tasks"]] == tasks[::-1]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cursor", "x"),
        ("cursor", "W10"),
        ("cursor", "é"),
        ("limit", "0"),
        ("limit", "201"),
        ("status", "lost"),
        ("kind", "film"),
        ("createdFrom", "yesterday"),
        ("createdBefore", "2026-11-28T10:00:00"),
        ("createdFrom", "0.5"),
    ],
)
async def test_a_parameter_that_is_not_of_its_form_is_named(
    http: httpx.AsyncClient, name: str, value: str
) -> None:
    await submitted(http, IMAGE)
    answer = await http.get("/api/v1/projects/bakery/tasks", params={name: value})
    assert answer.status_code == 400
    assert [one["key"] for one in answer.json()["errors"]] == [name]


async def test_the_tasks_of_no_project_are_not_found(http: httpx.AsyncClient) -> None:
    answer = await http.get("/api/v1/projects/nobodys/tasks")
    assert (answer.status_code, answer.json()["code"]) == (404, "project_not_found")


async def test_workers_tell_what_they_hold_and_whether_they_are_there(
    http: httpx.AsyncClient,
) -> None:
    for name in ("w1", "w2", "w3"):
        await workers.report(name, drafts=2, jobs=4, draining=name == "w2")
    await Worker.update({Worker.seen_at: datetime.now(UTC) - timedelta(minutes=2)}).where(
        Worker.id == "w3"
    )
    lease = await claimed(await new_job(project="bakery"), worker="w1")
    told = {one["id"]: one for one in (await http.get("/api/v1/workers/status")).json()["workers"]}
    assert {name: (one["alive"], one["draining"]) for name, one in told.items()} == {
        "w1": (True, False),
        "w2": (True, True),
        "w3": (False, False),
    }
    (held,) = told["w1"]["held"]
    assert (held["id"], held["projectId"]) == (str(lease.job_id), "bakery")
    assert (held["kind"], held["status"]) == ("video", "generating")
    assert held["since"] <= held["leaseExpiresAt"]
    assert told["w2"]["held"] == []
    assert (told["w1"]["storyboardPlaces"], told["w1"]["renderPlaces"]) == (2, 4)
    assert told["w1"]["resources"] is None
    await workers.report("w1", drafts=2, jobs=4, draining=False, resources=every_kind.RESOURCES)
    await Worker.update({Worker.resources: '{"of": "another version"}'}).where(Worker.id == "w2")
    listed = (await http.get("/api/v1/workers/status")).json()["workers"]
    told = {one["id"]: one["resources"] for one in listed}
    assert (told["w1"]["cpu"], told["w1"]["cores"]) == (3.71, 4)
    assert told["w1"]["gpus"][0]["memoryTotalBytes"] == 48 * 2**30
    assert told["w2"] is None
    await workers.leave("w1")
    await Worker.update({Worker.seen_at: datetime.now(UTC) - timedelta(days=2)}).where(
        Worker.id == "w3"
    )
    await workers.sweep()
    left = (await http.get("/api/v1/workers/status")).json()["workers"]
    assert [one["id"] for one in left] == ["w2"]


async def test_queues_tell_what_waits_how_long_and_what_is_held(http: httpx.AsyncClient) -> None:
    now = datetime.now(UTC)
    tasks = [UUID((await submitted(http, body))["id"]) for body in (IMAGE, video(), video(), AUDIO)]
    await Job.update({Job.wake_at: now - timedelta(minutes=10)}).where(Job.id == tasks[1])
    await Job.update({Job.wake_at: now + timedelta(minutes=10)}).where(Job.id == tasks[3])
    await claimed(tasks[0])
    await claimed(lost := await new_job())
    await expire(lost)
    answer = await http.get("/api/v1/queues/status")
    told = {
        (one["kind"], one["phase"]): [
            one[name] for name in ("waiting", "late", "scheduled", "held")
        ]
        for one in answer.json()["queues"]
    }
    assert told == {
        ("video", "storyboard"): [2, 1, 0, 0],
        ("video", "render"): [1, 0, 0, 0],
        ("image", "render"): [0, 0, 0, 1],
        ("audio", "render"): [0, 0, 1, 0],
        ("export", "render"): [0, 0, 0, 0],
        ("music", "render"): [0, 0, 0, 0],
        ("clip", "render"): [0, 0, 0, 0],
        ("reading", "render"): [0, 0, 0, 0],
    }
    (drafts,) = [one for one in answer.json()["queues"] if one["phase"] == "storyboard"]
    assert 599 < drafts["oldestWaitingSeconds"] < 660


@pytest.mark.parametrize("path", ["/api/v1/workers/status", "/api/v1/queues/status"])
async def test_a_key_of_single_projects_is_told_nothing_of_all_together(
    http: httpx.AsyncClient, path: str
) -> None:
    await store_api_objects("ours")
    token, _ = await registry.create("us", projects=("ours",), actions=tuple(Action), lasts=None)
    answer = await http.get(path, headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["code"]) == (403, "all_projects_only")
    token, _ = await registry.create("all", projects=None, actions=(Action.READ,), lasts=None)
    answer = await http.get(path, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200
