"""Jobs followed over real connections to a bridge process: told whole, in order, and to an end."""

import json
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import anyio
import httpx
import psutil
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from cms_bridge import wakeups
from cms_bridge.access import registry
from cms_bridge.access.callers import Action
from cms_bridge.jobs import history, leases, transitions
from cms_bridge.jobs.queue import open_queue
from cms_bridge.records import Stage, StoredVideo
from cms_bridge.states import StageName, Status
from cms_bridge.tables import JobEvent
from daemon.local.redis import embedded_redis
from render.problem import Problem
from tests.support import events
from tests.support.bridge_process import API_KEY, Bridge, running_bridge
from tests.support.jobs import accept, approved, claimed

pytestmark = pytest.mark.anyio

KEY = {"Authorization": f"Bearer {API_KEY}"}
VIDEO = StoredVideo(
    key=f"{'a' * 32}/{'b' * 64}.mp4",
    poster_key=f"{'a' * 32}/{'c' * 64}.jpg",
    duration=2.0,
    width=16,
    height=9,
    bytes=1,
)

Event = dict[str, Any]


@pytest.fixture
def bridge(database: str, redis_url: str, tmp_path: Path) -> Iterator[Bridge]:
    with running_bridge(
        tmp_path,
        redis=redis_url,
        database=database,
        progress_heartbeat_seconds="1",
        progress_poll_seconds="60",
        progress_listeners="12",
        progress_listeners_per_key="4",
    ) as bridge:
        yield bridge


@pytest.fixture
async def http(bridge: Bridge) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=bridge.url, timeout=20) as http:
        yield http


@pytest.fixture
async def waking(redis_url: str) -> AsyncIterator[None]:
    """Changes made by a test are told as a daemon tells its own."""
    async with open_queue(redis_url) as queue:
        with wakeups.sent_to(queue):
            yield


class Stream:
    """Server-sent events, read as they come."""

    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer
        self.heartbeats = 0
        self._lines = answer.aiter_lines()

    async def next(self) -> Event | None:
        """Return the next event, or None once the stream has ended."""
        name = None
        async for line in self._lines:
            field, _, value = line.partition(": ")
            if field == "id":
                name = int(value)
            elif field == "data":
                event = json.loads(value)
                assert event["sequence"] == name
                return event
            elif line == ":":
                self.heartbeats += 1
        return None

    async def rest(self) -> list[Event]:
        found: list[Event] = []
        while event := await self.next():
            found.append(event)
        return found


@asynccontextmanager
async def followed(
    http: httpx.AsyncClient, job: UUID, *, last: int | None = None, key: str = API_KEY, **query: Any
) -> AsyncIterator[Stream]:
    headers = {"Authorization": f"Bearer {key}"} | (
        {} if last is None else {"Last-Event-ID": str(last)}
    )
    path = f"/api/v1/jobs/{job}/events"
    async with http.stream("GET", path, headers=headers, params=query) as answer:
        assert answer.status_code == 200, await answer.aread()
        yield Stream(answer)


def socket(bridge: Bridge, job: UUID, query: str = "", **headers: str) -> Any:
    return connect(
        f"ws://127.0.0.1:{bridge.port}/api/v1/jobs/{job}/ws{query}",
        additional_headers=KEY if not headers and "ticket" not in query else headers,
    )


async def heard(connection: ClientConnection) -> list[Event]:
    """Return what is told until the end."""
    found: list[Event] = []
    try:
        while True:
            found.append(json.loads(await connection.recv()))
    except ConnectionClosed:
        return found


async def filmed(job: UUID) -> None:
    """Do to an approved job what a worker does."""
    lease = await claimed(job)
    picture = Stage(
        name=StageName.PICTURE, scene_id="s1", scene=1, provider="gemini", model="a-model"
    )
    await leases.advance(lease, stage=picture)
    warning = Problem(code="model_fallback", message="Another model stepped in.")
    await leases.advance(lease, progress=20, scenes_done=1, fallback=True, warnings=(warning,))
    await leases.advance(lease, to=Status.COMPOSING, stage=Stage(name=StageName.COMPOSITION))
    await leases.advance(lease, to=Status.UPLOADING, stage=Stage(name=StageName.UPLOAD))
    await leases.complete(lease, VIDEO)


WHOLE = ["pending", "approved", *["generating"] * 3, "composing", "uploading", "completed"]


async def test_every_change_is_an_event_with_stage_and_model(
    http: httpx.AsyncClient, waking: None
) -> None:
    job = await approved()
    await filmed(job)
    async with followed(http, job, after=0) as stream:
        found = await stream.rest()
    assert [one["status"] for one in found] == WHOLE
    assert [one["sequence"] for one in found] == list(range(1, len(WHOLE) + 1))
    assert [one["final"] for one in found] == [False] * 7 + [True]
    drawing, drawn, composing = found[3:6]
    assert drawing["stage"] == {"name": "picture", "scene": 1, "sceneId": "s1"}
    assert drawing["model"] == {"provider": "gemini", "name": "a-model"}
    assert (drawn["progress"], drawn["scenesDone"], drawn["scenesTotal"]) == (20, 1, 2)
    assert drawn["modelFallbackOccurred"]
    assert [one["code"] for one in drawn["warnings"]] == ["model_fallback"]
    assert (composing["stage"]["name"], composing["model"]) == ("composition", None)
    assert found[-1]["stage"] is None
    assert found[-1]["jobId"] == str(job)


async def test_events_come_as_they_happen_and_the_last_one_ends_the_stream(
    http: httpx.AsyncClient, waking: None
) -> None:
    job = await approved()
    async with followed(http, job) as stream:
        first = await stream.next()
        assert first
        assert (first["sequence"], first["status"]) == (2, "approved")
        began = time.monotonic()
        await filmed(job)
        assert [one["status"] for one in await stream.rest()] == WHOLE[2:]
        # Not by looking into the database now and then.
        assert time.monotonic() - began < 30


async def test_a_stream_is_gone_on_with_after_any_event(
    http: httpx.AsyncClient, waking: None
) -> None:
    job = await approved()
    await filmed(job)
    for last in range(len(WHOLE)):
        async with followed(http, job, last=last, after=0) as stream:
            assert [one["sequence"] for one in await stream.rest()] == list(
                range(last + 1, len(WHOLE) + 1)
            )
    everything = await http.get(
        f"/api/v1/jobs/{job}/events", headers=KEY | {"Last-Event-ID": str(len(WHOLE))}
    )
    assert (everything.status_code, everything.content) == (204, b"")


async def test_a_job_that_is_begun_again_is_followed_on(
    http: httpx.AsyncClient, waking: None
) -> None:
    job = (await accept(events.submitted())).job_id
    await accept(events.cancelled())
    async with followed(http, job, after=0) as stream:
        ended = await stream.rest()
    assert [one["status"] for one in ended] == ["pending", "cancelled"]
    await accept(events.retried())
    async with followed(http, job, after=0) as stream:
        assert [(await stream.next() or {})["status"] for _ in range(3)] == [
            "pending",
            "cancelled",
            "pending",
        ]
        await accept(events.cancelled())
        assert [one["status"] for one in await stream.rest()] == ["cancelled"]


async def test_a_quiet_stream_shows_that_it_lives(http: httpx.AsyncClient, waking: None) -> None:
    job = await approved()
    async with followed(http, job) as stream:
        await stream.next()
        await anyio.sleep(2.5)
        await filmed(job)
        await stream.rest()
        assert stream.heartbeats >= 2
        assert stream.answer.headers["content-type"].startswith("text/event-stream")
        assert stream.answer.headers["x-accel-buffering"] == "no"


async def test_what_is_no_longer_kept_is_told_as_it_stands(
    http: httpx.AsyncClient, waking: None
) -> None:
    job = await approved()
    await filmed(job)
    await history.forget(before=datetime.now(UTC))
    assert await JobEvent.count() == 0
    async with followed(http, job, after=3) as stream:
        (only,) = await stream.rest()
    assert (only["sequence"], only["status"], only["final"]) == (8, "completed", True)


async def test_a_websocket_tells_the_same(
    bridge: Bridge, http: httpx.AsyncClient, waking: None
) -> None:
    job = await approved()
    async with socket(bridge, job, "?after=1") as connection:
        assert json.loads(await connection.recv())["status"] == "approved"
        await filmed(job)
        assert [one["status"] for one in await heard(connection)] == WHOLE[2:]
        assert (connection.close_code, connection.close_reason) == (1000, "final")
    async with followed(http, job, after=0) as stream:
        over_http = await stream.rest()
    async with socket(bridge, job, "?after=0") as connection:
        assert await heard(connection) == over_http
    async with socket(bridge, job, f"?after={len(WHOLE)}") as connection:
        assert await heard(connection) == []
        assert connection.close_reason == "final"


async def test_what_is_wrong_is_told_before_anything_is_streamed(
    bridge: Bridge, http: httpx.AsyncClient
) -> None:
    job, nobodys = await approved(), uuid4()
    path = f"/api/v1/jobs/{job}/events"
    for asked, headers, status, key in (
        (f"{path}?after=-1", {}, 400, "after"),
        (f"{path}?after=x", {}, 400, "after"),
        (path, {"Last-Event-ID": "x"}, 400, "lastEventId"),
        (path, {"Last-Event-ID": "null"}, 400, "lastEventId"),
        (f"/api/v1/jobs/{nobodys}/events", {}, 404, None),
    ):
        answer = await http.get(asked, headers=KEY | headers)
        assert answer.status_code == status, answer.text
        if key:
            assert [one["key"] for one in answer.json()["errors"]] == [key]
    assert (await http.get(path)).json()["code"] == "unauthorised"
    upgrade = await http.get(f"/api/v1/jobs/{job}/ws", headers=KEY)
    assert (upgrade.status_code, upgrade.json()["code"]) == (426, "upgrade_required")
    for refused, headers, query, code in (
        (job, {"Authorization": "Bearer wrong"}, "", "unauthorised"),
        (nobodys, KEY, "", "job_not_found"),
        (job, {}, "?ticket=1.environment.x", "unauthorised"),
        (job, KEY, "?after=x", "bad_request"),
        (job, KEY, "?after=null", "bad_request"),
        (job, KEY, "?after=1&after=2", "bad_request"),
        (job, KEY, "?aftre=1", "unknown_parameter"),
    ):
        with pytest.raises(InvalidStatus) as told:
            await socket(bridge, refused, query, **headers).__aenter__()
        said = json.loads(told.value.response.body or b"")
        assert said["code"] == code
        assert said["status"] == told.value.response.status_code
        assert told.value.response.headers["content-type"] == "application/problem+json"


async def test_a_key_and_a_bridge_hold_only_so_many_streams(
    bridge: Bridge, http: httpx.AsyncClient, waking: None
) -> None:
    job = await approved()
    path = f"/api/v1/jobs/{job}/events"
    keys = [await a_key("project-1") for _ in range(3)]

    async def streams(key: str, number: int) -> None:
        for _ in range(number):
            stream = await stack.enter_async_context(followed(http, job, key=key))
            assert await stream.next()
            kept.append(stream)

    # What nobody holds any more httpx closes.
    kept: list[Stream] = []
    async with AsyncExitStack() as stack:
        await streams(keys[0], 4)
        refused = await http.get(path, headers={"Authorization": f"Bearer {keys[0]}"})
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many_listeners")
        assert refused.headers["retry-after"]
        with pytest.raises(InvalidStatus) as told:
            await socket(bridge, job, Authorization=f"Bearer {keys[0]}").__aenter__()
        assert told.value.response.status_code == 429
        await streams(keys[1], 4)
        await streams(keys[2], 4)
        full = await http.get(path, headers=KEY)
        assert (full.status_code, full.json()["code"]) == (503, "listeners_full")
    # Who leaves makes room.
    await until(lambda: bridge.connections <= 2)
    async with followed(http, job) as stream:
        assert await stream.next()


async def a_key(project: str, *actions: Action) -> str:
    token, _ = await registry.create(
        "somebody", projects=(project,), actions=actions or (Action.READ,), lasts=None
    )
    return token


async def until(holds: Any) -> None:
    with anyio.fail_after(10):
        while not holds():  # noqa: ASYNC110 - nothing tells
            await anyio.sleep(0.05)


async def test_a_listener_that_leaves_frees_everything_and_cancels_nothing(
    bridge: Bridge, http: httpx.AsyncClient, waking: None
) -> None:
    job = await approved()
    for _ in range(30):
        async with followed(http, job) as stream:
            await stream.next()
        async with socket(bridge, job) as connection:
            await connection.recv()
    # More than a key may hold open at once have come and gone.
    async with followed(http, job) as stream:
        await stream.next()
        await filmed(job)
        assert (await stream.rest())[-1]["status"] == "completed"
    assert (await transitions.find(job)).status is Status.COMPLETED
    await until(lambda: bridge.connections <= 2)


async def test_another_projects_job_is_not_there(bridge: Bridge, http: httpx.AsyncClient) -> None:
    job = await approved()
    theirs, ours = await a_key("another"), await a_key("project-1")
    for path in ("events", "ws"):
        answer = await http.get(
            f"/api/v1/jobs/{job}/{path}", headers={"Authorization": f"Bearer {theirs}"}
        )
        assert answer.json()["code"] == "job_not_found"
    with pytest.raises(InvalidStatus) as told:
        await socket(bridge, job, Authorization=f"Bearer {theirs}").__aenter__()
    assert told.value.response.status_code == 404
    async with socket(bridge, job, Authorization=f"Bearer {ours}") as connection:
        assert json.loads(await connection.recv())["jobId"] == str(job)
    writes = await a_key("project-1", Action.WRITE)
    with pytest.raises(InvalidStatus) as told:
        await socket(bridge, job, Authorization=f"Bearer {writes}").__aenter__()
    assert told.value.response.status_code == 403


async def test_a_ticket_opens_one_job_to_a_browser(
    bridge: Bridge, http: httpx.AsyncClient, waking: None
) -> None:
    job, other = await approved(), (await accept(events.submitted(video="other"))).job_id
    token, key = await registry.create(
        "shop", projects=("project-1",), actions=(Action.READ,), lasts=None
    )
    answer = await http.post(
        f"/api/v1/jobs/{job}/tickets", headers={"Authorization": f"Bearer {token}"}
    )
    assert answer.status_code == 201, answer.text
    ticket = answer.json()
    assert token not in answer.text
    assert ticket["expiresIn"] == 300
    async with http.stream("GET", ticket["eventsUrl"]) as told:
        assert told.status_code == 200
        assert told.headers["access-control-allow-origin"] == "*"
        assert (await Stream(told).next() or {})["status"] == "approved"
    async with connect(ticket["webSocketUrl"]) as connection:
        assert json.loads(await connection.recv())["status"] == "approved"
    query = f"?ticket={ticket['ticket']}"
    # Another job, something else of the same one, an altered one, and the key of one that is gone.
    for path in (
        f"/api/v1/jobs/{other}/events{query}",
        f"/api/v1/videos/jobs/{job}/status{query}",
        f"/api/v1/jobs/{job}/events{query}x",
        f"/api/v1/jobs/{job}/events{query.replace(key.id, 'environment')}",
    ):
        assert (await http.get(path)).status_code == 401, path
    await registry.revoke(key.id)
    assert (await http.get(ticket["eventsUrl"])).json()["code"] == "unauthorised"
    assert ticket["ticket"] not in bridge.log


async def test_a_client_can_send_and_leave_lying_only_so_much(bridge: Bridge, waking: None) -> None:
    job = await approved()
    async with socket(bridge, job) as connection:
        await connection.recv()
        for _ in range(50):
            await connection.send("anything")
        await filmed(job)
        assert (await heard(connection))[-1]["status"] == "completed"
    other = (await accept(events.submitted(video="other"))).job_id
    async with socket(bridge, other) as connection:
        await connection.send("x" * 2_000)
        await heard(connection)
        assert connection.close_code == 1009


async def test_a_bridge_that_stops_ends_its_streams(
    bridge: Bridge, http: httpx.AsyncClient, waking: None
) -> None:
    job = await approved()
    async with followed(http, job) as stream, socket(bridge, job) as connection:
        await stream.next()
        await connection.recv()
        began = time.monotonic()
        os.kill(bridge.process.pid, signal.SIGTERM)
        # To its end, not cut off: httpx would raise.
        assert await stream.rest() == []
        assert await heard(connection) == []
        assert connection.close_code == 1012
        bridge.process.wait(20)
        assert time.monotonic() - began < 18


async def test_nothing_is_lost_while_redis_is_away(database: str, tmp_path: Path) -> None:
    async with embedded_redis(tmp_path / "redis") as redis_url:
        with running_bridge(
            tmp_path, redis=redis_url, database=database, progress_poll_seconds="0.5"
        ) as bridge:
            async with httpx.AsyncClient(base_url=bridge.url, timeout=30) as http:
                job = await approved()
                async with followed(http, job) as stream:
                    await stream.next()
                    for one in psutil.Process().children(recursive=True):
                        if str(tmp_path / "redis") in " ".join(one.cmdline()):
                            one.kill()
                    await anyio.sleep(1)
                    await filmed(job)
                    assert [one["status"] for one in await stream.rest()] == WHOLE[2:]
