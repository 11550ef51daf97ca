"""Every transition of a job, each one transaction: what people and the CMS ask for.

What a worker does to a job it holds is in `cms_bridge.leases`. Both move a job
by a conditional UPDATE that names the statuses it may come from, so two
processes can never both succeed, and both leave a message in the outbox.
"""

import hashlib
from collections.abc import Collection
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, assert_never
from uuid import UUID, uuid4

import msgspec
from piccolo.custom_types import Combinable

from cms_bridge import approvals, estimates, outbox
from cms_bridge.database import AlreadyStored, transaction, unique_violations
from cms_bridge.errors import EventConflict, JobNotFound, NotApproved
from cms_bridge.estimates import Prices
from cms_bridge.events import (
    Event,
    StoryboardApproved,
    StoryboardChange,
    StoryboardEdited,
    Submission,
    VideoCancelled,
    VideoRef,
    VideoRetried,
    VideoSubmitted,
)
from cms_bridge.outbox import Topic
from cms_bridge.states import (
    DRAFTABLE,
    FINISHED,
    RENDERABLE,
    IllegalMove,
    JobKind,
    Status,
    origins,
)
from cms_bridge.tables import Attempt, InboundEvent, Job, Project
from render.storyboard import Limits, Storyboard, clean_text

WAKE_GRACE = timedelta(seconds=5)
"""How long a freshly woken worker has to claim a job before daemons look for it themselves."""

PROGRESS_STORYBOARD = 5
"""Progress, in percent, of a job that waits for approval."""

_NO_ERROR: dict[Any, Any] = {Job.error: None, Job.error_message: None}


class Accepted(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an event."""

    job_id: UUID
    status: Status
    duplicate: bool = False
    """The same event had been accepted before; nothing was done."""
    attempt: int = 0


async def accept(
    event_id: str, body: bytes, event: Event, *, limits: Limits, prices: Prices
) -> Accepted:
    """Store an event and its effect together, or neither.

    A repeat of the same bytes under the same id is answered with what the
    first one did. Raises `EventConflict`, `JobNotFound`, `IllegalMove` or
    `InvalidStoryboard`.
    """
    digest = hashlib.sha256(body).hexdigest()
    if known := await _seen(event_id, digest):
        return known
    try:
        async with transaction():
            job = await _apply(event, limits, prices)
            with unique_violations():
                await InboundEvent.insert(
                    InboundEvent(
                        id=event_id,
                        type=_tag(event),
                        body=body,
                        body_sha256=digest,
                        job=job,
                        received_at=datetime.now(UTC),
                    )
                )
    except AlreadyStored:
        # The same event arrived twice at once and the other one won.
        if known := await _seen(event_id, digest):
            return known
        raise
    row = await find(job)
    return Accepted(job_id=job, status=Status(row["status"]), attempt=row["attempt"])


async def approve(job: UUID, *, digest: str, estimate: Decimal, by: str) -> dict[str, Any]:
    """Approve exactly this storyboard at this price; return the approval.

    The work starts with `render`. Approving the same twice is approving once.
    Raises `JobNotFound`, `IllegalMove` or `ApprovalConflict`.
    """
    if standing := await approvals.standing(job, digest=digest, estimate=estimate):
        return standing
    approvals.check_offer(await find(job), digest, estimate)
    try:
        async with transaction():
            await _move(
                job,
                Status.APPROVED,
                {**_NO_ERROR, **approvals.on_job(digest, by=by), Job.wake_at: None},
                given=(Job.storyboard_digest == digest, Job.estimated_cost == estimate),
            )
            return await approvals.record(job, digest=digest, estimate=estimate, by=by)
    except IllegalMove:
        # The same approval, or an edit, may have come in between.
        if standing := await approvals.standing(job, digest=digest, estimate=estimate):
            return standing
        approvals.check_offer(await find(job), digest, estimate)
        raise


async def render(job: UUID) -> Accepted:
    """Let an approved job be worked on, again if it failed; raise `NotApproved`."""
    row = await find(job)
    if row["approved"]:
        if row["status"] in {Status.FAILED, Status.CANCELLED}:
            # Whoever moved it in between has done, or undone, what was asked.
            with suppress(IllegalMove):
                async with transaction():
                    await _restart(row)
        else:
            await Job.update({Job.wake_at: datetime.now(UTC) + WAKE_GRACE}).where(
                Job.id == job, Job.status == Status.APPROVED, Job.wake_at.is_null()
            )
        row = await find(job)
    if not row["approved"]:
        raise NotApproved("Nobody has approved this storyboard, or it was edited since.")
    return Accepted(job_id=job, status=Status(row["status"]), attempt=row["attempt"])


async def find(job: UUID) -> dict[str, Any]:
    """Return a job's row; raise `JobNotFound`."""
    row = await Job.select(*Job.all_columns()).where(Job.id == job).first()
    if row is None:
        raise JobNotFound("There is no such job.")
    return row


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


async def _seen(event_id: str, digest: str) -> Accepted | None:
    row = await InboundEvent.select().where(InboundEvent.id == event_id).first()
    if row is None:
        return None
    if row["body_sha256"] != digest:
        raise EventConflict("This webhook id was used before with another body.")
    job = await find(row["job"])
    return Accepted(
        job_id=job["id"], status=Status(job["status"]), attempt=job["attempt"], duplicate=True
    )


async def _apply(event: Event, limits: Limits, prices: Prices) -> UUID:
    match event:
        case VideoSubmitted():
            return await _submit(event.data, limits)
        case StoryboardEdited():
            return await _edit(event.data, limits, prices)
        case StoryboardApproved():
            return await _approve(event.data, limits, prices)
        case VideoCancelled():
            return await _cancel(event.data)
        case VideoRetried():
            return await _retry(event.data)
        case _:  # pragma: no cover - the type checker proves there is no other
            assert_never(event)


def _tag(event: Event) -> str:
    return str(type(event).__struct_config__.tag)


async def _submit(submission: Submission, limits: Limits) -> UUID:
    submission.brief.check(limits)
    now = datetime.now(UTC)
    project = submission.project
    await Project.raw(
        "INSERT INTO project (id, name, created_at) VALUES ({}, {}, {})"
        " ON CONFLICT (id) DO UPDATE SET name = excluded.name",
        project.id,
        clean_text(project.name),
        now,
    )
    same_video = _video(project.id, submission.video_id)
    known = (
        await Job.select(Job.id).where(same_video, Job.submission == submission.submission).first()
    )
    if known:
        return known["id"]
    # A brief submitted anew replaces the work on the old one.
    for row in await Job.select(Job.id).where(
        same_video, Job.submission < submission.submission, Job.status.not_in(list(FINISHED))
    ):
        await _stop(row["id"])
    job = uuid4()
    await Job.insert(
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
    await outbox.touch(job, Topic.RENDITION)
    return job


async def _edit(change: StoryboardChange, limits: Limits, prices: Prices) -> UUID:
    change.storyboard.check(limits)
    row = await _change_target(change)
    if change.revision <= row["storyboard_revision"]:
        return row["id"]
    await _move(
        row["id"],
        Status.STORYBOARD_COMPLETE,
        {
            **_storyboard(change.storyboard, prices),
            Job.storyboard_revision: change.revision,
            **_NO_ERROR,
            Job.approved: False,
            Job.approved_digest: "",
            Job.progress: PROGRESS_STORYBOARD,
            Job.wake_at: None,
        },
    )
    await approvals.void(row["id"])
    return row["id"]


async def _approve(change: StoryboardChange, limits: Limits, prices: Prices) -> UUID:
    change.storyboard.check(limits)
    row = await _change_target(change)
    if row["approved"] and row["approved_digest"] == change.storyboard.digest:
        return row["id"]
    if change.revision < row["storyboard_revision"]:
        # Approved what has since been edited: the edit stands, and asks for approval anew.
        return row["id"]
    offered = _storyboard(change.storyboard, prices)
    approvals.check_price(change.estimated_cost, offered[Job.estimated_cost])
    await _move(
        row["id"],
        Status.APPROVED,
        {
            **offered,
            Job.storyboard_revision: change.revision,
            **_NO_ERROR,
            **approvals.on_job(change.storyboard.digest, by=change.by),
            Job.wake_at: datetime.now(UTC) + WAKE_GRACE,
        },
    )
    await approvals.record(
        row["id"],
        digest=change.storyboard.digest,
        estimate=offered[Job.estimated_cost],
        by=change.by,
    )
    return row["id"]


async def _cancel(video: VideoRef) -> UUID:
    row = await _submitted(video)
    if Status(row["status"]) is not Status.CANCELLED:
        await _stop(row["id"])
    return row["id"]


async def _retry(video: VideoRef) -> UUID:
    row = await _submitted(video)
    if Status(row["status"]) not in FINISHED:
        return row["id"]
    await _restart(row)
    return row["id"]


async def _restart(row: dict[str, Any]) -> None:
    await _move(
        row["id"],
        Status.APPROVED if row["approved"] else Status.PENDING,
        {
            Job.progress: PROGRESS_STORYBOARD if row["approved"] else 0,
            Job.scenes_done: 0,
            **_NO_ERROR,
            Job.retry_count: 0,
            Job.wake_at: datetime.now(UTC) + WAKE_GRACE,
        },
        given=(Job.status == row["status"], Job.approved == row["approved"]),
    )


async def _stop(job: UUID) -> None:
    now = datetime.now(UTC)
    await _move(
        job,
        Status.CANCELLED,
        {Job.lease_owner: "", Job.lease_expires_at: None, Job.wake_at: None},
    )
    await Attempt.update({Attempt.outcome: "cancelled", Attempt.finished_at: now}).where(
        Attempt.job == job, Attempt.outcome == "running"
    )


async def _submitted(video: VideoRef) -> dict[str, Any]:
    row = (
        await Job.select(*Job.all_columns())
        .where(_video(video.project_id, video.video_id), Job.submission == video.submission)
        .first()
    )
    if row is None:
        raise JobNotFound("This video was not submitted, or its submission has yet to arrive.")
    return row


def _video(project: str, video: str) -> Combinable:
    # Media may be asked for in the name of the same document.
    return (Job.project == project) & (Job.video_id == video) & (Job.kind == JobKind.VIDEO)


async def _change_target(change: StoryboardChange) -> dict[str, Any]:
    try:
        return await find(UUID(change.job_id))
    except ValueError:
        raise JobNotFound("There is no such job.") from None


async def _move(
    job: UUID, target: Status, values: dict[Any, Any], *, given: tuple[Combinable, ...] = ()
) -> None:
    """Move a job and leave word in the outbox; raise `IllegalMove` if it does not lead there.

    `given` is what must still hold at that moment, besides the status.
    """
    moved = (
        await Job.update(
            {
                Job.status: target,
                Job.sequence: Job.sequence + 1,
                Job.updated_at: datetime.now(UTC),
                **values,
            }
        )
        .where(Job.id == job, Job.status.is_in(origins(target)), *given)
        .returning(Job.id)
    )
    if not moved:
        raise IllegalMove(Status((await find(job))["status"]), target)
    await outbox.touch(job, Topic.RENDITION)


def _storyboard(storyboard: Storyboard, prices: Prices) -> dict[Any, Any]:
    return {
        Job.storyboard_data: msgspec.json.encode(storyboard).decode(),
        Job.storyboard_digest: storyboard.digest,
        Job.estimated_cost: estimates.estimate(storyboard, prices).total,
        Job.scenes_total: len(storyboard.scenes),
        Job.scenes_done: 0,
    }
