"""Turns: a fair queue in front of what only so many may use at once, bounded in length and wait."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
import msgspec

from cms_bridge.errors import DatabaseBusy


class DatabaseBounds(msgspec.Struct, frozen=True, kw_only=True):
    """How much of the database one process takes up, and how long it waits for it."""

    connections: int = 10
    """To PostgreSQL, at most."""
    idle_connections: int = 1
    """To PostgreSQL, also while nothing happens."""
    wait_seconds: float = 30
    """For a turn, and once more for another process that holds SQLite's lock."""
    statement_seconds: float = 60
    """After which a PostgreSQL that says nothing is taken to be away."""
    queue: int | None = None
    """How many may wait at once; None for as many as come."""


class Turns:
    """So many places, taken in the order of asking."""

    def __init__(self, places: int, bounds: DatabaseBounds) -> None:
        self._places = anyio.CapacityLimiter(places)
        self._bounds = bounds

    @asynccontextmanager
    async def turn(self) -> AsyncGenerator[None]:
        """Hold a place while the block runs.

        Raises `DatabaseBusy` where too many wait already, or the wait was too long.
        """
        whose = object()
        try:
            self._places.acquire_on_behalf_of_nowait(whose)
        except anyio.WouldBlock:
            await self._wait(whose)
        try:
            yield
        finally:
            self._places.release_on_behalf_of(whose)

    async def _wait(self, whose: object) -> None:
        waiting, bound = self._places.statistics().tasks_waiting, self._bounds.queue
        if bound is not None and waiting >= bound:
            raise DatabaseBusy
        with anyio.move_on_after(self._bounds.wait_seconds) as wait:
            await self._places.acquire_on_behalf_of(whose)
            return
        if wait.cancelled_caught:
            raise DatabaseBusy
