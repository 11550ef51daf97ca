"""The circuit of one model, and the waits between calls of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from render.generation.chain import Patience
from render.generation.circuit import LONGEST_REST_SECONDS, OPENS_AFTER, REST_SECONDS, Circuit


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def circuit(clock: Clock) -> Circuit:
    return Circuit(clock=clock)


def break_down(circuit: Circuit) -> None:
    for _ in range(OPENS_AFTER):
        circuit.failed("generation_unavailable")


def test_a_fresh_circuit_lets_calls_through(circuit: Circuit) -> None:
    assert circuit.available
    assert circuit.admit()
    assert circuit.retry_after == 0


def test_a_few_failures_in_a_row_open_it(circuit: Circuit) -> None:
    for _ in range(OPENS_AFTER - 1):
        circuit.failed("generation_unavailable")
    assert circuit.admit()
    circuit.failed("generation_unavailable")
    assert not circuit.admit()
    assert circuit.retry_after == REST_SECONDS


def test_a_success_in_between_keeps_it_closed(circuit: Circuit) -> None:
    for _ in range(10):
        circuit.failed("generation_unavailable")
        circuit.succeeded(1.0)
    assert circuit.admit()


def test_one_failure_that_is_no_accident_opens_it(circuit: Circuit) -> None:
    circuit.failed("model_retired", for_good=True)
    assert not circuit.admit()


def test_after_its_rest_one_call_is_let_through_and_decides(circuit: Circuit, clock: Clock) -> None:
    break_down(circuit)
    clock.now += REST_SECONDS
    assert circuit.admit()
    assert not circuit.admit()
    circuit.failed("generation_unavailable")
    assert circuit.retry_after == 2 * REST_SECONDS
    clock.now += 2 * REST_SECONDS
    assert circuit.admit()
    circuit.succeeded(1.0)
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
    circuit.failed("generation_unavailable", rest=300)
    clock.now += 299
    assert not circuit.admit()
    clock.now += 1
    assert circuit.admit()


@given(st.integers(1, 40))
def test_a_rest_grows_but_not_for_ever(failures: int) -> None:
    circuit = Circuit(clock=Clock())
    for _ in range(failures):
        circuit.failed("generation_unavailable")
    assert circuit.retry_after <= LONGEST_REST_SECONDS


def test_health_tells_what_was_seen(circuit: Circuit) -> None:
    for seconds in range(1, 101):
        circuit.succeeded(float(seconds))
    circuit.failed("generation_unavailable")
    health = circuit.health("gemini", "a-model")
    assert (health.calls, health.errors, health.available) == (101, 1, True)
    assert (health.p50, health.p95) == (51, 96)
    assert health.last_error == "generation_unavailable"


def test_a_free_look_is_no_call(circuit: Circuit) -> None:
    break_down(circuit)
    circuit.succeeded()
    assert circuit.available
    assert circuit.health("gemini", "a-model").calls == OPENS_AFTER


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
