"""Waiting for what another job, or scene, is just paying for, to take it in place of paying too."""

import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio

from cms_bridge.errors import CallUnderWay

LONGEST = 180.0
"""Seconds: longer than a call takes. Whoever has waited so long is tried again later."""
_LOOK_AGAIN = 0.25

T = TypeVar("T")


async def once_free(make: Callable[[], Awaitable[T]], *, longest: float = LONGEST) -> T:
    """Return what `make` returns, called again for as long as another is making the same.

    Raises `CallUnderWay`, which passes, when that takes too long.
    """
    deadline = time.monotonic() + longest
    while True:
        try:
            return await make()
        except CallUnderWay:
            if time.monotonic() >= deadline:
                raise
        await anyio.sleep(_LOOK_AGAIN)
