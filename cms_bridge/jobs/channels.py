"""Channels: which jobs something is told of over Redis, to whoever listens at that moment.

What is told is never the truth, only where to look for it: nothing is kept for whoever does not
listen, and one who begins to, or comes back, is to look after everything.
"""

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Any, cast
from uuid import UUID

import anyio
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

log = structlog.get_logger()

_CONNECT_SECONDS = 1.0
_READ_SECONDS = 5.0
_AGAIN_SECONDS = 1.0
_ID_BYTES = 16


class Channel(StrEnum):
    """What is told of; each message is ids of jobs, 16 bytes each."""

    CHANGES = "reelwright:changes"
    """Jobs of which another thing is told now."""
    STOPS = "reelwright:stops"
    """Jobs that were taken out of whoever's hands they were in."""


def encode(jobs: Iterable[UUID]) -> bytes:
    """Return jobs as they are told of."""
    return b"".join(job.bytes for job in jobs)


class Ear:
    """One who listens to a channel, Redis coming and going."""

    def __init__(
        self,
        redis_url: str,
        channel: Channel,
        *,
        on_told: Callable[[UUID], None],
        on_begin: Callable[[], None],
    ) -> None:
        """Take who hears of each job, and that something may have been missed until now."""
        self._redis = Redis.from_url(redis_url, socket_connect_timeout=_CONNECT_SECONDS)
        self._channel = channel
        self._on_told, self._on_begin = on_told, on_begin
        self.hears = False
        """Whether the channel is listened to now."""
        self._cut_off = False

    async def listen(self) -> None:
        """Listen until cancelled."""
        while True:
            try:
                await self._hear_until_cut_off()
            except (RedisError, OSError) as error:
                # Once: Redis can be away for hours.
                if not self._cut_off:
                    reason = type(error).__name__
                    log.warning("channel.deaf", channel=self._channel, reason=reason)
                self._cut_off = True
            finally:
                self.hears = False
            await anyio.sleep(_AGAIN_SECONDS)

    async def aclose(self) -> None:
        """Let go of the connection."""
        await self._redis.aclose()

    async def _hear_until_cut_off(self) -> None:
        async with self._redis.pubsub() as ear:
            await ear.subscribe(self._channel)
            self.hears = True
            if self._cut_off:
                log.info("channel.heard_again", channel=self._channel)
            self._cut_off = False
            # What happened until now nobody has heard.
            self._on_begin()
            while True:
                message = cast(
                    "dict[str, Any] | None",
                    await ear.get_message(ignore_subscribe_messages=True, timeout=_READ_SECONDS),
                )
                if message is None:
                    # A server that is gone without a word is noticed when it is spoken to.
                    await ear.ping()
                    continue
                ids: bytes = message["data"]
                for start in range(0, len(ids) - _ID_BYTES + 1, _ID_BYTES):
                    self._on_told(UUID(bytes=ids[start : start + _ID_BYTES]))
