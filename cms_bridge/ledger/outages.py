"""What is known of a paid call is worth waiting for a database that is away for a moment."""

import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio
import msgspec
import structlog

from cms_bridge.errors import DatabaseError
from render import tracebacks

log = structlog.get_logger()

T = TypeVar("T")


class OutagePatience(msgspec.Struct, frozen=True, kw_only=True):
    """How long, and how often, a database that is away is asked again."""

    longest: float = 60
    """Seconds: more than a database takes to start again, and than a lease lasts."""
    pause: float = 0.5
    """Seconds between two tries."""


USUAL = OutagePatience()


async def outlast(write: Callable[[], Awaitable[T]], *, patience: OutagePatience = USUAL) -> T:
    """Write a fact down, again and again while the database is away.

    What is written must do no harm a second time: the first may have been
    written, and only its answer lost. Raises `DatabaseError` once it has been
    away for too long; being cancelled ends the wait at once.
    """
    deadline = time.monotonic() + patience.longest
    while True:
        try:
            return await write()
        except DatabaseError as error:
            if time.monotonic() > deadline:
                raise
            log.warning("ledger.waits_for_database", reason=tracebacks.summary(error))
        await anyio.sleep(patience.pause)
