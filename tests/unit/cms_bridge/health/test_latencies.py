import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cms_bridge.health.latencies import count, merge, quantile

times = st.lists(st.floats(0.05, 3600), min_size=1, max_size=200)


@given(times, st.sampled_from([0.01, 0.5, 0.95, 1.0]))
def test_quantiles_are_told_within_their_precision(seconds: list[float], share: float) -> None:
    truth = sorted(seconds)[math.ceil(share * len(seconds)) - 1]
    assert quantile(count(seconds), share) == pytest.approx(truth, rel=0.026, abs=0.001)


@given(times, times)
def test_what_two_workers_counted_adds_up_to_what_one_would_have(
    one: list[float], other: list[float]
) -> None:
    assert merge(count(one), count(other)) == count(one + other)


def test_nothing_counted_has_no_quantile() -> None:
    assert quantile({}, 0.5) is None


def test_an_instant_counts_as_a_millisecond() -> None:
    assert quantile(count([0.0]), 0.5) == pytest.approx(0.001)
