"""Workers: which daemons take work, as each reports of itself, and what each holds.

Who holds what is told by the leases, which are the truth; a report only says that a
daemon is there, with nothing in hand too. One that stops says so, and is gone; one that
was killed is silent, and forgotten after a while.
"""

from collections.abc import Collection, Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

import msgspec

from cms_bridge import clock
from cms_bridge.health import lanes as lanes_of_health
from cms_bridge.health.lanes import SILENT_AFTER
from cms_bridge.states import JobKind, Lane, Status
from cms_bridge.tables import Job, Worker

FORGOTTEN_AFTER = timedelta(days=1)
"""How long one is told of that died."""
MOST = 1_000
"""Workers, and jobs in their hands, that are told of at most."""


class HeldJob(msgspec.Struct, frozen=True, kw_only=True):
    """A job in a worker's hands."""

    id: UUID
    kind: JobKind
    project: str
    status: Status
    since: datetime
    """When the worker took it."""
    lease_expires_at: datetime


class Gpu(msgspec.Struct, frozen=True, kw_only=True):
    """A graphics card; what its driver does not tell is None."""

    name: str
    id: str
    """As the driver names it for all time: `GPU-…`."""
    utilisation: float | None
    """How much of the last moment it computed, from 0 to 1."""
    memory_used_bytes: int | None
    memory_total_bytes: int | None
    own_memory_bytes: int
    """What the daemon and its children hold of it."""


class Resources(msgspec.Struct, frozen=True, kw_only=True):
    """What a daemon and its children take of their machine, and what the machine has."""

    cores: int
    """How many processors the daemon may run on."""
    cpu: float
    """How many of them it used on the mean since it told last."""
    memory_bytes: int
    """Resident; pages that several processes share are counted for each."""
    memory_available_bytes: int
    """What the machine could still give to anybody."""
    memory_total_bytes: int
    disk_free_bytes: int
    """Where films are worked on."""
    disk_size_bytes: int
    gpus: tuple[Gpu, ...]


class WorkerRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A daemon as it was heard of last; `cms_bridge.tables.Worker` explains each field."""

    id: str
    drafts: int
    jobs: int
    lanes: frozenset[Lane]
    started_at: datetime
    seen_at: datetime
    draining: bool
    alive: bool
    resources: Resources | None
    """None where none were told, or not understood."""
    held: tuple[HeldJob, ...]


async def report(  # noqa: PLR0913 - what a daemon tells of itself
    worker: str,
    *,
    drafts: int,
    jobs: int,
    draining: bool,
    lanes: Collection[Lane] = tuple(Lane),
    resources: Resources | None = None,
) -> None:
    """Note that a daemon is there, what and how much it takes up, and what it takes to do it."""
    now = clock.now()
    await Worker.raw(
        "INSERT INTO worker (id, drafts, jobs, lanes, started_at, seen_at, draining, resources)"
        " VALUES ({}, {}, {}, {}, {}, {}, {}, {}) ON CONFLICT (id) DO UPDATE SET"
        " seen_at = excluded.seen_at, draining = excluded.draining,"
        " resources = excluded.resources",
        worker,
        drafts,
        jobs,
        lanes_of_health.written(lanes),
        now,
        now,
        draining,
        msgspec.json.encode(resources).decode() if resources else None,
    )


async def leave(worker: str) -> None:
    """Note that a daemon has stopped."""
    await Worker.delete().where(Worker.id == worker)


async def sweep() -> None:
    """Forget daemons that died long ago."""
    await Worker.delete().where(Worker.seen_at < clock.now() - FORGOTTEN_AFTER)


async def workers() -> list[WorkerRecord]:
    """Return every daemon that was heard of lately, the longest there first."""
    now = clock.now()
    held: dict[str, list[HeldJob]] = {}
    for row in cast(
        list[dict[str, Any]],
        await Job.raw(
            "SELECT job.id, job.kind, job.project, job.status, job.lease_owner,"
            " job.lease_expires_at, attempt.started_at AS since"
            " FROM job JOIN attempt ON attempt.job = job.id AND attempt.number = job.attempt"
            " WHERE job.lease_expires_at IS NOT NULL ORDER BY job.lease_expires_at DESC LIMIT {}",
            MOST,
        ),
    ):
        held.setdefault(row["lease_owner"], []).append(
            msgspec.convert({name: row[name] for name in HeldJob.__struct_fields__}, HeldJob)
        )
    rows = (
        await Worker.select(*Worker.all_columns())
        .order_by(Worker.seen_at, ascending=False)
        .limit(MOST)
    )
    known = [
        WorkerRecord(
            **{name: value for name, value in row.items() if name not in {"resources", "lanes"}},
            lanes=lanes_of_health.read(row["lanes"]),
            resources=_resources(row["resources"]),
            alive=row["seen_at"] > now - SILENT_AFTER,
            held=tuple(held.get(row["id"], ())),
        )
        for row in rows
    ]
    return sorted(known, key=lambda one: (one.started_at, one.id))


def unserved_by(known: Iterable[WorkerRecord]) -> list[Lane]:
    """Return the lanes that none of these daemons takes work of."""
    return lanes_of_health.unserved_by(one.lanes for one in known if one.alive and not one.draining)


def _resources(told: str | None) -> Resources | None:
    # A daemon of another version may tell what this bridge does not know.
    with suppress(msgspec.DecodeError):
        return msgspec.json.decode(told, type=Resources) if told else None
    return None
