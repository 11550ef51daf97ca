"""Intake: an event of the CMS becomes its effect on a job, once, however often it comes.

The event and what it does are one transaction; what it does is in `cms_bridge.jobs`.
"""

import hashlib
from datetime import UTC, datetime
from typing import assert_never
from uuid import UUID

from cms_bridge.database import AlreadyStored, transaction, unique_violations
from cms_bridge.errors import EventConflict
from cms_bridge.events import (
    Event,
    StoryboardApproved,
    StoryboardEdited,
    VideoCancelled,
    VideoRetried,
    VideoSubmitted,
)
from cms_bridge.jobs import decisions, submissions, transitions
from cms_bridge.jobs.moves import find
from cms_bridge.jobs.transitions import Accepted
from cms_bridge.pricing.estimates import Prices
from cms_bridge.tables import InboundEvent
from render.storyboard import Limits


async def accept(
    event_id: str, body: bytes, event: Event, *, limits: Limits, prices: Prices
) -> Accepted:
    """Store an event and its effect together, or neither.

    A repeat of the same bytes under the same id is answered with what the
    first one did. Raises `EventConflict`, `JobNotFound`, `IllegalMove`, `Superseded` or
    `InvalidStoryboard`.
    """
    digest = hashlib.sha256(body).hexdigest()
    if duplicate := await _find_duplicate(event_id, digest):
        return duplicate
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
        if duplicate := await _find_duplicate(event_id, digest):
            return duplicate
        raise
    return await _accepted(job)


async def _find_duplicate(event_id: str, digest: str) -> Accepted | None:
    row = await InboundEvent.select().where(InboundEvent.id == event_id).first()
    if row is None:
        return None
    if row["body_sha256"] != digest:
        raise EventConflict("This webhook id was used before with another body.")
    return await _accepted(row["job"], duplicate=True)


async def _accepted(job_id: UUID, *, duplicate: bool = False) -> Accepted:
    job = await find(job_id)
    return Accepted(
        job_id=job.id,
        status=job.status,
        duplicate=duplicate,
        superseded=submissions.says_superseded(job),
    )


async def _apply(event: Event, limits: Limits, prices: Prices) -> UUID:
    match event:
        case VideoSubmitted():
            return await submissions.submit(event.data, limits)
        case StoryboardEdited():
            return await decisions.edit(event.data, limits=limits, prices=prices)
        case StoryboardApproved():
            return await decisions.approve_change(event.data, limits=limits, prices=prices)
        case VideoCancelled():
            return await transitions.cancel(event.data)
        case VideoRetried():
            return await transitions.retry(event.data)
        case _:  # pragma: no cover - the type checker proves there is no other
            assert_never(event)


def _tag(event: Event) -> str:
    return str(type(event).__struct_config__.tag)
