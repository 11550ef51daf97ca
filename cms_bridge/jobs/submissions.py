"""Submissions: the briefs of a video, each with a job of its own, of which the newest counts.

Events come late, twice and in any order. Whatever their order, one job of a video is worked
on at most, and that is the newest submission's:

    a newer one than there is    takes the place of what is unfinished, which is cancelled
    an older one, come late      is stored as it would stand by now: cancelled, and not worked on
    the same one again           is the job that there is

What was superseded says so in its `error`, and nothing begins it again (`check_newest`).
Whoever submits, or begins a job again, holds the project meanwhile, so that of two who come
at once the second sees what the first has done.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import msgspec
from piccolo.custom_types import Combinable

from cms_bridge import clock, projects, voices
from cms_bridge.database import AlreadyStored, transaction, unique_violations
from cms_bridge.errors import IdempotencyConflict, JobNotFound, Superseded
from cms_bridge.events import Submission, VideoRef
from cms_bridge.jobs.moves import WAKE_GRACE, begin, stop
from cms_bridge.outbox import messages
from cms_bridge.outbox.messages import Topic
from cms_bridge.records import ApprovalPolicy, JobRecord
from cms_bridge.states import FINISHED, JobKind, Origin, Priority, Status
from cms_bridge.tables import Job
from render.problem import Problem
from render.storyboard import Brief, Limits, Storyboard, clean_text

SUPERSEDED = Problem(code=Superseded.code, message=Superseded.said)
"""Why a job was cancelled that nobody cancelled."""


class VideoOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A brief that somebody hands over by the API: of a video that is no document of any CMS."""

    project: str
    brief: Brief
    version: str = ""
    """Of the brief, in the words of whoever has it: provenance."""
    approve_up_to: Decimal | None = None
    """US dollars: the storyboard is approved by itself if it may cost no more; None leaves it to
    a person."""
    priority: Priority | None = None
    """Among its project's jobs; None for the project's own."""
    by: str = ""
    """Who asks, and so who approves what is approved by itself."""


async def order(wanted: VideoOrder, *, key: str | None, limits: Limits) -> tuple[UUID, bool]:
    """Write an order down as the job of a video of its own; return its id, and whether it is new.

    The same key names the same order for ever. Raises `IdempotencyConflict`, `EmptyScript` or
    `InvalidStoryboard`.
    """
    wanted.brief.check(limits)
    await voices.check_all(wanted.brief)
    if key and (existing := await _find_order(wanted, key)):
        return existing, False
    now, job = clock.now(), uuid4()
    try:
        async with transaction():
            await projects.upsert(wanted.project)
            with unique_violations():
                await begin(
                    Job(
                        id=job,
                        project=wanted.project,
                        video_id=f"task-{job}",
                        submission=1,
                        idempotency_key=key,
                        title=clean_text(wanted.brief.title),
                        priority=wanted.priority and wanted.priority.rank,
                        status=Status.PENDING,
                        sequence=1,
                        wake_at=now + WAKE_GRACE,
                        created_at=now,
                        updated_at=now,
                        **_asked(wanted),
                    )
                )
    except AlreadyStored:
        # The same order arrived twice at once and the other one won.
        if key and (existing := await _find_order(wanted, key)):
            return existing, False
        raise
    return job, True


def columns(submission: Submission, limits: Limits, *, now: datetime) -> dict[str, Any]:
    """Return what the job of a brief begins with; raises `InvalidStoryboard`."""
    submission.brief.check(limits)
    return {
        "project": submission.project.id,
        "video": submission.video_id,
        "submission": submission.submission,
        "version": clean_text(submission.version),
        "title": clean_text(submission.brief.title),
        "brief": msgspec.json.encode(submission.brief).decode(),
        "status": Status.PENDING.value,
        "wake_at": now + WAKE_GRACE,
    }


async def submit(submission: Submission, limits: Limits) -> UUID:
    """Create the job of a brief, in place of unfinished work on an older one; return its id.

    Call inside a transaction. Raises `InvalidStoryboard` if the brief is over a limit.
    """
    now = clock.now()
    begun = columns(submission, limits, now=now)
    project = submission.project
    await projects.upsert(project.id, name=clean_text(project.name))
    same_video = _video(project.id, submission.video_id)
    existing = (
        await Job.select(Job.id).where(same_video, Job.submission == submission.submission).first()
    )
    if existing:
        return existing["id"]
    superseded = await Job.exists().where(same_video, Job.submission > submission.submission)
    for row in await Job.select(Job.id).where(
        same_video, Job.submission < submission.submission, Job.status.not_in(list(FINISHED))
    ):
        await stop(row["id"], reason=SUPERSEDED)
    job = Job(
        id=uuid4(),
        video_id=begun.pop("video"),
        priority=submission.priority and submission.priority.rank,
        sequence=1,
        **begun,
        created_at=now,
        updated_at=now,
    )
    if superseded:
        job.status, job.wake_at = Status.CANCELLED, None
        job.error = msgspec.json.encode(SUPERSEDED).decode()
        job.error_message = SUPERSEDED.message
    await begin(job)
    await messages.touch(job.id, Topic.RENDITION)
    return job.id


async def find(video: VideoRef) -> JobRecord:
    """Return the job of a submission; raise `JobNotFound`."""
    row = (
        await Job.select(*Job.all_columns())
        .where(_video(video.project_id, video.video_id), Job.submission == video.submission)
        .first()
    )
    if row is None:
        raise JobNotFound("This video was not submitted, or its submission has yet to arrive.")
    return JobRecord.of(row)


async def led(project: str, brief: Brief) -> Storyboard | None:
    """Return the storyboard of the video that a brief follows, as its newest submission has it.

    None where it follows none, or one that this project has no storyboard of.
    """
    if not brief.follows:
        return None
    row = (
        await Job.select(*Job.all_columns())
        .where(_video(project, brief.follows), Job.storyboard_data.is_not_null())
        .order_by(Job.submission, ascending=False)
        .first()
    )
    return JobRecord.of(row).storyboard if row else None


async def is_superseded(job: JobRecord) -> bool:
    """Tell whether a job's video was submitted anew."""
    return job.kind is JobKind.VIDEO and await Job.exists().where(
        _video(job.project, job.video_id), Job.submission > job.submission
    )


def says_superseded(job: JobRecord) -> bool:
    """Tell whether a job was cancelled because its video was submitted anew."""
    return job.error is not None and job.error.code == SUPERSEDED.code


async def check_newest(job: JobRecord) -> None:
    """Raise `Superseded` if a job's video was submitted anew, and let nobody do so meanwhile.

    Call inside a transaction, before anything in it has changed a job.
    """
    await projects.hold(job.project)
    if await is_superseded(job):
        raise Superseded


async def _find_order(wanted: VideoOrder, key: str) -> UUID | None:
    asked = {"kind": JobKind.VIDEO, **_asked(wanted)}
    row = (
        await Job.select(Job.id, *(getattr(Job, name) for name in asked))
        .where(Job.project == wanted.project, Job.idempotency_key == key)
        .first()
    )
    if row and asked != {name: row[name] for name in asked}:
        raise IdempotencyConflict("This idempotency key was used before with another request.")
    return row["id"] if row else None


def _asked(wanted: VideoOrder) -> dict[str, Any]:
    """Return the columns that say what was asked for: another value is another order."""
    policy = (
        None
        if wanted.approve_up_to is None
        else ApprovalPolicy(up_to=wanted.approve_up_to, by=clean_text(wanted.by))
    )
    return {
        "origin": Origin.API,
        "version": clean_text(wanted.version),
        "brief": msgspec.json.encode(wanted.brief).decode(),
        "approval_policy": policy and msgspec.json.encode(policy).decode(),
    }


def _video(project: str, video: str) -> Combinable:
    # Media may be asked for in the name of the same document.
    return (Job.project == project) & (Job.video_id == video) & (Job.kind == JobKind.VIDEO)
