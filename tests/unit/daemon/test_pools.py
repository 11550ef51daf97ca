"""Places for work, which a task that is under way can give up and take elsewhere."""

import anyio
import pytest

from daemon.work.pools import TaskPool

pytestmark = pytest.mark.anyio


async def test_a_task_under_way_moves_from_place_to_place_and_is_waited_for() -> None:
    first, second = TaskPool(size=1), TaskPool(size=1)
    moved, go_on = anyio.Event(), anyio.Event()
    entered: list[bool] = []

    async def work() -> None:
        entered.extend([second.enter(), second.enter()])
        first.leave()
        moved.set()
        await go_on.wait()
        second.leave()
        await anyio.sleep(0.05)
        entered.append(first.enter())

    freed = first.slot_freed
    first.start(work())
    assert (first.free_slots, second.free_slots) == (0, 1)
    await moved.wait()
    assert (first.free_slots, second.free_slots) == (1, 0)
    assert freed.is_set()
    go_on.set()
    for pool in (first, second):
        await pool.join()
    assert entered == [True, True, True]
    assert (first.free_slots, second.free_slots) == (1, 1)


async def test_there_is_no_place_in_a_full_pool_or_in_one_of_none() -> None:
    full, none = TaskPool(size=1), TaskPool(size=0)
    full.start(anyio.sleep_forever())
    assert not full.enter()
    assert not none.enter()
    await full.cancel()
    assert full.enter()


async def test_what_has_given_up_its_place_is_cancelled_with_the_others() -> None:
    pool = TaskPool(size=1)
    ended: list[str] = []

    async def work(name: str) -> None:
        if name == "first":
            pool.leave()
        try:
            await anyio.sleep_forever()
        finally:
            ended.append(name)

    pool.start(work("first"))
    await anyio.sleep(0.01)
    pool.start(work("second"))
    await anyio.sleep(0.01)
    await pool.cancel()
    assert sorted(ended) == ["first", "second"]
