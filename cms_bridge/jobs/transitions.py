"""Jobs: what people and the CMS ask for, each one transaction.

How a video's begin is in `cms_bridge.jobs.submissions`, what people decide about a
storyboard in `cms_bridge.jobs.decisions`, what a worker does to a job it holds in
`cms_bridge.jobs.leases`. All move a job by a conditional
UPDATE that names the statuses it may come from (`cms_bridge.jobs.moves`), so two
processes can never both succeed, and all leave a message in the outbox.
"""

from contextlib import suppress
from uuid import UUID

import msgspec

from cms_bridge import clock, projects, wakeups
from cms_bridge.database import transaction
from cms_bridge.errors import IllegalMove, NotApproved
from cms_bridge.events import VideoRef
from cms_bridge.jobs import submissions
from cms_bridge.jobs.moves import NO_ERROR, PROGRESS_STORYBOARD, WAKE_GRACE, find, move, stop
from cms_bridge.records import JobRecord
from cms_bridge.states import FINISHED, Status
from cms_bridge.tables import Job
from cms_bridge.webhooks.events import Occasion


class Accepted(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an event."""

    job_id: UUID
    status: Status
    duplicate: bool = False
    """The same event had been accepted before; nothing was done."""
    superseded: bool = False
    """A newer submission of the video stands in this one's place; it is not worked on."""


async def render(job: UUID) -> Accepted:
    """Let an approved job be worked on, again if it failed.

    Raises `NotApproved`, or `Superseded` where it would begin beside a newer submission.
    """
    record = await find(job)
    if record.approved:
        if record.status in {Status.FAILED, Status.CANCELLED}:
            # Whoever moved it in between has done, or undone, what was asked.
            with suppress(IllegalMove):
                async with transaction():
                    await submissions.check_newest(record)
                    await restart(record)
        else:
            async with transaction():
                for woken in (
                    await Job.update({Job.wake_at: clock.now() + WAKE_GRACE})
                    .where(Job.id == job, Job.status == Status.APPROVED, Job.wake_at.is_null())
                    .returning(Job.attempt)
                ):
                    wakeups.job_due(job, Status.APPROVED, attempt=woken["attempt"])
        record = await find(job)
    if not record.approved:
        raise NotApproved("Nobody has approved this storyboard, or it was edited since.")
    return Accepted(job_id=job, status=record.status)


async def cancel(video: VideoRef) -> UUID:
    """Cancel the job of a video, unless it is; raise `JobNotFound` or `IllegalMove`."""
    job = await submissions.find(video)
    if job.status is not Status.CANCELLED:
        await stop(job.id)
    return job.id


async def cancel_job(job: UUID) -> None:
    """Cancel a job, unless it is; raise `JobNotFound` or `IllegalMove`."""
    if (await find(job)).status is Status.CANCELLED:
        return
    try:
        async with transaction():
            await stop(job)
    except IllegalMove:
        # Whoever cancelled it in between has done what was asked.
        if (await find(job)).status is not Status.CANCELLED:
            raise


async def retry(video: VideoRef) -> UUID:
    """Let a job that has ended begin again; raise `JobNotFound` or `IllegalMove`.

    One that was superseded stays as it is, and says so: whoever asked for it has submitted anew.
    """
    await projects.hold(video.project_id)
    job = await submissions.find(video)
    if await submissions.is_superseded(job):
        if job.status is Status.FAILED:
            await stop(job.id, reason=submissions.SUPERSEDED)
    elif job.status in FINISHED:
        await restart(job)
    return job.id


async def restart(job: JobRecord) -> None:
    """Let a job that has ended go on from the phase in which it did, with all that it has made.

    Call inside a transaction. Raises `IllegalMove`, also where somebody else was first.
    """
    target = _decided(job)
    if job.status is Status.COMPLETED:
        raise IllegalMove(job.status, target)
    await move(
        job.id,
        target,
        {
            Job.progress: 0 if target is Status.PENDING else PROGRESS_STORYBOARD,
            Job.scenes_done: 0,
            **NO_ERROR,
            Job.retry_count: 0,
            Job.wake_at: None if target is Status.STORYBOARD_COMPLETE else clock.now() + WAKE_GRACE,
        },
        given=(Job.status == job.status, Job.approved == job.approved),
        happened=Occasion.RETRIED,
    )


def _decided(job: JobRecord) -> Status:
    """Return where a person last decided: what they wrote is not drafted over."""
    if job.approved:
        return Status.APPROVED
    return Status.STORYBOARD_COMPLETE if job.storyboard_digest else Status.PENDING
