"""Jobs: what people and the CMS ask for, each one transaction.

What they decide about a storyboard is in `cms_bridge.jobs.decisions`, what a worker
does to a job it holds in `cms_bridge.jobs.leases`. All move a job by a conditional
UPDATE that names the statuses it may come from (`cms_bridge.jobs.moves`), so two
processes can never both succeed, and all leave a message in the outbox.
"""

from collections.abc import Collection
from contextlib import suppress
from datetime import UTC, datetime
from uuid import UUID, uuid4

import msgspec
from piccolo.custom_types import Combinable

from cms_bridge import projects, wakeups
from cms_bridge.database import transaction
from cms_bridge.errors import IllegalMove, JobNotFound, NotApproved
from cms_bridge.events import (
    Submission,
    VideoRef,
)
from cms_bridge.jobs.moves import NO_ERROR, PROGRESS_STORYBOARD, WAKE_GRACE, begin, find, move
from cms_bridge.outbox import messages
from cms_bridge.outbox.messages import Topic
from cms_bridge.records import JobRecord, StoredVideo
from cms_bridge.states import (
    DRAFTABLE,
    FINISHED,
    RENDERABLE,
    AttemptOutcome,
    JobKind,
    Status,
)
from cms_bridge.tables import Attempt, GeneratedVideo, Job
from render.storyboard import Limits, clean_text


class Accepted(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an event."""

    job_id: UUID
    status: Status
    duplicate: bool = False
    """The same event had been accepted before; nothing was done."""


async def render(job: UUID) -> Accepted:
    """Let an approved job be worked on, again if it failed; raise `NotApproved`."""
    record = await find(job)
    if record.approved:
        if record.status in {Status.FAILED, Status.CANCELLED}:
            # Whoever moved it in between has done, or undone, what was asked.
            with suppress(IllegalMove):
                async with transaction():
                    await _restart(record)
        else:
            async with transaction():
                for woken in (
                    await Job.update({Job.wake_at: datetime.now(UTC) + WAKE_GRACE})
                    .where(Job.id == job, Job.status == Status.APPROVED, Job.wake_at.is_null())
                    .returning(Job.attempt)
                ):
                    wakeups.job_due(job, Status.APPROVED, attempt=woken["attempt"])
        record = await find(job)
    if not record.approved:
        raise NotApproved("Nobody has approved this storyboard, or it was edited since.")
    return Accepted(job_id=job, status=record.status)


async def finished_video(job: UUID) -> StoredVideo:
    """Return a job's finished video; raise `JobNotFound` while there is none."""
    row = (
        await GeneratedVideo.select(*GeneratedVideo.all_columns())
        .where(GeneratedVideo.job == job)
        .first()
    )
    if row is None:
        raise JobNotFound("This job has no finished video.")
    return StoredVideo.of(row)


async def due(
    *,
    limit: int = 100,
    among: Collection[Status] = DRAFTABLE | RENDERABLE,
    besides: Collection[UUID] = (),
) -> list[tuple[UUID, int, Status]]:
    """Return the jobs that want a worker and have none, the longest overdue first.

    Found here are jobs accepted while Redis was away, jobs whose worker died,
    and retries whose time has come: whatever was lost between two steps. To
    look changes nothing: how long a job has been due is what `/health` goes by.
    """
    conditions = [Job.wake_at <= datetime.now(UTC), Job.status.is_in(list(among))]
    if besides:
        conditions.append(Job.id.not_in(list(besides)))
    rows = (
        await Job.select(Job.id, Job.attempt, Job.status)
        .where(*conditions)
        .order_by(Job.wake_at)
        .limit(limit)
    )
    return [(row["id"], row["attempt"], Status(row["status"])) for row in rows]


async def submit(submission: Submission, limits: Limits) -> UUID:
    """Create the job of a brief, in place of unfinished work on an older one; return its id.

    Raises `InvalidStoryboard` if the brief is over a limit.
    """
    submission.brief.check(limits)
    now = datetime.now(UTC)
    project = submission.project
    await projects.upsert(project.id, name=clean_text(project.name))
    same_video = _video(project.id, submission.video_id)
    existing = (
        await Job.select(Job.id).where(same_video, Job.submission == submission.submission).first()
    )
    if existing:
        return existing["id"]
    # A brief submitted anew replaces the work on the old one.
    for row in await Job.select(Job.id).where(
        same_video, Job.submission < submission.submission, Job.status.not_in(list(FINISHED))
    ):
        await _stop(row["id"])
    job = uuid4()
    await begin(
        Job(
            id=job,
            project=project.id,
            video_id=submission.video_id,
            submission=submission.submission,
            version=clean_text(submission.version),
            title=clean_text(submission.brief.title),
            brief=msgspec.json.encode(submission.brief).decode(),
            status=Status.PENDING,
            sequence=1,
            wake_at=now + WAKE_GRACE,
            created_at=now,
            updated_at=now,
        )
    )
    await messages.touch(job, Topic.RENDITION)
    return job


async def cancel(video: VideoRef) -> UUID:
    """Cancel the job of a video, unless it is; raise `JobNotFound` or `IllegalMove`."""
    job = await _find_submission(video)
    if job.status is not Status.CANCELLED:
        await _stop(job.id)
    return job.id


async def retry(video: VideoRef) -> UUID:
    """Let a job that has ended begin again; raise `JobNotFound` or `IllegalMove`."""
    job = await _find_submission(video)
    if job.status in FINISHED:
        await _restart(job)
    return job.id


async def _restart(job: JobRecord) -> None:
    await move(
        job.id,
        Status.APPROVED if job.approved else Status.PENDING,
        {
            Job.progress: PROGRESS_STORYBOARD if job.approved else 0,
            Job.scenes_done: 0,
            **NO_ERROR,
            Job.retry_count: 0,
            Job.wake_at: datetime.now(UTC) + WAKE_GRACE,
        },
        given=(Job.status == job.status, Job.approved == job.approved),
    )


async def _stop(job: UUID) -> None:
    now = datetime.now(UTC)
    await move(
        job,
        Status.CANCELLED,
        {Job.lease_owner: "", Job.lease_expires_at: None, Job.wake_at: None},
    )
    await Attempt.update(
        {Attempt.outcome: AttemptOutcome.CANCELLED, Attempt.finished_at: now}
    ).where(Attempt.job == job, Attempt.outcome == AttemptOutcome.RUNNING)


async def _find_submission(video: VideoRef) -> JobRecord:
    row = (
        await Job.select(*Job.all_columns())
        .where(_video(video.project_id, video.video_id), Job.submission == video.submission)
        .first()
    )
    if row is None:
        raise JobNotFound("This video was not submitted, or its submission has yet to arrive.")
    return JobRecord.of(row)


def _video(project: str, video: str) -> Combinable:
    # Media may be asked for in the name of the same document.
    return (Job.project == project) & (Job.video_id == video) & (Job.kind == JobKind.VIDEO)
