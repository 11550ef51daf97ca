"""`/metrics`: the fleet and this bridge, for Prometheus; for keys of all projects."""

import anyio.to_thread
from litestar import MediaType, Response, get
from litestar.di import NamedDependency
from redis.exceptions import RedisError

from cms_bridge.access.callers import Action
from cms_bridge.access.keys import Whose, needs
from cms_bridge.api.resources import resource
from cms_bridge.failures import untold
from cms_bridge.jobs.queue import Queue
from cms_bridge.operations import volumes
from cms_bridge.operations.exposition import CONTENT_TYPE, exposition, fleet_metrics, parts
from cms_bridge.operations.exposition import volumes as told_volumes
from cms_bridge.operations.fleet import FleetWatch
from cms_bridge.settings import BridgeSettings


@get(
    "/metrics",
    opt=needs(Action.READ, whose=Whose.EVERYBODYS),
    include_in_schema=False,
    media_type=MediaType.TEXT,
)
async def get_metrics(
    queue: NamedDependency[Queue],
    settings: NamedDependency[BridgeSettings],
    fleet_watch: NamedDependency[FleetWatch],
) -> Response[bytes]:
    """Tell everything that can be told: without the database, what this process knows alone."""
    families = list(parts(database=True, redis=await _redis_answers(queue)))
    try:
        fleet = await fleet_watch.look()
    except Exception as error:  # noqa: BLE001 - whatever the driver raises, the database is down
        untold("metrics.database_down", error)
        families = list(parts(database=False, redis=await _redis_answers(queue)))
    else:
        families += fleet_metrics(
            fleet, primaries=settings.primaries, month_cap=settings.caps.month
        )
    found = await anyio.to_thread.run_sync(volumes.look, volumes.places(settings))
    return Response(exposition([*families, *told_volumes(found)]), media_type=CONTENT_TYPE)


async def _redis_answers(queue: Queue) -> bool:
    try:
        await queue.daemon_alive()
    except (RedisError, OSError):
        return False
    return True


routers = resource("/", [get_metrics], tag="health")
