"""What is known of a paid call is worth waiting for a database that is away for a moment."""

import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio
import structlog

from cms_bridge.errors import DatabaseError
from render import tracebacks

log = structlog.get_logger()

_PATIENCE_SECONDS = 60.0
"""Longer than a database takes to start again, and than a lease lasts."""
_PAUSE_SECONDS = 0.5

T = TypeVar("T")


async def outlast(write: Callable[[], Awaitable[T]]) -> T:
    """Write a fact down, again and again while the database is away.

    What is written must do no harm a second time: the first may have been
    written, and only its answer lost. Raises `DatabaseError` once it has been
    away for a minute; being cancelled ends the wait at once.
    """
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            return await write()
        except DatabaseError as error:
            if time.monotonic() > deadline:
                raise
            log.warning("ledger.waits_for_database", reason=tracebacks.summary(error))
        await anyio.sleep(_PAUSE_SECONDS)
