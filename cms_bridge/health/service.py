"""The service's health, as its database tells it: what lies there, and for how long.

Anybody may ask, and supervisors do all day: each number comes from an index of
its own and is counted no further than `COUNTED`, however much lies there.
"""

from datetime import datetime, timedelta
from typing import Any, cast

import msgspec

from cms_bridge import clock
from cms_bridge.database import migration_level, takes_writes
from cms_bridge.health.lanes import unserved as unserved_lanes
from cms_bridge.states import FINISHED, Lane, Status, lane_of
from cms_bridge.tables import Job

COUNTED = 10_000
"""No number is greater."""

_UNFINISHED = [status for status in Status if status not in FINISHED]
_LANES = (
    "SELECT status, COUNT(*) AS n FROM (SELECT status FROM job WHERE {} LIMIT {}) AS counted"
    " GROUP BY status"
)
_COUNT = "SELECT COUNT(*) AS n FROM (SELECT 1 FROM {} WHERE {} LIMIT {}) AS counted"


class Backlog(msgspec.Struct, frozen=True, kw_only=True):
    """What is not done yet, in a database at which migration."""

    migration: str | None = None
    writable: bool = True
    """Whether anything can be written to it."""
    jobs: dict[str, int] = {}
    """Unfinished jobs by status, 10,000 of each at most, as of everything below."""
    held_jobs: int = 0
    """Jobs that a daemon works on."""
    due_jobs: int = 0
    """Jobs whose time has come and which nobody has taken up yet."""
    stuck_jobs: int = 0
    """Those of them that are overdue."""
    unserved: tuple[Lane, ...] = ()
    """Lanes that no daemon takes work of."""
    stalled: tuple[Lane, ...] = ()
    """Lanes in which jobs are overdue and nobody works on anything, or that nobody serves."""
    oldest_due_seconds: float = 0
    """How long the oldest of them is due; 0 when none is."""
    undelivered: int = 0
    """Jobs whose news Payload does not know yet."""
    undelivered_webhooks: int = 0
    """Deliveries to integrators that wait for their first try or the next."""
    overdue_webhooks: int = 0
    """Those of them that no daemon has taken up in time."""


async def backlog(*, overdue: timedelta, news: bool) -> Backlog:
    """Count what is due; `overdue` is after how long a job is stuck, `news` whether any is sent."""
    now = clock.now()
    stuck = await _by_lane("wake_at < {}", now - overdue)
    held = await _by_lane("lease_expires_at > {}", now)
    unserved = await unserved_lanes()
    oldest = await Job.select(Job.wake_at).where(Job.wake_at <= now).order_by(Job.wake_at).first()
    jobs = {
        status.value: await _count("job", "status = {}", status.value) for status in _UNFINISHED
    }
    return Backlog(
        migration=await migration_level(),
        writable=await takes_writes(),
        jobs={status: number for status, number in jobs.items() if number},
        held_jobs=sum(held.values()),
        due_jobs=await _count("job", "wake_at <= {}", now),
        stuck_jobs=sum(stuck.values()),
        unserved=tuple(unserved),
        stalled=tuple(
            lane for lane in Lane if stuck.get(lane) and (lane in unserved or not held.get(lane))
        ),
        oldest_due_seconds=round((now - oldest["wake_at"]).total_seconds(), 1) if oldest else 0,
        undelivered=await _count("outbox_message", "due_at IS NOT NULL") if news else 0,
        undelivered_webhooks=await _count("webhook_delivery", "due_at IS NOT NULL"),
        overdue_webhooks=await _count("webhook_delivery", "due_at < {}", now - overdue),
    )


async def _by_lane(which: str, moment: datetime) -> dict[Lane | None, int]:
    """Count jobs by what they wait for, `COUNTED` at most in all."""
    counted = _LANES.format(which, COUNTED)
    found: dict[Lane | None, int] = {}
    for row in cast(list[dict[str, Any]], await Job.raw(counted, moment)):
        lane = lane_of(Status(row["status"]))
        found[lane] = found.get(lane, 0) + row["n"]
    return found


async def _count(table: str, which: str, *values: object) -> int:
    counted = _COUNT.format(table, which, COUNTED)
    (row,) = cast(list[dict[str, Any]], await Job.raw(counted, *values))
    return row["n"]
