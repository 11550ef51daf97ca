"""Approval by policy: a storyboard that whoever ordered it approved beforehand, up to a price.

It is approved in the transaction that lays it down, so that no crash leaves it waiting for
a person who has decided already; one that may cost more waits for a person like any other.
"""

import structlog

from cms_bridge import clock, projects
from cms_bridge.database import transaction
from cms_bridge.jobs import approvals, leases
from cms_bridge.jobs.leases import Lease
from cms_bridge.jobs.moves import WAKE_GRACE, find, move
from cms_bridge.pricing.estimates import Estimate, Prices
from cms_bridge.records import JobRecord
from cms_bridge.states import Status
from cms_bridge.tables import Job
from render.problem import Problem
from render.storyboard import Storyboard

log = structlog.get_logger()


async def lay_down(
    lease: Lease,
    storyboard: Storyboard,
    *,
    priced: Estimate,
    warnings: tuple[Problem, ...],
    prices: Prices,
) -> None:
    """Lay a drafted storyboard down, approved if that was decided; raise `LeaseLost`."""
    async with transaction():
        # Before the job, as everywhere: see `cms_bridge.jobs.submissions`.
        await projects.hold(lease.project)
        await leases.storyboard_drafted(lease, storyboard, estimate=priced.total, warnings=warnings)
        await _approve_within(await find(lease.job_id), storyboard, prices)


async def _approve_within(job: JobRecord, storyboard: Storyboard, prices: Prices) -> None:
    policy = job.approval_policy
    if policy is None:
        return
    quoted = await approvals.quote(job, storyboard, prices)
    if quoted.named > policy.up_to:
        log.info("policy.price_above", job_id=str(job.id), up_to=str(policy.up_to))
        return
    digest = storyboard.digest
    await move(
        job.id,
        Status.APPROVED,
        {
            Job.estimated_cost: quoted.priced.total,
            **approvals.on_job(digest, by=policy.by, bound=quoted.bound),
            Job.wake_at: clock.now() + WAKE_GRACE,
        },
    )
    await approvals.record(
        job.id, digest=digest, estimate=quoted.named, bound=quoted.bound, by=policy.by
    )
    log.info("job.approved", job_id=str(job.id), by=policy.by)
