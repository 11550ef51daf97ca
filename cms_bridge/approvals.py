"""Approvals: who said, and when, that exactly this storyboard may be filmed at this price.

A job has one valid approval at most; an edit voids it and the row stays as a
record. What an approval does to the job is in `cms_bridge.jobs`.
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from cms_bridge.errors import ApprovalConflict, PriceChanged
from cms_bridge.money import rounded
from cms_bridge.tables import Approval, Job
from render.storyboard import clean_text

Row = dict[str, Any]


def on_job(digest: str, *, by: str) -> dict[Any, Any]:
    """Return what an approval makes of its job's columns."""
    return {
        Job.approved: True,
        Job.approved_digest: digest,
        Job.approved_by: clean_text(by),
        Job.approved_at: datetime.now(UTC),
        Job.retry_count: 0,
    }


async def record(job: UUID, *, digest: str, estimate: Decimal, by: str) -> Row:
    """Write an approval down in place of any earlier one; call in the job's transaction."""
    await void(job)
    row: Row = {
        "id": uuid4(),
        "job": job,
        "storyboard_digest": digest,
        "estimated_cost": estimate,
        "by": clean_text(by),
        "at": datetime.now(UTC),
    }
    await Approval.insert(Approval(**row))
    return row


async def void(job: UUID) -> None:
    """Take back an approval, if there is one; call in the job's transaction."""
    await Approval.update({Approval.voided_at: datetime.now(UTC)}).where(
        Approval.job == job, Approval.voided_at.is_null()
    )


async def standing(job: UUID, *, digest: str, estimate: Decimal) -> Row | None:
    """Return a job's approval if it is of this storyboard at this price and was not voided."""
    return (
        await Approval.select(*Approval.all_columns())
        .where(
            Approval.job == job,
            Approval.voided_at.is_null(),
            Approval.storyboard_digest == digest,
            Approval.estimated_cost == estimate,
        )
        .first()
    )


def check_offer(job: Row, digest: str, estimate: Decimal) -> None:
    """Raise `ApprovalConflict` if a job has another storyboard or price than was shown."""
    if digest != job["storyboard_digest"] or estimate != job["estimated_cost"]:
        raise ApprovalConflict(
            "The storyboard or its price has changed since it was shown.",
            storyboard_digest=job["storyboard_digest"],
            estimated_cost=f"{job['estimated_cost']:f}",
        )


def check_price(seen: Decimal | None, now: Decimal) -> None:
    """Raise `PriceChanged` if an editor was shown another price than holds now.

    None is an approval that names no price: it is taken at the price that holds.
    """
    if seen is not None and rounded(seen) != rounded(now):
        raise PriceChanged(
            f"The price has changed since it was shown: ${rounded(seen):f} then,"
            f" ${rounded(now):f} now. Nothing was started.",
            seen=f"{rounded(seen):f}",
            estimated_cost=f"{rounded(now):f}",
        )
