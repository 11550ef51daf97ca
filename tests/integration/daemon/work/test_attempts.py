"""Holding a lease beside work, and ending an attempt in exactly one way."""

import errno
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import anyio
import pytest

from cms_bridge.database import transaction
from cms_bridge.engines import absences
from cms_bridge.errors import DatabaseBusy, DatabaseUnavailable, LeaseLost
from cms_bridge.jobs import leases, transitions, turns
from cms_bridge.jobs.leases import Lease, Phase
from cms_bridge.ledger.vault import SpoolFull
from cms_bridge.states import Lane
from cms_bridge.storage.base import StorageFull, StorageRefused, StorageUnavailable
from cms_bridge.tables import Attempt, Job
from daemon.work.attempts import attempt
from daemon.work.cms_files import OwnFileUnavailable
from daemon.work.engine import EngineDied, EngineError
from daemon.work.heartbeat import hold
from daemon.work.services import Services
from daemon.work.stops import Stops
from render.errors import CompositionError, MediaError, RefusedGeneration, RetryableGeneration
from render.files import disk_error
from render.report import ErrorLine
from tests.support import events
from tests.support.attempts import run
from tests.support.jobs import accept, approved, claimed

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("database")]

QUICK = timedelta(milliseconds=50)


async def test_work_runs_under_its_lease_and_returns() -> None:
    lease = await claimed(await approved())
    done: list[bool] = []

    async def work() -> None:
        await anyio.sleep(0.2)
        done.append(True)

    await hold(lease, work, every=QUICK, duration=timedelta(seconds=30), stops=Stops())
    assert done == [True]


async def test_works_own_error_comes_through_as_it_is() -> None:
    lease = await claimed(await approved())

    async def work() -> None:
        raise MediaError("broken")

    with pytest.raises(MediaError, match="broken"):
        await hold(lease, work, every=QUICK, duration=timedelta(seconds=30), stops=Stops())


async def test_work_is_cancelled_as_soon_as_the_job_is() -> None:
    lease = await claimed(await approved())
    ended: list[str] = []

    async def work() -> None:
        try:
            await accept(events.cancelled())
            await anyio.sleep(60)
        finally:
            ended.append("cancelled")

    with anyio.fail_after(30), pytest.raises(LeaseLost):
        await hold(lease, work, every=QUICK, duration=timedelta(seconds=30), stops=Stops())
    assert ended == ["cancelled"]


async def test_work_that_has_done_its_job_is_not_taken_for_lost_at_its_last_words() -> None:
    job = (await accept(events.submitted())).job_id
    lease = await claimed(job, Phase.STORYBOARD)
    ended: list[str] = []

    async def work() -> None:
        await leases.storyboard_drafted(
            lease, events.storyboard(), estimate=Decimal(0), warnings=()
        )
        # Several heartbeats, none of which finds the job held.
        await anyio.sleep(10 * QUICK.total_seconds())
        ended.append("by itself")

    await hold(lease, work, every=QUICK, duration=timedelta(seconds=30), stops=Stops())
    assert ended == ["by itself"]


async def test_word_that_a_job_was_stopped_ends_its_work_before_the_next_heartbeat() -> None:
    lease = await claimed(await approved())
    stops = Stops()

    async def work() -> None:
        stops.ring(lease.job_id)  # a rumour: the job is held all the same
        await anyio.sleep(0.2)
        await accept(events.cancelled())
        stops.ring(lease.job_id)
        await anyio.sleep(60)

    seldom = timedelta(seconds=60)
    with anyio.fail_after(30), pytest.raises(LeaseLost):
        await hold(lease, work, every=seldom, duration=2 * seldom, stops=stops)


async def test_a_lease_that_a_hanging_database_does_not_renew_ends_its_work_in_time() -> None:
    lease = await claimed(await approved())
    hangs, ended = anyio.Event(), anyio.Event()

    async def hold_the_row() -> None:
        async with transaction():
            await Job.update({Job.title: "held"}).where(Job.id == lease.job_id)
            hangs.set()
            await ended.wait()

    async def work() -> None:
        await anyio.sleep_forever()

    with anyio.fail_after(20):
        async with anyio.create_task_group() as group:
            group.start_soon(hold_the_row)
            await hangs.wait()
            began = anyio.current_time()
            with pytest.raises(LeaseLost, match="ran out"):
                await hold(lease, work, every=QUICK, duration=timedelta(seconds=1), stops=Stops())
            assert anyio.current_time() - began < 10
            ended.set()


@pytest.mark.parametrize("error", [RetryableGeneration("busy"), EngineDied("killed"), OSError()])
async def test_a_passing_failure_is_tried_again(services: Services, error: Exception) -> None:
    row = await run(services, error)
    assert (row.status, row.retry_count, row.lease_owner) == ("generating", 1, "")
    (last,) = await Attempt.select()
    assert last["outcome"] == "postponed"


@pytest.mark.parametrize(
    ("error", "waits_for", "last"),
    [
        (StorageUnavailable("away"), "waits_for_store", "storage_unavailable"),
        (StorageRefused("no such bucket"), "waits_for_store", "storage_unavailable"),
        (StorageFull("full"), "waits_for_store", "storage_full"),
        (DatabaseUnavailable(), "waits_for_database", "database_unavailable"),
        (DatabaseBusy(), "waits_for_database", "database_unavailable"),
        (OwnFileUnavailable("Scene 1: away."), "waits_for_file", "own_file_unavailable"),
        (EngineError(ErrorLine(code="disk_full", message="Full.")), "waits_for_disk", "disk_full"),
        (disk_error(OSError(errno.ENOSPC, ""), Path("a.wav")), "waits_for_disk", "disk_full"),
        (SpoolFull("full"), "waits_for_disk", "disk_full"),
        (OSError(errno.ENOSPC, "No space left"), "waits_for_disk", "disk_full"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else value,
)
async def test_what_is_away_is_waited_for_without_a_retry_and_in_the_end_told(
    services: Services, error: Exception, waits_for: str, last: str
) -> None:
    row = await run(services, error)
    assert (row.status, row.retry_count, row.lease_owner) == ("generating", 0, "")
    assert [one.code for one in row.warnings] == [waits_for]
    (first,) = await Attempt.select()
    assert first["outcome"] == "waiting"
    long_ago = datetime.now(UTC) - services.retry_policy.away - timedelta(minutes=1)
    await Attempt.update({Attempt.finished_at: long_ago}).where(Attempt.id == first["id"])
    row = await run(services, error, job=row.id)
    assert (row.status, row.error and row.error.code) == ("failed", last)
    assert row.warnings == ()


async def test_how_an_attempt_ended_is_written_down_once_the_database_is_back(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The outage that ended the work is still there when that is to be written down."""
    written, tries = leases.wait_out, 0

    async def away_at_first(*arguments: Any, **named: Any) -> bool:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise DatabaseUnavailable
        return await written(*arguments, **named)

    monkeypatch.setattr(leases, "wait_out", away_at_first)
    row = await run(services, DatabaseUnavailable())
    assert (tries, row.retry_count, row.lease_owner) == (2, 0, "")
    (only,) = await Attempt.select()
    assert only["outcome"] == "waiting"


@pytest.mark.parametrize("away", [True, False], ids=["away", "there"])
async def test_a_lease_that_ran_out_while_the_database_was_away_costs_no_retry(
    services: Services, away: bool
) -> None:
    job = await approved()
    lease = await claimed(job)
    past = datetime.now(UTC) - timedelta(seconds=1)
    await Job.update({Job.lease_expires_at: past, Job.wake_at: past}).where(Job.id == job)
    absences.forget()
    if away:
        absences.note()
    try:
        row = await run(services, None, job=job)
    finally:
        absences.forget()
    assert row.retry_count == (0 if away else 1)
    ends = {one["number"]: one["outcome"] for one in await Attempt.select()}
    assert ends[lease.attempt] == "lost"


async def test_a_provider_that_says_when_is_not_asked_before(services: Services) -> None:
    row = await run(services, RetryableGeneration("busy", retry_after=600))
    assert row.wake_at
    wait = row.wake_at - datetime.now(UTC)
    assert timedelta(seconds=590) < wait <= timedelta(seconds=600)


async def test_no_provider_is_believed_for_ever(services: Services) -> None:
    row = await run(services, RetryableGeneration("busy", retry_after=1e300))
    assert row.wake_at
    assert row.wake_at - datetime.now(UTC) <= timedelta(days=1)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (RefusedGeneration("never", scene="2"), "generation_refused"),
        (MediaError("broken"), "unreadable_media"),
        (CompositionError("It could not be encoded."), "composition_failed"),
    ],
)
async def test_a_final_failure_is_told_to_the_editor(
    services: Services, error: Exception, code: str
) -> None:
    row = await run(services, error)
    assert row.status == "failed"
    assert row.error
    assert row.error.code == code


async def test_an_unforeseen_error_does_not_reach_the_editor_in_its_own_words(
    services: Services,
) -> None:
    async def work(_lease: Lease, _services: Services) -> None:
        raise KeyError("hunter2")

    job = await approved()
    for _ in range(2):
        await attempt(job, Phase.RENDER, work, services)
    row = await transitions.find(job)
    assert row.status == "failed"
    assert row.error
    assert "hunter2" not in str(row.error)


async def test_a_lease_that_the_work_itself_finds_lost_is_no_crash(services: Services) -> None:
    async def work(lease: Lease, _services: Services) -> None:
        async def report() -> None:
            await leases.advance(lease, progress=50)

        await accept(events.cancelled())
        async with anyio.create_task_group() as group:
            group.start_soon(report)

    job = await approved()
    await attempt(job, Phase.RENDER, work, services)
    row = await transitions.find(job)
    assert (row.status, row.retry_count, row.error) == ("cancelled", 0, None)


async def test_work_past_its_time_out_is_a_failed_attempt_retried_like_others_then_for_good(
    services: Services,
) -> None:
    begun: list[int] = []

    async def work(lease: Lease, _services: Services) -> None:
        begun.append(lease.attempt)
        await anyio.sleep(60)

    hasty = cast("Services", SimpleNamespace(**{**vars(services), "task_seconds": 0.3}))
    job = await approved()
    with anyio.fail_after(20):
        await attempt(job, Phase.RENDER, work, hasty)
        first = await transitions.find(job)
        await attempt(job, Phase.RENDER, work, hasty)
        assert not await attempt(job, Phase.RENDER, work, hasty)
    assert (first.status, first.retry_count, first.lease_owner) == ("generating", 1, "")
    last = await transitions.find(job)
    assert (last.status, begun) == ("failed", [1, 2])
    assert last.error
    assert (last.error.code, last.error.params) == ("task_timed_out", {"minutes": 0.005})
    assert last.error.message == "The work was not done within its time-out of 0.005 minutes."
    tried = await Attempt.select().order_by(Attempt.number)
    assert [row["outcome"] for row in tried] == ["postponed", "failed"]
    assert {row["error_message"] for row in tried} == {last.error.message}


async def test_a_paid_call_that_outlasts_the_time_out_is_kept_and_nothing_begun_after_it(
    services: Services,
) -> None:
    kept: list[str] = []

    async def work(lease: Lease, services: Services) -> None:
        guard = services.in_flight.guard_for(lease)
        for call in ("first", "second"):
            async with guard():
                await anyio.sleep(0.6)
                kept.append(call)

    hasty = cast("Services", SimpleNamespace(**{**vars(services), "task_seconds": 0.3}))
    job = await approved()
    with anyio.fail_after(20):
        await attempt(job, Phase.RENDER, work, hasty)
    assert kept == ["first"]
    assert (await transitions.find(job)).retry_count == 1


async def test_a_worker_that_is_told_to_stop_lets_go(services: Services) -> None:
    started = anyio.Event()

    async def work(_lease: Lease, _services: Services) -> None:
        started.set()
        await anyio.sleep(60)

    job = await approved()
    async with anyio.create_task_group() as group:
        run_it: Callable[..., Awaitable[None]] = attempt
        group.start_soon(run_it, job, Phase.RENDER, work, services)
        await started.wait()
        group.cancel_scope.cancel()
    row = await transitions.find(job)
    assert (row.lease_owner, row.retry_count) == ("", 0)
    assert await turns.next_in(Lane.GENERATION, limit=9) == [(job, 1, row.status)]


async def test_a_worker_that_drains_lets_go_and_returns(services: Services):
    started = anyio.Event()

    async def work(_lease: Lease, _services: Services) -> None:
        started.set()
        await anyio.sleep(60)

    job = await approved()
    with anyio.fail_after(30):
        async with anyio.create_task_group() as group:
            run_it: Callable[..., Awaitable[None]] = attempt
            group.start_soon(run_it, job, Phase.RENDER, work, services)
            await started.wait()
            services.in_flight.drain()
    assert (await transitions.find(job)).lease_owner == ""
    (last,) = await Attempt.select()
    assert last["outcome"] == "released"


async def test_an_attempt_on_anothers_job_does_nothing(services: Services) -> None:
    job = await approved()
    await claimed(job, worker="other")

    async def work(_lease: Lease, _services: Services) -> None:
        pytest.fail("this job is another's")

    await attempt(job, Phase.RENDER, work, services)
    assert await Attempt.count() == 1
