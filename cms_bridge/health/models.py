"""Model health: what every daemon has seen of each model, kept beside the jobs.

One row a model holds the newest of each sort of evidence, whichever daemon
brings it and in whatever order it arrives. Calls are added up in rows of five
minutes, to which all daemons add. "Newest" is by the daemons' own clocks.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, cast
from uuid import uuid4

import msgspec
from piccolo.columns import Timestamptz

from cms_bridge.database import transaction
from cms_bridge.fields import Moment
from cms_bridge.health.latencies import added, counted, quantile
from cms_bridge.tables import ModelAggregate, ModelHealth
from render.errors import RetiredModel
from render.generation.circuit import Evidence, Sign
from render.problem import Problem

AGGREGATE = timedelta(minutes=5)
"""What one row of calls covers."""

_CALLS = {Sign.MADE, Sign.REFUSED, Sign.FAILED}
_ANSWERS = {Sign.MADE, Sign.REFUSED, Sign.SEEN}
_FAILURES = {Sign.FAILED, Sign.MISSED}
_STEPS = dict[int, int]


class CircuitState(StrEnum):
    """Whether a model is asked."""

    CLOSED = "closed"
    """It is asked."""
    OPEN = "open"
    """It failed and is passed over for a while."""
    HALF_OPEN = "half_open"
    """It has rested: the next call is a trial."""


class CircuitReport(msgspec.Struct, frozen=True, kw_only=True):
    """How the circuit of a model was last seen."""

    state: CircuitState
    since: Moment | None
    """When it opened; null while it is closed."""
    until: Moment | None
    """When the next call is let through."""


class FailureReport(msgspec.Struct, frozen=True, kw_only=True):
    """A model's newest failure."""

    at: Moment
    code: str
    message: str
    """One plain sentence."""


class AggregateReport(msgspec.Struct, frozen=True, kw_only=True):
    """A model's calls in five minutes. Times are seconds, of calls that made something."""

    starts_at: Moment
    calls: int
    failures: int
    fallbacks: int
    """Requests meant for this model that another one answered."""
    p50: float | None
    p95: float | None


class ModelReport(msgspec.Struct, frozen=True, kw_only=True):
    """How one model does. Counts and times are those of the period asked for."""

    provider: str
    model: str
    available: bool
    """Whether a call would be let through."""
    circuit: CircuitReport
    retired: bool
    """Whether its provider no longer has it."""
    successor: str | None
    """What to configure in its place, where that is known."""
    last_success_at: Moment | None
    """When a call last made something."""
    last_seen_at: Moment | None
    """When it last answered at all, be it to a free look."""
    last_failure: FailureReport | None
    reported_at: Moment
    """When a daemon last had it on its chains."""
    calls: int
    errors: int
    fallbacks: int
    """Requests meant for this model that another one answered."""
    p50: float | None
    """Seconds, within 2.5 %, of calls that made something."""
    p95: float | None
    aggregates: tuple[AggregateReport, ...]
    """Five minutes each, oldest first; none where nothing was called."""


async def record(provider: str, model: str, seen: Sequence[Evidence]) -> None:
    """Take note of what one daemon has seen of one model, all of it or nothing."""
    name = f"{provider}/{model}"
    by_time = sorted(seen, key=lambda one: one.at)
    async with transaction():
        await _introduce(provider, model, by_time[-1].at)
        if success := _newest(by_time, {Sign.MADE}):
            await _replace(name, ModelHealth.last_success_at, success.at)
        if answer := _newest(by_time, _ANSWERS):
            await _replace(name, ModelHealth.last_seen_at, answer.at)
        if failure := _newest(by_time, _FAILURES):
            said = msgspec.json.encode(failure.failure).decode()
            await _replace(name, ModelHealth.last_failure_at, failure.at, failure=said)
        last = by_time[-1]
        await _replace(
            name,
            ModelHealth.circuit_at,
            last.at,
            open_since=last.open_since,
            open_until=last.open_until,
        )
        periods = {_period(one.at) for one in by_time}
        for starts_at in sorted(periods):
            await _add(name, starts_at, [one for one in by_time if _period(one.at) == starts_at])


async def report(models: Iterable[tuple[str, str]]) -> None:
    """Take note that a daemon has these models, by provider and name, on its chains."""
    now = datetime.now(UTC)
    for provider, model in sorted(set(models)):
        async with transaction():
            await _introduce(provider, model, now)
            await _replace(f"{provider}/{model}", ModelHealth.reported_at, now)


async def prune(keep: timedelta) -> None:
    """Forget calls, and models that no daemon has any more, after so long."""
    before = datetime.now(UTC) - keep
    await ModelAggregate.delete().where(ModelAggregate.starts_at < before)
    await ModelHealth.delete().where(ModelHealth.reported_at < before)


async def open_circuits() -> dict[tuple[str, str], tuple[datetime, datetime]]:
    """Return since when and until when each model, by provider and name, is passed over."""
    rows = await ModelHealth.select().where(ModelHealth.open_until > datetime.now(UTC))
    return {(row["provider"], row["model"]): (row["open_since"], row["open_until"]) for row in rows}


async def health(*, since: datetime, until: datetime) -> list[ModelReport]:
    """Return how each model does, with its calls between two times, by provider and name."""
    rows = await ModelHealth.select().order_by(ModelHealth.id)
    calls = (
        await ModelAggregate.select()
        .where(ModelAggregate.starts_at >= _period(since), ModelAggregate.starts_at < until)
        .order_by(ModelAggregate.starts_at)
    )
    return [_report(row, [one for one in calls if one["model"] == row["id"]]) for row in rows]


def _newest(by_time: Sequence[Evidence], signs: set[Sign]) -> Evidence | None:
    return next((one for one in reversed(by_time) if one.sign in signs), None)


def _period(at: datetime) -> datetime:
    return datetime.fromtimestamp(at.timestamp() // AGGREGATE.seconds * AGGREGATE.seconds, UTC)


async def _introduce(provider: str, model: str, at: datetime) -> None:
    row = ModelHealth(id=f"{provider}/{model}", provider=provider, model=model, reported_at=at)
    await ModelHealth.insert(row).on_conflict(target=ModelHealth.id, action="DO NOTHING")


async def _replace(name: str, column: Timestamptz, at: datetime, **values: Any) -> None:
    """Write values and the time they are of, unless what is there is newer."""
    await ModelHealth.update({column: at, **values}).where(
        ModelHealth.id == name, column.is_null() | (column <= at)
    )


async def _add(name: str, starts_at: datetime, seen: Sequence[Evidence]) -> None:
    calls = sum(one.sign in _CALLS for one in seen)
    fallbacks = sum(one.sign is Sign.REPLACED for one in seen)
    if not calls and not fallbacks:
        return
    # The row stays locked to the end of the transaction, so what is read of it still holds then.
    (row,) = cast(
        list[dict[str, Any]],
        await ModelAggregate.raw(
            "INSERT INTO model_aggregate (id, model, starts_at, calls, failures, fallbacks,"
            " latencies) VALUES ({}, {}, {}, {}, {}, {}, '{{}}')"
            " ON CONFLICT (model, starts_at) DO UPDATE SET"
            " calls = model_aggregate.calls + excluded.calls,"
            " failures = model_aggregate.failures + excluded.failures,"
            " fallbacks = model_aggregate.fallbacks + excluded.fallbacks RETURNING id, latencies",
            uuid4(),
            name,
            starts_at,
            calls,
            sum(one.sign is Sign.FAILED for one in seen),
            fallbacks,
        ),
    )
    counts = added(
        msgspec.json.decode(row["latencies"], type=_STEPS),
        counted(one.seconds for one in seen if one.seconds is not None),
    )
    await ModelAggregate.update(
        {
            ModelAggregate.latencies: msgspec.json.encode(counts).decode(),
            ModelAggregate.p50: quantile(counts, 0.50),
            ModelAggregate.p95: quantile(counts, 0.95),
        }
    ).where(ModelAggregate.id == row["id"])


def _report(row: dict[str, Any], calls: list[dict[str, Any]]) -> ModelReport:
    failure = msgspec.json.decode(row["failure"], type=Problem) if row["failure"] else None
    seen, failed = row["last_seen_at"], row["last_failure_at"]
    retired = (
        failure is not None
        and failure.code == RetiredModel.code
        and (seen is None or seen < failed)
    )
    circuit = _circuit(row["open_since"], row["open_until"])
    counts = added(*(msgspec.json.decode(one["latencies"], type=_STEPS) for one in calls))
    return ModelReport(
        provider=row["provider"],
        model=row["model"],
        available=circuit.state is not CircuitState.OPEN,
        circuit=circuit,
        retired=retired,
        successor=str(failure.params.get("successor") or "") or None
        if failure and retired
        else None,
        last_success_at=row["last_success_at"],
        last_seen_at=seen,
        last_failure=FailureReport(at=failed, code=failure.code, message=failure.message)
        if failure
        else None,
        reported_at=row["reported_at"],
        calls=sum(one["calls"] for one in calls),
        errors=sum(one["failures"] for one in calls),
        fallbacks=sum(one["fallbacks"] for one in calls),
        p50=quantile(counts, 0.50),
        p95=quantile(counts, 0.95),
        aggregates=tuple(msgspec.convert(one, AggregateReport) for one in calls),
    )


def _circuit(since: datetime | None, until: datetime | None) -> CircuitReport:
    if until is None:
        state = CircuitState.CLOSED
    elif until > datetime.now(UTC):
        state = CircuitState.OPEN
    else:
        state = CircuitState.HALF_OPEN
    return CircuitReport(state=state, since=since, until=until)
