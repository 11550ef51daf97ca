"""What a worker may do to a job it holds, on both databases."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import anyio
import pytest

from cms_bridge.errors import LeaseLost
from cms_bridge.jobs import leases, transitions, turns
from cms_bridge.jobs.leases import Lease, Phase
from cms_bridge.jobs.retries import RetryPolicy
from cms_bridge.records import StoredVideo
from cms_bridge.states import Lane, Status
from cms_bridge.tables import Attempt, GeneratedVideo, Job, OutboxMessage
from render.problem import Problem
from tests.support import events
from tests.support.jobs import (
    MINUTE,
    POLICY,
    accept,
    approved,
    claim,
    claimed,
    drafted,
    expire,
    put,
)

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("database")]

VIDEO = StoredVideo(key="k", poster_key="p", duration=30.0, width=1920, height=1080, bytes=1)


async def test_a_claim_carries_what_the_worker_needs() -> None:
    job = await approved()
    lease = await claimed(job)
    assert (lease.attempt, lease.project, lease.video_id) == (1, "project-1", "video-1")
    assert lease.storyboard == events.storyboard()
    assert (await transitions.find(job)).status == "generating"


async def test_eight_claims_at_once_have_one_winner() -> None:
    job = await approved()
    won: list[Lease] = []

    async def try_to(worker: str) -> None:
        if lease := await claim(job, worker=worker):
            won.append(lease)

    async with anyio.create_task_group() as group:
        for number in range(8):
            group.start_soon(try_to, f"w{number}")
    assert len(won) == 1
    assert await Attempt.count() == 1


@pytest.mark.parametrize("status", sorted(set(Status) - {Status.PENDING, Status.STORYBOARDING}))
async def test_only_what_waits_for_a_storyboard_is_claimed_for_one(status: Status) -> None:
    job = await drafted()
    await put(job, status)
    assert await claim(job, Phase.STORYBOARD) is None


async def test_nothing_unapproved_is_claimed_for_rendering() -> None:
    job = await drafted()
    assert await claim(job, Phase.RENDER) is None


async def test_a_dead_workers_job_passes_to_another_and_the_dead_one_can_change_nothing() -> None:
    job = await approved()
    dead = await claimed(job, worker="dead")
    await expire(job)
    alive = await claimed(job, worker="alive")
    assert alive.attempt == 2
    for late in (
        leases.renew(dead, duration=MINUTE),
        leases.advance(dead, progress=99),
        leases.complete(dead, VIDEO),
        leases.fail(dead, Problem(code="x", message="x")),
        leases.release(dead),
    ):
        with pytest.raises(LeaseLost):
            await late
    row = await transitions.find(job)
    assert (row.lease_owner, row.status) == ("alive", "generating")
    assert await GeneratedVideo.count() == 0
    outcomes = await Attempt.select(Attempt.outcome).order_by(Attempt.number)
    assert [row["outcome"] for row in outcomes] == ["lost", "running"]


async def test_a_job_whose_workers_keep_dying_fails_in_plain_words() -> None:
    job = await approved()
    for _ in range(POLICY.max_retries + 1):
        assert await claim(job)
        await expire(job)
    assert await claim(job) is None
    row = await transitions.find(job)
    assert row.status == "failed"
    assert row.error
    assert row.error.code == "attempts_exhausted"


async def test_renewing_keeps_the_sweep_away() -> None:
    job = await approved()
    lease = await claimed(job)
    await expire(job)
    await leases.renew(lease, duration=MINUTE)
    assert await turns.next_in(Lane.GENERATION, limit=9) == []
    assert await claim(job, worker="other") is None


async def test_a_cancelled_job_is_lost_to_its_worker() -> None:
    job = await approved()
    lease = await claimed(job)
    await accept(events.cancelled())
    with pytest.raises(LeaseLost):
        await leases.renew(lease, duration=MINUTE)
    with pytest.raises(LeaseLost):
        await leases.complete(lease, VIDEO)
    (attempt,) = await Attempt.select()
    assert attempt["outcome"] == "cancelled"


async def test_completing_makes_job_video_and_message_true_together() -> None:
    job = await approved()
    lease = await claimed(job)
    await leases.advance(lease, to=Status.COMPOSING, progress=50, fallback=True)
    await leases.advance(lease, to=Status.UPLOADING)
    await leases.complete(lease, VIDEO)
    row = await transitions.find(job)
    assert (row.status, row.progress) == ("completed", 100)
    assert row.model_fallback_occurred
    assert (row.lease_owner, row.wake_at) == ("", None)
    (video,) = await GeneratedVideo.select()
    assert (video["job"], video["duration"]) == (job, 30.0)
    (message,) = await OutboxMessage.select()
    assert message["version"] == row.sequence


async def test_a_job_cannot_be_completed_before_it_was_composed() -> None:
    lease = await claimed(await approved())
    with pytest.raises(LeaseLost):
        await leases.complete(lease, VIDEO)
    assert await GeneratedVideo.count() == 0


async def test_a_storyboard_is_laid_before_the_editor() -> None:
    job = (await accept(events.submitted())).job_id
    lease = await claimed(job, Phase.STORYBOARD)
    board = events.storyboard()
    await leases.storyboard_drafted(lease, board, estimate=Decimal("1.5"), warnings=())
    row = await transitions.find(job)
    assert (row.status, row.storyboard_digest) == ("storyboard_complete", board.digest)
    assert (row.estimated_cost, row.wake_at, row.lease_owner) == (Decimal("1.5"), None, "")
    topics = await OutboxMessage.select(OutboxMessage.topic).order_by(OutboxMessage.topic)
    assert [row["topic"] for row in topics] == ["rendition", "storyboard"]


async def test_waits_double_up_to_the_longest_whatever_the_number_of_retries() -> None:
    policy = RetryPolicy(
        max_retries=10_000,
        first_delay=timedelta(seconds=5),
        longest_delay=timedelta(minutes=1),
        longest_retry_after=timedelta(hours=1),
    )
    waits = [policy.delay(retry).total_seconds() for retry in (1, 2, 3, 4, 5, 60, 10_000)]
    assert waits == [5, 10, 20, 40, 60, 60, 60]
    # A provider's word is another matter, and has a bound of its own.
    assert policy.delay(5, retry_after=300) == timedelta(seconds=300)
    assert policy.delay(9_000, retry_after=1e9) == timedelta(hours=1)


async def test_a_passing_failure_is_tried_again_later_and_then_fails() -> None:
    job = await approved()
    away = Problem(code="storage_unavailable", message="The store is away.")
    for retry in range(1, POLICY.max_retries + 1):
        lease = await claimed(job)
        assert not lease.last_try
        assert await leases.postpone(lease, away, policy=POLICY)
        row = await transitions.find(job)
        assert row.retry_count == retry
        assert row.wake_at > datetime.now(UTC) + POLICY.delay(retry) - timedelta(seconds=3)
    lease = await claimed(job)
    assert lease.last_try
    assert not await leases.postpone(lease, away, policy=POLICY)
    row = await transitions.find(job)
    assert (row.status, row.error) == ("failed", away)


async def test_a_film_let_go_of_before_it_is_encoded_waits_in_that_lane_and_stays_there() -> None:
    job = await approved()
    lease = await claimed(job)
    assert lease.lane is Lane.GENERATION
    await leases.advance(lease, to=Status.COMPOSING)
    await leases.release(lease)
    assert await turns.next_in(Lane.GENERATION, limit=9) == []
    assert await turns.next_in(Lane.COMPOSITION, limit=9) == [(job, 1, Status.COMPOSING)]
    lease = await claimed(job, worker="other")
    assert (lease.lane, lease.phase) == (Lane.COMPOSITION, Phase.RENDER)
    await leases.advance(lease, to=Status.UPLOADING)
    await leases.release(lease)
    await claimed(job)
    assert (await transitions.find(job)).status is Status.COMPOSING


async def test_a_released_job_can_be_claimed_at_once_and_costs_no_retry() -> None:
    job = await approved()
    await leases.release(await claimed(job))
    assert await turns.next_in(Lane.GENERATION, limit=9) == [(job, 1, Status.GENERATING)]
    await claimed(job, worker="other")
    assert (await transitions.find(job)).retry_count == 0


async def test_a_wake_up_that_comes_late_takes_nothing() -> None:
    """It was sent for an attempt that has been made since: the retry's wait is not cut short."""
    job = await approved()
    lease = await claimed(job)
    await leases.postpone(
        lease, Problem(code="busy", message="Busy."), policy=POLICY, retry_after=600
    )
    late = await leases.claim(
        job, Phase.RENDER, worker="w1", duration=MINUTE, policy=POLICY, after=lease.attempt - 1
    )
    assert late is None


async def test_a_wake_up_does_not_begin_what_only_a_person_can() -> None:
    job = await approved()
    await Job.update({Job.wake_at: None}).where(Job.id == job)
    late = await leases.claim(
        job, Phase.RENDER, worker="w1", duration=MINUTE, policy=POLICY, after=0
    )
    assert late is None
