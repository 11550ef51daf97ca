"""The keyring: tells whose key is presented, and remembers for a moment whom it has let in.

The same is done for an id that nobody has and for a wrong secret: one row is
looked for, and one digest compared, in constant time.
"""

import asyncio
import hmac
import logging
import time
from datetime import timedelta

from cms_bridge import clock
from cms_bridge.access import registry, tokens
from cms_bridge.access.callers import ENVIRONMENT, Caller
from cms_bridge.access.registry import Key, Standing
from cms_bridge.errors import Unauthorised
from cms_bridge.telemetry import Seldom

USE_NOTED_EVERY = timedelta(minutes=1)
_REMEMBERED = 1_024
_NOBODYS = tokens.digest("")
"""What is compared where there is no row: no token has it."""

_unnoted = Seldom(per_second=1)

MISSING = "This needs a key: `Authorization: Bearer …`."
_UNKNOWN = "This is no key of this service."
_ENDED = {
    Standing.EXPIRED: "This key has expired.",
    Standing.REVOKED: "This key was revoked.",
}
"""Told only to whoever has the whole key."""


class Keyring:
    """The key of the environment, and those of the registry."""

    def __init__(self, environment: str, *, remembers: timedelta) -> None:
        """Take `REELWRIGHT_API_KEY`, one or several, and how long a good key is not looked up."""
        self._environment = [tokens.digest(one) for one in environment.split()]
        self._remembers = remembers.total_seconds()
        self._known: dict[str, tuple[Key, float]] = {}
        self._noted: dict[str, float] = {}
        self._notes: set[asyncio.Task[None]] = set()

    async def caller(self, presented: str) -> Caller:
        """Return who presents a key; raise `Unauthorised`."""
        digest = tokens.digest(presented)
        good = [hmac.compare_digest(digest, one) for one in self._environment]
        if any(good):
            return ENVIRONMENT
        key = await self._find(presented, digest)
        if key is None:
            raise Unauthorised(_UNKNOWN)
        if (standing := key.standing(clock.now())) is not Standing.GOOD:
            self._known.pop(digest, None)
            raise Unauthorised(_ENDED[standing])
        self._note_use(key)
        return key.caller

    async def holder(self, name: str) -> Caller:
        """Return who has a key, by its id: what a ticket was issued to. Raises `Unauthorised`."""
        if name == ENVIRONMENT.key:
            return ENVIRONMENT
        key = await registry.lookup(name)
        if key is None:
            raise Unauthorised(_UNKNOWN)
        if (standing := key.standing(clock.now())) is not Standing.GOOD:
            raise Unauthorised(_ENDED[standing])
        return key.caller

    async def aclose(self) -> None:
        """Wait for what is still being written."""
        await asyncio.gather(*self._notes)

    async def _find(self, presented: str, digest: str) -> Key | None:
        # A digest is found here only for who has the key, so that the time tells nobody else.
        if known := self._known.get(digest):
            key, until = known
            if time.monotonic() < until:
                return key
        name = tokens.id_in(presented)
        if name is None:
            return None
        key = await registry.lookup(name)
        if not hmac.compare_digest(digest, key.digest if key else _NOBODYS) or key is None:
            return None
        if self._remembers:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[digest] = (key, time.monotonic() + self._remembers)
        return key

    def _note_use(self, key: Key) -> None:
        now, every = time.monotonic(), USE_NOTED_EVERY.total_seconds()
        if now - self._noted.get(key.id, -every) < every:
            return
        self._noted[key.id] = now
        # Nobody waits for it, least of all on a database that is busy.
        task = asyncio.create_task(_noted(key.id))
        self._notes.add(task)
        task.add_done_callback(self._notes.discard)


async def _noted(key: str) -> None:
    try:
        await registry.note_use(key, at=clock.now(), every=USE_NOTED_EVERY)
    except Exception as error:  # noqa: BLE001 - whatever the driver raises, the key is as good
        _unnoted.tell(
            "key.use_not_noted", level=logging.WARNING, key_id=key, reason=type(error).__name__
        )
