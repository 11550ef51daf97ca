"""`/health`: what is up, what is stuck, and whether to send traffic here."""

from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any, Literal, cast

import msgspec
import structlog
from litestar import Response, get
from litestar.di import NamedDependency
from redis.exceptions import RedisError

from cms_bridge.database import migration_level
from cms_bridge.queue import Queue
from cms_bridge.settings import BridgeSettings
from cms_bridge.states import FINISHED
from cms_bridge.tables import Job, OutboxMessage

log = structlog.get_logger()

STUCK_AFTER = timedelta(minutes=2)
"""A job or a message this long past its time points at a daemon that is away."""

State = Literal["up", "down"]


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """The service in a few words and numbers."""

    status: Literal["ok", "degraded", "down"]
    """`down` without the database; `degraded` without Redis or a daemon: work is only put off."""
    database: State
    migration: str | None
    redis: State
    daemon: State
    jobs: dict[str, int]
    """Unfinished jobs by status."""
    stuck_jobs: int
    undelivered: int
    """Jobs whose news Payload does not know yet."""


class Live(msgspec.Struct, frozen=True):
    """The process answers."""

    status: Literal["ok"] = "ok"


@get(["/health", "/health/ready"], summary="The whole service", tags=["health"])
async def health(
    queue: NamedDependency[Queue], settings: NamedDependency[BridgeSettings]
) -> Response[Health]:
    """Report every part; 503 when no event could be accepted here."""
    report = await _report(queue, writes_back=settings.payload_url is not None)
    code = HTTPStatus.SERVICE_UNAVAILABLE if report.status == "down" else HTTPStatus.OK
    return Response(report, status_code=code)


@get("/health/live", summary="Is the process alive?", tags=["health"])
async def live() -> Live:
    """Answer as long as the process can; nothing else is asked."""
    return Live()


async def _report(queue: Queue, *, writes_back: bool) -> Health:
    redis, daemon = await _redis(queue)
    try:
        level = await migration_level()
        counts = await _counts(writes_back=writes_back)
    except Exception as error:  # noqa: BLE001 - whatever the driver raises, the database is down
        log.warning("health.database_down", reason=type(error).__name__)
        return Health(
            status="down",
            database="down",
            migration=None,
            redis=redis,
            daemon=daemon,
            **msgspec.structs.asdict(_Counts()),
        )
    whole = redis == daemon == "up" and not counts.stuck_jobs
    return Health(
        status="ok" if whole else "degraded",
        database="up",
        migration=level,
        redis=redis,
        daemon=daemon,
        **msgspec.structs.asdict(counts),
    )


class _Counts(msgspec.Struct, frozen=True, kw_only=True):
    jobs: dict[str, int] = {}
    stuck_jobs: int = 0
    undelivered: int = 0


async def _counts(*, writes_back: bool) -> _Counts:
    by_status = cast(
        list[dict[str, Any]],
        await Job.raw("SELECT status, COUNT(*) AS n FROM job GROUP BY status"),
    )
    overdue = datetime.now(UTC) - STUCK_AFTER
    return _Counts(
        jobs={row["status"]: row["n"] for row in by_status if row["status"] not in FINISHED},
        stuck_jobs=cast(int, await Job.count().where(Job.wake_at < overdue)),
        # Without a CMS nobody is waiting for news.
        undelivered=cast(int, await OutboxMessage.count().where(OutboxMessage.due_at.is_not_null()))
        if writes_back
        else 0,
    )


async def _redis(queue: Queue) -> tuple[State, State]:
    try:
        return "up", "up" if await queue.daemon_alive() else "down"
    except (RedisError, OSError):
        return "down", "down"
