"""The service's health, as its database tells it: what lies there, and for how long."""

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import msgspec

from cms_bridge.database import migration_level
from cms_bridge.states import FINISHED
from cms_bridge.tables import Job, OutboxMessage


class Backlog(msgspec.Struct, frozen=True, kw_only=True):
    """What is not done yet, in a database at which migration."""

    migration: str | None = None
    jobs: dict[str, int] = {}
    """Unfinished jobs by status."""
    held_jobs: int = 0
    """Jobs that a daemon works on."""
    due_jobs: int = 0
    """Jobs whose time has come and which nobody has taken up yet."""
    stuck_jobs: int = 0
    """Those of them that are overdue."""
    oldest_due_seconds: float = 0
    """How long the oldest of them is due; 0 when none is."""
    undelivered: int = 0
    """Jobs whose news Payload does not know yet."""


async def backlog(*, overdue: timedelta, news: bool) -> Backlog:
    """Count what is due; `overdue` is after how long a job is stuck, `news` whether any is sent."""
    by_status = cast(
        list[dict[str, Any]],
        await Job.raw("SELECT status, COUNT(*) AS n FROM job GROUP BY status"),
    )
    now = datetime.now(UTC)
    oldest = await Job.select(Job.wake_at).where(Job.wake_at <= now).order_by(Job.wake_at).first()
    undelivered = OutboxMessage.count().where(OutboxMessage.due_at.is_not_null())
    return Backlog(
        migration=await migration_level(),
        jobs={row["status"]: row["n"] for row in by_status if row["status"] not in FINISHED},
        held_jobs=cast(int, await Job.count().where(Job.lease_expires_at > now)),
        due_jobs=cast(int, await Job.count().where(Job.wake_at <= now)),
        stuck_jobs=cast(int, await Job.count().where(Job.wake_at < now - overdue)),
        oldest_due_seconds=round((now - oldest["wake_at"]).total_seconds(), 1) if oldest else 0,
        undelivered=cast(int, await undelivered) if news else 0,
    )
