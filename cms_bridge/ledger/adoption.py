"""Adoption: a call that an ended job left at its provider goes on under the next that asks for it.

Bought once, it counts from then on against what was approved for whoever fetches it, and against
that job's video. Whoever ended the job that began it has no say over it any more.
"""

from datetime import timedelta
from decimal import Decimal
from typing import cast

import structlog
from msgspec.structs import replace

from cms_bridge import clock
from cms_bridge.jobs.leases import Lease
from cms_bridge.ledger.charges import ChargeRecord, ChargeState
from cms_bridge.pricing import caps
from cms_bridge.pricing.amounts import Caps, rounded
from cms_bridge.pricing.caps import Account
from cms_bridge.states import FINISHED
from cms_bridge.tables import Charge
from render.generation.base import Kind

log = structlog.get_logger()

LAST_WORDS = timedelta(seconds=30)
"""Whoever has ended a job and still works on it is done, or cut off, within this."""


async def adopt(  # noqa: PLR0913 - whose call, for whom, and what that may cost
    request_digest: str,
    lease: Lease,
    scene_id: str,
    *,
    defaults: Caps,
    approved: Decimal,
    draft: Decimal,
) -> ChargeRecord | None:
    """Take over the project's open call for a request, where its job has ended; None without one.

    Raises as `caps.hold` does. Call inside a transaction, as its last step.
    """
    row = (
        await Charge.select(*Charge.all_columns(), Charge.job.video_id.as_alias("video_id"))
        .where(
            Charge.project == lease.project,
            Charge.request_digest == request_digest,
            Charge.state == ChargeState.STARTED,
            Charge.provider_id.is_not_null(),
            Charge.answer.is_null(),
            Charge.job != lease.job_id,
            Charge.job.status.is_in(list(FINISHED)),
            Charge.job.updated_at < clock.now() - LAST_WORDS,
        )
        .first()
    )
    if row is None:
        return None
    video_id = cast("str", row.pop("video_id"))
    left = ChargeRecord.of(row)
    adopted = (
        await Charge.update(
            {
                Charge.job: lease.job_id,
                Charge.scene_id: scene_id,
                Charge.attempt: lease.attempt,
                Charge.updated_at: clock.now(),
            }
        )
        .where(
            Charge.id == left.id,
            # As it was read: nobody else has adopted it, and its job was not begun again.
            Charge.job == left.job,
            Charge.attempt == left.attempt,
            Charge.state == left.state,
        )
        .returning(*Charge.all_columns())
    )
    if not adopted:
        return None
    drafting = left.kind is Kind.STORYBOARD
    before = Account(
        job=left.job,
        drafting=drafting,
        project=lease.project,
        video_id=video_id,
        at=left.created_at,
    )
    after = replace(before, job=lease.job_id, video_id=lease.video_id)
    limits = await caps.caps_of(lease.project, defaults)
    own = draft if drafting else approved
    await caps.pass_on(before, after, rounded(left.reserved), limits, own=own)
    log.info(
        "charge.adopted", charge_id=str(left.id), job_id=str(lease.job_id), came_from=str(left.job)
    )
    return ChargeRecord.of(adopted[0])
