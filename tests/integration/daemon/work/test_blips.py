"""A database that restarts while a film is made: what was to be told is told afterwards."""

from contextlib import aclosing

import anyio.to_thread
import pytest

from cms_bridge.database import connected, migrate
from cms_bridge.errors import LeaseLost
from cms_bridge.jobs import transitions
from cms_bridge.records import Stage
from cms_bridge.states import StageName
from daemon.work.progress import COMPOSING, Reporter
from tests.support import events
from tests.support.jobs import accept, approved, claimed
from tests.support.servers.postgres import postgres_server

pytestmark = pytest.mark.anyio

STAGE = Stage(name=StageName.COMPOSITION)


async def test_progress_that_the_database_does_not_take_ends_no_work_and_is_told_later() -> None:
    with postgres_server() as server:
        server.execute("CREATE DATABASE own")
        await migrate(server.url("own"))
        async with connected(server.url("own")):
            job = await approved()
            async with aclosing(Reporter(await claimed(job), every=0)) as reporter:
                await anyio.to_thread.run_sync(server.stop)
                await reporter.report(COMPOSING, 0.25, scenes_done=1)
                await reporter.enter(STAGE)
                await anyio.to_thread.run_sync(server.start)
                await reporter.report(COMPOSING, 0.5)
                row = await transitions.find(job)
                assert (row.progress, row.scenes_done, row.stage) == (66, 1, STAGE)
                await accept(events.cancelled())
                with pytest.raises(LeaseLost):
                    await reporter.report(COMPOSING, 0.75)
