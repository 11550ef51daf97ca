"""What a worker may do to the job it holds: claim, renew, advance, finish, let go.

A claim raises the job's attempt number, and every later write names that
number: a worker that was thought dead and comes back can change nothing.
"""

from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

import msgspec
import structlog

from cms_bridge import clock, films, metrics, wakeups
from cms_bridge.database import transaction
from cms_bridge.engines import absences
from cms_bridge.errors import LeaseLost
from cms_bridge.jobs import history, outages, renditions, turns
from cms_bridge.jobs.moves import PROGRESS_STORYBOARD
from cms_bridge.jobs.outages import Awaited
from cms_bridge.jobs.retries import RetryPolicy
from cms_bridge.outbox import messages
from cms_bridge.outbox.messages import Topic
from cms_bridge.records import JobRecord, Output, Stage, StoredVideo, problems_in
from cms_bridge.states import (
    FINISHED,
    AttemptOutcome,
    JobKind,
    Lane,
    Status,
    lane_of,
    origins,
)
from cms_bridge.tables import Attempt, Job
from cms_bridge.webhooks.events import occasion
from cms_bridge.webhooks.publication import publish
from render.problem import Problem
from render.storyboard import Brief, Storyboard

log = structlog.get_logger()


class Phase(StrEnum):
    """The two stretches of a job that a worker runs, with an approval between them."""

    STORYBOARD = "storyboard"
    """From `pending` to `storyboard_complete`."""
    RENDER = "render"
    """From `approved` to `completed`."""


PHASES = {
    Lane.DRAFTS: Phase.STORYBOARD,
    Lane.GENERATION: Phase.RENDER,
    Lane.COMPOSITION: Phase.RENDER,
}
"""Of which phase the work in a lane is."""

_WORKING = {
    Lane.DRAFTS: Status.STORYBOARDING,
    Lane.GENERATION: Status.GENERATING,
    Lane.COMPOSITION: Status.COMPOSING,
}


class Lease(msgspec.Struct, frozen=True, kw_only=True):
    """A worker's claim on a job."""

    job_id: UUID
    attempt: int
    worker: str
    phase: Phase
    lane: Lane
    kind: JobKind
    parent: UUID | None
    """Of an export: the job whose film it makes once more. Of a reading: whose texts it reads."""
    output: Output
    """The form in which it is wanted."""
    project: str
    video_id: str
    version: str
    brief: Brief
    storyboard: Storyboard | None
    """Present in the render phase: exactly what was approved."""
    warnings: tuple[Problem, ...]
    last_try: bool = False
    """Whether no retry is left: a passing failure would end the job."""


async def claim(  # noqa: PLR0913 - who takes what, for how long, and since when
    job: UUID,
    phase: Phase,
    *,
    worker: str,
    duration: timedelta,
    policy: RetryPolicy,
    after: int | None = None,
) -> Lease | None:
    """Take a job that waits for this phase; None if it does not, or is another's.

    `after` is the attempt that a wake-up was sent after: one that comes late,
    when the job has been claimed since, takes nothing, and so cuts no retry's
    wait short. A job whose last worker died too often in this phase fails here
    instead; where the database had no answer for who claims while the lease
    could have been renewed, nobody is taken to have died.
    """
    now = clock.now()
    async with transaction():
        row = await Job.select(*Job.all_columns()).where(Job.id == job).first()
        record = JobRecord.of(row) if row else None
        lane = lane_of(record.status) if record else None
        if record is None or lane is None or PHASES[lane] is not phase:
            return None
        if after is not None and (record.wake_at is None or after != record.attempt):
            # Only a person can move it by now, or it has passed through other hands since.
            return None
        ended = record.lease_expires_at
        worker_died = ended is not None and ended <= now
        # One that could not renew it, since the database was away, need not have died.
        counts = worker_died and ended and not absences.any_since(ended - duration)
        retries = record.retry_count + bool(counts)
        warnings = outages.without(record.generation_warnings)
        claimed = (
            await Job.update(
                {
                    Job.status: _WORKING[lane],
                    Job.attempt: record.attempt + 1,
                    Job.retry_count: retries,
                    Job.lease_owner: worker,
                    Job.lease_expires_at: now + duration,
                    Job.wake_at: now + duration,
                    Job.sequence: Job.sequence + 1,
                    Job.stage: None,
                    Job.generation_warnings: msgspec.json.encode(warnings).decode(),
                    Job.updated_at: now,
                }
            )
            .where(
                Job.id == job,
                Job.attempt == record.attempt,
                Job.status == record.status,
                Job.lease_expires_at.is_null() | (Job.lease_expires_at <= now),
            )
            .returning(*Job.all_columns())
        )
        if not claimed:
            return None
        await history.note(job)
        if worker_died:
            await _end_attempt(
                job, record.attempt, AttemptOutcome.LOST, "The worker stopped answering."
            )
        await Attempt.insert(
            Attempt(
                id=uuid4(),
                job=job,
                number=record.attempt + 1,
                phase=phase,
                worker=worker,
                started_at=now,
                outcome=AttemptOutcome.RUNNING,
            )
        )
        await messages.touch(job, Topic.RENDITION)
        lease = _lease(
            JobRecord.of(claimed[0]), lane, worker, last_try=retries >= policy.max_retries
        )
        await turns.note(lane, lease.kind, lease.project, at=now)
    if retries > policy.max_retries:
        await fail(lease, _exhaustion_problem(retries))
        return None
    return lease


async def renew(lease: Lease, *, duration: timedelta) -> None:
    """Keep a claim alive; raise `LeaseLost` if it has passed on or the job was cancelled."""
    until = clock.now() + duration
    renewed = (
        await Job.update({Job.lease_expires_at: until, Job.wake_at: until})
        .where(*held(lease))
        .returning(Job.id)
    )
    if not renewed:
        raise LeaseLost("The job was cancelled or passed to another worker.")


async def is_done(lease: Lease) -> bool:
    """Tell whether the job is no longer held because its worker did what it had claimed it for."""
    return await Attempt.exists().where(
        Attempt.job == lease.job_id,
        Attempt.number == lease.attempt,
        Attempt.outcome == AttemptOutcome.SUCCEEDED,
    )


async def advance(  # noqa: PLR0913 - each is one column an editor sees
    lease: Lease,
    *,
    to: Status | None = None,
    progress: int | None = None,
    scenes_done: int | None = None,
    stage: Stage | None = None,
    fallback: bool | None = None,
    warnings: tuple[Problem, ...] | None = None,
) -> None:
    """Show how far the work is, and in which status; raise `LeaseLost`."""
    values: dict[Any, Any] = {}
    if to is not None:
        values[Job.status] = to
    if progress is not None:
        values[Job.progress] = progress
    if scenes_done is not None:
        values[Job.scenes_done] = scenes_done
    if stage is not None:
        values[Job.stage] = msgspec.json.encode(stage).decode()
    if fallback is not None:
        values[Job.model_fallback_occurred] = fallback
    if warnings is not None:
        values[Job.generation_warnings] = msgspec.json.encode(warnings).decode()
    async with transaction():
        await _write(lease, values, came_from=origins(to) if to else None)
        if values.keys() - {Job.stage}:
            # The CMS is not told of stages.
            await messages.touch(lease.job_id, Topic.RENDITION)


async def storyboard_drafted(
    lease: Lease, storyboard: Storyboard, *, estimate: Decimal, warnings: tuple[Problem, ...]
) -> None:
    """Lay a storyboard and its price before the editor, and let go of the job."""
    async with transaction():
        await _finish(
            lease,
            Status.STORYBOARD_COMPLETE,
            {
                Job.storyboard_data: msgspec.json.encode(storyboard).decode(),
                Job.storyboard_digest: storyboard.digest,
                Job.scenes_total: len(storyboard.scenes),
                Job.estimated_cost: estimate,
                Job.generation_warnings: msgspec.json.encode(warnings).decode(),
                Job.progress: PROGRESS_STORYBOARD,
            },
        )
        await messages.touch(lease.job_id, Topic.STORYBOARD)
    metrics.job_finished(lease.kind, lease.phase)


async def complete(lease: Lease, video: StoredVideo) -> None:
    """Record the finished video; job, video, its files and the message become true together."""
    async with transaction():
        finished = await _finish(
            lease,
            Status.COMPLETED,
            {Job.progress: 100, Job.video_url: f"/api/v1/videos/jobs/{lease.job_id}/links"},
            came_from=[Status.UPLOADING],
        )
        rendition = await films.record(finished, video)
        await renditions.record_files(rendition, video.files, at=finished.updated_at)
        took = await _taken(lease)
    _count_made(lease, took)


async def complete_medium(lease: Lease, *, fallback: bool) -> None:
    """Record that a medium asked for by itself is there: its asset already says all about it.

    So it is with the narrations of a reading.
    """
    async with transaction():
        await _finish(
            lease,
            Status.COMPLETED,
            {
                Job.progress: 100,
                Job.scenes_done: len(lease.storyboard.scenes) if lease.storyboard else 0,
                Job.model_fallback_occurred: fallback,
            },
            came_from=[Status.GENERATING],
        )
        took = await _taken(lease)
    _count_made(lease, took)


async def fail(lease: Lease, problem: Problem) -> None:
    """Stop a job for a reason that the editor will read."""
    async with transaction():
        await _finish(
            lease,
            Status.FAILED,
            {
                Job.error: msgspec.json.encode(problem).decode(),
                Job.error_message: problem.message,
            },
            outcome=AttemptOutcome.FAILED,
            error=problem.message,
        )
    metrics.job_finished(lease.kind, lease.phase, failure=problem.code)


async def postpone(
    lease: Lease, problem: Problem, *, policy: RetryPolicy, retry_after: float | None = None
) -> bool:
    """Let go of a job that met a passing failure, to be tried again by itself.

    `retry_after` is how many seconds a provider wants to be left alone for. Returns
    False, and fails the job, once its retries are used up.
    """
    row = await Job.select(Job.retry_count).where(Job.id == lease.job_id).first()
    retry = (row["retry_count"] if row else 0) + 1
    if retry > policy.max_retries:
        await fail(lease, problem)
        return False
    async with transaction():
        await _write(
            lease,
            {
                **_let_go(),
                Job.retry_count: retry,
                Job.wake_at: clock.now() + policy.delay(retry, retry_after=retry_after),
            },
        )
        await _end_attempt(lease.job_id, lease.attempt, AttemptOutcome.POSTPONED, problem.message)
    return True


async def wait_out(
    lease: Lease, problem: Problem, *, awaited: Awaited, policy: RetryPolicy
) -> bool:
    """Let go of a job that needs what is away, to be tried again by itself, retries uncounted.

    Its editor is told meanwhile. Returns False, and fails the job for the problem, once what it
    needs has been away for too long.
    """
    now = clock.now()
    before = await outages.wait_before(lease.job_id, lease.attempt)
    if now - (before.since or now) > policy.away:
        await fail(lease, problem)
        return False
    row = await Job.select(Job.generation_warnings).where(Job.id == lease.job_id).first()
    told = (*problems_in(row["generation_warnings"] if row else "[]"), outages.warning(awaited))
    async with transaction():
        await _write(
            lease,
            {
                **_let_go(),
                Job.generation_warnings: msgspec.json.encode(told).decode(),
                Job.wake_at: now + policy.delay(before.times + 1),
            },
        )
        await _end_attempt(lease.job_id, lease.attempt, AttemptOutcome.WAITING, problem.message)
        await messages.touch(lease.job_id, Topic.RENDITION)
    return True


async def release(lease: Lease) -> None:
    """Let go of a job that another worker may take at once: this one goes away, or is full."""
    async with transaction():
        released = await _write(lease, {**_let_go(), Job.wake_at: clock.now()})
        wakeups.job_due(lease.job_id, released.status, attempt=lease.attempt, kind=lease.kind)
        await _end_attempt(lease.job_id, lease.attempt, AttemptOutcome.RELEASED)


_ENDS = frozenset({AttemptOutcome.SUCCEEDED, AttemptOutcome.FAILED, AttemptOutcome.CANCELLED})
"""After these a person has the word: what follows is another stretch of work."""


async def _taken(lease: Lease) -> float:
    """Return the seconds since this stretch of work began, be it by another worker."""
    rows = (
        await Attempt.select(Attempt.outcome, Attempt.started_at)
        .where(
            Attempt.job == lease.job_id,
            Attempt.phase == lease.phase,
            Attempt.number <= lease.attempt,
        )
        .order_by(Attempt.number, ascending=False)
    )
    began = rows[0]["started_at"]
    for row in rows[1:]:
        if row["outcome"] in _ENDS:
            break
        began = row["started_at"]
    return max(0.0, (clock.now() - began).total_seconds())


def _count_made(lease: Lease, seconds: float) -> None:
    metrics.job_finished(lease.kind, lease.phase)
    metrics.VIDEO_GEN_DURATION.labels(lease.kind).observe(seconds)


async def _finish(  # noqa: PLR0913 - how an attempt ends
    lease: Lease,
    status: Status,
    values: dict[Any, Any],
    *,
    came_from: list[Status] | None = None,
    outcome: AttemptOutcome = AttemptOutcome.SUCCEEDED,
    error: str | None = None,
) -> JobRecord:
    finished = await _write(
        lease,
        {Job.status: status, **_let_go(), Job.wake_at: None, Job.retry_count: 0, **values},
        came_from=came_from or origins(status),
    )
    await _end_attempt(lease.job_id, lease.attempt, outcome, error)
    await messages.touch(lease.job_id, Topic.RENDITION)
    await publish(lease.job_id, occasion(status))
    return finished


async def _write(
    lease: Lease, values: dict[Any, Any], *, came_from: list[Status] | None = None
) -> JobRecord:
    conditions = [*held(lease)]
    if came_from is not None:
        conditions.append(Job.status.is_in(came_from))
    written = (
        await Job.update({Job.sequence: Job.sequence + 1, Job.updated_at: clock.now(), **values})
        .where(*conditions)
        .returning(*Job.all_columns())
    )
    if not written:
        raise LeaseLost("The job was cancelled or passed to another worker.")
    await history.note(lease.job_id)
    return JobRecord.of(written[0])


async def _end_attempt(
    job: UUID, number: int, outcome: AttemptOutcome, error: str | None = None
) -> None:
    await Attempt.update(
        {
            Attempt.outcome: outcome,
            Attempt.error_message: error,
            Attempt.finished_at: clock.now(),
        }
    ).where(Attempt.job == job, Attempt.number == number)


def held(lease: Lease) -> tuple[Any, ...]:
    """Return the conditions under which a job is still in this claim's hands."""
    return (
        Job.id == lease.job_id,
        Job.attempt == lease.attempt,
        Job.lease_owner == lease.worker,
        Job.status.not_in(list(FINISHED)),
    )


def _let_go() -> dict[Any, Any]:
    return {Job.lease_owner: "", Job.lease_expires_at: None, Job.stage: None}


def _lease(job: JobRecord, lane: Lane, worker: str, *, last_try: bool) -> Lease:
    return Lease(
        job_id=job.id,
        attempt=job.attempt,
        worker=worker,
        phase=PHASES[lane],
        lane=lane,
        kind=job.kind,
        parent=job.parent,
        output=job.output,
        project=job.project,
        video_id=job.video_id,
        version=job.version,
        brief=job.brief,
        storyboard=job.storyboard,
        warnings=job.generation_warnings,
        last_try=last_try,
    )


def _exhaustion_problem(retries: int) -> Problem:
    return Problem(
        code="attempts_exhausted",
        message=f"The work stopped {retries} times in a row without finishing.",
        params={"attempts": retries},
    )
