"""The board: what an operator sees beside the fleet's numbers, by name: jobs, projects, charges.

For keys of all projects alone. Every list is short and tells of the worst first; what is on a
disk is added up once in five minutes.
"""

import time
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

import msgspec

from cms_bridge import clock
from cms_bridge.jobs.line import Line, Waiting
from cms_bridge.jobs.queues import COUNTED
from cms_bridge.jobs.workers import unserved_by
from cms_bridge.operations.fleet import Fleet
from cms_bridge.pricing.amounts import dollars
from cms_bridge.states import DRAFTABLE, JobKind, Status, lane_of
from cms_bridge.tables import Job
from render.problem import Problem

MOST = 20
"""Rows of a list."""
_STORED_SECONDS = 300


class StuckJob(msgspec.Struct, frozen=True, kw_only=True):
    """A job that nobody has taken up in time."""

    id: UUID
    project: str
    kind: JobKind
    status: Status
    title: str
    due_seconds: float
    attempt: int
    worker: str
    """Whose lease ended; empty where nobody held it."""


class FailedJob(msgspec.Struct, frozen=True, kw_only=True):
    """A job that was stopped for a reason."""

    id: UUID
    project: str
    kind: JobKind
    title: str
    at: datetime
    error: Problem | None


class ProjectQueue(msgspec.Struct, frozen=True, kw_only=True):
    """What one project wants of workers."""

    project: str
    phase: str
    waiting: int
    scheduled: int
    held: int
    oldest_seconds: float


class ProjectSpend(msgspec.Struct, frozen=True, kw_only=True):
    """What counts against a project's cap."""

    project: str
    held: Decimal
    cap: Decimal | None
    """Its own; None where the configuration's holds."""


class UnknownCharge(msgspec.Struct, frozen=True, kw_only=True):
    """A call that may have been charged."""

    id: UUID
    job: UUID
    project: str
    provider: str
    model: str
    dollars: Decimal
    at: datetime
    reason: str


class WaitingNews(msgspec.Struct, frozen=True, kw_only=True):
    """What the CMS, or an integrator, does not know yet."""

    to: str
    what: str
    project: str
    since: datetime
    tries: int
    reason: str


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """What a project keeps."""

    project: str
    films: int
    """Bytes, as of all here."""
    media: int
    uploads: int


class Board(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is told by name."""

    stuck: list[StuckJob]
    failed: list[FailedJob]
    line: list[Waiting]
    queues: list[ProjectQueue]
    spending: list[ProjectSpend]
    unknown: list[UnknownCharge]
    news: list[WaitingNews]
    stored: list[Stored]


_STUCK = (
    "SELECT id, project, kind, status, title, wake_at, attempt, lease_owner AS worker FROM job"
    " WHERE wake_at < {} ORDER BY wake_at LIMIT {}"
)
_FAILED = (
    "SELECT id, project, kind, title, updated_at AS at, error FROM job"
    " WHERE status = 'failed' ORDER BY updated_at DESC LIMIT {}"
)
_QUEUES = (
    "SELECT project, status, SUM(held) AS held,"
    " SUM(CASE WHEN held = 0 AND wake_at <= {} THEN 1 ELSE 0 END) AS waiting,"
    " SUM(CASE WHEN held = 0 AND wake_at > {} THEN 1 ELSE 0 END) AS scheduled,"
    " MIN(CASE WHEN held = 0 THEN wake_at END) AS oldest"
    " FROM (SELECT project, status, wake_at,"
    " CASE WHEN lease_expires_at > {} THEN 1 ELSE 0 END AS held"
    " FROM job WHERE wake_at IS NOT NULL ORDER BY wake_at LIMIT {}) AS counted"
    " GROUP BY project, status"
)
_SPENDING = (
    "SELECT project.id AS project, project.cap_project AS cap, spend.held AS held FROM project"
    " JOIN spend ON spend.id = 'project:' || project.id ORDER BY spend.held DESC LIMIT {}"
)
_UNKNOWN = (
    "SELECT id, job, project, provider, model, reserved AS dollars, updated_at AS at, reason"
    " FROM charge WHERE state = 'unknown' ORDER BY updated_at LIMIT {}"
)
_NEWS = (
    "SELECT outbox_message.topic AS what, job.project AS project,"
    " outbox_message.pending_since AS since, outbox_message.attempts AS tries,"
    " outbox_message.last_error AS reason FROM outbox_message"
    " JOIN job ON job.id = outbox_message.job WHERE outbox_message.due_at IS NOT NULL"
    " ORDER BY outbox_message.due_at LIMIT {}"
)
_WEBHOOKS = (
    "SELECT webhook_event.type AS what, webhook_event.project AS project,"
    " webhook_delivery.waiting_since AS since, webhook_delivery.attempts AS tries,"
    " webhook_delivery.reason AS reason, webhook_subscription.url AS url FROM webhook_delivery"
    " JOIN webhook_event ON webhook_event.id = webhook_delivery.event"
    " JOIN webhook_subscription ON webhook_subscription.id = webhook_delivery.subscription"
    " WHERE webhook_delivery.due_at IS NOT NULL ORDER BY webhook_delivery.due_at LIMIT {}"
)
_STORED = {
    "films": "SELECT job.project AS project, SUM(generated_video.bytes) AS bytes"
    " FROM generated_video JOIN job ON job.id = generated_video.job GROUP BY job.project",
    "media": "SELECT job.project AS project, SUM(asset.bytes) AS bytes"
    " FROM asset JOIN job ON job.id = asset.job GROUP BY job.project",
    "uploads": "SELECT project, SUM(bytes) AS bytes FROM uploaded_asset GROUP BY project",
}


class BoardKeeper:
    """Asks for the board, and remembers for a while what is on the disks."""

    def __init__(self, line: Line, *, overdue: timedelta, news: bool) -> None:
        """Take the line, after how long a job is stuck, and whether a CMS is told of anything."""
        self._overdue = overdue
        self._news = news
        self._stored: list[Stored] = []
        self._line = line
        self._until = 0.0

    async def look(self) -> Board:
        """Return the board; raise what the database does."""
        now = clock.now()
        if time.monotonic() >= self._until:
            self._stored = await _stored()
            self._until = time.monotonic() + _STORED_SECONDS
        news = await _rows(_NEWS, MOST) if self._news else []
        hooks = await _rows(_WEBHOOKS, MOST)
        return Board(
            stuck=[
                msgspec.convert({**row, "due_seconds": _seconds(row["wake_at"], now)}, StuckJob)
                for row in await _rows(_STUCK, now - self._overdue, MOST)
            ],
            failed=[
                msgspec.convert({**row, "error": _problem(row["error"])}, FailedJob)
                for row in await _rows(_FAILED, MOST)
            ],
            line=await self._line.heads(),
            queues=await _queues(now),
            spending=[
                ProjectSpend(
                    project=row["project"],
                    held=dollars(row["held"]),
                    cap=None if row["cap"] is None else Decimal(str(row["cap"])),
                )
                for row in await _rows(_SPENDING, MOST)
            ],
            unknown=[
                msgspec.convert({**row, "dollars": Decimal(str(row["dollars"]))}, UnknownCharge)
                for row in await _rows(_UNKNOWN, MOST)
            ],
            news=[_waiting(row, to="CMS") for row in news]
            # The rest of an address may be a secret of the integrator's.
            + [_waiting(row, to=row["url"].split("/")[2]) for row in hooks],
            stored=self._stored,
        )


def why(job: StuckJob, fleet: Fleet) -> str:
    """Return why a job waits, as far as the fleet tells, in one sentence."""
    there = [one for one in fleet.workers if one.alive]
    if not there:
        return "No daemon is there to take it."
    taking = [one for one in there if not one.draining]
    if not taking:
        return "Every daemon was told to stop, and takes up nothing more."
    if (lane := lane_of(job.status)) in unserved_by(taking):
        return f"No daemon serves the lane {lane}."
    drafting = job.status in DRAFTABLE
    places = sum(one.drafts if drafting else one.jobs for one in taking)
    held = [one for worker in taking for one in worker.held]
    taken = sum((one.status in DRAFTABLE) == drafting for one in held)
    if taken >= places:
        return f"All {places} places of the daemons are taken."
    if job.worker:
        return f"Its daemon {job.worker} stopped answering, and no other has taken it."
    return f"No daemon has taken it, although {places - taken} of {places} places are free."


async def _rows(query: str, *values: object) -> list[dict[str, Any]]:
    return cast(list[dict[str, Any]], await Job.raw(query, *values))


async def _queues(now: datetime) -> list[ProjectQueue]:
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in await _rows(_QUEUES, now, now, now, COUNTED):
        phase = "storyboard" if row["status"] in DRAFTABLE else "render"
        found.setdefault((row["project"], phase), []).append(row)
    queues = [
        ProjectQueue(
            project=project,
            phase=phase,
            **{name: sum(row[name] for row in rows) for name in ("waiting", "scheduled", "held")},
            oldest_seconds=max(
                (_seconds(row["oldest"], now) for row in rows if row["oldest"]), default=0.0
            ),
        )
        for (project, phase), rows in found.items()
    ]
    return sorted(queues, key=lambda one: one.oldest_seconds, reverse=True)[:MOST]


async def _stored() -> list[Stored]:
    kept: dict[str, dict[str, int]] = {}
    for what, query in _STORED.items():
        for row in await _rows(query):
            kept.setdefault(row["project"], {})[what] = int(row["bytes"] or 0)
    stored = [
        Stored(project=project, **{what: of.get(what, 0) for what in _STORED})
        for project, of in kept.items()
    ]
    return sorted(stored, key=lambda one: one.films + one.media + one.uploads, reverse=True)[:MOST]


def _waiting(row: dict[str, Any], *, to: str) -> WaitingNews:
    return msgspec.convert({**row, "to": to, "reason": row["reason"] or ""}, WaitingNews)


def _problem(error: str | None) -> Problem | None:
    return msgspec.json.decode(error, type=Problem) if error else None


def _seconds(moment: datetime | str, now: datetime) -> float:
    # SQLite has no type for what is reckoned.
    at = moment if isinstance(moment, datetime) else datetime.fromisoformat(moment)
    return max(0.0, (now - at).total_seconds())
