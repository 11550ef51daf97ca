"""Followed calls: paid calls that run on at their provider, of jobs that no worker will come for.

A film that went on without a clip leaves its call there, as does a job that was cancelled. The
provider knows it by its id, and is asked what became of it, until it knows no more.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from decimal import Decimal

import structlog

from cms_bridge import clock
from cms_bridge.database import transaction
from cms_bridge.ledger.charges import OPEN, ChargeRecord, ChargeState, end
from cms_bridge.states import FINISHED
from cms_bridge.tables import Charge
from render import tracebacks
from render.errors import GenerationError
from render.generation.base import Fate

log = structlog.get_logger()

Ask = Callable[[ChargeRecord], Awaitable[Fate]]
"""Asks a provider for what became of a call; raises `GenerationError` where it cannot be told."""


async def follow(
    ask: Ask, *, silence: timedelta, patience: timedelta, limit: int = 100
) -> list[ChargeRecord]:
    """Ask for what became of open calls on ended jobs; return those that have an end now.

    Each is asked for once within `silence`. What was made stays open while it can be fetched, for a
    later film of its job takes it up; at the latest `patience` after its begin it counts as paid,
    and what is still not known is unknown.
    """
    now = clock.now()
    rows = (
        await Charge.select(*Charge.all_columns())
        .where(
            Charge.state.is_in(list(OPEN)),
            Charge.provider_id.is_not_null(),
            Charge.answer.is_null(),
            Charge.updated_at < now - silence,
            Charge.job.status.is_in(list(FINISHED)),
        )
        .order_by(Charge.updated_at)
        .limit(limit)
    )
    ended: list[ChargeRecord] = []
    for charge in map(ChargeRecord.of, rows):
        fate = await _fate(ask, charge)
        over = charge.created_at < now - patience
        if one := await _write(charge, fate, over=over):
            ended.append(one)
            log.info("charge.followed", charge_id=str(one.id), fate=fate, state=one.state)
    return ended


async def _fate(ask: Ask, charge: ChargeRecord) -> Fate:
    try:
        return await ask(charge)
    except GenerationError as error:
        log.info("charge.not_told", charge_id=str(charge.id), reason=tracebacks.summary(error))
        return Fate.RUNNING  # as far as anybody knows


async def _write(charge: ChargeRecord, fate: Fate, *, over: bool) -> ChargeRecord | None:
    """Bring a charge to the end that its call came to; None while it may yet come to another."""
    settled: Decimal | None = None
    match fate:
        case Fate.FREE:
            state, reason = ChargeState.RELEASED, "The provider made nothing of it."
        case Fate.LOST:
            state, reason = ChargeState.UNKNOWN, "The provider no longer knows what became of it."
        case Fate.GONE | Fate.MADE if over or fate is Fate.GONE:
            state, reason = ChargeState.SETTLED, "It was made, and nobody fetched it in time."
            settled = charge.reserved
        case Fate.RUNNING if over:
            state, reason = ChargeState.UNKNOWN, "The job ended before the answer was fetched."
        case _:
            await Charge.update({Charge.updated_at: clock.now()}).where(
                Charge.id == charge.id, Charge.state == charge.state
            )
            return None
    async with transaction():
        return await end(
            charge.job, charge.id, state, came_from=(charge.state,), settled=settled, reason=reason
        )
