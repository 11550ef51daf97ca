"""Tasks: jobs as whoever ordered them sees them, alone or a project's, a page at a time.

A page begins where the one before ended, and not after so many rows: the thousandth costs what
the first does, and what begins meanwhile moves nobody's place. Whatever is filtered by, each
pair of a kind and a status is a stretch of one index, of which no more is read than the page
holds.
"""

from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from itertools import product
from typing import Any, Self, cast
from uuid import UUID

import msgspec

from cms_bridge.database import transaction
from cms_bridge.errors import IllegalMove, JobNotFound
from cms_bridge.jobs import moves, submissions, transitions
from cms_bridge.records import PageEnd, Stage
from cms_bridge.states import FINISHED, JobKind, Origin, Priority, Status
from cms_bridge.tables import Job
from render.problem import Problem


class TaskRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A job but for its brief and storyboard; `cms_bridge.tables.Job` explains each field."""

    id: UUID
    kind: JobKind
    project: str
    video_id: str
    origin: Origin
    priority: Priority | None
    title: str
    status: Status
    progress: int
    scenes_done: int
    scenes_total: int
    approved: bool
    estimated_cost: Decimal
    approved_cost: Decimal | None
    actual_cost: Decimal
    stage: Stage | None
    model_fallback_occurred: bool
    generation_warnings: tuple[Problem, ...]
    charge_warnings: tuple[Problem, ...]
    retry_count: int
    error: Problem | None
    video_url: str | None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """Decode a row that holds these columns."""
        told = {name: msgspec.json.decode(row[name]) for name in _JSON if row[name] is not None}
        rank = row["priority"]
        told["priority"] = None if rank is None else Priority.of(rank)
        return msgspec.convert({**row, **told}, cls)


_JSON = ("stage", "generation_warnings", "charge_warnings", "error")
_USUAL = [kind for kind in JobKind if kind is not JobKind.READING]
_COLUMNS = [getattr(Job, name) for name in TaskRecord.__struct_fields__]


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which of a project's tasks are asked for; what is empty or None leaves out nothing."""

    kinds: Collection[JobKind] = ()
    """None leaves out readings: nobody ordered them as a task."""
    statuses: Collection[Status] = ()
    since: datetime | None = None
    """Those that began then or later; in UTC."""
    before: datetime | None = None
    """Those that began earlier; in UTC."""
    after: PageEnd | None = None
    """Those that come after the end of a page."""


async def find(task: UUID) -> TaskRecord:
    """Return a task; raise `JobNotFound`."""
    row = await Job.select(*_COLUMNS).where(Job.id == task).first()
    if row is None:
        raise JobNotFound("There is no such job.")
    return TaskRecord.of(row)


async def page(
    project: str, wanted: Wanted, *, size: int
) -> tuple[list[TaskRecord], PageEnd | None]:
    """Return a project's tasks, newest first, and where to go on, if there are more."""
    found = await _ids(project, wanted, size + 1)
    rows = await Job.select(*_COLUMNS).where(Job.id.is_in(found[:size])) if found else []
    tasks = sorted(
        (TaskRecord.of(row) for row in rows),
        key=lambda task: (task.created_at, str(task.id)),
        reverse=True,
    )
    more = len(found) > size and tasks
    return tasks, PageEnd(tasks[-1].created_at, tasks[-1].id) if more else None


async def retry(task: UUID) -> None:
    """Let a task that failed or was cancelled go on from where it stopped, once.

    One that is at work, or waits for a person, is left alone. Raises `JobNotFound`,
    `Superseded`, or `IllegalMove` once it is done.
    """
    async with transaction():
        record = await moves.find(task)
        if record.status not in FINISHED:
            return
        await submissions.check_newest(record)
        if record.status is Status.COMPLETED:
            raise IllegalMove(record.status, Status.APPROVED)
        # Asked twice at once: the other one has begun it.
        with suppress(IllegalMove):
            await transitions.restart(record)


_ORDER = "ORDER BY created_at DESC, id DESC LIMIT {}"
_STRETCH = "SELECT * FROM (SELECT id, created_at FROM job WHERE %s %s) AS s%d"
_TOGETHER = "SELECT id FROM (%s) AS tasks %s"


async def _ids(project: str, wanted: Wanted, most: int) -> list[UUID]:
    conditions, values = ["project = {}"], list[Any]([project])
    for condition, value in (
        ("created_at >= {}", wanted.since),
        ("created_at < {}", wanted.before),
    ):
        if value is not None:
            conditions.append(condition)
            values.append(value)
    if wanted.after:
        conditions.append("(created_at, id) < ({}, {})")
        values += [wanted.after.created_at, wanted.after.id]
    stretches: list[tuple[list[str], list[Any]]] = [
        ([*conditions, "kind <> {}"], [*values, JobKind.READING.value])
    ]
    if wanted.kinds or wanted.statuses:
        stretches = [
            ([*conditions, "kind = {}", "status = {}"], [*values, kind.value, status.value])
            for kind, status in product(wanted.kinds or _USUAL, wanted.statuses or Status)
        ]
    parts = [
        _STRETCH % (" AND ".join(one), _ORDER, number) for number, (one, _) in enumerate(stretches)
    ]
    asked = [value for _, of_one in stretches for value in (*of_one, most)]
    together = _TOGETHER % (" UNION ALL ".join(parts), _ORDER)
    rows = cast(list[dict[str, Any]], await Job.raw(together, *asked, most))
    return [_uuid(row["id"]) for row in rows]


def _uuid(value: Any) -> UUID:
    return value if isinstance(value, UUID) else UUID(str(value))
