"""The bridge's API within a test's own process, over a database and a Redis of its own."""

from collections import defaultdict
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from asgi_lifespan import LifespanManager
from litestar import Litestar
from litestar.datastructures import State
from pydantic import SecretStr

from cms_bridge.app import Edge, furnish, routed
from cms_bridge.pricing.estimates import Prices
from cms_bridge.settings import BridgeSettings
from tests.support import events
from tests.support.bridge_process import API_KEY, LINK_SECRET

KEY = {"Authorization": f"Bearer {API_KEY}"}


def api_settings(
    database_url: str, redis_url: str, directory: Path, **changes: Any
) -> BridgeSettings:
    return BridgeSettings(
        redis_url=redis_url,
        database_url=database_url,
        storage_directory=directory / "objects",
        webhook_secret=SecretStr(events.SECRET),
        api_key=SecretStr(API_KEY),
        link_secret=SecretStr(LINK_SECRET),
        **changes,
    )


_at_rest: defaultdict[Edge, list[Litestar]] = defaultdict(list)
"""Applications that nothing went wrong in: to make one takes half a second."""


@asynccontextmanager
async def running_api(
    settings: BridgeSettings,
    *,
    prices: Prices | None = None,
    headers: dict[str, str] = KEY,
    raises: bool = True,
) -> AsyncGenerator[httpx.AsyncClient]:
    """Run it; yield a client that sends `headers`. `raises` tells the test what goes wrong."""
    edge = Edge.of(settings)
    app = _at_rest[edge].pop() if _at_rest[edge] else routed(edge)
    app.state = State()
    furnish(app, settings, prices=prices)
    transport = httpx.ASGITransport(app, raise_app_exceptions=raises)
    async with (
        LifespanManager(app, startup_timeout=60, shutdown_timeout=60),
        httpx.AsyncClient(transport=transport, base_url="http://bridge", headers=headers) as client,
    ):
        yield client
    _at_rest[edge].append(app)
