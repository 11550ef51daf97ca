"""The first phase: a brief becomes a storyboard with a price."""

from dataclasses import dataclass
from decimal import Decimal

import anyio.to_thread
import msgspec

from cms_bridge import leases
from cms_bridge.estimates import estimate_in
from cms_bridge.leases import Lease
from cms_bridge.ledger import open_ledger
from cms_bridge.vault import find_text, keep_text
from daemon.services import Services
from daemon.waiting import once_free
from render.draft import Draft, draft
from render.generation.base import GeneratedText, Made, Reservation, TextModel, TextRequest
from render.generation.requests import request_digest
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
    await services.vault.recover(lease.job_id, before=lease.attempt)
    ledger = await open_ledger(lease, caps=services.settings.caps)
    asked = services.providers.text.metered(
        ledger, keep=_keep, guard=services.in_flight.calls_of(lease)
    )
    writer = _Remembering(model=asked, project=lease.project)
    return (await storyboard(lease.brief, model=writer, limits=limits)).draft


async def _keep(made: Made, paid: Reservation | None) -> None:
    if paid and isinstance(made, GeneratedText):
        await keep_text(made, paid)


@dataclass(frozen=True, kw_only=True)
class _Remembering:
    """A `TextModel` that asks another only for what its project has not paid for before."""

    model: TextModel
    project: str

    def price(self, request: TextRequest) -> Decimal:
        """Return the model's own price."""
        return self.model.price(request)

    async def write(self, request: TextRequest) -> GeneratedText:
        """Return the answer of old, or a new one; raise `GenerationError`."""

        async def write() -> GeneratedText:
            known = await find_text(self.project, request_digest(request))
            if known:
                return msgspec.structs.replace(known, cost=Decimal(0))
            return await self.model.write(request)

        return await once_free(write)
