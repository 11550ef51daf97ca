"""Gates: how many calls of one account run at the same time, and how soon one follows another.

A provider counts calls per key and refuses those past its limit. Calls are
spaced evenly, one every 60/N seconds for N calls a minute, so that no minute
holds more. `Pace` is the port: `EvenPace` keeps it within this process, and
whoever has several processes brings one that they share.
"""

import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import anyio


class Pace(Protocol):
    """Spaces the calls of one account."""

    async def wait_turn(self) -> None:
        """Return when the next call may be made; a turn taken is not given back."""
        ...


class EvenPace:
    """A `Pace` within this process."""

    def __init__(self, *, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._interval = 60 / per_minute
        self._clock = clock
        self._next = 0.0

    def reserve_turn(self) -> float:
        """Take the next turn; return the seconds until it comes."""
        now = self._clock()
        turn = max(now, self._next)
        self._next = turn + self._interval
        return turn - now

    async def wait_turn(self) -> None:
        """Return when the next call may be made."""
        await anyio.sleep(self.reserve_turn())


class Gate(AbstractAsyncContextManager[None]):
    """Held during each call of one account; shared by its models."""

    def __init__(self, *, at_once: int, pace: Pace | None = None) -> None:
        """Take how many calls may run at the same time, and their pace if there is a limit."""
        self._slots = anyio.CapacityLimiter(at_once)
        self._pace = pace

    async def __aenter__(self) -> None:
        # The turn comes last: one that was taken while all slots were busy would be stale.
        await self._slots.acquire()
        try:
            if self._pace is not None:
                await self._pace.wait_turn()
        except BaseException:  # a cancelled wait must not keep its slot
            self._slots.release()
            raise

    async def __aexit__(self, *_: object) -> None:
        self._slots.release()
