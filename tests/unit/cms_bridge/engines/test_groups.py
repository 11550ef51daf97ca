"""Group commit: who comes together goes together, and nobody fails for another's values."""

import asyncio
from collections.abc import Sequence
from itertools import chain
from typing import Any

import anyio
import pytest

from cms_bridge.engines.groups import GROUP, Groups
from cms_bridge.engines.turns import DatabaseBounds
from cms_bridge.errors import DatabaseBusy, DatabaseUnavailable

pytestmark = pytest.mark.anyio


class Database:
    """Takes groups, and holds them up until it is let go."""

    def __init__(self, *, error: Exception | None = None) -> None:
        self.groups: list[list[int]] = []
        self.goes = anyio.Event()
        self.error = error

    async def run(self, runs: Sequence[dict[str, Any]]) -> list[bool]:
        numbers = [values["number"] for values in runs]
        self.groups.append(numbers)
        await self.goes.wait()
        if self.error:
            raise self.error
        if 13 in numbers:
            raise ValueError("13")
        return [number % 2 == 0 for number in numbers]


def groups_on(database: Database, *, queue: int | None = None) -> Groups:
    return Groups(database.run, order="number", bounds=DatabaseBounds(queue=queue))


async def answers(groups: Groups, database: Database, numbers: Sequence[int]) -> list[Any]:
    asked = [asyncio.create_task(groups.ask({"number": number})) for number in numbers]
    await anyio.wait_all_tasks_blocked()
    database.goes.set()
    return await asyncio.gather(*asked, return_exceptions=True)


async def test_what_comes_meanwhile_goes_together_in_the_order_of_its_locks() -> None:
    database = Database()
    numbers = [5, 4, *reversed(range(20, 20 + GROUP + 10))]
    told = await answers(groups_on(database), database, numbers)
    assert told == [number % 2 == 0 for number in numbers]
    assert sorted(chain.from_iterable(database.groups)) == sorted(numbers)
    assert max(map(len, database.groups)) == GROUP
    assert all(group == sorted(group) for group in database.groups)


async def test_whoever_s_values_undo_a_group_fails_alone() -> None:
    database = Database()
    told = await answers(groups_on(database), database, [1, 2, 12, 13, 14])
    assert told[:3] == [False, True, True]
    assert isinstance(told[3], ValueError)
    assert told[4] is True


async def test_a_server_that_is_away_is_asked_once_for_all() -> None:
    database = Database(error=DatabaseUnavailable())
    told = await answers(groups_on(database), database, range(20))
    assert all(isinstance(one, DatabaseUnavailable) for one in told)
    assert sum(map(len, database.groups)) == 20


async def test_who_gives_up_leaves_the_others_theirs() -> None:
    database = Database()
    groups = groups_on(database)
    asked = [asyncio.create_task(groups.ask({"number": number})) for number in range(6)]
    await anyio.wait_all_tasks_blocked()
    asked[4].cancel()
    database.goes.set()
    told = await asyncio.gather(*asked, return_exceptions=True)
    assert told[:4] == [True, False, True, False]
    assert isinstance(told[4], asyncio.CancelledError)
    assert told[5] is False


async def test_past_the_bound_it_is_busy() -> None:
    database = Database()
    told = await answers(groups_on(database, queue=3), database, range(10))
    busy = [one for one in told if isinstance(one, DatabaseBusy)]
    assert 0 < len(busy) < 10
    assert len(busy) + sum(map(len, database.groups)) == 10
