"""What every `Pace` promises: the one within a process, and the one that daemons share in Redis."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from itertools import count

import anyio
import pytest

from daemon.shared_pace import open_shared_paces
from render.generation.pacing import EvenPace, Pace

pytestmark = pytest.mark.anyio

PER_MINUTE = 1200
GAP = 60 / PER_MINUTE
NEVER = 30
"""Seconds: only a turn that does not come takes as long."""
EXACT = 0.99
"""Redis and this process have each a clock."""

Paces = Callable[[int], Pace]


@pytest.fixture(params=["even", "shared"])
async def new_pace(request: pytest.FixtureRequest) -> AsyncIterator[Paces]:
    """Makes paces of so many calls a minute, each of an account of its own."""
    if request.param == "even":
        yield lambda per_minute: EvenPace(per_minute=per_minute)
        return
    url: str = request.getfixturevalue("redis_url")
    accounts = count()

    def shared(per_minute: int) -> Pace:
        pace = paces.pace("gemini", key=f"key {next(accounts)}", per_minute=per_minute)
        assert pace is not None
        return pace

    async with AsyncExitStack() as stack:
        paces = await stack.enter_async_context(open_shared_paces(url))
        yield shared


async def turns(pace: Pace, *, callers: int, each: int = 1) -> list[float]:
    """Take turns, several callers at once; return the seconds until each one came, in order."""
    began = anyio.current_time()
    waits: list[float] = []

    async def call() -> None:
        for _ in range(each):
            await pace.wait_turn()
            waits.append(anyio.current_time() - began)

    async with anyio.create_task_group() as group:
        for _ in range(callers):
            group.start_soon(call)
    return waits


async def test_the_first_turn_comes_at_once(new_pace: Paces) -> None:
    with anyio.fail_after(NEVER):  # the second would come after a minute
        await new_pace(1).wait_turn()


@pytest.mark.parametrize(("callers", "each"), [(1, 8), (4, 2), (8, 1)])
async def test_no_turn_comes_before_its_share_of_the_minute(
    new_pace: Paces, callers: int, each: int
) -> None:
    waits = await turns(new_pace(PER_MINUTE), callers=callers, each=each)
    assert len(waits) == 8
    assert all(wait >= number * GAP * EXACT for number, wait in enumerate(waits))


async def test_turns_that_nobody_took_are_not_saved_up(new_pace: Paces) -> None:
    pace = new_pace(PER_MINUTE)
    await pace.wait_turn()
    await anyio.sleep(5 * GAP)
    waits = await turns(pace, callers=2, each=2)
    assert all(wait >= number * GAP * EXACT for number, wait in enumerate(waits))


async def test_a_turn_that_is_given_up_is_not_given_to_another(new_pace: Paces) -> None:
    pace, began = new_pace(40), anyio.current_time()
    await pace.wait_turn()
    with anyio.move_on_after(0.75):  # taken, and left before it came
        await pace.wait_turn()
        pytest.fail("A turn came before its time.")
    await pace.wait_turn()
    assert anyio.current_time() - began >= 2 * 1.5 * EXACT


async def test_other_accounts_are_not_waited_for(new_pace: Paces) -> None:
    with anyio.fail_after(NEVER):
        for _ in range(3):
            await new_pace(1).wait_turn()
