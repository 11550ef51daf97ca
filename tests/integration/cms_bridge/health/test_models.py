"""What daemons have seen of models, on both databases: the newest wins and nothing is lost."""

from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import pytest

from cms_bridge.database import connected
from cms_bridge.health import models
from cms_bridge.health.models import CircuitState, ModelReport, record, report
from cms_bridge.tables import ModelAggregate, ModelHealth
from render.errors import GenerationError, RetiredModel, RetryableGeneration
from render.generation.circuit import Circuit, Evidence, Sign
from render.problem import Problem

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("database")]

NOW = datetime.now(UTC).replace(microsecond=0)
MINUTE = timedelta(minutes=1)
RETIRED = RetiredModel("It is gone.", successor="the-next-one", reason="a secret of theirs")
PASSING = RetryableGeneration("It is out of order.")


def seen(sign: Sign, at: datetime = NOW, **values: Any) -> Evidence:
    return Evidence(at=at, sign=sign, **values)


def made(seconds: float, at: datetime = NOW) -> Evidence:
    return seen(Sign.MADE, at, seconds=seconds)


def failed(error: GenerationError, at: datetime = NOW, **values: Any) -> Evidence:
    said = Problem(code=error.code, message=error.message, params=error.params)
    return seen(Sign.FAILED, at, failure=said, **values)


async def model(
    since: datetime = NOW - 60 * MINUTE, until: datetime = NOW + 60 * MINUTE
) -> ModelReport:
    (only,) = await models.health(since=since, until=until)
    return only


async def test_a_model_that_was_never_asked_is_told_of_and_available() -> None:
    await report([("gemini", "m")])
    told = await model()
    assert (told.provider, told.model, told.available) == ("gemini", "m", True)
    assert told.circuit.state is CircuitState.CLOSED
    assert (told.calls, told.errors, told.p50, told.aggregates) == (0, 0, None, ())
    assert told.last_success_at is told.last_seen_at is told.last_failure is None


async def test_calls_of_five_minutes_are_added_up() -> None:
    await record("gemini", "m", [made(1.0), made(2.0), seen(Sign.REFUSED), failed(PASSING)])
    await record("gemini", "m", [made(4.0), seen(Sign.SEEN), seen(Sign.REPLACED)])
    told = await model()
    (five,) = told.aggregates
    assert (five.calls, five.failures, five.fallbacks) == (5, 1, 1)
    assert five.starts_at <= NOW < five.starts_at + models.AGGREGATE
    assert five.p50 == pytest.approx(2.0, rel=0.026)
    assert five.p95 == pytest.approx(4.0, rel=0.026)
    assert (told.calls, told.errors, told.fallbacks) == (5, 1, 1)


async def test_a_period_covers_its_own_calls_alone() -> None:
    for minutes in (120, 40, 20, 0):
        await record("gemini", "m", [made(minutes + 1.0, NOW - minutes * MINUTE)])
    told = await model(since=NOW - 45 * MINUTE, until=NOW - 10 * MINUTE)
    assert told.calls == 2
    assert [round(five.p50 or 0) for five in told.aggregates] == pytest.approx([41, 21], abs=1)
    assert told.p95 == pytest.approx(41, rel=0.026)


async def test_evidence_that_comes_late_does_not_hide_what_is_newer() -> None:
    until = NOW + timedelta(days=1)
    await record("gemini", "m", [failed(PASSING, NOW, open_since=NOW, open_until=until)])
    await record("gemini", "m", [made(1.0, NOW - MINUTE)])
    await record("gemini", "m", [failed(RETIRED, NOW - 2 * MINUTE)])
    told = await model()
    assert told.circuit.state is CircuitState.OPEN
    assert (told.circuit.since, told.circuit.until) == (NOW, until)
    assert told.last_success_at == NOW - MINUTE
    assert told.last_failure is not None
    assert (told.last_failure.at, told.last_failure.message) == (NOW, PASSING.message)
    assert (told.calls, told.errors) == (3, 2)


async def test_the_newest_success_closes_the_circuit_and_the_failure_is_remembered() -> None:
    opened = failed(PASSING, NOW - MINUTE, open_since=NOW, open_until=NOW + timedelta(days=1))
    await record("gemini", "m", [opened])
    await record("gemini", "m", [made(1.0)])
    told = await model()
    assert told.available
    assert told.circuit.state is CircuitState.CLOSED
    assert told.last_failure is not None


async def test_a_model_that_has_rested_awaits_a_trial() -> None:
    rested = failed(PASSING, NOW - 2 * MINUTE, open_since=NOW - 2 * MINUTE, open_until=NOW - MINUTE)
    await record("gemini", "m", [rested])
    told = await model()
    assert told.circuit.state is CircuitState.HALF_OPEN
    assert told.available


async def test_a_retired_model_is_named_with_its_successor_and_without_the_providers_words() -> (
    None
):
    until = NOW + timedelta(days=1)
    await record("gemini", "m", [failed(RETIRED, open_since=NOW, open_until=until)])
    told = await model()
    assert (told.available, told.retired, told.successor) == (False, True, "the-next-one")
    assert "secret" not in repr(told)
    await record("gemini", "m", [seen(Sign.SEEN, NOW + MINUTE)])
    told = await model()
    assert (told.retired, told.successor) == (False, None)


async def test_a_look_is_no_call_and_no_success() -> None:
    await record("gemini", "m", [seen(Sign.SEEN)])
    told = await model()
    assert (told.last_seen_at, told.last_success_at, told.calls) == (NOW, None, 0)


async def test_daemons_that_report_at_the_same_time_lose_nothing() -> None:
    async with anyio.create_task_group() as daemons:
        for daemon in range(8):
            for _ in range(5):
                daemons.start_soon(record, "gemini", "m", [made(daemon + 1.0), made(1.0)])
    told = await model()
    assert told.calls == 80
    assert told.p50 == pytest.approx(1.0, rel=0.026)


async def test_what_was_seen_outlives_a_restart(database: str) -> None:
    until = datetime.now(UTC) + 5 * MINUTE
    await record("gemini", "m", [failed(PASSING, open_since=NOW, open_until=until)])
    await record("gemini", "rested", [failed(PASSING, open_since=NOW, open_until=NOW - MINUTE)])
    async with connected(database):
        circuits = await models.open_circuits()
    assert circuits == {("gemini", "m"): (NOW, until)}
    circuit = Circuit()
    since, until = circuits["gemini", "m"]
    circuit.restore(open_since=since, open_until=until)
    assert circuit.retry_after == pytest.approx(300, abs=10)


async def test_what_is_old_is_forgotten() -> None:
    old = NOW - timedelta(days=31)
    await record("gemini", "gone", [made(1.0, old)])
    await record("gemini", "m", [made(1.0, old), made(1.0)])
    await report([("gemini", "m")])
    await models.prune(timedelta(days=30))
    assert await ModelHealth.select(ModelHealth.model).output(as_list=True) == ["m"]
    assert await ModelAggregate.count() == 1
