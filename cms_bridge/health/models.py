"""Model health: what every daemon has seen of each model, kept beside the jobs.

One row a model holds the newest of each sort of evidence, whichever daemon
brings it and in whatever order it arrives. Calls are added up in rows of five
minutes, to which all daemons add. "Newest" is by the daemons' own clocks.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import groupby
from typing import Any, Self, cast
from uuid import uuid4

import msgspec
from piccolo.columns import Timestamptz

from cms_bridge import clock
from cms_bridge.database import transaction
from cms_bridge.fields import Moment
from cms_bridge.health.latencies import Counts, count, merge, quantile
from cms_bridge.tables import ModelAggregate, ModelHealth
from render.errors import RetiredModel
from render.generation.circuit import Evidence, Sign
from render.problem import Problem

AGGREGATE = timedelta(minutes=5)
"""What one row of calls covers."""

_CALLS = {Sign.MADE, Sign.REFUSED, Sign.FAILED}
_ANSWERS = {Sign.MADE, Sign.REFUSED, Sign.SEEN}
_FAILURES = {Sign.FAILED, Sign.MISSED}


class CircuitState(StrEnum):
    """Whether a model is asked."""

    CLOSED = "closed"
    """It is asked."""
    OPEN = "open"
    """It failed and is passed over for a while."""
    HALF_OPEN = "half_open"
    """It has rested: the next call is a trial."""


class CircuitReport(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How the circuit of a model was last seen."""

    state: CircuitState
    since: Moment | None
    """When it opened; null while it is closed."""
    until: Moment | None
    """When the next call is let through."""


class FailureReport(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A model's newest failure."""

    at: Moment
    code: str
    message: str
    """One plain sentence."""


class AggregateReport(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A model's calls in five minutes. Times are seconds, of calls that made something."""

    starts_at: Moment
    calls: int
    failures: int
    fallbacks: int
    """Requests meant for this model that another one answered."""
    p50: float | None
    p95: float | None


class ModelReport(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
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


class ModelRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A model as it was last seen; `cms_bridge.tables.ModelHealth` explains each field."""

    id: str
    provider: str
    model: str
    reported_at: datetime
    last_success_at: datetime | None
    last_seen_at: datetime | None
    last_failure_at: datetime | None
    failure: Problem | None
    open_since: datetime | None
    open_until: datetime | None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """Decode a row that holds all columns."""
        failure = msgspec.json.decode(row["failure"], type=Problem) if row["failure"] else None
        return msgspec.convert({**row, "failure": failure}, cls)

    @property
    def retired(self) -> bool:
        """Whether its provider no longer had it, and it has not answered since."""
        if self.failure is None or self.last_failure_at is None:
            return False
        answered = self.last_seen_at is not None and self.last_seen_at >= self.last_failure_at
        return self.failure.code == RetiredModel.code and not answered

    @property
    def circuit(self) -> CircuitReport:
        """How its circuit stands at this moment."""
        if self.open_until is None:
            state = CircuitState.CLOSED
        elif self.open_until > clock.now():
            state = CircuitState.OPEN
        else:
            state = CircuitState.HALF_OPEN
        return CircuitReport(state=state, since=self.open_since, until=self.open_until)


class AggregateRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A model's calls in five minutes, with the counts that their quantiles come from."""

    model: str
    """The id of its `ModelRecord`."""
    report: AggregateReport
    latencies: Counts

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """Decode a row that holds all columns."""
        return cls(
            model=row["model"],
            report=AggregateReport(
                **{name: row[name] for name in AggregateReport.__struct_fields__}
            ),
            latencies=_counts(row["latencies"]),
        )


async def record(provider: str, model: str, evidence: Sequence[Evidence]) -> None:
    """Take note of what one daemon has seen of one model, all of it or nothing."""
    name = f"{provider}/{model}"
    by_time = sorted(evidence, key=lambda piece: piece.at)
    async with transaction():
        await _introduce(provider, model, by_time[-1].at)
        if success := _newest(by_time, {Sign.MADE}):
            await _replace(name, ModelHealth.last_success_at, success.at)
        if answer := _newest(by_time, _ANSWERS):
            await _replace(name, ModelHealth.last_seen_at, answer.at)
        if failure := _newest(by_time, _FAILURES):
            problem = msgspec.json.encode(failure.failure).decode()
            await _replace(name, ModelHealth.last_failure_at, failure.at, failure=problem)
        last = by_time[-1]
        await _replace(
            name,
            ModelHealth.circuit_at,
            last.at,
            open_since=last.open_since,
            open_until=last.open_until,
        )
        for starts_at, pieces in groupby(by_time, key=lambda piece: _period(piece.at)):
            await _add(name, starts_at, list(pieces))


async def report(models: Iterable[tuple[str, str]]) -> None:
    """Take note that a daemon has these models, by provider and name, on its chains."""
    now = clock.now()
    for provider, model in sorted(set(models)):
        async with transaction():
            await _introduce(provider, model, now)
            await _replace(f"{provider}/{model}", ModelHealth.reported_at, now)


async def prune(keep: timedelta) -> None:
    """Forget calls, and models that no daemon has any more, after so long."""
    before = clock.now() - keep
    await ModelAggregate.delete().where(ModelAggregate.starts_at < before)
    await ModelHealth.delete().where(ModelHealth.reported_at < before)


async def open_circuits() -> dict[tuple[str, str], tuple[datetime, datetime]]:
    """Return since when and until when each model, by provider and name, is passed over."""
    rows = await ModelHealth.select().where(ModelHealth.open_until > clock.now())
    return {(row["provider"], row["model"]): (row["open_since"], row["open_until"]) for row in rows}


async def health(*, since: datetime, until: datetime) -> list[ModelReport]:
    """Return how each model does, with its calls between two times, by provider and name."""
    models = [ModelRecord.of(row) for row in await ModelHealth.select().order_by(ModelHealth.id)]
    aggregates = [
        AggregateRecord.of(row)
        for row in await ModelAggregate.select()
        .where(ModelAggregate.starts_at >= _period(since), ModelAggregate.starts_at < until)
        .order_by(ModelAggregate.starts_at)
    ]
    return [
        _report(model, [calls for calls in aggregates if calls.model == model.id])
        for model in models
    ]


def _newest(by_time: Sequence[Evidence], signs: set[Sign]) -> Evidence | None:
    return next((piece for piece in reversed(by_time) if piece.sign in signs), None)


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


async def _add(name: str, starts_at: datetime, evidence: Sequence[Evidence]) -> None:
    calls = sum(piece.sign in _CALLS for piece in evidence)
    fallbacks = sum(piece.sign is Sign.REPLACED for piece in evidence)
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
            sum(piece.sign is Sign.FAILED for piece in evidence),
            fallbacks,
        ),
    )
    latencies = merge(
        _counts(row["latencies"]),
        count(piece.seconds for piece in evidence if piece.seconds is not None),
    )
    await ModelAggregate.update(
        {
            ModelAggregate.latencies: msgspec.json.encode(latencies).decode(),
            ModelAggregate.p50: quantile(latencies, 0.50),
            ModelAggregate.p95: quantile(latencies, 0.95),
        }
    ).where(ModelAggregate.id == row["id"])


def _counts(latencies: str) -> Counts:
    return msgspec.json.decode(latencies, type=dict[int, int])


def _report(model: ModelRecord, aggregates: Sequence[AggregateRecord]) -> ModelReport:
    circuit, failure, failed_at = model.circuit, model.failure, model.last_failure_at
    latencies = merge(*(calls.latencies for calls in aggregates))
    reports = tuple(calls.report for calls in aggregates)
    return ModelReport(
        provider=model.provider,
        model=model.model,
        available=circuit.state is not CircuitState.OPEN,
        circuit=circuit,
        retired=model.retired,
        successor=str(failure.params.get("successor") or "") or None
        if failure and model.retired
        else None,
        last_success_at=model.last_success_at,
        last_seen_at=model.last_seen_at,
        last_failure=FailureReport(at=failed_at, code=failure.code, message=failure.message)
        if failure and failed_at
        else None,
        reported_at=model.reported_at,
        calls=sum(report.calls for report in reports),
        errors=sum(report.failures for report in reports),
        fallbacks=sum(report.fallbacks for report in reports),
        p50=quantile(latencies, 0.50),
        p95=quantile(latencies, 0.95),
        aggregates=reports,
    )
