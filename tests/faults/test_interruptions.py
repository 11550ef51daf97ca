"""Told to stop, or without Redis, in the middle of paid calls: every one is finished and settled.

And after kills in quick succession the queue does not stand still.
"""

import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any
from uuid import UUID

import anyio
import anyio.to_thread
import psutil
import pytest
from anyio.from_thread import start_blocking_portal
from redis import Redis

from cms_bridge.inbox import intake
from cms_bridge.jobs import moves
from cms_bridge.jobs.leases import Phase
from cms_bridge.jobs.queue import Queue, open_queue
from cms_bridge.ledger import charges
from cms_bridge.ledger.charges import ChargeState
from cms_bridge.pricing.estimates import OFFLINE
from cms_bridge.states import Status
from cms_bridge.tables import Attempt, Job
from cms_bridge.wakeups import Due
from daemon.local.redis import embedded_redis
from render.storyboard import Limits
from tests.faults.crashes import at_rest
from tests.faults.harness import Harness, kill, open_harness
from tests.faults.runs import CALLS, one_set, ordered
from tests.support import events
from tests.support.installation import eventually

pytestmark = pytest.mark.anyio

GENERATED = {Status.COMPOSING, Status.UPLOADING, Status.COMPLETED}


@pytest.fixture(scope="module")
def harness(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harness]:
    with open_harness(tmp_path_factory.mktemp("harness")) as harness:
        yield harness


async def states(made: list[UUID]) -> Counter[str]:
    found: Counter[str] = Counter()
    for job in made:
        found.update(row.state for row in await charges.charges_of(job))
    return found


async def unknown(made: list[UUID]) -> bool:
    """Tell whether every call was cut off."""
    return await states(made) == {ChargeState.UNKNOWN: CALLS}


async def in_flight(harness: Harness) -> None:
    await eventually(lambda: len(harness.google.calls) == CALLS, every=0.01)


async def ended(process: BaseProcess, *, seconds: float = 60) -> None:
    await anyio.to_thread.run_sync(wait, [process.sentinel], seconds)
    assert process.exitcode == 0, process.exitcode


async def finish(made: list[UUID], harness: Harness) -> None:
    """Each job has all its media, each paid for once."""
    for job in made:
        status = await at_rest(job, GENERATED)
        assert status in GENERATED, await Job.select().where(Job.id == job)
    assert await states(made) == {ChargeState.SETTLED: 2 * len(made)}
    assert set(harness.charges().values()) == {1}


async def test_a_daemon_that_is_told_to_stop_finishes_its_paid_calls(harness: Harness) -> None:
    async with one_set(harness) as run:
        made = [await ordered(name) for name in ("tea", "milk", "bread", "salt")]
        with run.daemon() as process:
            await in_flight(harness)
            assert process.pid
            os.kill(process.pid, signal.SIGTERM)
            await ended(process)
        # No call began once it was told to stop; those under way were kept and settled.
        assert len(harness.google.calls) == CALLS
        assert await states(made) == {ChargeState.SETTLED: CALLS}
        rows = await Job.select(Job.lease_owner, Job.retry_count)
        assert rows == [{"lease_owner": "", "retry_count": 0}] * len(made)
        outcomes = [row["outcome"] for row in await Attempt.select()]
        assert outcomes == ["released"] * len(made)
        with run.daemon():
            await finish(made, harness)


async def test_a_lease_is_kept_while_a_stopping_daemon_waits(harness: Harness) -> None:
    async with one_set(harness, lease_seconds="1", heartbeat_seconds="0.2") as run:
        harness.google.latency = 4
        made = [await ordered("tea")]
        with run.daemon(), run.daemon():
            await eventually(lambda: harness.google.at_once, every=0.01)
            (row,) = await Attempt.select()
            pid = int(row["worker"].split(":")[1])
            os.kill(pid, signal.SIGTERM)
            await finish(made, harness)
        outcomes = [row["outcome"] for row in await Attempt.select().order_by(Attempt.number)]
        assert outcomes[0] == "released"


@pytest.mark.slow
async def test_a_second_word_to_stop_cuts_the_calls_off(harness: Harness) -> None:
    async with one_set(harness) as run:
        harness.google.latency = 9
        made = [await ordered(name) for name in ("tea", "milk", "bread", "salt")]
        with run.daemon() as process:
            await in_flight(harness)
            assert process.pid
            os.kill(process.pid, signal.SIGTERM)
            # What a terminal and a supervisor say at the same time is one word.
            os.kill(process.pid, signal.SIGTERM)
            await anyio.sleep(2.5)
            assert process.exitcode is None
            # It may have heard the first one late, on a busy machine.
            while "daemon.calls_cut_off" not in run.said():
                assert process.exitcode is None
                os.kill(process.pid, signal.SIGTERM)
                await anyio.sleep(0.5)
            await ended(process)
        assert await unknown(made)


@pytest.mark.slow
async def test_the_grace_for_paid_calls_is_bounded(harness: Harness) -> None:
    async with one_set(harness, drain_seconds="1") as run:
        harness.google.latency = 9
        made = [await ordered(name) for name in ("tea", "milk", "bread", "salt")]
        with run.daemon() as process:
            await in_flight(harness)
            assert process.pid
            os.kill(process.pid, signal.SIGTERM)
            await ended(process)
        assert await unknown(made)


async def test_a_cancelled_job_does_not_wait_for_its_calls(harness: Harness) -> None:
    async with one_set(harness) as run:
        harness.google.latency = 9
        made = [await ordered(name) for name in ("tea", "milk")]
        with run.daemon() as process:
            await in_flight(harness)
            for name in ("tea", "milk"):
                await intake.accept(
                    f"cancel-{name}",
                    b"{}",
                    events.cancelled(video=name),
                    limits=Limits(),
                    prices=OFFLINE,
                )
            # Waited for they would be settled.
            await eventually(lambda: unknown(made), seconds=60)
            assert process.pid
            os.kill(process.pid, signal.SIGTERM)
            await ended(process)


@pytest.mark.slow
async def test_a_lost_redis_takes_no_paid_call_with_it(harness: Harness, tmp_path: Path) -> None:
    """Killed with calls in flight: they end well, the jobs go on, and new work is begun."""
    with start_blocking_portal() as portal, ExitStack() as stack:

        def redis() -> Any:
            return portal.wrap_async_context_manager(embedded_redis(tmp_path / "redis"))

        url = stack.enter_context(redis())
        async with one_set(harness, redis_url=url) as run:
            made = [await ordered(name) for name in ("tea", "milk", "bread", "salt")]
            with run.daemon() as process:
                await in_flight(harness)
                with Redis.from_url(url) as client:
                    psutil.Process(client.info()["process_id"]).kill()
                await finish(made, harness)
                drafted = await ordered("late", approved=False)
                done = {Status.STORYBOARD_COMPLETE}
                assert await at_rest(drafted, done) in done
                assert process.is_alive()
                stack.close()
                # Back, and empty or not: wake-ups are heard again.
                with redis() as again:
                    assert again == url
                    async with open_queue(url) as queue:
                        await eventually(queue.daemon_alive, seconds=30)
                        await wake("again", queue)
                assert process.is_alive()
                assert (await states(made))[ChargeState.UNKNOWN] == 0


async def wake(name: str, queue: Queue) -> None:
    """Have a brief drafted that no look into the database would find: by its wake-up alone."""
    job = await ordered(name, approved=False)
    await Job.update({Job.wake_at: datetime.now(UTC) + timedelta(hours=1)}).where(Job.id == job)
    await queue.send_due(Due(jobs={job: (Status.PENDING, 0)}))
    done = {Status.STORYBOARD_COMPLETE}
    assert await at_rest(job, done) in done


async def test_a_flushed_redis_costs_nothing(harness: Harness) -> None:
    async with one_set(harness) as run:
        made = [await ordered(name) for name in ("tea", "milk", "bread", "salt")]
        waiting = [await ordered(f"more-{number}") for number in range(1)]
        with run.daemon():
            await in_flight(harness)
            with Redis.from_url(harness.redis_url) as client:
                client.flushall()
            await finish([*made, *waiting], harness)


@pytest.mark.parametrize(
    ("settings", "in_hand", "films"),
    [({}, 1, 20), pytest.param({"concurrent_jobs": "20"}, 20, 120, marks=pytest.mark.slow)],
)
async def test_the_queue_does_not_stand_still_after_kills(
    harness: Harness, settings: dict[str, str], in_hand: int, films: int
) -> None:
    """Twenty jobs to do, six kills, default settings: a new brief is drafted within 30 s.

    And again where each kill catches twenty in hand: more than arq looks at.
    """
    async with one_set(harness, **settings) as run:
        for name in ("lease", "heartbeat", "sweep", "retry_first_delay"):
            del run.settings[f"REELWRIGHT_{name.upper()}_SECONDS"]
        run.settings["REELWRIGHT_GEMINI_API_KEY"] = ""
        async with open_queue(harness.redis_url) as queue:
            for number in range(films):
                job = await ordered(f"film-{number}")
                await queue.send_due(Due(jobs={job: (Status.APPROVED, 0)}))
            for _ in range(6):
                with run.daemon() as process:
                    await eventually(lambda process=process: _took(process, in_hand), seconds=60)
                    kill(process)
            last = time.monotonic()
            new = await ordered("new", approved=False)
            await Job.update({Job.wake_at: datetime.now(UTC) + moves.WAKE_GRACE}).where(
                Job.id == new
            )
            await queue.send_due(Due(jobs={new: (Status.PENDING, 0)}))
            with run.daemon() as process:
                done = {Status.STORYBOARD_COMPLETE}
                assert await at_rest(new, done) in done
                took = time.monotonic() - last
                assert took < 30, f"it took {took:.1f} seconds"
                # And films are gone on with.
                await eventually(lambda: _took(process, 1), seconds=40)


async def _took(process: BaseProcess, films: int) -> bool:
    """Tell whether a daemon has taken so many films up."""
    taken = await Attempt.count().where(
        Attempt.worker.like(f"%:{process.pid}:%"), Attempt.phase == Phase.RENDER
    )
    return taken >= films
