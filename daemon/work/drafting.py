"""The first phase: a brief becomes a storyboard with a price.

Nobody has approved anything yet, so what a model may charge for it has a bound
of its own: twice the price of the question, for an answer and one that mends it.
Past that the offline splitter drafts.

The same film in another language keeps the scenes that the first one has, and of what is drafted
only the words are taken. A script is then cut without any model: its words are all that is wanted.
"""

from dataclasses import dataclass, replace
from decimal import Decimal

import anyio.to_thread
import msgspec

from cms_bridge.errors import SpendCapReached
from cms_bridge.jobs import leases, policies, submissions
from cms_bridge.jobs.leases import Lease
from cms_bridge.ledger.meter import Ledger, open_ledger
from cms_bridge.ledger.vault import find_text, keep_text
from cms_bridge.pricing.amounts import ceiling
from cms_bridge.pricing.caps import Scope
from cms_bridge.pricing.estimates import estimate_in
from cms_bridge.records import Stage
from cms_bridge.states import StageName
from daemon.work.contention import retry_contended
from daemon.work.services import Services
from render.drafting.following import follow
from render.drafting.model import storyboard
from render.drafting.offline import Draft, draft
from render.errors import RefusedGeneration
from render.generation.base import GeneratedText, GenerationRecord, Guard, Reservation, TextRequest
from render.generation.chain import TextChain
from render.generation.requests import request_digest
from render.storyboard import Limits, clean_text

MAX_ANSWERS = 2
"""How many answers, at the price of their question, a storyboard may cost."""


async def draft_storyboard(lease: Lease, services: Services) -> None:
    """Draft a claimed job's storyboard, price it, and lay it down for approval."""
    drafted = await _draft(lease, services)
    drafted.storyboard.check(services.settings.limits)
    prices = services.settings.prices
    await policies.lay_down(
        lease,
        drafted.storyboard,
        priced=await estimate_in(lease.project, drafted.storyboard, prices),
        warnings=drafted.warnings,
        prices=prices,
    )


async def _draft(lease: Lease, services: Services) -> Draft:
    limits = services.settings.limits
    led = await submissions.led(lease.project, lease.brief)
    if led is None:
        return await _drafted_alone(lease, services)
    drafted = await (
        _drafted_offline(lease, limits)
        if clean_text(lease.brief.script)
        else _drafted_alone(lease, services)
    )
    return msgspec.structs.replace(drafted, storyboard=follow(led, drafted.storyboard))


async def _drafted_offline(lease: Lease, limits: Limits) -> Draft:
    return await anyio.to_thread.run_sync(lambda: draft(lease.brief, limits=limits))


async def _drafted_alone(lease: Lease, services: Services) -> Draft:
    limits = services.settings.limits
    if services.providers.text is None:
        return await _drafted_offline(lease, limits)
    await services.vault.recover(
        lease.job_id, before=lease.attempt, silence=services.charge_silence
    )
    ledger = await open_ledger(
        lease,
        caps=services.settings.caps,
        patience=services.settings.outage_patience,
    )
    writer = _RememberingModel(
        model=services.providers.text, ledger=ledger, guard=services.in_flight.guard_for(lease)
    )
    return (await storyboard(lease.brief, model=writer, limits=limits)).draft


@dataclass(frozen=True, kw_only=True)
class _RememberingModel:
    """A `TextModel` that asks another only for what its project has not paid for before."""

    model: TextChain
    ledger: Ledger
    guard: Guard

    def price(self, request: TextRequest) -> Decimal:
        """Return the model's own price."""
        return self.model.price(request)

    async def write(self, request: TextRequest) -> GeneratedText:
        """Return the answer of old, or a new one; raise `GenerationError`."""
        bound = MAX_ANSWERS * ceiling(self.model.price(request))
        ledger = replace(self.ledger, draft_bound=bound)
        model = self.model.metered(
            ledger, keep=self._keep, guard=self.guard, announce=self._announce
        )

        async def write() -> GeneratedText:
            earlier = await find_text(self.ledger.lease.project, request_digest(request))
            if earlier:
                return msgspec.structs.replace(earlier, cost=Decimal(0))
            return await model.write(request)

        try:
            return await retry_contended(write)
        except SpendCapReached as error:
            if error.params["scope"] != Scope.DRAFT:
                raise
            raise RefusedGeneration(
                f"Models have cost ${error.params['spent']} and brought no storyboard."
            ) from error

    async def _keep(self, made: GenerationRecord, paid: Reservation | None) -> None:
        if paid and isinstance(made, GeneratedText):
            await keep_text(made, paid, patience=self.ledger.patience)

    async def _announce(self, provider: str, model: str) -> None:
        stage = Stage(name=StageName.STORYBOARD, provider=provider, model=model)
        await leases.advance(self.ledger.lease, stage=stage)
