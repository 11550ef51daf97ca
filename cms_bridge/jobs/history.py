"""History: how a job stood after each change, for listeners to follow it and to catch up.

An event is a copy of what is to be seen of its job, written in the transaction that
changed that, under the number that the change has (`sequence`). Events are kept for
a while; a job whose events are gone is told as it stands now, under its own number.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Self
from uuid import UUID

import msgspec

from cms_bridge import wakeups
from cms_bridge.records import Stage, problem_in, problems_in, stage_in
from cms_bridge.states import FINISHED, Status
from cms_bridge.tables import Job, JobEvent
from render.problem import Problem

_DELETED_AT_ONCE = 5_000

_SEEN = (
    "status",
    "progress",
    "scenes_done",
    "scenes_total",
    "stage",
    "model_fallback_occurred",
    "charge_warnings",
    "generation_warnings",
    "error",
)
"""What an event copies of its job."""

_COPIED = ", ".join(("sequence", *_SEEN))
NOTE = (
    f"INSERT INTO job_event (id, job, at, {_COPIED})"  # noqa: S608 - names of columns
    f" SELECT CAST(id AS TEXT) || ':' || sequence, id, updated_at, {_COPIED} FROM job"
    " WHERE id = {}"
)


class JobEventRecord(msgspec.Struct, frozen=True, kw_only=True):
    """How a job stood after a change; `cms_bridge.tables.Job` explains each field."""

    job: UUID
    sequence: int
    at: datetime
    status: Status
    progress: int
    scenes_done: int
    scenes_total: int
    stage: Stage | None
    fallback: bool
    warnings: tuple[Problem, ...]
    error: Problem | None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """Decode a row of events."""
        return cls(
            job=row["job"],
            sequence=row["sequence"],
            at=row["at"],
            status=Status(row["status"]),
            progress=row["progress"],
            scenes_done=row["scenes_done"],
            scenes_total=row["scenes_total"],
            stage=stage_in(row["stage"]),
            fallback=bool(row["model_fallback_occurred"]),
            warnings=(
                *problems_in(row["charge_warnings"]),
                *problems_in(row["generation_warnings"]),
            ),
            error=problem_in(row["error"]),
        )

    @property
    def final(self) -> bool:
        """Whether the job had ended; a person may still begin it again."""
        return self.status in FINISHED


async def note(job: UUID) -> None:
    """Write down how a job stands; call in the transaction that raised its sequence, at its end."""
    await Job.raw(NOTE, job)
    wakeups.job_changed(job)


async def events_after(job: UUID, sequence: int, *, limit: int = 100) -> list[JobEventRecord]:
    """Return what happened to a job after an event, the oldest first; nothing if nothing did."""
    rows = (
        await JobEvent.select(*JobEvent.all_columns())
        .where(JobEvent.job == job, JobEvent.sequence > sequence)
        .order_by(JobEvent.sequence)
        .limit(limit)
    )
    if rows:
        return [JobEventRecord.of(row) for row in rows]
    now = await standing(job)
    return [now] if now and now.sequence > sequence else []


async def standing(job: UUID) -> JobEventRecord | None:
    """Return how a job stands now; None where there is no such job."""
    columns = [getattr(Job, name) for name in ("sequence", *_SEEN)]
    row = (
        await Job.select(Job.id.as_alias("job"), Job.updated_at.as_alias("at"), *columns)
        .where(Job.id == job)
        .first()
    )
    return JobEventRecord.of(row) if row else None


async def sequences(jobs: Collection[UUID]) -> dict[UUID, int]:
    """Return the number of the newest change to each of these jobs."""
    rows = await Job.select(Job.id, Job.sequence).where(Job.id.is_in(list(jobs)))
    return {row["id"]: row["sequence"] for row in rows}


async def forget(*, before: datetime) -> None:
    """Delete what happened before a moment, a bounded part of it at a time."""
    await JobEvent.raw(
        "DELETE FROM job_event WHERE id IN"
        " (SELECT id FROM job_event WHERE at < {} ORDER BY at LIMIT {})",
        before,
        _DELETED_AT_ONCE,
    )
