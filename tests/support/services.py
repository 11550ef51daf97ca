"""What a daemon's tasks work with, opened as a daemon does, but for providers that a test gives."""

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import anyio

from cms_bridge.jobs.queue import open_queue
from cms_bridge.storage.factory import store_from
from daemon.settings import DaemonSettings
from daemon.work.pools import TaskPool
from daemon.work.services import Services
from render.generation.providers import Providers
from tests.support import events

NEEDED = {
    "redis_url": "redis://unused",
    "database_url": "sqlite:///unused",
    "webhook_secret": events.SECRET,
    "api_key": "an-api-key-of-more-than-32-characters",
    "link_secret": "a-link-secret-of-more-than-32-characters",
}
"""Settings that a daemon cannot be without."""


def work_settings(
    database_url: str, redis_url: str, directory: Path, **changes: Any
) -> DaemonSettings:
    """Return the settings of a daemon that works in a directory; the bridge takes them too."""
    return DaemonSettings(
        **{**NEEDED, "database_url": database_url, "redis_url": redis_url},
        storage_directory=directory / "objects",
        work_directory=directory / "work",
        **changes,
    )


@asynccontextmanager
async def opened_services(
    settings: DaemonSettings,
    providers: AbstractAsyncContextManager[Providers],
    *,
    generations: int = 4,
) -> AsyncGenerator[Services]:
    """Yield the services of a worker that is called `w`, without a CMS."""
    async with (
        open_queue(settings.redis_url) as queue,
        store_from(settings) as store,
        providers as opened,
    ):
        yield Services(
            settings=settings,
            worker="w",
            queue=queue,
            store=store,
            payload=None,
            providers=opened,
            generations=anyio.CapacityLimiter(generations),
            renders=anyio.CapacityLimiter(1),
            generating=TaskPool(size=1),
            composing=TaskPool(size=1),
        )
