"""Gates of accounts: how many calls at once, and how soon after one another."""

from itertools import pairwise

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from render.generation.pacing import EvenPace, Gate

pytestmark = pytest.mark.anyio


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Stuck:
    """A pace whose turns do not come until it is freed."""

    def __init__(self) -> None:
        self.freed = anyio.Event()

    async def wait_turn(self) -> None:
        await self.freed.wait()


@given(st.integers(1, 1000), st.lists(st.floats(0, 30), max_size=60))
def test_calls_are_never_closer_than_their_even_share_of_a_minute(
    per_minute: int, pauses: list[float]
) -> None:
    clock = Clock()
    pace = EvenPace(per_minute=per_minute, clock=clock)
    turns: list[float] = []
    for pause in pauses:
        clock.now += pause
        turns.append(clock.now + pace.reserve_turn())
    gaps = [after - before for before, after in pairwise(turns)]
    assert all(gap >= 60 / per_minute - 1e-6 for gap in gaps)


def test_the_first_call_and_one_after_a_pause_need_not_wait() -> None:
    clock = Clock()
    pace = EvenPace(per_minute=6, clock=clock)
    assert pace.reserve_turn() == 0
    assert pace.reserve_turn() == pytest.approx(10)
    clock.now += 60
    assert pace.reserve_turn() == 0


async def test_no_more_calls_run_at_once_than_there_are_slots() -> None:
    gate, running, most = Gate(at_once=3), 0, 0

    async def call() -> None:
        nonlocal running, most
        async with gate:
            running += 1
            most = max(most, running)
            await anyio.sleep(0.001)
            running -= 1

    async with anyio.create_task_group() as group:
        for _ in range(12):
            group.start_soon(call)
    assert most == 3


async def test_calls_wait_for_their_turn() -> None:
    gate = Gate(at_once=4, pace=EvenPace(per_minute=1200))
    began = anyio.current_time()
    for _ in range(4):
        async with gate:
            pass
    assert anyio.current_time() - began >= 3 * 60 / 1200


async def test_a_wait_that_is_cancelled_gives_its_slot_back() -> None:
    pace = Stuck()
    gate = Gate(at_once=1, pace=pace)
    with anyio.move_on_after(0.01):
        async with gate:
            pytest.fail("No turn came.")
    pace.freed.set()
    with anyio.fail_after(30):
        async with gate:
            pass
