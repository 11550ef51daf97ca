"""Writes of one key: one at a time, and no more often than the store takes them.

R2 takes one write a second of a key and answers further ones 429. Here whoever writes a key that is
being written waits until that has ended, and a second longer; of other processes one learns by the
429 itself, and waits as long after each.
"""

import random
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import anyio

from cms_bridge.storage.s3_errors import TooManyWrites, port_errors

_REFUSED_MOST = 4
"""How often in a row a write may be answered 429 before the caller hears of it."""

T = TypeVar("T")


class _Key:
    """One key that somebody writes, or has just written."""

    def __init__(self) -> None:
        self.lock = anyio.Lock()
        self.holders = 0
        self.written: float | None = None
        """When its last write ended, by the clock that only goes on."""


class Turn:
    """The right to write one key, held by whoever has it from `WritePace.turn`."""

    def __init__(self, name: str, key: _Key, *, seconds: float) -> None:
        self._name = name
        self._key = key
        self._seconds = seconds

    async def write(self, request: Callable[[], Awaitable[T]]) -> T:
        """Make a request that writes the key, once it may be; raise `StorageError`."""
        refused = 0
        while True:
            await self._wait()
            try:
                with port_errors(self._name):
                    return await request()
            except TooManyWrites:
                refused += 1
                if refused == _REFUSED_MOST:
                    raise
                # Others that were refused with this one come back at other moments.
                await anyio.sleep(random.uniform(0, self._seconds))  # noqa: S311 - no secret
            finally:
                self._key.written = time.monotonic()

    async def _wait(self) -> None:
        if self._key.written is not None:
            await anyio.sleep(max(0, self._key.written + self._seconds - time.monotonic()))


class WritePace:
    """Keeps the writes of each key `seconds` apart."""

    def __init__(self, *, seconds: float) -> None:
        self._seconds = seconds
        self._keys: dict[str, _Key] = {}

    @asynccontextmanager
    async def turn(self, name: str) -> AsyncGenerator[Turn]:
        """Hold a key: nobody else of this process writes it meanwhile."""
        self._forget()
        key = self._keys.setdefault(name, _Key())
        key.holders += 1
        try:
            async with key.lock:
                yield Turn(name, key, seconds=self._seconds)
        finally:
            key.holders -= 1

    def _forget(self) -> None:
        """Drop keys that anybody may write at once."""
        past = time.monotonic() - self._seconds
        for name, key in list(self._keys.items()):
            if not key.holders and (key.written is None or key.written <= past):
                del self._keys[name]
