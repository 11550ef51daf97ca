"""Followed calls: paid calls that run on at their provider, of jobs that no worker will come for.

A film that went on without a clip leaves its call there, as does a job that was cancelled. The
provider knows it by its id, and is asked what became of it, until it knows no more. Who asks for
the same meanwhile goes on with it (`cms_bridge.ledger.adoption`).
"""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

import anyio
import structlog
from piccolo.custom_types import Combinable

from cms_bridge import clock
from cms_bridge.database import transaction
from cms_bridge.ledger.charges import OPEN, ChargeRecord, ChargeState, end
from cms_bridge.states import FINISHED
from cms_bridge.tables import Charge
from render import tracebacks
from render.generation.base import Fate

log = structlog.get_logger()

Ask = Callable[[ChargeRecord], Awaitable[Fate]]
"""Asks a provider for what became of a call; raises whatever keeps it from being told."""


@dataclass(frozen=True, kw_only=True)
class Rounds:
    """How providers are asked, time and again."""

    silence: timedelta
    """Between two asks for one call."""
    patience: timedelta
    """How long after its begin a call may come to its end by itself."""
    answer: timedelta = timedelta(seconds=30)
    """How long one answer is waited for."""
    at_once: int = 8
    """Asks at the same time."""
    limit: int = 100
    """Asks in one round."""


async def follow(ask: Ask, providers: Collection[str], rounds: Rounds) -> list[ChargeRecord]:
    """Ask for what became of open calls on ended jobs; return those that have an end now.

    Those at `providers` are asked for, which have an account here. What was made stays open while
    it can be fetched; when `patience` is over it counts as paid, and what is still not known is
    unknown. Calls elsewhere are left to who has an account there, unless nobody has come by then.
    """
    now = clock.now()
    asked: Combinable = Charge.created_at < now - rounds.patience - 2 * rounds.silence
    if providers:
        asked |= Charge.provider.is_in(list(providers))
    rows = (
        await Charge.select(*Charge.all_columns())
        .where(
            Charge.state.is_in(list(OPEN)),
            Charge.provider_id.is_not_null(),
            Charge.answer.is_null(),
            Charge.updated_at < now - rounds.silence,
            asked,
            Charge.job.status.is_in(list(FINISHED)),
        )
        .order_by(Charge.updated_at)
        .limit(rounds.limit)
    )
    ended: list[ChargeRecord] = []
    places = anyio.CapacityLimiter(rounds.at_once)

    async def follow_one(charge: ChargeRecord) -> None:
        async with places:
            fate = await _fate(ask, charge, seconds=rounds.answer.total_seconds())
            over = charge.created_at < now - rounds.patience
            if one := await _write(charge, fate, over=over):
                ended.append(one)
                log.info("charge.followed", charge_id=str(one.id), fate=fate, state=one.state)

    async with anyio.create_task_group() as group:
        for row in rows:
            group.start_soon(follow_one, ChargeRecord.of(row))
    return ended


async def _fate(ask: Ask, charge: ChargeRecord, *, seconds: float) -> Fate:
    try:
        with anyio.fail_after(seconds):
            return await ask(charge)
    except Exception as error:  # noqa: BLE001 - whatever it is, the others are asked for
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
                Charge.id == charge.id, Charge.job == charge.job, Charge.state == charge.state
            )
            return None
    async with transaction():
        return await end(
            charge.job, charge.id, state, came_from=(charge.state,), settled=settled, reason=reason
        )
