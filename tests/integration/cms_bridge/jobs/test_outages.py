"""What is away: jobs wait it out, their editors are told meanwhile, and no retry is lost."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from msgspec.structs import replace

from cms_bridge.jobs import leases, outages, transitions
from cms_bridge.jobs.outages import Awaited
from cms_bridge.jobs.retries import RetryPolicy
from cms_bridge.tables import Attempt, OutboxMessage
from render.problem import Problem
from tests.support import events
from tests.support.jobs import accept, approved, claimed

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("database")]

POLICY = RetryPolicy(
    max_retries=2, first_delay=timedelta(seconds=5), longest_delay=timedelta(minutes=1)
)
AWAY = Problem(code="storage_unavailable", message="The store is away.")
ANOTHER = Problem(code="clip_small", message="The clip is small.")


async def wait(job: UUID, policy: RetryPolicy = POLICY) -> bool:
    """Have a job's next attempt need the store, in vain."""
    lease = await claimed(job)
    return await leases.wait_out(lease, AWAY, awaited=Awaited.STORE, policy=policy)


async def made_older(by: timedelta) -> None:
    for row in await Attempt.select(Attempt.id, Attempt.finished_at):
        await Attempt.update({Attempt.finished_at: row["finished_at"] - by}).where(
            Attempt.id == row["id"]
        )


async def test_waits_double_up_to_the_longest_and_are_no_retries() -> None:
    job = await approved()
    for seconds in (5, 10, 20, 40, 60, 60, 60):
        assert await wait(job)
        row = await transitions.find(job)
        assert (row.status, row.retry_count, row.error) == ("generating", 0, None)
        assert row.wake_at is not None
        left = row.wake_at - datetime.now(UTC)
        assert timedelta(seconds=seconds - 3) < left <= timedelta(seconds=seconds)


async def test_the_editor_is_told_while_the_job_waits_and_no_longer() -> None:
    job = await approved()
    lease = await claimed(job)
    await leases.advance(lease, warnings=(ANOTHER,))
    await OutboxMessage.update({OutboxMessage.due_at: None}).where(OutboxMessage.job == job)
    await leases.wait_out(lease, AWAY, awaited=Awaited.STORE, policy=POLICY)
    told = (await transitions.find(job)).warnings
    assert told == (ANOTHER, outages.warning(Awaited.STORE))
    assert await OutboxMessage.exists().where(OutboxMessage.due_at.is_not_null())
    lease = await claimed(job)
    assert lease.warnings == (ANOTHER,)
    assert (await transitions.find(job)).warnings == (ANOTHER,)


async def test_a_job_that_is_cancelled_while_it_waits_waits_for_nothing() -> None:
    job = await approved()
    await wait(job)
    await accept(events.cancelled())
    row = await transitions.find(job)
    assert (row.status, row.warnings) == ("cancelled", ())


async def test_it_fails_once_that_has_been_away_for_too_long() -> None:
    job = await approved()
    for _ in range(3):
        assert await wait(job)
    await made_older(POLICY.away - timedelta(minutes=1))
    assert await wait(job)
    await made_older(timedelta(minutes=2))
    assert not await wait(job)
    row = await transitions.find(job)
    assert (row.status, row.error, row.wake_at) == ("failed", AWAY, None)


async def test_a_wait_goes_on_over_a_worker_that_lets_go_and_begins_anew_after_all_else() -> None:
    job = await approved()
    assert await wait(job)
    await leases.release(await claimed(job))
    assert await wait(job)
    assert (await outages.wait_before(job, 4)).times == 2
    await leases.postpone(await claimed(job), ANOTHER, policy=POLICY)
    assert await outages.wait_before(job, 5) == outages.Wait(0, None)
    await made_older(POLICY.away * 2)
    assert await wait(job)
    assert (await transitions.find(job)).retry_count == 1


async def test_a_person_s_retry_is_given_as_long_again() -> None:
    job = await approved()
    assert await wait(job)
    await made_older(POLICY.away * 2)
    assert not await wait(job, replace(POLICY))
    lately = (await Attempt.select(Attempt.number).order_by(Attempt.number, ascending=False))[0]
    assert await outages.wait_before(job, lately["number"] + 1) == outages.Wait(0, None)
