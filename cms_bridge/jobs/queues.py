"""Queues: how many jobs wait for a worker, or are in one's hands, by what they are and want.

Asked of the database, which knows what is due whatever became of Redis. The longest due come
first and no more than `COUNTED` are looked at, so that a long queue costs no more to be told of.
"""

from datetime import datetime, timedelta
from typing import Any, cast

import msgspec

from cms_bridge import clock
from cms_bridge.jobs.leases import Phase
from cms_bridge.jobs.moves import WAKE_GRACE
from cms_bridge.states import DRAFTABLE, JobKind
from cms_bridge.tables import Job

COUNTED = 10_000
"""Jobs that are counted at most, all queues together."""

QUEUES = ((JobKind.VIDEO, Phase.STORYBOARD), *((kind, Phase.RENDER) for kind in JobKind))
"""Every kind with what it wants; only a video is drafted."""

_COUNTS = ("waiting", "late", "scheduled", "held")


class QueueRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The jobs of one kind that want the same of a worker."""

    kind: JobKind
    phase: Phase
    waiting: int
    """In nobody's hands, and due now or within the moment that a woken worker has."""
    late: int
    """Those of them that have been due for longer than they should be."""
    scheduled: int
    """Due later: tried again, after a failure that passes, when their time comes."""
    held: int
    """In a worker's hands."""
    oldest_waiting_seconds: float
    """How long the oldest of those that wait is due; 0 when none does."""


_COUNT = (
    "SELECT kind, status, SUM(held) AS held,"
    " SUM(CASE WHEN held = 0 AND wake_at <= {} THEN 1 ELSE 0 END) AS waiting,"
    " SUM(CASE WHEN held = 0 AND wake_at < {} THEN 1 ELSE 0 END) AS late,"
    " SUM(CASE WHEN held = 0 AND wake_at > {} THEN 1 ELSE 0 END) AS scheduled,"
    " MIN(CASE WHEN held = 0 THEN wake_at END) AS oldest"
    " FROM (SELECT kind, status, wake_at,"
    " CASE WHEN lease_expires_at > {} THEN 1 ELSE 0 END AS held"
    " FROM job WHERE wake_at IS NOT NULL ORDER BY wake_at LIMIT {}) AS counted"
    " GROUP BY kind, status"
)


async def queues(*, late_after: timedelta) -> list[QueueRecord]:
    """Return every queue there can be; `late_after` is how long a job may be due."""
    now = clock.now()
    soon = now + WAKE_GRACE
    asked = (soon, now - late_after, soon, now, COUNTED)
    rows = cast(list[dict[str, Any]], await Job.raw(_COUNT, *asked))
    return [
        _queue(
            [row for row in rows if (row["kind"], _phase(row)) == (kind, phase)], kind, phase, now
        )
        for kind, phase in QUEUES
    ]


def _queue(rows: list[dict[str, Any]], kind: JobKind, phase: Phase, now: datetime) -> QueueRecord:
    oldest = min((_moment(row["oldest"]) for row in rows if row["oldest"]), default=now)
    counts = {name: sum(row[name] for row in rows) for name in _COUNTS}
    age = (now - oldest).total_seconds()
    return QueueRecord(
        kind=kind, phase=phase, oldest_waiting_seconds=round(max(age, 0.0), 1), **counts
    )


def _phase(row: dict[str, Any]) -> Phase:
    return Phase.STORYBOARD if row["status"] in DRAFTABLE else Phase.RENDER


def _moment(value: datetime | str) -> datetime:
    # SQLite has no type for what is reckoned.
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)
