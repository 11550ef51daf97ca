"""How a job begins, and how it moves by no worker's hand: a conditional UPDATE, and word of it."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
from piccolo.custom_types import Combinable

from cms_bridge import clock, tracing, wakeups
from cms_bridge.errors import IllegalMove, JobNotFound
from cms_bridge.jobs import history, outages
from cms_bridge.outbox import messages
from cms_bridge.outbox.messages import Topic
from cms_bridge.records import JobRecord, problems_in
from cms_bridge.states import FINISHED, AttemptOutcome, JobKind, Origin, Status, origins
from cms_bridge.tables import Attempt, Job
from cms_bridge.webhooks.events import Occasion, occasion
from cms_bridge.webhooks.publication import publish
from render.problem import Problem

WAKE_GRACE = timedelta(seconds=5)
"""How long a freshly woken worker has to claim a job before daemons look for it themselves."""

PROGRESS_STORYBOARD = 5
"""Progress, in percent, of a job that waits for approval."""

NO_ERROR: dict[Any, Any] = {Job.error: None, Job.error_message: None}


async def find(job: UUID) -> JobRecord:
    """Return a job; raise `JobNotFound`."""
    row = await Job.select(*Job.all_columns()).where(Job.id == job).first()
    if row is None:
        raise JobNotFound("There is no such job.")
    return JobRecord.of(row)


BEGIN_FIRST = (
    "INSERT INTO job (id, project, video_id, submission, version, title, brief, status, sequence,"
    " wake_at, created_at, updated_at) SELECT :job, :project, :video, :submission, :version,"
    " :title, :brief, :status, 1, :wake_at, :now, :now WHERE NOT EXISTS (SELECT 1 FROM job WHERE"
    " project = :project AND video_id = :video)"
)
"""A video's job as `begin` writes it, but only where nothing stands in its document's name yet."""


async def begin(job: Job) -> None:
    """Write a new job down and wake a worker, if it needs one; call inside a transaction."""
    await Job.insert(job)
    if job.origin == Origin.API:
        # An event's span begins with its request, which is not over yet.
        tracing.begun(job.id, f"order {job.kind}")
    await history.note(job.id)
    status = Status(job.status)
    await publish(job.id, occasion(status) if status in FINISHED else Occasion.SUBMITTED)
    if status not in FINISHED:
        wakeups.job_due(job.id, status, attempt=0, kind=JobKind(job.kind))


async def move(
    job: UUID,
    target: Status,
    values: dict[Any, Any],
    *,
    given: tuple[Combinable, ...] = (),
    happened: Occasion | None = None,
) -> None:
    """Move a job, leave word in the outbox and tell who subscribed; raise `IllegalMove`.

    `given` is what must still hold at that moment, besides the status; `happened`
    is what is told, where the status alone does not say it. Call inside a transaction.
    """
    moved = (
        await Job.update(
            {
                Job.status: target,
                Job.sequence: Job.sequence + 1,
                Job.updated_at: clock.now(),
                Job.stage: None,
                **values,
            }
        )
        .where(Job.id == job, Job.status.is_in(origins(target)), *given)
        .returning(Job.attempt, Job.wake_at, Job.kind)
    )
    if not moved:
        raise IllegalMove((await find(job)).status, target)
    if moved[0]["wake_at"] is not None:
        kind = JobKind(moved[0]["kind"])
        wakeups.job_due(job, target, attempt=moved[0]["attempt"], kind=kind)
    await history.note(job)
    await messages.touch(job, Topic.RENDITION)
    await publish(job, happened or occasion(target))


async def stop(job: UUID, *, reason: Problem | None = None) -> None:
    """Cancel a job, for a reason if it was no person's wish; raise `IllegalMove`.

    Call inside a transaction.
    """
    told: dict[Any, Any] = {}
    if reason:
        told = {Job.error: msgspec.json.encode(reason).decode(), Job.error_message: reason.message}
    row = await Job.select(Job.generation_warnings).where(Job.id == job).first()
    warnings = problems_in(row["generation_warnings"]) if row else ()
    if (lasting := outages.without(warnings)) != warnings:
        told[Job.generation_warnings] = msgspec.json.encode(lasting).decode()
    await move(
        job,
        Status.CANCELLED,
        {Job.lease_owner: "", Job.lease_expires_at: None, Job.wake_at: None, **told},
    )
    await Attempt.update(
        {Attempt.outcome: AttemptOutcome.CANCELLED, Attempt.finished_at: clock.now()}
    ).where(Attempt.job == job, Attempt.outcome == AttemptOutcome.RUNNING)
    wakeups.job_stopped(job)
