"""An attempt at a job without a daemon around it."""

from uuid import UUID

from cms_bridge.jobs import transitions
from cms_bridge.jobs.leases import Lease, Phase
from cms_bridge.records import JobRecord
from daemon.work.attempts import attempt
from daemon.work.services import Services
from tests.support.jobs import approved


async def run(services: Services, error: Exception | None, *, job: UUID | None = None) -> JobRecord:
    async def work(_lease: Lease, _services: Services) -> None:
        if error:
            raise error

    job = job or await approved()
    await attempt(job, Phase.RENDER, work, services)
    return await transitions.find(job)
