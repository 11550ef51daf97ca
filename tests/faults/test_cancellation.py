"""Cancelled, a job stops within a second whatever it is at: a real daemon, woken through Redis."""

import json
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import UUID

import pytest

from cms_bridge import wakeups
from cms_bridge.jobs import transitions
from cms_bridge.jobs.queue import open_queue
from cms_bridge.states import Status
from cms_bridge.tables import Attempt, Job
from tests.faults.harness import Harness, open_harness
from tests.faults.runs import Set, one_set, ordered
from tests.support.installation import eventually, processes_of

pytestmark = pytest.mark.anyio

SOON = 1.0
"""Seconds from the call to cancel until nothing of the job is left."""
SELDOM = {"heartbeat_seconds": "9", "lease_seconds": "20"}
"""A heartbeat that is of no help."""


@pytest.fixture(scope="module")
def harness(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harness]:
    with open_harness(tmp_path_factory.mktemp("harness")) as harness:
        yield harness


async def stopped(job: UUID, run: Set, *, redis_url: str | None) -> float:
    """Cancel a job; return the seconds until its work is over, its engine and all files gone.

    Without a Redis nobody is told.
    """
    files = run.directory / "work" / str(job)

    def gone() -> bool:
        return lost(run.said()) and not files.exists() and not engines(run.directory)

    async with AsyncExitStack() as stack:
        if redis_url:
            queue = await stack.enter_async_context(open_queue(redis_url))
            stack.enter_context(wakeups.sent_to(queue))
        began = time.monotonic()
        await transitions.cancel_job(job)
    await eventually(gone, every=0.01)
    return time.monotonic() - began


def engines(directory: Path) -> list[object]:
    return [one for one in processes_of(directory) if "--json" in one.cmdline()]


def lost(said: str) -> bool:
    """Tell whether the daemon says that its attempt is over, since it was not its any more."""
    told = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    return any(one["event"] == "attempt.finished" and one["outcome"] == "lost" for one in told)


async def quickest(measure: Callable[[], Awaitable[float]]) -> float:
    """Return the first of three times that is short enough, or the last: machines are busy."""
    took = SOON
    for _ in range(3):
        if (took := await measure()) < SOON:
            break
    return took


@pytest.mark.parametrize(
    "hears",
    [True, pytest.param(False, marks=pytest.mark.slow)],
    ids=["by Redis", "by the database"],
)
async def test_calls_to_a_provider_are_hung_up(harness: Harness, hears: bool) -> None:
    """Where nothing comes by Redis, the next heartbeat tells."""

    async def measure() -> float:
        settings = SELDOM if hears else {"heartbeat_seconds": "0.5"}
        async with one_set(harness, **settings) as run:
            harness.google.latency = 4
            job = await ordered("tea")
            with run.daemon():
                await eventually(lambda: harness.google.at_once, every=0.01)
                told = harness.redis_url if hears else None
                return await stopped(job, run, redis_url=told)

    assert await quickest(measure) < SOON


async def test_encoding_stops_and_leaves_no_file(harness: Harness) -> None:
    async def measure() -> float:
        async with one_set(harness, gemini_api_key="", **SELDOM) as run:
            job = await ordered("tea", seconds=40)
            with run.daemon():
                await eventually(lambda: engines(run.directory), every=0.01)
                await eventually(lambda: encodes(job), every=0.01)
                took = await stopped(job, run, redis_url=harness.redis_url)
                assert [row["outcome"] for row in await Attempt.select()] == ["cancelled"]
            assert not list(run.directory.glob("work/cache/.*.mp4*"))
            return took

    assert await quickest(measure) < SOON


async def encodes(job: UUID) -> bool:
    return await Job.exists().where(
        Job.id == job, Job.status == Status.COMPOSING, Job.progress > 41
    )
