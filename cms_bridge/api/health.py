"""`/health`: what is up, what is stuck, and whether to send traffic here."""

import logging
from collections.abc import Iterator
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Literal

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from redis.exceptions import RedisError

from cms_bridge.access.keys import public
from cms_bridge.api.resources import resource
from cms_bridge.errors import DatabaseBusy
from cms_bridge.health import service
from cms_bridge.health.service import Backlog
from cms_bridge.jobs.queue import Queue
from cms_bridge.settings import BridgeSettings
from cms_bridge.states import Lane
from cms_bridge.telemetry import Seldom

_down = Seldom(per_second=1)
"""Anybody may ask."""

State = Literal["up", "down"]


class ServiceHealth(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The service in a few words and numbers."""

    status: Literal["ok", "degraded", "stalled", "down"]
    """`down` without a database that takes what is written; `stalled` when in some lane work lies
    due for longer than `REELWRIGHT_UNCLAIMED_SECONDS` and nobody works on anything there, or no
    daemon serves it; `degraded` when such work waits behind other, without Redis, and as long as
    no daemon serves some lane: work is only put off."""
    problems: list[str] = []
    """The same in words, where it is not `ok`."""
    database: State
    """`down` as well where it can only be read."""
    migration: str | None
    redis: State
    daemon: State
    jobs: dict[str, int]
    """Unfinished jobs by status; of these, as of all that is counted here, at most 10,000."""
    held_jobs: int
    """Jobs that a daemon works on."""
    due_jobs: int
    """Jobs whose time has come and which nobody has taken up yet."""
    stuck_jobs: int
    """Those of them that are due for longer than `REELWRIGHT_UNCLAIMED_SECONDS`."""
    unserved: list[Lane]
    """Lanes that no daemon takes work of (`REELWRIGHT_LANES`)."""
    stalled: list[Lane]
    """Lanes whose work stands still."""
    oldest_due_seconds: float
    """How long the oldest of them is due; 0 when none is."""
    undelivered: int
    """Jobs whose news Payload does not know yet."""
    undelivered_webhooks: int
    """Deliveries to integrators that wait for their first try or the next."""
    overdue_webhooks: int
    """Those of them that are due for longer than `REELWRIGHT_UNCLAIMED_SECONDS`: daemons, or the
    addresses that they call, are too slow."""


class Liveness(msgspec.Struct, frozen=True, rename="camel"):
    """The process answers."""

    status: Literal["ok"] = "ok"


def _unavailable(description: str) -> dict[int, ResponseSpec]:
    spec = ResponseSpec(ServiceHealth, generate_examples=False, description=description)
    return {HTTPStatus.SERVICE_UNAVAILABLE: spec}


@get(
    "/",
    summary="The whole service",
    responses=_unavailable("The service is down, or its work stands still"),
)
async def get_health(
    queue: NamedDependency[Queue], settings: NamedDependency[BridgeSettings]
) -> Response[ServiceHealth]:
    """Report every part; 503 when the service is down or its work stands still."""
    return _answer(await _report(queue, settings), bad={"down", "stalled"})


@get(
    "/ready",
    summary="Can events be sent here?",
    responses=_unavailable("No event could be accepted here"),
)
async def get_readiness(
    queue: NamedDependency[Queue], settings: NamedDependency[BridgeSettings]
) -> Response[ServiceHealth]:
    """Report every part; 503 when no event could be accepted here, whoever works on it later."""
    return _answer(await _report(queue, settings), bad={"down"})


@get("/live", summary="Is the process alive?")
async def get_liveness() -> Liveness:
    """Answer as long as the process can; nothing else is asked."""
    return Liveness()


def _answer(report: ServiceHealth, *, bad: set[str]) -> Response[ServiceHealth]:
    code = HTTPStatus.SERVICE_UNAVAILABLE if report.status in bad else HTTPStatus.OK
    return Response(report, status_code=code)


async def _report(queue: Queue, settings: BridgeSettings) -> ServiceHealth:
    redis, daemon = await _redis(queue)
    try:
        backlog = await service.backlog(
            overdue=timedelta(seconds=settings.unclaimed_seconds),
            # Without a CMS nobody is waiting for news.
            news=settings.payload_url is not None,
        )
    except DatabaseBusy:
        # Up, and with no time to be asked: that is what the answer says.
        raise
    except Exception as error:  # noqa: BLE001 - whatever the driver raises, the database is down
        _down.tell("health.database_down", level=logging.WARNING, reason=type(error).__name__)
        return ServiceHealth(
            status="down",
            database="down",
            redis=redis,
            daemon=daemon,
            problems=["The database does not answer."],
            **_told(Backlog()),
        )
    problems = list(_problems(backlog, redis, daemon))
    if not backlog.writable:
        problems.insert(0, "The database can be read, and takes nothing that is written.")
    return ServiceHealth(
        status=_status(backlog, problems),
        problems=problems,
        database="up" if backlog.writable else "down",
        redis=redis,
        daemon=daemon,
        **_told(backlog),
    )


def _status(backlog: Backlog, problems: list[str]) -> Literal["ok", "degraded", "stalled", "down"]:
    if not backlog.writable:
        return "down"
    return "stalled" if backlog.stalled else "degraded" if problems else "ok"


def _problems(backlog: Backlog, redis: State, daemon: State) -> Iterator[str]:
    if redis == "down":
        yield "Redis does not answer: work is found in the database, later."
    elif daemon == "down":
        yield "No daemon says that it takes work."
    for lane in backlog.unserved:
        yield f"No daemon serves the lane {lane} (REELWRIGHT_LANES)."
    for lane in backlog.stalled:
        yield f"Work in the lane {lane} is overdue, and nobody works on any there."
    if backlog.stuck_jobs and not backlog.stalled:
        yield f"Jobs are overdue behind others: {backlog.stuck_jobs}."


def _told(backlog: Backlog) -> dict[str, Any]:
    told = msgspec.structs.asdict(backlog)
    del told["writable"]
    return {**told, "unserved": list(backlog.unserved), "stalled": list(backlog.stalled)}


async def _redis(queue: Queue) -> tuple[State, State]:
    try:
        return "up", "up" if await queue.daemon_alive() else "down"
    except (RedisError, OSError):
        return "down", "down"


routers = resource(
    "/health",
    [get_health, get_readiness, get_liveness],
    tag="health",
    opt=public("Load balancers and supervisors have no key."),
)
