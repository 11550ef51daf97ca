"""Outages: what jobs wait out, since it is no fault of theirs, and what is told meanwhile.

A wait is an attempt that ended as `waiting`. It costs no retry; how often and since when a job
has waited in a row is read from its attempts.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from cms_bridge.states import AttemptOutcome
from cms_bridge.tables import Attempt
from render.problem import Problem


class Awaited(StrEnum):
    """What a job waits for; the code of the warning that says so."""

    STORE = "waits_for_store"
    """The object store is away, full, or does not take the credentials."""
    DISK = "waits_for_disk"
    """The daemon's own disk is full."""
    DATABASE = "waits_for_database"
    """The service's own database does not answer, or has too much to do."""
    FILE = "waits_for_file"
    """The CMS does not hand over a file of its library."""


_TOLD = {
    Awaited.STORE: "The file store takes or gives nothing at the moment.",
    Awaited.DISK: "The disk of the render service is full.",
    Awaited.DATABASE: "The render service's database had no answer.",
    Awaited.FILE: "A file of the media library does not come at the moment.",
}

_PASSED_OVER = (AttemptOutcome.WAITING, AttemptOutcome.RELEASED, AttemptOutcome.LOST)
"""After these the job has come no further, so that one wait goes on in the next."""


class Wait(NamedTuple):
    """How long a job has waited in a row before its present attempt."""

    times: int
    since: datetime | None
    """When it first had to; None if it did not."""


def warning(awaited: Awaited) -> Problem:
    """Return what is told while a job waits."""
    return Problem(
        code=awaited, message=f"{_TOLD[awaited]} The work goes on by itself once that is over."
    )


def without(warnings: Sequence[Problem]) -> tuple[Problem, ...]:
    """Return the warnings that hold also when nothing is waited for."""
    return tuple(one for one in warnings if one.code not in set(Awaited))


async def wait_before(job: UUID, attempt: int) -> Wait:
    """Return how long a job has waited before an attempt, without anything else in between."""
    rows = (
        await Attempt.select(Attempt.outcome, Attempt.finished_at)
        .where(Attempt.job == job, Attempt.number < attempt)
        .order_by(Attempt.number, ascending=False)
    )
    times, since = 0, None
    for row in rows:
        if row["outcome"] not in _PASSED_OVER:
            break
        if row["outcome"] == AttemptOutcome.WAITING:
            times, since = times + 1, row["finished_at"]
    return Wait(times, since)
