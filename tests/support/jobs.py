"""Jobs as events of a CMS make them, in whatever state a test starts from."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec

from cms_bridge.events import JobEvent
from cms_bridge.inbox import intake
from cms_bridge.jobs import leases, transitions
from cms_bridge.jobs.leases import Lease, Phase
from cms_bridge.jobs.retries import RetryPolicy
from cms_bridge.pricing.estimates import OFFLINE, Prices
from cms_bridge.states import Status
from cms_bridge.tables import Job
from render.storyboard import Limits
from tests.support import events

LIMITS = Limits()
MINUTE = timedelta(minutes=1)
POLICY = RetryPolicy(max_retries=2, first_delay=timedelta(seconds=5))


async def accept(
    event: JobEvent, *, message: str | None = None, prices: Prices = OFFLINE
) -> transitions.Accepted:
    body = msgspec.json.encode(event)
    return await intake.accept(
        message or f"evt_{uuid4()}", body, event, limits=LIMITS, prices=prices
    )


async def put(job: UUID, status: Status, **values: Any) -> None:
    """Set a job where a test starts from."""
    columns = {getattr(Job, name): value for name, value in values.items()}
    await Job.update({Job.status: status, **columns}).where(Job.id == job)


async def drafted() -> UUID:
    job = (await accept(events.submitted())).job_id
    board = events.storyboard()
    await put(
        job,
        Status.STORYBOARD_COMPLETE,
        storyboard_data=msgspec.json.encode(board).decode(),
        storyboard_digest=board.digest,
        wake_at=None,
    )
    return job


async def claim(job: UUID, phase: Phase = Phase.RENDER, *, worker: str = "w1") -> Lease | None:
    return await leases.claim(job, phase, worker=worker, duration=MINUTE, policy=POLICY)


async def claimed(job: UUID, phase: Phase = Phase.RENDER, *, worker: str = "w1") -> Lease:
    lease = await claim(job, phase, worker=worker)
    assert lease is not None
    return lease


async def approved() -> UUID:
    job = await drafted()
    await accept(events.approved(job))
    return job


async def expire(job: UUID) -> None:
    past = datetime.now(UTC) - MINUTE
    await Job.update({Job.lease_expires_at: past, Job.wake_at: past}).where(Job.id == job)
