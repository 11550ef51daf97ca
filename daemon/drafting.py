"""The first phase: a brief becomes a storyboard with a price."""

from decimal import Decimal

import anyio.to_thread

from cms_bridge import leases
from cms_bridge.leases import Lease
from daemon.services import Services
from render.draft import draft
from render.generation.requests import image_request, speech_request


async def draft_storyboard(lease: Lease, services: Services) -> None:
    """Draft a claimed job's storyboard, price it, and lay it before the editor."""
    limits = services.settings.limits
    drafted = await anyio.to_thread.run_sync(lambda: draft(lease.brief, limits=limits))
    storyboard = drafted.storyboard
    storyboard.check(limits)
    estimate = Decimal(0)
    for scene in storyboard.scenes:
        estimate += services.images.price(image_request(storyboard, scene))
        if scene.narration.strip():
            estimate += services.speech.price(speech_request(storyboard, scene))
    await leases.storyboard_drafted(lease, storyboard, estimate=estimate, warnings=drafted.warnings)
