"""`/health`: what is up, what is stuck, and whether to send traffic here."""

import logging
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any, Literal, cast

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from redis.exceptions import RedisError

from cms_bridge.access.keys import public
from cms_bridge.api.resources import resource
from cms_bridge.database import migration_level
from cms_bridge.jobs.queue import Queue
from cms_bridge.settings import BridgeSettings
from cms_bridge.states import FINISHED
from cms_bridge.tables import Job, OutboxMessage
from cms_bridge.telemetry import Seldom

_down = Seldom(per_second=1)
"""Anybody may ask."""

State = Literal["up", "down"]


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """The service in a few words and numbers."""

    status: Literal["ok", "degraded", "stalled", "down"]
    """`down` without the database; `stalled` when work lies due for longer than
    `REELWRIGHT_UNCLAIMED_SECONDS` and nobody works on anything; `degraded` when such work waits
    behind other, and without Redis or a daemon: work is only put off."""
    database: State
    migration: str | None
    redis: State
    daemon: State
    jobs: dict[str, int]
    """Unfinished jobs by status."""
    held_jobs: int
    """Jobs that a daemon works on."""
    due_jobs: int
    """Jobs whose time has come and which nobody has taken up yet."""
    stuck_jobs: int
    """Those of them that are due for longer than `REELWRIGHT_UNCLAIMED_SECONDS`."""
    oldest_due_seconds: float
    """How long the oldest of them is due; 0 when none is."""
    undelivered: int
    """Jobs whose news Payload does not know yet."""


class Live(msgspec.Struct, frozen=True):
    """The process answers."""

    status: Literal["ok"] = "ok"


def _unavailable(description: str) -> dict[int, ResponseSpec]:
    spec = ResponseSpec(Health, generate_examples=False, description=description)
    return {HTTPStatus.SERVICE_UNAVAILABLE: spec}


@get(
    "/",
    summary="The whole service",
    responses=_unavailable("The service is down, or its work stands still"),
)
async def health(
    queue: NamedDependency[Queue], settings: NamedDependency[BridgeSettings]
) -> Response[Health]:
    """Report every part; 503 when the service is down or its work stands still."""
    return _answer(await _report(queue, settings), bad={"down", "stalled"})


@get(
    "/ready",
    summary="Can events be sent here?",
    responses=_unavailable("No event could be accepted here"),
)
async def ready(
    queue: NamedDependency[Queue], settings: NamedDependency[BridgeSettings]
) -> Response[Health]:
    """Report every part; 503 when no event could be accepted here, whoever works on it later."""
    return _answer(await _report(queue, settings), bad={"down"})


@get("/live", summary="Is the process alive?")
async def live() -> Live:
    """Answer as long as the process can; nothing else is asked."""
    return Live()


def _answer(report: Health, *, bad: set[str]) -> Response[Health]:
    code = HTTPStatus.SERVICE_UNAVAILABLE if report.status in bad else HTTPStatus.OK
    return Response(report, status_code=code)


async def _report(queue: Queue, settings: BridgeSettings) -> Health:
    redis, daemon = await _redis(queue)
    try:
        level = await migration_level()
        counts = await _counts(settings)
    except Exception as error:  # noqa: BLE001 - whatever the driver raises, the database is down
        _down.tell("health.database_down", level=logging.WARNING, reason=type(error).__name__)
        return Health(
            status="down",
            database="down",
            migration=None,
            redis=redis,
            daemon=daemon,
            **msgspec.structs.asdict(_Counts()),
        )
    whole = redis == daemon == "up" and not counts.stuck_jobs
    still = counts.stuck_jobs and not counts.held_jobs
    return Health(
        status="ok" if whole else "stalled" if still else "degraded",
        database="up",
        migration=level,
        redis=redis,
        daemon=daemon,
        **msgspec.structs.asdict(counts),
    )


class _Counts(msgspec.Struct, frozen=True, kw_only=True):
    jobs: dict[str, int] = {}
    held_jobs: int = 0
    due_jobs: int = 0
    stuck_jobs: int = 0
    oldest_due_seconds: float = 0
    undelivered: int = 0


async def _counts(settings: BridgeSettings) -> _Counts:
    by_status = cast(
        list[dict[str, Any]],
        await Job.raw("SELECT status, COUNT(*) AS n FROM job GROUP BY status"),
    )
    now = datetime.now(UTC)
    overdue = now - timedelta(seconds=settings.unclaimed_seconds)
    oldest = await Job.select(Job.wake_at).where(Job.wake_at <= now).order_by(Job.wake_at).first()
    return _Counts(
        jobs={row["status"]: row["n"] for row in by_status if row["status"] not in FINISHED},
        held_jobs=cast(int, await Job.count().where(Job.lease_expires_at > now)),
        due_jobs=cast(int, await Job.count().where(Job.wake_at <= now)),
        stuck_jobs=cast(int, await Job.count().where(Job.wake_at < overdue)),
        oldest_due_seconds=round((now - oldest["wake_at"]).total_seconds(), 1) if oldest else 0,
        # Without a CMS nobody is waiting for news.
        undelivered=cast(int, await OutboxMessage.count().where(OutboxMessage.due_at.is_not_null()))
        if settings.payload_url
        else 0,
    )


async def _redis(queue: Queue) -> tuple[State, State]:
    try:
        return "up", "up" if await queue.daemon_alive() else "down"
    except (RedisError, OSError):
        return "down", "down"


routers = resource(
    "/health",
    [health, ready, live],
    tag="health",
    opt=public("Load balancers and supervisors have no key."),
)
