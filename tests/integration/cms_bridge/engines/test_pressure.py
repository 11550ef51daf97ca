"""A bridge whose database is asked for more than it can do, or is away: 503, and nothing lost."""

import shutil
import sqlite3
from collections import Counter
from contextlib import ExitStack, closing
from pathlib import Path
from uuid import uuid4

import anyio
import asyncpg
import httpx
import pytest

from cms_bridge.database import connected
from cms_bridge.tables import InboundEvent, Job
from tests.support import events
from tests.support.bridge_process import WEBHOOKS, Bridge, running_bridge
from tests.support.servers.postgres import PostgresServer, postgres_server

pytestmark = pytest.mark.anyio

Sent = tuple[bytes, dict[str, str]]


def webhook() -> Sent:
    return events.signed(events.submitted(video=uuid4().hex))


async def send(bridge: Bridge, sent: list[Sent]) -> list[httpx.Response]:
    """Send them all at once."""
    answers: list[httpx.Response] = []
    bounds = httpx.Limits(max_connections=None)
    async with (
        httpx.AsyncClient(base_url=bridge.url, timeout=150, limits=bounds) as http,
        anyio.create_task_group() as group,
    ):

        async def post(body: bytes, headers: dict[str, str]) -> None:
            answers.append(await http.post(WEBHOOKS, content=body, headers=headers))

        for one in sent:
            group.start_soon(post, *one)
    return answers


def refused(answer: httpx.Response, code: str) -> None:
    assert answer.status_code == 503
    assert answer.json()["code"] == code
    assert int(answer.headers["retry-after"]) > 0


async def hold_all_to_the_bounds(
    bridge: Bridge, database: str, sent: list[Sent], answers: list[httpx.Response]
) -> Counter[int]:
    told = Counter(answer.status_code for answer in answers)
    assert set(told) <= {202, 503}, bridge.log[-2000:]
    for answer in answers:
        if answer.status_code == 503:
            refused(answer, "database_busy")
    accepted = [answer.json()["jobId"] for answer in answers if answer.status_code == 202]
    assert len(set(accepted)) == len(accepted)
    async with connected(database):
        stored = await InboundEvent.select(InboundEvent.id, InboundEvent.job)
        assert sorted(str(row["job"]) for row in stored) == sorted(accepted)
        assert {row["id"] for row in stored} <= {headers["webhook-id"] for _, headers in sent}
        assert await Job.count() == len(accepted)
    assert "request.failed" not in bridge.log
    return told


@pytest.mark.timeout(400)
@pytest.mark.parametrize("number", [200, pytest.param(1000, marks=pytest.mark.slow)])
async def test_webhooks_at_once_on_sqlite(
    number: int, tmp_path: Path, redis_server: str, migrated_sqlite: Path
) -> None:
    shutil.copy(migrated_sqlite, tmp_path / "bridge.db")
    database = f"sqlite:///{tmp_path}/bridge.db"
    with running_bridge(tmp_path, redis=redis_server, database=database) as bridge:
        sent = [webhook() for _ in range(number)]
        answers = await send(bridge, sent)
        await hold_all_to_the_bounds(bridge, database, sent, answers)
        # Whoever was turned away comes again, as the CMS does: in the end all are there, once.
        for first in range(0, number, 50):
            while {answer.status_code for answer in await send(bridge, sent[first:][:50])} != {202}:
                pass
        async with connected(database):
            assert await InboundEvent.count() == await Job.count() == number


async def test_more_than_the_queue_holds(
    tmp_path: Path, redis_server: str, migrated_sqlite: Path
) -> None:
    shutil.copy(migrated_sqlite, tmp_path / "bridge.db")
    database = f"sqlite:///{tmp_path}/bridge.db"
    with running_bridge(
        tmp_path, redis=redis_server, database=database, bridge_database_queue="5"
    ) as bridge:
        sent = [webhook() for _ in range(60)]
        answers = await send(bridge, sent)
        told = await hold_all_to_the_bounds(bridge, database, sent, answers)
        assert set(told) == {202, 503}


async def test_a_sqlite_file_that_another_process_has_locked(
    tmp_path: Path, redis_server: str, migrated_sqlite: Path
) -> None:
    shutil.copy(migrated_sqlite, tmp_path / "bridge.db")
    with running_bridge(
        tmp_path,
        redis=redis_server,
        database=f"sqlite:///{tmp_path}/bridge.db",
        bridge_database_wait_seconds="0.5",
    ) as bridge:
        sent = [webhook() for _ in range(3)]
        with closing(sqlite3.connect(tmp_path / "bridge.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            for answer in await send(bridge, sent):
                refused(answer, "database_busy")
            # To read, nobody waits for a writer.
            async with httpx.AsyncClient(base_url=bridge.url) as http:
                assert (await http.get("/health")).json()["database"] == "up"
        assert {answer.status_code for answer in await send(bridge, sent)} == {202}
        assert '"event":"database.refused"' in bridge.log


async def test_a_bridge_with_one_connection_to_a_full_server(
    tmp_path: Path, redis_server: str
) -> None:
    with ExitStack() as stack:
        server = stack.enter_context(
            postgres_server(max_connections="8", superuser_reserved_connections="0")
        )
        url = server.url("postgres")
        bridge = stack.enter_context(
            running_bridge(
                tmp_path,
                redis=redis_server,
                database=url,
                bridge_database_connections="1",
                database_idle_connections="0",
                bridge_database_wait_seconds="20",
            )
        )
        sent = [webhook() for _ in range(40)]
        assert {answer.status_code for answer in await send(bridge, sent)} == {202}
        others = [await asyncpg.connect(url) for _ in range(7)]
        await others[0].execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE backend_type = 'client backend' AND query NOT IN ('', current_query())"
        )
        others.append(await asyncpg.connect(url))
        late = webhook()
        (answer,) = await send(bridge, [late])
        refused(answer, "database_busy")
        await others.pop().close()
        (answer,) = await send(bridge, [late])
        assert answer.status_code == 202
        for other in others:
            await other.close()


async def test_a_server_that_goes_away_in_the_middle_of_a_request(
    tmp_path: Path, redis_server: str, postgres_server: PostgresServer, migrated_postgres: str
) -> None:
    with (
        postgres_server.database(template=migrated_postgres) as url,
        running_bridge(
            tmp_path, redis=redis_server, database=url, bridge_database_connections="1"
        ) as bridge,
    ):
        sent = webhook()
        other = await asyncpg.connect(url)
        for _ in range(2):
            async with other.transaction(), anyio.create_task_group() as group:
                await other.execute("LOCK TABLE job IN ACCESS EXCLUSIVE MODE")

                answered = anyio.Event()

                async def cut_off(answered: anyio.Event = answered) -> None:
                    waiting = (
                        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
                    )
                    # The first that waits need not be the request: the bridge has sweeps too.
                    while not answered.is_set():
                        await other.fetchval(waiting)

                group.start_soon(cut_off)
                (answer,) = await send(bridge, [sent])
                answered.set()
                refused(answer, "database_unavailable")
        # The only place in its pool is free again, and nothing was left half done.
        (answer,) = await send(bridge, [sent])
        assert (answer.status_code, answer.json()["duplicate"]) == (202, False)
        assert await other.fetchval("SELECT count(*) FROM job") == 1
        await other.close()
