from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from cms_bridge.outbox.messages import Backoff

BACKOFF = Backoff(first=timedelta(seconds=1), longest=timedelta(minutes=5))


def test_the_wait_doubles_up_to_the_longest() -> None:
    waits = [BACKOFF.delay(attempts).total_seconds() for attempts in range(1, 12)]
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]


@given(st.integers(1, 1_000_000))
def test_no_number_of_failures_breaks_it(attempts: int) -> None:
    assert BACKOFF.first <= BACKOFF.delay(attempts) <= BACKOFF.longest
