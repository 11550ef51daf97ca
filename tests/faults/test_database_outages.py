"""A PostgreSQL that takes no writes, or nobody in: daemon and bridge outlast it, and finish.

One film is being encoded and another's calls are in flight when it begins; it goes on for longer
than leases last.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from multiprocessing.process import BaseProcess
from typing import NamedTuple
from uuid import UUID

import anyio
import anyio.to_thread
import httpx
import pytest

from cms_bridge.database import connected, migrate
from cms_bridge.ledger import charges
from cms_bridge.ledger.charges import ChargeState
from cms_bridge.states import Status
from cms_bridge.tables import Job
from tests.faults.crashes import at_rest
from tests.faults.harness import LEASE_SECONDS, Harness, daemon, open_harness
from tests.faults.runs import ordered
from tests.support import events
from tests.support.bridge_process import WEBHOOKS, Bridge, running_bridge
from tests.support.installation import eventually
from tests.support.servers.postgres import PostgresServer, postgres_server

pytestmark = pytest.mark.anyio

SECONDS = 3 * LEASE_SECONDS


class Outage(NamedTuple):
    begin: str
    end: str


OUTAGES = {
    "read_only": Outage(
        "ALTER ROLE service SET default_transaction_read_only = on",
        "ALTER ROLE service RESET default_transaction_read_only",
    ),
    "out_of_connections": Outage(
        "ALTER ROLE service CONNECTION LIMIT 0",
        "ALTER ROLE service CONNECTION LIMIT -1",
    ),
}
CUT_OFF = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'service'"


class Service(NamedTuple):
    harness: Harness
    server: PostgresServer
    daemon: BaseProcess
    bridge: Bridge


@pytest.fixture(scope="module")
def harness(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harness]:
    with open_harness(tmp_path_factory.mktemp("harness")) as harness:
        yield harness


@pytest.fixture
async def service(harness: Harness) -> AsyncIterator[Service]:
    """A daemon and a bridge that are but users of the database; the test itself is its owner."""
    directory = harness.reset()
    with postgres_server() as server:
        server.execute("CREATE ROLE service LOGIN PASSWORD 'only-for-tests'")
        server.execute("CREATE DATABASE own OWNER service")
        theirs = f"postgresql://service:only-for-tests@127.0.0.1:{server.port}/own"
        await migrate(theirs)
        settings = harness.settings(directory, provider="gemini", drafting=False)
        settings["REELWRIGHT_DATABASE_URL"] = theirs
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(connected(server.url("own")))
            bridge = stack.enter_context(
                running_bridge(directory, redis=harness.redis_url, database=theirs)
            )
            process = stack.enter_context(daemon(settings, directory))
            yield Service(harness, server, process, bridge)


async def is_composing(job: UUID) -> bool:
    return await Job.exists().where(Job.id == job, Job.status == Status.COMPOSING)


@pytest.mark.parametrize("outage", OUTAGES.values(), ids=OUTAGES)
async def test_work_goes_on_once_it_is_over(service: Service, outage: Outage) -> None:
    harness, bridge = service.harness, service.bridge
    harness.google.latency = 0
    films = [await ordered("milk", seconds=8)]
    await eventually(lambda: is_composing(films[0]), every=0.01)
    harness.google.latency = 1
    films.append(await ordered("tea", seconds=1))
    await eventually(lambda: harness.google.at_once, every=0.01)

    await anyio.to_thread.run_sync(service.server.execute, outage.begin)
    await anyio.to_thread.run_sync(service.server.execute, CUT_OFF)
    async with httpx.AsyncClient(base_url=bridge.url, timeout=60) as http:
        await eventually(lambda: is_red(http))
        body, headers = events.signed(events.submitted(video="bread"))
        refused = await http.post(WEBHOOKS, headers=headers, content=body)
        # To be sent again, as any sender does.
        assert refused.status_code == 503
        await anyio.sleep(SECONDS)
        assert await is_red(http)
        await anyio.to_thread.run_sync(service.server.execute, outage.end)

        for film in films:
            assert await at_rest(film, {Status.COMPLETED}) == Status.COMPLETED
            assert {row.state for row in await charges.charges_of(film)} == {ChargeState.SETTLED}
        assert set(harness.charges().values()) == {1}
        await eventually(lambda: is_green(http))
        taken = await http.post(WEBHOOKS, headers=headers, content=body)
        assert taken.status_code == 202
    assert service.daemon.is_alive()
    assert bridge.process.poll() is None


async def is_red(http: httpx.AsyncClient) -> bool:
    answer = await http.get("/health")
    return answer.status_code == 503


async def is_green(http: httpx.AsyncClient) -> bool:
    answer = await http.get("/health/ready")
    return answer.status_code == 200
