"""The first phase: a brief becomes a storyboard with a price."""

import anyio.to_thread

from cms_bridge import leases
from cms_bridge.estimates import estimate_in
from cms_bridge.leases import Lease
from cms_bridge.ledger import open_ledger
from daemon.services import Services
from render.draft import Draft, draft
from render.generation.storyboarding import storyboard


async def draft_storyboard(lease: Lease, services: Services) -> None:
    """Draft a claimed job's storyboard, price it, and lay it before the editor."""
    drafted = await _draft(lease, services)
    drafted.storyboard.check(services.settings.limits)
    estimate = await estimate_in(lease.project, drafted.storyboard, services.settings.prices)
    await leases.storyboard_drafted(
        lease, drafted.storyboard, estimate=estimate.total, warnings=drafted.warnings
    )


async def _draft(lease: Lease, services: Services) -> Draft:
    limits = services.settings.limits
    if services.providers.text is None:
        return await anyio.to_thread.run_sync(lambda: draft(lease.brief, limits=limits))
    ledger = await open_ledger(lease, caps=services.settings.caps)
    writer = services.providers.text.metered(ledger)
    return (await storyboard(lease.brief, model=writer, limits=limits)).draft
