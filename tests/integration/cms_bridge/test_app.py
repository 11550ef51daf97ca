"""The bridge over real HTTP, with a real Redis: what it accepts, refuses and reports."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest
from redis.asyncio import Redis

from cms_bridge.database import connected
from cms_bridge.health import models
from cms_bridge.jobs import workers
from cms_bridge.jobs.queue import HEALTH_KEY, QueueName, deserialise
from cms_bridge.states import Lane
from cms_bridge.tables import GeneratedVideo, InboundEvent, Job
from render.generation.circuit import Evidence, Sign
from tests.support import events
from tests.support.bridge_process import API_KEY, LINK_SECRET, running_bridge
from tests.support.bridge_process import WEBHOOKS as EVENTS

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bridge")


@pytest.fixture(scope="module")
def bridge_url(directory: Path, redis_server: str, migrated_sqlite: Path) -> Iterator[str]:
    """A bridge process on a database of its own."""
    (directory / "bridge.db").write_bytes(migrated_sqlite.read_bytes())
    with running_bridge(
        directory,
        redis=redis_server,
        database=f"sqlite:///{directory}/bridge.db",
        max_webhook_bytes="100000",
    ) as bridge:
        yield bridge.url
    assert bridge.process.returncode == 0
    for secret in (events.SECRET.removeprefix("whsec_"), API_KEY, LINK_SECRET):
        assert secret not in bridge.log


@pytest.fixture
async def http(bridge_url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=bridge_url) as client:
        yield client


@pytest.fixture
async def rows(bridge_url: str, directory: Path) -> AsyncIterator[None]:
    """The bridge's own tables, to look at."""
    async with connected(f"sqlite:///{directory}/bridge.db"):
        yield


async def send(http: httpx.AsyncClient, event: Any, **options: Any) -> httpx.Response:
    body, headers = events.signed(event, **options)
    return await http.post(EVENTS, content=body, headers=headers)


def new_video(**brief: Any) -> Any:
    return events.submitted(video=uuid4().hex, **brief)


def problem(answer: httpx.Response) -> tuple[int, str, str]:
    assert answer.headers["content-type"].startswith("application/problem+json")
    said = answer.json()
    assert said["status"] == answer.status_code
    return answer.status_code, said["code"], said["detail"]


async def test_an_event_is_accepted_with_a_receipt(http: httpx.AsyncClient) -> None:
    answer = await send(http, new_video())
    assert answer.status_code == 202
    receipt = answer.json()
    assert receipt.keys() == {"jobId", "status", "duplicate", "superseded"}
    assert (receipt["status"], receipt["duplicate"]) == ("pending", False)


@pytest.mark.usefixtures("redis_url")
async def test_a_worker_is_woken_with_the_jobs_id_and_attempt_alone(
    http: httpx.AsyncClient, redis_server: str
) -> None:
    job = (await send(http, new_video())).json()["jobId"]
    async with Redis.from_url(redis_server) as redis:
        (name,) = await redis.zrange(QueueName.DRAFTS, 0, -1)
        queued = deserialise(await redis.get(b"arq:job:" + name))
        assert (queued["f"], queued["a"]) == ("draft_storyboard", [job, 0])


async def test_a_repeat_is_acknowledged_and_changes_nothing(http: httpx.AsyncClient) -> None:
    event = new_video()
    first = await send(http, event, message="evt_repeat")
    again = await send(http, event, message="evt_repeat")
    assert again.status_code == 202
    assert again.json() == {**first.json(), "duplicate": True}


async def test_a_replayed_id_with_another_body_is_refused(http: httpx.AsyncClient) -> None:
    await send(http, new_video(), message="evt_replay")
    answer = await send(http, new_video(), message="evt_replay")
    assert problem(answer)[:2] == (409, "event_conflict")


async def test_an_older_submission_that_comes_late_is_taken_and_not_made(
    http: httpx.AsyncClient,
) -> None:
    video = uuid4().hex
    await send(http, events.submitted(video=video, submission=2))
    answers = [
        await send(http, events.submitted(video=video, submission=1)),
        await send(http, events.retried(video=video, submission=1)),
    ]
    for answer in answers:
        assert answer.status_code == 202
        assert answer.json()["status"] == "cancelled"
        assert answer.json()["superseded"] is True


async def test_a_tampered_body_is_refused(http: httpx.AsyncClient) -> None:
    body, headers = events.signed(new_video())
    answer = await http.post(EVENTS, content=body + b" ", headers=headers)
    assert problem(answer)[:2] == (401, "webhook_rejected")


@pytest.mark.parametrize("minutes", [-6, 6])
async def test_a_stale_or_future_message_is_refused(http: httpx.AsyncClient, minutes: int) -> None:
    at = datetime.now(UTC) + timedelta(minutes=minutes)
    assert problem(await send(http, new_video(), at=at))[:2] == (401, "webhook_rejected")


async def test_an_unsigned_message_is_refused(http: httpx.AsyncClient) -> None:
    answer = await http.post(EVENTS, content=msgspec.json.encode(new_video()))
    assert problem(answer)[:2] == (401, "webhook_rejected")


@pytest.mark.parametrize("declared", [True, False])
async def test_an_oversized_body_is_refused_before_it_is_verified(
    http: httpx.AsyncClient, declared: bool
) -> None:
    async def stream() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * 10_000

    content = b"x" * 200_000 if declared else stream()
    _, headers = events.signed(new_video())
    status, code, said = problem(await http.post(EVENTS, content=content, headers=headers))
    assert (status, code) == (413, "body_too_large")
    assert "100000 bytes" in said


async def test_what_is_not_json_is_refused(http: httpx.AsyncClient) -> None:
    assert problem(await send(http, b"not json"))[:2] == (400, "malformed_event")


async def test_an_unknown_type_is_named(http: httpx.AsyncClient) -> None:
    event = {"type": "video.exploded", "timestamp": "2026-01-01T00:00:00Z", "data": {}}
    status, code, said = problem(await send(http, msgspec.json.encode(event)))
    assert (status, code) == (400, "malformed_event")
    assert "video.exploded" in said


async def test_an_empty_script_is_refused_in_plain_words(http: httpx.AsyncClient) -> None:
    status, code, said = problem(await send(http, new_video(script=" \n ")))
    assert (status, code) == (422, "empty_script")
    assert said == "There is nothing to say: write a script or at least a brief."


async def test_an_overlong_script_names_limit_and_length(http: httpx.AsyncClient) -> None:
    answer = await send(http, new_video(script="x" * 50_000))
    assert problem(answer)[:2] == (422, "limit_exceeded")
    assert answer.json()["params"] == {
        "what": "the script",
        "limit": 40_000,
        "value": 50_000,
        "unit": "characters",
    }


@pytest.mark.usefixtures("rows")
async def test_what_was_refused_left_nothing_behind(http: httpx.AsyncClient) -> None:
    before = await Job.count(), await InboundEvent.count()
    await send(http, new_video(script=" "))
    await send(http, b"not json")
    await send(http, events.approved(uuid4()))
    assert (await Job.count(), await InboundEvent.count()) == before


async def test_a_jobs_status_tells_where_it_stands(http: httpx.AsyncClient) -> None:
    job = (await send(http, new_video())).json()["jobId"]
    answer = await http.get(
        f"/api/v1/videos/jobs/{job}/status", headers={"Authorization": f"Bearer {API_KEY}"}
    )
    assert answer.status_code == 200
    said = answer.json()
    assert (said["id"], said["status"], said["progress"], said["error"]) == (
        job,
        "pending",
        0,
        None,
    )


@pytest.mark.parametrize("path", ["status", "links"])
@pytest.mark.parametrize("authorization", [None, "Bearer wrong", f"Basic {API_KEY}", "Bearer x"])
async def test_without_the_key_nothing_is_told(
    http: httpx.AsyncClient, path: str, authorization: str | None
) -> None:
    job = (await send(http, new_video())).json()["jobId"]
    headers = {"Authorization": authorization} if authorization is not None else {}
    answer = await http.get(f"/api/v1/videos/jobs/{job}/{path}", headers=headers)
    assert problem(answer)[:2] == (401, "unauthorised")


@pytest.mark.parametrize("path", ["status", "links"])
async def test_an_unknown_job_is_not_found(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.get(
        f"/api/v1/videos/jobs/{uuid4()}/{path}", headers={"Authorization": f"Bearer {API_KEY}"}
    )
    assert problem(answer)[:2] == (404, "job_not_found")


async def test_an_unfinished_job_has_no_links(http: httpx.AsyncClient) -> None:
    job = (await send(http, new_video())).json()["jobId"]
    answer = await http.get(
        f"/api/v1/videos/jobs/{job}/links", headers={"Authorization": f"Bearer {API_KEY}"}
    )
    assert problem(answer)[:2] == (404, "job_not_found")


@pytest.mark.usefixtures("rows")
async def test_links_to_a_finished_video_are_signed_and_named(http: httpx.AsyncClient) -> None:
    job = (await send(http, new_video(title="Über uns"))).json()["jobId"]
    await GeneratedVideo.insert(
        GeneratedVideo(
            id=uuid4(),
            job=UUID(job),
            key=f"{'a' * 32}/{'b' * 64}.mp4",
            poster_key=f"{'a' * 32}/{'c' * 64}.jpg",
            created_at=datetime.now(UTC),
        )
    )
    answer = await http.get(
        f"/api/v1/videos/jobs/{job}/links", headers={"Authorization": f"Bearer {API_KEY}"}
    )
    links = answer.json()
    assert links["expiresIn"] == 3600
    assert f"{'b' * 64}.mp4?expires=" in links["video"]["url"]
    assert "name=%C3%9Cber+uns.mp4" in links["video"]["downloadUrl"]
    assert f"{'c' * 64}.jpg?expires=" in links["poster"]["url"]


async def test_health_tells_of_a_missing_daemon(http: httpx.AsyncClient, redis_url: str) -> None:
    said = (await http.get("/health")).json()
    assert (said["database"], said["redis"], said["daemon"]) == ("up", "up", "down")
    assert said["status"] == "degraded"
    async with Redis.from_url(redis_url) as redis:
        await redis.set(HEALTH_KEY, "here", ex=5)
        assert (await http.get("/health")).json()["daemon"] == "up"


@pytest.mark.usefixtures("rows")
async def test_health_goes_red_when_due_work_is_not_claimed(
    http: httpx.AsyncClient, redis_url: str
) -> None:
    """Whatever Redis and a daemon say of themselves: the database knows what was not taken up."""
    now = datetime.now(UTC)
    stuck, held = [UUID((await send(http, new_video())).json()["jobId"]) for _ in range(2)]
    others = Job.status.is_in(["pending"]) & Job.id.not_in([stuck, held])
    await Job.update({Job.wake_at: None}).where(others)
    await workers.report("w", drafts=1, jobs=1, draining=False)
    async with Redis.from_url(redis_url) as redis:
        await redis.set(HEALTH_KEY, "here", ex=30)
        await Job.update({Job.wake_at: now + timedelta(minutes=1)}).where(Job.id == held)
        await Job.update({Job.wake_at: now - timedelta(minutes=1)}).where(Job.id == stuck)
        answer = await http.get("/health")
        said = answer.json()
        assert (answer.status_code, said["status"]) == (200, "ok")
        assert (said["dueJobs"], said["stuckJobs"]) == (1, 0)

        await Job.update({Job.wake_at: now - timedelta(minutes=10)}).where(Job.id == stuck)
        answer = await http.get("/health")
        said = answer.json()
        assert (answer.status_code, said["status"]) == (503, "stalled")
        assert (said["dueJobs"], said["stuckJobs"], said["heldJobs"]) == (1, 1, 0)
        assert 600 <= said["oldestDueSeconds"] < 700
        # Events can still be accepted here.
        ready = await http.get("/health/ready")
        assert (ready.status_code, ready.json()["status"]) == (200, "stalled")

        later = now + timedelta(minutes=5)
        await Job.update(
            {Job.lease_owner: "w", Job.lease_expires_at: later, Job.wake_at: later}
        ).where(Job.id == held)
        answer = await http.get("/health")
        said = answer.json()
        assert (answer.status_code, said["status"]) == (200, "degraded")
        assert (said["stuckJobs"], said["heldJobs"]) == (1, 1)

        # What is in hand in another lane moves nothing in this one.
        await Job.update({Job.status: "composing"}).where(Job.id == held)
        said = (await http.get("/health")).json()
        assert (said["status"], said["stalled"], said["unserved"]) == ("stalled", ["drafts"], [])
        await Job.update({Job.status: "pending"}).where(Job.id == held)
    await workers.leave("w")
    await Job.update({Job.lease_owner: "", Job.lease_expires_at: None, Job.wake_at: None}).where(
        Job.id.is_in([stuck, held])
    )


@pytest.mark.usefixtures("rows")
async def test_health_tells_which_lane_nobody_serves(
    http: httpx.AsyncClient, redis_url: str
) -> None:
    async with Redis.from_url(redis_url) as redis:
        await redis.set(HEALTH_KEY, "here", ex=30)
        for name, lanes in (("a", [Lane.DRAFTS]), ("b", [Lane.GENERATION])):
            await workers.report(name, drafts=1, jobs=1, draining=False, lanes=lanes)
        answer = await http.get("/health")
        said = answer.json()
        assert (answer.status_code, said["status"], said["daemon"]) == (200, "degraded", "up")
        assert (said["unserved"], said["stalled"]) == (["composition"], [])
        assert said["problems"] == ["No daemon serves the lane composition (REELWRIGHT_LANES)."]

        # With work that waits for it, it is no warning any more, whatever others have in hand.
        due = UUID((await send(http, new_video())).json()["jobId"])
        overdue = datetime.now(UTC) - timedelta(minutes=10)
        await Job.update({Job.status: "composing", Job.wake_at: overdue}).where(Job.id == due)
        answer = await http.get("/health")
        assert (answer.status_code, answer.json()["stalled"]) == (503, ["composition"])
        await Job.update({Job.status: "pending", Job.wake_at: None}).where(Job.id == due)

        # One that was told to stop serves none, one of an older version that names none serves all.
        await workers.report("c", drafts=1, jobs=1, draining=True)
        assert (await http.get("/health")).json()["unserved"] == ["composition"]
        await workers.report("c", drafts=1, jobs=1, draining=False, lanes=[])
        await Job.update({Job.wake_at: None}).where(Job.wake_at.is_not_null())
        said = (await http.get("/health")).json()
        assert (said["status"], said["unserved"], said["problems"]) == ("ok", [], [])
    for name in "abc":
        await workers.leave(name)


async def test_liveness_asks_nothing_else(http: httpx.AsyncClient) -> None:
    assert (await http.get("/health/live")).json() == {"status": "ok"}


async def test_readiness_needs_the_database_alone(http: httpx.AsyncClient) -> None:
    answer = await http.get("/health/ready")
    assert answer.status_code == 200
    assert answer.json()["migration"]


async def test_openapi_describes_every_route_without_a_page_that_loads_from_elsewhere(
    http: httpx.AsyncClient,
) -> None:
    described = (await http.get("/schema/openapi.json")).json()
    assert set(described["paths"]) == {
        EVENTS,
        *(
            f"{videos}/{rest}"
            for videos in ("/api/v1/videos", "/api/videos")
            for rest in (
                "generate",
                "{videoId}",
                "{videoId}/renditions",
                "{videoId}/renditions/{renditionId}",
                *(
                    f"{{videoId}}/exports{rest}"
                    for one in ("/{exportId}",)
                    for rest in ("", "/estimate", one, f"{one}/cancel", f"{one}/retry")
                ),
                *(
                    f"{{videoId}}/{within}{file}"
                    for within in ("", "renditions/{renditionId}/")
                    for file in (
                        "stream",
                        "download",
                        "poster",
                        "captions.vtt",
                        "captions.srt",
                        "words.json",
                        "words.vtt",
                        "chapters.vtt",
                        "transcript",
                        "thumbnails",
                        "thumbnails.jpg",
                        "preview.webm",
                        "preview.gif",
                        "hls/main.m3u8",
                        "hls/{variant}/{file}",
                    )
                ),
                *(f"jobs/{{jobId}}/{action}" for action in ("status", "links", "cancel")),
                "jobs/{jobId}/charges",
                "jobs/{jobId}/charges/{chargeId}/resolve",
            )
        ),
        "/api/v1/projects/{projectId}/lexicon",
        "/api/v1/projects/{projectId}/priority",
        "/api/v1/projects/{projectId}/spending",
        "/api/v1/projects/{projectId}/tasks",
        "/api/v1/tasks/submit",
        *(f"/api/v1/tasks/{{taskId}}/{action}" for action in ("status", "cancel", "retry")),
        "/api/v1/workers/status",
        "/api/v1/queues/status",
        *(
            f"/api/v1/projects/{{projectId}}/webhooks{rest}"
            for one in ("/{subscriptionId}",)
            for rest in (
                "",
                one,
                f"{one}/rotate-secret",
                f"{one}/test",
                f"{one}/deliveries",
                f"{one}/deliveries/replay-failed",
                f"{one}/deliveries/{{deliveryId}}",
                f"{one}/deliveries/{{deliveryId}}/replay",
            )
        ),
        "/api/v1/projects/{projectId}/assets",
        *(
            f"/api/{version}/{path}"
            for version in ("v1", "v2")
            for path in ("upload-asset", "assets/{assetId}", "assets/{assetId}/content")
        ),
        *(
            f"/api/{version}/jobs/{{jobId}}/{action}"
            for version in ("v1", "v2")
            for action in (
                *("estimate", "approve", "render", "timeline", "events", "ws", "tickets"),
                *("storyboard", "refinements", "refinements/estimate", "readings"),
            )
        ),
        "/api/v1/fonts",
        "/api/v1/beds",
        "/api/v1/voices",
        "/api/v1/voices/samples",
        "/api/v1/health/models",
        "/api/v1/media/generate",
        "/api/v1/media/assets/{assetId}",
        "/api/v1/media/assets/{assetId}/content",
        "/api/media/generate",
        "/api/media/assets/{assetId}",
        "/api/media/assets/{assetId}/content",
        "/api/health/models",
        "/health",
        "/health/live",
        "/health/ready",
    }


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize("path", ["/api/v1/health/models", "/api/health/models"])
async def test_the_health_of_models_is_told_to_those_with_the_key(
    http: httpx.AsyncClient, path: str
) -> None:
    key = {"Authorization": f"Bearer {API_KEY}"}
    assert problem(await http.get(path))[:2] == (401, "unauthorised")
    now = datetime.now(UTC)
    name = uuid4().hex
    await models.record("gemini", name, [Evidence(at=now, sign=Sign.MADE, seconds=2.0)])
    answer = await http.get(path, headers=key)
    assert answer.status_code == 200
    (model,) = [one for one in answer.json()["models"] if one["model"] == name]
    assert (model["available"], model["circuit"]["state"]) == (True, "closed")
    assert (model["calls"], model["errors"]) == (1, 0)
    assert model["p50"] == model["p95"] == pytest.approx(2.0, rel=0.026)
    assert len(model["aggregates"]) == 1
    earlier = await http.get(path, headers=key, params={"hours": 24, "ago": 1})
    (model,) = [one for one in earlier.json()["models"] if one["model"] == name]
    assert (model["calls"], model["aggregates"]) == (0, [])
    assert (await http.get(path, headers=key, params={"hours": 25})).status_code == 400
