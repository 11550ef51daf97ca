"""Waiting for other calls to end: one that makes the very same, or those that fill up a cap.

What is waited for runs by itself and waits for nobody here: a call has its
price set aside only once it is about to leave. So no two can wait for each other.
"""

import random
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio

from cms_bridge.errors import CallUnderWay, SpendUnderWay

MAX_WAIT_SECONDS = 180.0
"""Longer than a call takes. Whoever has waited so long is tried again later."""
_FIRST_PAUSE = 0.25
_LONGEST_PAUSE = 2.0

T = TypeVar("T")


async def retry_contended(
    call: Callable[[], Awaitable[T]], *, longest: float = MAX_WAIT_SECONDS
) -> T:
    """Return what a call returns, made again for as long as other calls are in its way.

    Raises `CallUnderWay` or `SpendUnderWay`, which pass, when that takes too long.
    """
    deadline = time.monotonic() + longest
    pause = _FIRST_PAUSE
    while True:
        try:
            return await call()
        except (CallUnderWay, SpendUnderWay):
            if time.monotonic() >= deadline:
                raise
        # Each look is a transaction: who waits long looks less often, and not all at once.
        await anyio.sleep(pause * random.uniform(0.75, 1.25))  # noqa: S311 - guards nothing
        pause = min(pause * 1.5, _LONGEST_PAUSE)
