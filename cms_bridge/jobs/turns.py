"""Turns: which of the jobs that wait in a lane is taken next; no project waits out another's line.

The project with the fewest jobs in hand goes first, of several the one whose last turn is the
longest ago, and of its jobs the one of the highest priority, of several the one that is due the
longest. So, while the first job of a project waits, no other project begins more than one, however
many it has and however urgent they are.

Readings, which are free and take moments, have places and turns of their own in the lane of
generation: they stand in nobody's line, and nobody in theirs.

To look changes nothing; whoever claims a job by a conditional UPDATE (`cms_bridge.jobs.leases`)
notes its project's turn in the same transaction.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, NamedTuple, cast
from uuid import UUID

from cms_bridge import clock
from cms_bridge.states import LANES, JobKind, Lane, Status
from cms_bridge.tables import Job, Turn

COUNTED = 10_000
"""Jobs of a lane that are looked at most, those due the longest: a long line costs no more."""


class Candidate(NamedTuple):
    """A job that waits for a worker."""

    id: UUID
    attempt: int
    """How many claims it has seen."""
    status: Status


_LINE = (
    "SELECT turns.id, turns.attempt, turns.status,"
    " ROW_NUMBER() OVER (ORDER BY held + place, CASE WHEN turn.at IS NULL THEN 0 ELSE 1 END,"
    " turn.at, wake_at) AS number FROM"
    " (SELECT id, project, attempt, status, wake_at, waits,"
    " SUM(held) OVER (PARTITION BY project) AS held,"
    " ROW_NUMBER() OVER (PARTITION BY project, waits ORDER BY rank DESC, wake_at, id) AS place"
    " FROM (SELECT id, project, attempt, status, wake_at,"
    " COALESCE(priority, (SELECT project.priority FROM project WHERE project.id = job.project), 0)"
    " AS rank,"
    " CASE WHEN lease_expires_at > {} THEN 1 ELSE 0 END AS held,"
    " CASE WHEN %s AND (wake_at <= {} OR lease_expires_at IS NULL"
    " AND (id = {} OR (wake_at <= {} AND retry_count = 0))) THEN 1 ELSE 0 END AS waits"
    " FROM job WHERE wake_at IS NOT NULL AND status IN (%s) AND kind %s 'reading'"
    " ORDER BY wake_at LIMIT {}) AS in_line)"
    " AS turns LEFT JOIN turn ON turn.id = {} || turns.project WHERE waits = 1"
)


async def next_in(  # noqa: PLR0913 - whose turn, of whom, and who stands back
    lane: Lane,
    *,
    limit: int,
    besides: Collection[UUID] = (),
    fresh: timedelta = timedelta(0),
    woken: UUID | None = None,
    readings: bool = False,
) -> list[Candidate]:
    """Return the jobs that are taken next, in order, as though each were taken before the next.

    Those `besides` stand back. Beside what is due there count jobs that are due so soon (`fresh`),
    unless they wait after a failure, and one that somebody was `woken` for. `readings` asks for
    those, and else for all others.
    """
    line, asked = _line(lane, besides=list(besides), fresh=fresh, woken=woken, readings=readings)
    rows = await _rows(f"{line} ORDER BY number LIMIT {{}}", *asked, limit)
    # SQLite has no type for what is reckoned.
    return [Candidate(UUID(str(row["id"])), row["attempt"], Status(row["status"])) for row in rows]


async def places(lane: Lane, jobs: Collection[UUID], *, fresh: timedelta) -> dict[UUID, int]:
    """Return in which place, from 1, those of some jobs stand that wait in a lane, but readings."""
    line, asked = _line(lane, besides=[], fresh=fresh, woken=None)
    wanted = f"SELECT id, number FROM ({line}) AS line WHERE id IN ({_places(jobs)})"  # noqa: S608 - no value is in it
    return {UUID(str(row["id"])): row["number"] for row in await _rows(wanted, *asked, *jobs)}


def _line(
    lane: Lane,
    *,
    besides: Collection[UUID],
    fresh: timedelta,
    woken: UUID | None,
    readings: bool = False,
) -> tuple[str, tuple[Any, ...]]:
    """Return the query for a lane's whole line, each with its number, and what it asks with."""
    now, statuses = clock.now(), sorted(LANES[lane])
    query = _LINE % (
        f"id NOT IN ({_places(besides)})" if besides else "1 = 1",
        _places(statuses),
        "=" if readings else "<>",
    )
    turn = _turn(lane, readings=readings)
    asked = (now, *besides, now, woken or UUID(int=0), now + fresh, *statuses, COUNTED, turn)
    return query, asked


async def _rows(query: str, *values: object) -> list[dict[str, Any]]:
    return cast(list[dict[str, Any]], await Job.raw(query, *values))


async def waits(job: UUID, *, after: int) -> bool:
    """Tell whether a job waits for a worker, in whatever lane, and has since that many claims."""
    return await Job.exists().where(
        Job.id == job,
        Job.attempt == after,
        Job.lease_expires_at.is_null(),
        Job.wake_at.is_not_null(),
    )


async def note(lane: Lane, kind: JobKind, project: str, *, at: datetime) -> None:
    """Note that a project has its turn; call inside the transaction that takes it, as its last."""
    await Turn.raw(
        "INSERT INTO turn (id, at) VALUES ({}, {}) ON CONFLICT (id) DO UPDATE SET at = excluded.at",
        _turn(lane, readings=kind is JobKind.READING) + project,
        at,
    )


def _turn(lane: Lane, *, readings: bool) -> str:
    """Return what the names of turns begin with, before the project's."""
    return f"{JobKind.READING}:" if readings else f"{lane}:"


def _places(values: Collection[object]) -> str:
    return ", ".join("{}" for _ in values)
