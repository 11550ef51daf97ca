"""Whether the process of this machine does its work: what containers and timers ask every minute.

A bridge is asked over HTTP, a daemon by what it last told the database of itself.
A database that is away is no reason to restart either.
"""

import asyncio
import socket

import httpx

from cms_bridge.database import connected
from cms_bridge.engines import DatabaseBounds
from cms_bridge.jobs.workers import SILENT_AFTER, workers
from cms_bridge.settings import BridgeSettings, DatabaseSettings, load
from daemon.errors import DaemonError
from daemon.local.findings import Role

_PATIENCE = 4.0
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - compared, not listened on


class NotAlive(DaemonError):
    """It does not answer, or has fallen silent."""


async def look(part: Role) -> str:
    """Return a line that tells how it is; raise `NotAlive`."""
    return await (_bridge() if part is Role.BRIDGE else _daemon())


async def _bridge() -> str:
    settings = load(BridgeSettings)
    url = f"http://{_EVERYWHERE.get(settings.host, settings.host)}:{settings.port}/health/live"
    try:
        async with httpx.AsyncClient(timeout=_PATIENCE) as http:
            answer = await http.get(url)
    except httpx.HTTPError as error:
        raise NotAlive(f"The bridge does not answer at {url}: {type(error).__name__}.") from error
    if not answer.is_success:
        raise NotAlive(f"The bridge answers {answer.status_code} at {url}.")
    return "The bridge answers."


async def _daemon() -> str:
    bounds = DatabaseBounds(connections=1, wait_seconds=_PATIENCE)
    settings = load(DatabaseSettings)
    try:
        async with asyncio.timeout(2 * _PATIENCE), connected(settings.database_url, bounds):
            known = await workers()
    except Exception as error:  # noqa: BLE001 - whatever the driver raises, the database is away
        return f"Nobody can tell while the database is away: {type(error).__name__}."
    here = [one for one in known if one.id.startswith(f"{socket.gethostname()}:")]
    if not any(one.alive for one in here):
        seconds = SILENT_AFTER.total_seconds()
        raise NotAlive(f"No daemon of this machine told of itself in {seconds:.0f} seconds.")
    held = sum(len(one.held) for one in here if one.alive)
    return f"The daemon is there, with {held} jobs in hand."
