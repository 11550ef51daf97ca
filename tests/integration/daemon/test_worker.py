"""The worker's own loops: none waits for another, and who takes up no work does not say it does."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import anyio
import httpx
import pytest
from structlog.testing import capture_logs

from cms_bridge import clock
from cms_bridge.assets import Place
from cms_bridge.jobs import workers
from cms_bridge.ledger.meter import open_ledger
from cms_bridge.states import Status
from cms_bridge.storage.base import StoredObject
from cms_bridge.storage.local import LocalStore
from cms_bridge.tables import Charge, Job, JobEvent
from cms_bridge.webhooks.targets import Targets
from daemon import worker
from daemon.resources import ResourceMonitor
from daemon.shutdown import StopSignal
from daemon.tasks import Dispatcher, open_dispatcher
from daemon.work.services import Services
from render.generation.base import Generated, Kind
from render.generation.models import ModelsConfig
from render.generation.providers import open_providers
from tests.support.installation import eventually
from tests.support.ledger import AMPLE, call, claimed, new_job
from tests.support.services import opened_services, work_settings

pytestmark = pytest.mark.anyio

PICTURE = Generated(
    data=b"a picture",
    media_type="image/png",
    provider="gemini",
    model="a-model",
    model_intended="a-model",
    cost=Decimal("0.03"),
)


LONG_AGO = clock.now() - timedelta(days=365)


class Hanging(LocalStore):
    """A store that takes nothing and says nothing."""

    def __init__(self, root: Path) -> None:
        super().__init__(root, base_url="http://x", secret="s" * 32)
        self.asked = anyio.Event()

    async def put(self, key: str, path: Path, *, media_type: str) -> StoredObject:
        self.asked.set()
        await anyio.sleep_forever()
        return await super().put(key, path, media_type=media_type)


@pytest.fixture
async def services(database: str, redis_server: str, tmp_path: Path) -> AsyncIterator[Services]:
    settings = work_settings(database, redis_server, tmp_path, sweep_seconds=1)
    settings.work_directory.mkdir()
    async with opened_services(settings, open_providers(ModelsConfig())) as services:
        yield services


def opened(services: Services) -> tuple[Dispatcher, ResourceMonitor]:
    targets = Targets(httpx.AsyncHTTPTransport(), seconds=1, most_bytes=1)
    monitor = ResourceMonitor(services.settings.work_directory)
    return open_dispatcher(services, targets), monitor


async def test_who_no_longer_looks_for_work_says_no_more_that_it_is_there(
    services: Services,
) -> None:
    dispatcher, monitor = opened(services)

    async def tell() -> bool:
        await workers.leave(services.worker)
        await worker._show_presence(dispatcher, services, monitor)
        return bool(await workers.workers())

    assert await tell()
    dispatcher.composition._looked_at -= 3600
    with capture_logs() as logs:
        assert not await tell()
    assert [line["event"] for line in logs] == ["daemon.stuck"]
    async with anyio.create_task_group() as group:
        group.start_soon(lambda: dispatcher.composition.poll(every=60))
        await eventually(lambda: not dispatcher.idles(seconds=60))
        group.cancel_scope.cancel()
    assert await tell()


async def nothing_old_is_told() -> bool:
    return not await JobEvent.exists().where(JobEvent.at == LONG_AGO)


async def test_a_store_that_hangs_holds_up_no_repairs(services: Services, tmp_path: Path) -> None:
    async with Hanging(tmp_path / "objects") as store:
        services = replace(services, store=store)
        ledger = (await open_ledger(await claimed(await new_job()), caps=AMPLE)).scene("s1")
        job, paid = ledger.lease.job_id, await ledger.reserve(call(digest="d"))
        await ledger.mark_started(paid)
        place = Place(job=job, scene_id="s1", kind=Kind.PICTURE)
        async with anyio.create_task_group() as group:
            group.start_soon(
                lambda: services.vault.keep(PICTURE, ledger.lease, place, digest="d", paid=paid)
            )
            await store.asked.wait()
            group.cancel_scope.cancel()
        store.asked = anyio.Event()
        await Job.update({Job.status: Status.CANCELLED}).where(Job.id == job)
        await JobEvent.update({JobEvent.at: LONG_AGO}, force=True)
        minute_ago = clock.now() - timedelta(minutes=1)
        await Charge.update({Charge.updated_at: minute_ago}).where(Charge.job == job)
        assert not await nothing_old_is_told()
        dispatcher, monitor = opened(services)
        async with anyio.create_task_group() as group:
            group.start_soon(worker._run_until_stopped, dispatcher, services, monitor, StopSignal())
            await store.asked.wait()
            # The last of the repairs.
            await eventually(nothing_old_is_told)
            group.cancel_scope.cancel()
