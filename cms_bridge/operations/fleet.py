"""The fleet: everything that is counted of queues, money, models, workers and deliveries at once.

Asked of the database, so that every bridge tells the same and a restart forgets nothing. Each
query reads a bounded stretch of an index. `FleetWatch` asks once in a few seconds, however many
scrape or look; all that ask meanwhile wait for that one answer.
"""

import time
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, cast

import anyio
import msgspec

from cms_bridge import clock
from cms_bridge.health import models, service
from cms_bridge.health.models import ModelReport
from cms_bridge.health.service import COUNTED, Backlog
from cms_bridge.jobs import queues, workers
from cms_bridge.jobs.queues import QueueRecord
from cms_bridge.jobs.workers import WorkerRecord
from cms_bridge.ledger.charges import ChargeState
from cms_bridge.pricing import caps
from cms_bridge.tables import Charge

LATELY = timedelta(hours=1)
"""The period whose calls of models are told."""
A_DAY = timedelta(days=1)


class Unsettled(msgspec.Struct, frozen=True, kw_only=True):
    """Paid calls whose end is not known: 10,000 at most are counted."""

    state: ChargeState
    number: int
    dollars: Decimal
    """What is set aside for them."""
    oldest_seconds: float


class Presumed(msgspec.Struct, frozen=True, kw_only=True):
    """Calls that count as paid since nobody knows, as their projects allow."""

    number: int
    dollars: Decimal


class Fleet(msgspec.Struct, frozen=True, kw_only=True):
    """The fleet at one moment."""

    at: datetime
    backlog: Backlog
    queues: list[QueueRecord]
    workers: list[WorkerRecord]
    models: list[ModelReport]
    """With their calls of the last hour."""
    unsettled: list[Unsettled]
    presumed: Presumed
    """Of this month (UTC)."""
    spent: dict[str, Decimal]
    """What calls cost that were settled within the last 24 hours, by provider."""
    spent_today: Decimal
    """The same since midnight (UTC), of all."""
    month_held: Decimal
    """What counts against the month's cap: reserved, settled and unknown."""
    outbox_oldest_seconds: float
    """For how long the CMS has not known the oldest of its news."""
    webhooks_oldest_seconds: float
    """For how long the oldest delivery to an integrator has been due."""


_UNSETTLED = (
    "SELECT state, COUNT(*) AS number, COALESCE(SUM(reserved), 0) AS dollars,"
    " MIN(updated_at) AS oldest FROM (SELECT state, reserved, updated_at FROM charge"
    " WHERE state = {} LIMIT {}) AS counted GROUP BY state"
)
_PRESUMED = (
    "SELECT COUNT(*) AS number, COALESCE(SUM(reserved), 0) AS dollars FROM charge"
    " WHERE presumed AND created_at >= {}"
)
_SPENT = (
    "SELECT provider, COALESCE(SUM(settled), 0) AS dollars FROM charge"
    " WHERE state = 'settled' AND updated_at >= {} GROUP BY provider"
)
_OLDEST_NEWS = (
    "SELECT MIN(pending_since) AS oldest FROM (SELECT pending_since FROM outbox_message"
    " WHERE due_at IS NOT NULL LIMIT {}) AS counted"
)
_OLDEST_WEBHOOK = "SELECT MIN(due_at) AS oldest FROM webhook_delivery WHERE due_at IS NOT NULL"


async def fleet(*, overdue: timedelta, news: bool) -> Fleet:
    """Return the fleet; `overdue` is after how long a job is stuck, `news` whether a CMS is told.

    Raises what the database does.
    """
    now = clock.now()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    today = await spent_since(midnight)
    return Fleet(
        at=now,
        backlog=await service.backlog(overdue=overdue, news=news),
        queues=await queues.queues(late_after=overdue),
        workers=await workers.workers(),
        models=await models.health(since=now - LATELY, until=now),
        unsettled=[await _unsettled(state, now) for state in _OPEN],
        presumed=await _presumed(midnight.replace(day=1)),
        spent=await spent_since(now - A_DAY),
        spent_today=sum(today.values(), Decimal(0)),
        month_held=await caps.held(caps.month_row(now)),
        outbox_oldest_seconds=await _age(_OLDEST_NEWS, now, COUNTED) if news else 0,
        webhooks_oldest_seconds=await _age(_OLDEST_WEBHOOK, now),
    )


_OPEN = (ChargeState.RESERVED, ChargeState.STARTED, ChargeState.UNKNOWN)


async def spent_since(moment: datetime) -> dict[str, Decimal]:
    """Return what calls cost that were settled since, by provider."""
    rows = cast(list[dict[str, Any]], await Charge.raw(_SPENT, moment))
    return {row["provider"]: _dollars(row["dollars"]) for row in rows}


async def _unsettled(state: ChargeState, now: datetime) -> Unsettled:
    rows = cast(list[dict[str, Any]], await Charge.raw(_UNSETTLED, state.value, COUNTED))
    if not rows:
        return Unsettled(state=state, number=0, dollars=Decimal(0), oldest_seconds=0)
    (row,) = rows
    return Unsettled(
        state=state,
        number=row["number"],
        dollars=_dollars(row["dollars"]),
        oldest_seconds=_seconds_since(row["oldest"], now),
    )


async def _presumed(since: datetime) -> Presumed:
    (row,) = cast(list[dict[str, Any]], await Charge.raw(_PRESUMED, since))
    return Presumed(number=row["number"], dollars=_dollars(row["dollars"]))


async def _age(query: str, now: datetime, *values: object) -> float:
    (row,) = cast(list[dict[str, Any]], await Charge.raw(query, *values))
    return _seconds_since(row["oldest"], now) if row["oldest"] else 0


def _seconds_since(moment: datetime | str, now: datetime) -> float:
    # SQLite has no type for what is reckoned.
    at = moment if isinstance(moment, datetime) else datetime.fromisoformat(moment)
    return round(max(0.0, (now - at).total_seconds()), 1)


def _dollars(amount: object) -> Decimal:
    return Decimal(str(amount)).quantize(Decimal("0.000001"))


class FleetWatch:
    """The fleet, asked for no more often than it is worth."""

    def __init__(self, *, seconds: float, overdue: timedelta, news: bool) -> None:
        """Take for how long an answer is good, and what `fleet` takes."""
        self._seconds = seconds
        self._overdue = overdue
        self._news = news
        self._lock: anyio.Lock | None = None
        self._known: Fleet | None = None
        self._until = 0.0

    async def look(self) -> Fleet:
        """Return the fleet of this moment, or of a few seconds ago."""
        # A lock belongs to a loop, and this is made before there is one.
        self._lock = self._lock or anyio.Lock()
        async with self._lock:
            if self._known is None or time.monotonic() >= self._until:
                self._known = await fleet(overdue=self._overdue, news=self._news)
                self._until = time.monotonic() + self._seconds
            return self._known
