"""A PostgreSQL that restarts, or takes no writes, while a paid call is under way: all is known."""

from collections.abc import AsyncIterator, Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import anyio
import anyio.to_thread
import pytest
from structlog.testing import capture_logs

from cms_bridge.assets import Place
from cms_bridge.database import connected, migrate
from cms_bridge.errors import DatabaseError
from cms_bridge.ledger.charges import ChargeState
from cms_bridge.ledger.meter import Ledger, open_ledger
from cms_bridge.ledger.outages import OutagePatience, outlast
from cms_bridge.ledger.vault import Vault
from cms_bridge.storage.local import LocalStore
from cms_bridge.tables import Asset
from render.generation.base import Generated, Kind
from tests.support.installation import eventually
from tests.support.ledger import AMPLE, call, check_books, claimed, new_job, only_charge
from tests.support.servers.postgres import PostgresServer, postgres_server

pytestmark = pytest.mark.anyio

PICTURE = Generated(
    data=b"a picture",
    media_type="image/png",
    provider="gemini",
    model="a-model",
    model_intended="a-model",
    cost=Decimal("0.03"),
)


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    with postgres_server() as server:
        server.execute("CREATE DATABASE own")
        yield server


@pytest.fixture
async def ledger(server: PostgresServer) -> AsyncIterator[Ledger]:
    await migrate(server.url("own"))
    async with connected(server.url("own")):
        lease = await claimed(await new_job(video="v"))
        yield (await open_ledger(lease, caps=AMPLE)).scene("s1")
        await check_books(AMPLE)


def stop(server: PostgresServer) -> None:
    server.stop()


def start(server: PostgresServer) -> None:
    server.start()


def take_no_writes(server: PostgresServer) -> None:
    """Have the server do what hosters have it do whose disk is full."""
    server.execute("ALTER DATABASE own SET default_transaction_read_only = on")
    server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'own'")


def take_writes(server: PostgresServer) -> None:
    """Take writes again; sessions that began meanwhile keep to what they began with."""
    server.execute("ALTER DATABASE own RESET default_transaction_read_only")


class Outage(NamedTuple):
    begin: Callable[[PostgresServer], None]
    end: Callable[[PostgresServer], None]
    reads: bool
    """Whether what is there can be read meanwhile."""


@pytest.mark.parametrize(
    "outage",
    [Outage(stop, start, reads=False), Outage(take_no_writes, take_writes, reads=True)],
    ids=["away", "read_only"],
)
async def test_an_answer_that_comes_meanwhile_is_kept_and_settled(
    server: PostgresServer, ledger: Ledger, tmp_path: Path, outage: Outage
) -> None:
    reservation = await ledger.reserve(call(digest="d"))
    await ledger.mark_started(reservation)
    job = ledger.lease.job_id

    async def answered(store: LocalStore) -> None:
        place = Place(job=job, scene_id="s1", kind=Kind.PICTURE)
        vault = Vault(store=store, spool=tmp_path / "work")
        await vault.keep(PICTURE, ledger.lease, place, digest="d", paid=reservation)
        await ledger.settle(reservation, PICTURE.cost)

    async with LocalStore(tmp_path / "objects", base_url="http://x", secret="s" * 32) as store:
        await anyio.to_thread.run_sync(outage.begin, server)
        if outage.reads:
            # What is refused from here on is refused by a session that is there.
            await outlast(Asset.count().run)
        with capture_logs() as logs:
            async with anyio.create_task_group() as group:
                group.start_soon(answered, store)
                await eventually(lambda: logs)
                await anyio.to_thread.run_sync(outage.end, server)
        assert {line["event"] for line in logs} == {"ledger.waits_for_database"}
    row = await only_charge(job)
    assert (row.state, row.settled) == (ChargeState.SETTLED, PICTURE.cost)
    assert await Asset.count() == 1
    assert list((tmp_path / "work").iterdir()) == []


async def test_how_a_call_ended_is_written_down_afterwards(
    server: PostgresServer, ledger: Ledger
) -> None:
    reservation = await ledger.reserve(call(digest="d"))
    await ledger.mark_started(reservation)
    await anyio.to_thread.run_sync(server.stop)
    async with anyio.create_task_group() as group:
        with capture_logs() as logs:
            group.start_soon(ledger.release, reservation)
            await eventually(lambda: logs)
            await anyio.to_thread.run_sync(server.start)
    assert (await only_charge(ledger.lease.job_id)).state is ChargeState.RELEASED


async def test_nobody_waits_for_ever_and_asks_as_often_as_is_said() -> None:
    asked = 0

    async def away() -> None:
        nonlocal asked
        asked += 1
        raise DatabaseError

    with pytest.raises(DatabaseError), anyio.fail_after(5):
        await outlast(away, patience=OutagePatience(longest=0.3, pause=0.1))
    assert 2 <= asked <= 5
