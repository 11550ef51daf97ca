"""Engines under more tasks than turns, in one process and in several at one server."""

from collections.abc import Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime

import anyio
import asyncpg
import pytest

from cms_bridge.database import connected, open_engine, transaction
from cms_bridge.engines import DatabaseBounds, Postgres
from cms_bridge.errors import DatabaseBusy, DatabaseUnavailable
from cms_bridge.tables import Project, Spend
from tests.support.servers.postgres import PostgresServer, postgres_server

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def small_server() -> Iterator[PostgresServer]:
    with postgres_server(max_connections="20", superuser_reserved_connections="2") as server:
        yield server


async def pool(stack: AsyncExitStack, url: str, **bounds: float) -> Postgres:
    engine = open_engine(url, DatabaseBounds(**bounds))  # pyright: ignore[reportArgumentType]
    assert isinstance(engine, Postgres)
    await engine.start_connection_pool()
    stack.push_async_callback(engine.close_connection_pool)
    return engine


async def test_six_pools_share_a_small_server(small_server: PostgresServer) -> None:
    url = small_server.url("postgres")
    async with AsyncExitStack() as stack:
        pools = [await pool(stack, url, connections=3) for _ in range(6)]
        assert await pools[0].room() == 18
        other = await asyncpg.connect(url)
        idle = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'postgres'"
        assert await other.fetchval(idle) == 7
        answered: list[int] = []

        async def ask(one: Postgres) -> None:
            async with one.turn(), one.transaction():
                await one.run_ddl("SELECT pg_sleep(0.01)")
            answered.append((await one.run_ddl("SELECT 1 AS one"))[0]["one"])

        async with anyio.create_task_group() as group:
            for number in range(120):
                group.start_soon(ask, pools[number % 6])
        assert answered == [1] * 120
        assert await other.fetchval(idle) <= 19
        await other.close()


async def test_a_server_that_says_nothing_for_so_long_is_away(
    small_server: PostgresServer,
) -> None:
    async with AsyncExitStack() as stack:
        one = await pool(stack, small_server.url("postgres"), statement_seconds=2)
        with anyio.fail_after(15):
            async with one.turn(), one.transaction():
                await one.run_ddl("SELECT pg_sleep(0.01)")
            with pytest.raises(DatabaseUnavailable):
                async with one.turn(), one.transaction():
                    await one.run_ddl("SELECT pg_sleep(20)")


async def test_a_place_in_the_pool_is_waited_for_so_long(small_server: PostgresServer) -> None:
    async with AsyncExitStack() as stack:
        one = await pool(stack, small_server.url("postgres"), connections=1, wait_seconds=0.2)
        async with one.turn(), one.transaction(), anyio.create_task_group() as group:

            async def ask() -> None:
                # A task of its own, but in the transaction's context: it asks outside of it.
                one.current_transaction.set(None)
                with pytest.raises(DatabaseBusy):
                    await one.run_ddl("SELECT 1")

            group.start_soon(ask)
        assert await one.run_ddl("SELECT 1 AS one")


async def test_a_server_that_was_there_and_is_not(tmp_path: object) -> None:
    async with AsyncExitStack() as stack:
        with postgres_server() as server:
            one = await pool(stack, server.url("postgres"), connections=1, wait_seconds=5)
            async with one.turn(), one.transaction():
                await one.run_ddl("SELECT 1")
        for _ in range(2):
            with pytest.raises(DatabaseUnavailable):
                await one.run_ddl("SELECT 1")
            with pytest.raises(DatabaseUnavailable):
                async with one.turn(), one.transaction():
                    raise AssertionError


async def test_writers_take_turns_in_order(database: str) -> None:
    order: list[int] = []

    async def write(number: int) -> None:
        async with transaction():
            order.append(number)
            await Project.insert(Project(id=str(number), name="p", created_at=datetime.now(UTC)))
            async with transaction():
                assert await Project.count() > 0

    async with anyio.create_task_group() as group:
        for number in range(50):
            group.start_soon(write, number)
    assert await Project.count() == 50
    if database.startswith("sqlite"):
        assert order == sorted(order)


async def test_read_modify_write_loses_nothing(database: str) -> None:
    await Spend.insert(Spend(id="month:2026-11", held=0))

    async def add() -> None:
        for _ in range(10):
            async with transaction():
                await Spend.update({Spend.held: Spend.held + 1}).where(Spend.id == "month:2026-11")
            await Spend.update({Spend.held: Spend.held + 1}).where(Spend.id == "month:2026-11")

    async with anyio.create_task_group() as group:
        for _ in range(10):
            group.start_soon(add)
    (row,) = await Spend.select()
    assert row["held"] == 200


async def test_a_queue_that_is_full_turns_away_at_once(database_url: str) -> None:
    bounds = DatabaseBounds(connections=1, queue=1)
    async with connected(database_url, bounds) as engine, anyio.create_task_group() as group:
        held, done = anyio.Event(), anyio.Event()

        async def hold() -> None:
            async with engine.turn():
                held.set()
                await done.wait()

        async def wait() -> None:
            async with engine.turn():
                pass

        group.start_soon(hold)
        await held.wait()
        group.start_soon(wait)
        await anyio.wait_all_tasks_blocked()
        with pytest.raises(DatabaseBusy):
            async with engine.turn():
                raise AssertionError
        done.set()


async def test_a_wait_that_is_cancelled_leaves_the_queue(database_url: str) -> None:
    bounds = DatabaseBounds(connections=1, wait_seconds=5)
    async with connected(database_url, bounds) as engine:
        async with engine.turn():
            with anyio.move_on_after(0.05) as scope:
                async with transaction():
                    raise AssertionError
            assert scope.cancelled_caught
        with anyio.fail_after(15):
            async with transaction():
                assert await Project.count() == 0
