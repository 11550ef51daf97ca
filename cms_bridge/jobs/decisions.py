"""Decisions about a storyboard: edited, approved, and approved beyond what was.

An edit of a finished film is its next revision: it waits for an approval of its own, and
what it costs is what changed, since everything else is found where it was kept.

An event of the CMS says which revision of the storyboard it is of, and brings
the whole of it. What stands here is the newest revision heard of:

    an older revision              is passed over: a newer decision stands
    the same one                   has the same content, or is refused
    a newer one with an edit       replaces what stands
    a newer one with an approval   is of what stands, or brings something new; never
                                   something that stood here before, unless that
                                   very save brought it back (`edited`)
"""

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from cms_bridge import clock, own_files, voices, wakeups
from cms_bridge.database import transaction
from cms_bridge.errors import (
    ApprovalConflict,
    IllegalMove,
    JobNotFound,
    RevisionConflict,
    StoryboardNotReady,
    StoryboardOutdated,
)
from cms_bridge.events import Replacement, StoryboardChange
from cms_bridge.jobs import approvals, submissions
from cms_bridge.jobs.approvals import ApprovalRecord
from cms_bridge.jobs.moves import NO_ERROR, PROGRESS_STORYBOARD, WAKE_GRACE, find, move
from cms_bridge.outbox import messages
from cms_bridge.outbox.messages import Topic
from cms_bridge.pricing import estimates
from cms_bridge.pricing.estimates import Prices
from cms_bridge.records import JobRecord
from cms_bridge.states import JobKind, Status
from cms_bridge.tables import Job
from render.errors import OwnFileMissing
from render.storyboard import Limits, Storyboard

_PAST_KEPT = 200
"""Contents that are remembered of a job, newest last."""


async def edit(change: StoryboardChange, *, limits: Limits, prices: Prices) -> UUID:
    """Put an edited storyboard in place of what stands, and void its approval.

    Call inside a transaction. Raises `JobNotFound`, `Superseded`,
    `RevisionConflict`, `IllegalMove` or `InvalidStoryboard`.
    """
    change.storyboard.check(limits)
    job = await _target(change)
    if change.revision < job.storyboard_revision:
        return job.id
    if change.revision == job.storyboard_revision:
        _check_same(change, job)
        return job.id
    await own_files.check(job.project, change.storyboard, limits=limits)
    await _put(change.storyboard, job, revision=change.revision, prices=prices)
    return job.id


async def replace(change: Replacement, *, limits: Limits, prices: Prices) -> UUID:
    """Put a storyboard in which a file was replaced in place of what stands, as `edit` does.

    Call inside a transaction. Raises what `edit` raises, `OwnFileMissing` too where the storyboard
    does not show the very file that is named beside it.
    """
    if all(one.file != change.file for one in own_files.named_in(change.storyboard)):
        raise OwnFileMissing(
            "The storyboard does not name the file that is in the place of another.",
            field="file",
        )
    return await edit(change, limits=limits, prices=prices)


async def revise(
    job: UUID,
    changed: Callable[[JobRecord, Storyboard], Awaitable[Storyboard]],
    *,
    based_on: str,
    limits: Limits,
    prices: Prices,
) -> JobRecord:
    """Put in place of a storyboard what a change makes of it, and void its approval.

    `based_on` is the digest of what the change was thought out for. What stands already
    is not put there again. Raises `JobNotFound`, `StoryboardNotReady`, `StoryboardOutdated`,
    `Superseded`, `IllegalMove`, and what `changed` and `Storyboard.check` raise.
    """
    async with transaction():
        locked = await _lock(job)
        storyboard = await revised(locked, changed, based_on=based_on, limits=limits)
        if storyboard.digest != locked.storyboard_digest:
            revision = locked.storyboard_revision + 1
            await _put(storyboard, locked, revision=revision, prices=prices)
        return await find(job)


async def revised(
    job: JobRecord,
    changed: Callable[[JobRecord, Storyboard], Awaitable[Storyboard]],
    *,
    based_on: str,
    limits: Limits,
) -> Storyboard:
    """Return what a change would make of a job's storyboard; raise as `revise` does."""
    if job.kind is not JobKind.VIDEO:
        raise JobNotFound("Only a video has a storyboard that can be edited.")
    if job.storyboard is None:
        raise StoryboardNotReady("This job has no storyboard yet.", status=job.status.value)
    outdated = based_on != job.storyboard_digest
    storyboard = await changed(job, job.storyboard)
    if outdated and storyboard.digest != job.storyboard_digest:
        raise StoryboardOutdated(
            "The storyboard has changed since this was based on it.",
            storyboard_digest=job.storyboard_digest,
        )
    storyboard.check(limits)
    await own_files.check(job.project, storyboard, limits=limits)
    if (storyboard.voice, storyboard.speakers) != (job.storyboard.voice, job.storyboard.speakers):
        await voices.check_all(storyboard)
    return storyboard


async def _put(storyboard: Storyboard, job: JobRecord, *, revision: int, prices: Prices) -> None:
    """Let a storyboard stand in place of another, and wait for a person."""
    if job.kind is not JobKind.VIDEO:
        raise JobNotFound("Only a video has a storyboard that can be edited.")
    if job.status is Status.COMPLETED and storyboard.digest == job.storyboard_digest:
        # The film is of exactly this.
        await _note_revision(job.id, revision)
        return
    if job.status is Status.CANCELLED and not job.filmed:
        raise IllegalMove(job.status, Status.STORYBOARD_COMPLETE)
    await move(
        job.id,
        Status.STORYBOARD_COMPLETE,
        {
            **_storyboard(storyboard, job),
            Job.estimated_cost: estimates.estimate(storyboard, prices).total,
            Job.storyboard_revision: revision,
            **NO_ERROR,
            Job.approved: False,
            Job.approved_digest: "",
            Job.approved_cost: None,
            Job.progress: PROGRESS_STORYBOARD,
            Job.retry_count: 0,
            Job.wake_at: None,
        },
    )
    await approvals.void(job.id)


async def approve_change(change: StoryboardChange, *, limits: Limits, prices: Prices) -> UUID:
    """Approve a storyboard as the CMS has it, edits that came with it included, and start the work.

    Call inside a transaction. Raises `JobNotFound`, `Superseded`,
    `ApprovalConflict`, `RevisionConflict`, `IllegalMove` or `InvalidStoryboard`.
    """
    change.storyboard.check(limits)
    job = await _target(change)
    digest = change.storyboard.digest
    if job.approved and job.approved_digest == digest and not _asks_for_more(change, job):
        # It is approved already, but of this revision too: an edit before it comes too late.
        await _note_revision(job.id, change.revision)
        return job.id
    if change.revision < job.storyboard_revision:
        # Approved what has since been edited: the edit stands, and asks for approval anew.
        return job.id
    if digest != job.storyboard_digest:
        _check_newer(change, job)
    elif job.status is Status.COMPLETED:
        await _note_revision(job.id, change.revision)
        return job.id
    await own_files.check(job.project, change.storyboard, limits=limits)
    quoted = await approvals.quote(job, change.storyboard, prices)
    approvals.check_price(change.estimated_cost, quoted)
    await move(
        job.id,
        Status.APPROVED,
        {
            **_storyboard(change.storyboard, job),
            Job.estimated_cost: quoted.priced.total,
            Job.storyboard_revision: change.revision,
            **NO_ERROR,
            **approvals.on_job(digest, by=change.by, bound=quoted.bound),
            Job.wake_at: clock.now() + WAKE_GRACE,
        },
    )
    await approvals.record(
        job.id, digest=digest, estimate=quoted.named, bound=quoted.bound, by=change.by
    )
    return job.id


async def approve(
    job: UUID, *, digest: str, estimate: Decimal, by: str, prices: Prices
) -> ApprovalRecord:
    """Approve exactly this storyboard at the price of this moment; return the approval.

    The work starts, or goes on where it stopped, with `jobs.render`. Approving
    the same twice is approving once. Raises `JobNotFound`, `Superseded`, `IllegalMove`
    or `ApprovalConflict`.
    """
    async with transaction():
        locked = await _lock(job)
        if not approvals.is_stopped(locked) and (
            standing := await approvals.standing(job, digest=digest, estimate=estimate)
        ):
            return standing
        if locked.storyboard is None:
            raise JobNotFound("This job has no storyboard yet.")
        if locked.status is Status.COMPLETED:
            # Only an edit leads out of there: the film is of exactly this.
            raise IllegalMove(locked.status, Status.APPROVED)
        quoted = await approvals.quote(locked, locked.storyboard, prices)
        approvals.check_offer(locked, quoted, digest=digest, estimate=estimate)
        await move(
            job,
            Status.APPROVED,
            {
                Job.estimated_cost: quoted.priced.total,
                **NO_ERROR,
                **approvals.on_job(digest, by=by, bound=quoted.bound),
                Job.wake_at: None,
            },
        )
        return await approvals.record(
            job, digest=digest, estimate=estimate, bound=quoted.bound, by=by
        )


async def _note_revision(job: UUID, revision: int) -> None:
    """Note that what stands is of this revision too, and tell the CMS that its save was heard."""
    noted = (
        await Job.update({Job.storyboard_revision: revision, Job.sequence: Job.sequence + 1})
        .where(Job.id == job, Job.storyboard_revision < revision)
        .returning(Job.id)
    )
    if noted:
        await messages.touch(job, Topic.RENDITION)
        wakeups.job_changed(job)


def _asks_for_more(change: StoryboardChange, job: JobRecord) -> bool:
    """Tell whether an approval of what is approved raises what may be spent: only if it says so."""
    named = change.estimated_cost
    return named is not None and approvals.is_stopped(job) and named > (job.approved_cost or 0)


def _check_same(change: StoryboardChange, job: JobRecord) -> None:
    if change.storyboard.digest != job.storyboard_digest:
        raise RevisionConflict(
            f"Revision {change.revision} of this storyboard is known with other content; save it"
            " once more.",
            revision=change.revision,
        )


def _check_newer(change: StoryboardChange, job: JobRecord) -> None:
    """Raise unless an approval's content, which is not what stands, is newer than that."""
    if change.revision == job.storyboard_revision:
        _check_same(change, job)
    if not change.edited and change.storyboard.digest in list(job.storyboard_past):
        raise ApprovalConflict(
            "The storyboard that was approved is an older one; it has been edited since.",
            storyboard_digest=job.storyboard_digest,
        )


async def _target(change: StoryboardChange) -> JobRecord:
    try:
        job = await _lock(UUID(change.job_id))
    except ValueError:
        raise JobNotFound("There is no such job.") from None
    if job.kind is JobKind.EXPORT:
        raise JobNotFound("An export is of what was filmed; it is approved where it was asked for.")
    return job


async def _lock(job: UUID) -> JobRecord:
    """Return a job that nobody else changes until the transaction ends; raise `JobNotFound`.

    Two decisions that arrive at once are judged one after the other, the second by what the
    first has made of the job. Raises `Superseded` for a job that nothing may begin again.
    """
    await submissions.check_newest(await find(job))
    rows = (
        await Job.update({Job.sequence: Job.sequence + 0})
        .where(Job.id == job)
        .returning(*Job.all_columns())
    )
    if not rows:
        raise JobNotFound("There is no such job.")
    return JobRecord.of(rows[0])


def _storyboard(storyboard: Storyboard, job: JobRecord) -> dict[Any, Any]:
    """Return the columns of a storyboard that comes to stand; what stood there is remembered."""
    digest, before, past = storyboard.digest, job.storyboard_digest, list(job.storyboard_past)
    if before not in ("", digest):
        past = [*(one for one in past if one != before), before][-_PAST_KEPT:]
    told: dict[Any, Any] = {}
    if job.filmed and digest != before:
        # What was said of the film before is kept with it (`cms_bridge.films`).
        told = {Job.generation_warnings: "[]", Job.model_fallback_occurred: False}
    return {
        **told,
        Job.storyboard_data: msgspec.json.encode(storyboard).decode(),
        Job.storyboard_digest: digest,
        Job.storyboard_past: msgspec.json.encode(past).decode(),
        Job.scenes_total: len(storyboard.scenes),
        Job.scenes_done: 0,
    }
