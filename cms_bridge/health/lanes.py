"""Lanes, as daemons say which of them they serve: work of one that nobody serves only waits."""

from collections.abc import Collection, Iterable
from datetime import timedelta

from cms_bridge import clock
from cms_bridge.states import Lane
from cms_bridge.tables import Worker

SILENT_AFTER = timedelta(seconds=30)
"""A daemon that was not heard of for longer is taken to be dead."""


async def unserved() -> list[Lane]:
    """Return the lanes that no daemon takes work of: all of them where there is none."""
    rows = await Worker.select(Worker.lanes).where(
        Worker.seen_at > clock.now() - SILENT_AFTER,
        Worker.draining.eq(False),  # noqa: FBT003 - a column's value
    )
    return unserved_by(read(row["lanes"]) for row in rows)


def unserved_by(served: Iterable[frozenset[Lane]]) -> list[Lane]:
    """Return the lanes that are none of what daemons serve."""
    every = frozenset[Lane]().union(*served)
    return [lane for lane in Lane if lane not in every]


def written(lanes: Collection[Lane]) -> str:
    """Return lanes as `cms_bridge.tables.Worker` keeps them."""
    return "" if set(lanes) == set(Lane) else " ".join(lanes)


def read(told: str) -> frozenset[Lane]:
    """Return lanes as they were written; what only a newer daemon knows is none of them."""
    return frozenset(lane for lane in Lane if lane in told.split()) if told else frozenset(Lane)
