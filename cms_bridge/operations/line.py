"""The line: which jobs are taken next in each lane, and when about, going by what ended lately.

Who is next is what the daemons themselves ask (`cms_bridge.jobs.turns`), as though each were taken
before the next. When is told by how far apart the last jobs of the phase ended: while somebody
waits, that is as often as a place becomes free. The gap in the middle counts, so that a pause
before the line began does not.
"""

from datetime import timedelta
from itertools import pairwise
from statistics import median
from uuid import UUID

import msgspec

from cms_bridge import clock
from cms_bridge.jobs import turns
from cms_bridge.jobs.leases import PHASES, Phase
from cms_bridge.states import AttemptOutcome, Lane
from cms_bridge.tables import Attempt, Job

MOST = 5
"""Jobs of a lane that are told of."""
_LATELY = timedelta(hours=1)
_ENDED = 30
"""Ends that are looked at, the last of an hour."""
_FEWEST = 4
"""Ends of which something can be told."""


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A job and its place in a lane."""

    lane: Lane
    place: int
    """From 1."""
    id: UUID
    project: str
    title: str
    waited_seconds: float
    starts_in_seconds: float | None
    """None where too little ended within the hour to go by."""


async def pace(phase: Phase) -> float | None:
    """Return the seconds from one end of a phase to the next; None where few ended lately.

    Reads every attempt through: not to be asked often.
    """
    rows = (
        await Attempt.select(Attempt.finished_at)
        .where(
            Attempt.phase == phase,
            Attempt.outcome == AttemptOutcome.SUCCEEDED,
            Attempt.finished_at >= clock.now() - _LATELY,
        )
        .order_by(Attempt.finished_at, ascending=False)
        .limit(_ENDED)
    )
    if len(rows) < _FEWEST:
        return None
    ends = [row["finished_at"] for row in rows]
    return median((later - earlier).total_seconds() for later, earlier in pairwise(ends))


async def line(paces: dict[Phase, float | None]) -> list[Waiting]:
    """Return who is next in every lane, lane by lane."""
    return [one for lane in Lane for one in await _of(lane, paces[PHASES[lane]])]


async def _of(lane: Lane, seconds: float | None) -> list[Waiting]:
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
            lane=lane,
            place=place,
            id=one.id,
            project=row["project"],
            title=row["title"],
            # Whoever was taken in between is due no more.
            waited_seconds=max(0.0, (now - (row["wake_at"] or now)).total_seconds()),
            starts_in_seconds=None if seconds is None else place * seconds,
        )
        for place, one in enumerate(candidates, 1)
        if (row := found.get(one.id))
    ]
