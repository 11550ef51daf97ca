"""A media order: a picture or a spoken text asked for by itself, made under the same ledger."""

import anyio

from cms_bridge.jobs import leases
from cms_bridge.jobs.leases import Lease
from cms_bridge.pricing.estimates import made_by
from daemon.work.generation import generate_assets
from daemon.work.progress import Reporter
from daemon.work.services import Services
from daemon.work.workspace import attempt_directory
from render.errors import InvalidStoryboard


async def fulfil_media_order(lease: Lease, services: Services) -> None:
    """Generate and keep what a claimed job asks for; its bytes stay in the object store."""
    if lease.storyboard is None:
        raise InvalidStoryboard("It is not said what is to be made.")
    directory = attempt_directory(services.settings.work_directory, lease)
    await anyio.Path(directory).mkdir(parents=True, exist_ok=True)
    generated = await generate_assets(
        lease,
        lease.storyboard,
        directory,
        services=services,
        reporter=Reporter(lease, every=services.settings.progress_seconds),
        kinds=made_by(lease.kind),
    )
    await leases.complete_medium(lease, fallback=generated.fallback)
