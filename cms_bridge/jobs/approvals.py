"""Approvals: who said, and when, that exactly this storyboard may be filmed at this price.

A job has one valid approval at most; an edit voids it and the row stays as a
record. What it names is a cap (`cms_bridge.pricing.caps`, scope `approval`): what the
job has cost since its storyboard was written and what was then still to be paid.

    not approved   names the whole price        lets what is spent and what is due be spent
    filmed before  names what is due            the same: only what changed costs anything
    stopped at it  names what is spent and due  the same: the job goes on with what it has

What an approval does to the job is in `cms_bridge.jobs.decisions`.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import msgspec
from msgspec.structs import replace

from cms_bridge import clock
from cms_bridge.errors import ApprovalConflict, ApprovedCostReached, PriceChanged
from cms_bridge.pricing import caps
from cms_bridge.pricing.amounts import rounded
from cms_bridge.pricing.caps import Scope
from cms_bridge.pricing.estimates import Estimate, Prices, estimate_in
from cms_bridge.pricing.made import made_by
from cms_bridge.records import JobRecord
from cms_bridge.states import Status
from cms_bridge.tables import Approval, Job
from render.problem import Problem
from render.storyboard import Storyboard, clean_text


class ApprovalRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An approval that holds, or held; `cms_bridge.tables.Approval` explains each field."""

    id: UUID
    job: UUID
    storyboard_digest: str
    estimated_cost: Decimal
    bound: Decimal
    by: str
    at: datetime


class Quote(msgspec.Struct, frozen=True, kw_only=True):
    """What a storyboard costs at this moment, and what of it is approved and spent."""

    priced: Estimate
    approved: Decimal | None
    """What may be spent on the job; None where nothing is approved."""
    spent: Decimal
    """By the job since its storyboard was written: settled, unknown or set aside."""
    stopped: bool
    """Whether the job waits for more than was approved of this very storyboard."""
    filmed: bool = False
    """Whether there is a film already, of which this is another revision or form."""

    @property
    def bound(self) -> Decimal:
        """What an approval given now lets the job cost, what is spent included."""
        needed = self.spent + self.priced.difference
        return max(needed, self.approved or needed) if self.stopped else needed

    @property
    def named(self) -> Decimal:
        """The price that an approval given now has to name."""
        if self.stopped:
            return self.bound
        return self.priced.difference if self.filmed else self.priced.total

    @property
    def needs(self) -> Decimal:
        """What a job that has stopped needs beyond what was approved."""
        return self.bound - (self.approved or Decimal(0)) if self.stopped else Decimal(0)


async def quote(job: JobRecord, storyboard: Storyboard, prices: Prices) -> Quote:
    """Price a storyboard of a job as it is at this moment."""
    stopped = is_stopped(job) and storyboard.digest == job.approved_digest
    priced = await estimate_in(
        job.project,
        job.output.asked(storyboard),
        prices,
        kinds=made_by(job.kind),
        # What it goes on with, placeholders too. One whose storyboard changes is promised nothing;
        # an export shows what its film does.
        jobs=_own(job) if stopped or job.parent else (),
    )
    return Quote(
        priced=replace(priced, storyboard_digest=storyboard.digest),
        approved=job.approved_cost if job.approved else None,
        spent=await spent_on(job.id),
        stopped=stopped,
        filmed=job.filmed,
    )


def is_stopped(job: JobRecord) -> bool:
    """Tell whether a job stopped because more is needed than was approved."""
    return job.status is Status.FAILED and _cap_problem(job) is not None


async def spent_on(job: UUID) -> Decimal:
    """Return what counts against a job's approval."""
    return await caps.held(caps.job_row(Scope.APPROVAL, job))


def needed_by(job: JobRecord, spent: Decimal) -> Decimal:
    """Return what a stopped job was found to need beyond its approval; 0 for any other."""
    reached = _cap_problem(job) if is_stopped(job) else None
    if reached is None:
        return Decimal(0)
    approved = job.approved_cost or Decimal(0)
    return max(Decimal(0), spent + Decimal(str(reached.params["needed"])) - approved)


async def too_little(job: UUID, error: ApprovedCostReached, prices: Prices) -> ApprovedCostReached:
    """Return the same error for all that is left to be made, not only the call that did not fit."""
    row = await Job.select(*Job.all_columns()).where(Job.id == job).first()
    stopped = JobRecord.of(row) if row else None
    if stopped is None or stopped.storyboard is None:
        return error
    priced = await estimate_in(
        stopped.project,
        stopped.output.asked(stopped.storyboard),
        prices,
        kinds=made_by(stopped.kind),
        jobs=_own(stopped),
    )
    return ApprovedCostReached(
        approved=rounded(stopped.approved_cost or Decimal(0)),
        spent=await spent_on(job),
        needed=max(priced.difference, Decimal(str(error.params["needed"]))),
    )


def on_job(digest: str, *, by: str, bound: Decimal) -> dict[Any, Any]:
    """Return what an approval makes of its job's columns."""
    return {
        Job.approved: True,
        Job.approved_digest: digest,
        Job.approved_cost: bound,
        Job.approved_by: clean_text(by),
        Job.approved_at: clock.now(),
        Job.retry_count: 0,
    }


async def record(
    job: UUID, *, digest: str, estimate: Decimal, bound: Decimal, by: str
) -> ApprovalRecord:
    """Write an approval down in place of any earlier one; call in the job's transaction."""
    await void(job)
    approval = ApprovalRecord(
        id=uuid4(),
        job=job,
        storyboard_digest=digest,
        estimated_cost=estimate,
        bound=bound,
        by=clean_text(by),
        at=clock.now(),
    )
    await Approval.insert(Approval(**msgspec.structs.asdict(approval)))
    return approval


async def void(job: UUID) -> None:
    """Take back an approval, if there is one; call in the job's transaction."""
    await Approval.update({Approval.voided_at: clock.now()}).where(
        Approval.job == job, Approval.voided_at.is_null()
    )


async def standing(job: UUID, *, digest: str, estimate: Decimal) -> ApprovalRecord | None:
    """Return a job's approval if it is of this storyboard at this price and was not voided."""
    row = (
        await Approval.select(*Approval.all_columns())
        .where(
            Approval.job == job,
            Approval.voided_at.is_null(),
            Approval.storyboard_digest == digest,
            Approval.estimated_cost == estimate,
        )
        .first()
    )
    return msgspec.convert(row, ApprovalRecord) if row else None


def check_offer(job: JobRecord, quoted: Quote, *, digest: str, estimate: Decimal) -> None:
    """Raise `ApprovalConflict` if a job has another storyboard or price than was shown."""
    changed = digest != job.storyboard_digest or not _agrees(quoted, estimate)
    if changed:
        raise ApprovalConflict(
            "The storyboard or its price has changed since it was shown.",
            storyboard_digest=job.storyboard_digest,
            estimated_cost=f"{rounded(quoted.named):f}",
        )


def check_price(seen: Decimal | None, quoted: Quote) -> None:
    """Raise `PriceChanged` if an editor was shown another price than holds now.

    None is an approval that names no price: it is taken at the price that holds.
    """
    if seen is not None and not _agrees(quoted, seen):
        now = rounded(quoted.named)
        raise PriceChanged(
            f"The price has changed since it was shown: ${rounded(seen):f} then,"
            f" ${now:f} now. Nothing was started.",
            seen=f"{rounded(seen):f}",
            estimated_cost=f"{now:f}",
        )


def _own(job: JobRecord) -> tuple[UUID, ...]:
    """Return the jobs whose media are a job's to use: of an export, those of its film too."""
    return (job.id, job.parent) if job.parent else (job.id,)


def _agrees(quoted: Quote, seen: Decimal) -> bool:
    # What is spent and due moves while somebody reads it; that it became less harms nobody.
    if quoted.stopped or quoted.filmed:
        return rounded(quoted.named) <= rounded(seen)
    return rounded(quoted.named) == rounded(seen)


def _cap_problem(job: JobRecord) -> Problem | None:
    reached = job.approved and job.error and job.error.code == ApprovedCostReached.code
    return job.error if reached else None
