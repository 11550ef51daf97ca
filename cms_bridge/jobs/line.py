"""The line: which jobs are taken next in each lane, and when about, going by what ended lately.

Who is next is what the daemons themselves ask (`cms_bridge.jobs.turns`), as though each were taken
before the next. When is told by how far apart the last jobs of the phase ended: while somebody
waits, that is as often as a place becomes free. The gap in the middle counts, so that a pause
before the line began does not; and no more than a job itself takes, in the middle, since the place
of one that is under way is free by then.
"""

import time
from collections.abc import Mapping
from datetime import timedelta
from itertools import pairwise
from statistics import median
from uuid import UUID

import msgspec

from cms_bridge import clock
from cms_bridge.jobs import turns
from cms_bridge.jobs.leases import PHASES, Phase
from cms_bridge.jobs.moves import WAKE_GRACE
from cms_bridge.states import AttemptOutcome, JobKind, Lane, Status, lane_of
from cms_bridge.tables import Attempt, Job

MOST = 5
"""Jobs of a lane that an operator is told of."""
_LATELY = timedelta(hours=1)
_ENDED = 30
"""Ends that are looked at, the last of an hour."""
_FEWEST = 4
"""Ends of which something can be told."""
_KEPT_SECONDS = 60
"""How long a pace is gone by: what it is read from is read through."""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """A job's place in its lane."""

    lane: Lane
    place: int
    """From 1."""
    starts_in_seconds: float | None
    """None where too little ended within the hour to go by."""


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """One who is next in line, by name."""

    id: UUID
    project: str
    title: str
    waited_seconds: float
    standing: Standing


async def pace(phase: Phase) -> float | None:
    """Return the seconds from one end of a phase to the next; None where few ended lately.

    Reads every attempt through: not to be asked often.
    """
    rows = (
        await Attempt.select(Attempt.started_at, Attempt.finished_at)
        .where(
            Attempt.phase == phase,
            Attempt.outcome == AttemptOutcome.SUCCEEDED,
            Attempt.finished_at >= clock.now() - _LATELY,
            # They take moments, and nothing else waits for a moment only.
            Attempt.job.kind != JobKind.READING,
        )
        .order_by(Attempt.finished_at, ascending=False)
        .limit(_ENDED)
    )
    if len(rows) < _FEWEST:
        return None
    gap = median(
        (later["finished_at"] - earlier["finished_at"]).total_seconds()
        for later, earlier in pairwise(rows)
    )
    took = median((row["finished_at"] - row["started_at"]).total_seconds() for row in rows)
    return min(gap, took)


class Line:
    """Who waits in every lane; it remembers for a while how fast jobs end."""

    def __init__(self) -> None:
        """Begin knowing no pace."""
        self._paces: dict[Phase, tuple[float, float | None]] = {}
        """Until when each holds, and what it is."""

    async def standings(self, jobs: Mapping[UUID, Status]) -> dict[UUID, Standing]:
        """Return the places of those of some jobs that wait for a worker, by their statuses."""
        lanes: dict[Lane, list[UUID]] = {}
        for job, status in jobs.items():
            if lane := lane_of(status):
                lanes.setdefault(lane, []).append(job)
        return {
            job: await self._standing(lane, place)
            for lane, some in lanes.items()
            for job, place in (await turns.places(lane, some, fresh=WAKE_GRACE)).items()
        }

    async def standing(self, job: UUID, status: Status) -> Standing | None:
        """Return a job's place; None of one that does not wait for a worker."""
        return (await self.standings({job: status})).get(job)

    async def heads(self) -> list[Waiting]:
        """Return who is next in every lane, lane by lane."""
        return [one for lane in Lane for one in await self._head(lane)]

    async def _head(self, lane: Lane) -> list[Waiting]:
        candidates = await turns.next_in(lane, limit=MOST)
        if not candidates:
            return []
        now = clock.now()
        rows = await Job.select(Job.id, Job.project, Job.title, Job.wake_at).where(
            Job.id.is_in([one.id for one in candidates])
        )
        found = {row["id"]: row for row in rows}
        return [
            Waiting(
                id=one.id,
                project=row["project"],
                title=row["title"],
                # Whoever was taken in between is due no more.
                waited_seconds=max(0.0, (now - (row["wake_at"] or now)).total_seconds()),
                standing=await self._standing(lane, place),
            )
            for place, one in enumerate(candidates, 1)
            if (row := found.get(one.id))
        ]

    async def _standing(self, lane: Lane, place: int) -> Standing:
        seconds = await self._pace(PHASES[lane])
        starts = None if seconds is None else place * seconds
        return Standing(lane=lane, place=place, starts_in_seconds=starts)

    async def _pace(self, phase: Phase) -> float | None:
        until, known = self._paces.get(phase, (0.0, None))
        if time.monotonic() >= until:
            known = await pace(phase)
            self._paces[phase] = time.monotonic() + _KEPT_SECONDS, known
        return known
