"""The circuit of one model, what it tells, and the waits between calls of it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from render.errors import AccessDenied, RefusedGeneration, RetiredModel, RetryableGeneration
from render.generation.circuit import (
    LONGEST_REST_SECONDS,
    OPENS_AFTER,
    REST_SECONDS,
    Circuit,
    Evidence,
    Sign,
)
from render.generation.patience import Patience

PASSING = RetryableGeneration("It is out of order.")
REFUSAL = RefusedGeneration("It will not make this.")
RETIRED = RetiredModel("It is gone.", successor="the-next-one")


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def told() -> list[Evidence]:
    return []


@pytest.fixture
def circuit(clock: Clock, told: list[Evidence]) -> Circuit:
    return Circuit(clock=clock, witness=told.append)


def break_down(circuit: Circuit) -> None:
    for _ in range(OPENS_AFTER):
        circuit.record_failure(PASSING)


def test_a_fresh_circuit_lets_calls_through(circuit: Circuit) -> None:
    assert circuit.available
    assert circuit.admit()
    assert circuit.retry_after == 0


def test_a_few_failures_in_a_row_open_it(circuit: Circuit) -> None:
    for _ in range(OPENS_AFTER - 1):
        circuit.record_failure(PASSING)
    assert circuit.admit()
    circuit.record_failure(PASSING)
    assert not circuit.admit()
    assert circuit.retry_after == REST_SECONDS


def test_a_success_in_between_keeps_it_closed(circuit: Circuit) -> None:
    for _ in range(10):
        circuit.record_failure(PASSING)
        circuit.record_success(1.0)
    assert circuit.admit()


@pytest.mark.parametrize("error", [RETIRED, AccessDenied("No.")])
def test_one_failure_that_is_no_accident_opens_it(
    circuit: Circuit, error: RefusedGeneration
) -> None:
    circuit.record_failure(error)
    assert not circuit.admit()


def test_after_its_rest_one_call_is_let_through_and_decides(circuit: Circuit, clock: Clock) -> None:
    break_down(circuit)
    clock.now += REST_SECONDS
    assert circuit.admit()
    assert not circuit.admit()
    circuit.record_failure(PASSING)
    assert circuit.retry_after == 2 * REST_SECONDS
    clock.now += 2 * REST_SECONDS
    assert circuit.admit()
    circuit.record_success(1.0)
    assert circuit.admit()
    assert circuit.admit()


def test_a_call_that_never_reports_back_does_not_shut_the_model_out_for_good(
    circuit: Circuit, clock: Clock
) -> None:
    break_down(circuit)
    clock.now += REST_SECONDS
    assert circuit.admit()
    clock.now += REST_SECONDS
    assert circuit.admit()


def test_a_provider_that_names_a_time_is_left_alone_as_long(circuit: Circuit, clock: Clock) -> None:
    circuit.record_failure(PASSING, rest=300)
    clock.now += 299
    assert not circuit.admit()
    clock.now += 1
    assert circuit.admit()


@given(st.integers(1, 40))
def test_a_rest_grows_but_not_for_ever(failures: int) -> None:
    circuit = Circuit(clock=Clock())
    for _ in range(failures):
        circuit.record_failure(PASSING)
    assert circuit.retry_after <= LONGEST_REST_SECONDS


def test_a_refused_request_shows_that_the_model_works(circuit: Circuit) -> None:
    for _ in range(OPENS_AFTER * 2):
        circuit.record_failure(PASSING)
        circuit.record_refusal(REFUSAL)
    assert circuit.available


def test_a_look_that_fails_opens_it_and_one_that_succeeds_closes_it_again(
    circuit: Circuit,
) -> None:
    circuit.record_missing(RETIRED)
    assert not circuit.available
    circuit.record_found()
    assert circuit.available


def test_a_model_that_can_be_looked_up_is_still_left_alone_as_long_as_it_asked(
    circuit: Circuit,
) -> None:
    circuit.record_failure(PASSING, rest=300)
    circuit.record_missing(PASSING)
    circuit.record_found()
    assert circuit.retry_after == 300


def test_everything_seen_is_told(circuit: Circuit, told: list[Evidence]) -> None:
    circuit.record_success(1.5)
    circuit.record_refusal(REFUSAL)
    circuit.record_found()
    circuit.record_failure(PASSING)
    circuit.record_missing(RETIRED)
    circuit.record_replacement()
    assert [one.sign for one in told] == [
        Sign.MADE, Sign.REFUSED, Sign.SEEN, Sign.FAILED, Sign.MISSED, Sign.REPLACED,
    ]  # fmt: skip
    assert [one.seconds for one in told] == [1.5, None, None, None, None, None]
    assert [one.failure and one.failure.message for one in told] == [
        None, "It will not make this.", None, "It is out of order.", "It is gone.", None,
    ]  # fmt: skip
    assert told[4].failure is not None
    assert told[4].failure.params == {"successor": "the-next-one"}


def test_evidence_says_since_when_and_until_when_the_circuit_is_open(
    circuit: Circuit, clock: Clock, told: list[Evidence]
) -> None:
    break_down(circuit)
    clock.now += REST_SECONDS
    assert circuit.admit()
    circuit.record_failure(PASSING)
    circuit.record_success(1.0)
    *closed, opened, again, mended = told
    assert all(one.open_since is None and one.open_until is None for one in closed)
    assert opened.open_since == again.open_since is not None
    assert opened.open_until == opened.at + timedelta(seconds=REST_SECONDS)
    assert again.open_until == again.at + timedelta(seconds=2 * REST_SECONDS)
    assert mended.open_since is mended.open_until is None


def test_a_restart_goes_on_with_the_rest_and_one_failure_prolongs_it(
    circuit: Circuit, clock: Clock
) -> None:
    now = datetime.now(UTC)
    circuit.restore(open_since=now, open_until=now + timedelta(seconds=100))
    assert circuit.retry_after == pytest.approx(100, abs=1)
    clock.now += 101
    assert circuit.admit()
    circuit.record_failure(PASSING)
    assert circuit.retry_after == 2 * REST_SECONDS


@given(
    st.integers(1, 10),
    st.floats(0.1, 10),
    st.one_of(st.none(), st.floats(0, 1000)),
)
def test_waits_double_with_a_spread_and_never_undercut_what_was_asked(
    calls: int, first: float, retry_after: float | None
) -> None:
    patience = Patience(first_delay=first)
    delay = patience.delay(calls, retry_after=retry_after)
    full = min(first * 2 ** (calls - 1), patience.longest_delay)
    assert delay >= (retry_after or 0)
    assert full / 2 <= delay <= max(full, retry_after or 0)


def test_waits_are_spread() -> None:
    assert len({Patience().delay(3) for _ in range(20)}) > 10
