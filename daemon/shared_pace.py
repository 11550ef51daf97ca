"""The pace of a provider's account, shared by all daemons through Redis.

One key holds when the account's next turn comes; a script takes it and moves it
on, by Redis's own clock, so that daemons on several machines agree and each
caller learns at once how long to wait (the generic cell rate algorithm). The
libraries there are refuse a call past its limit instead and leave the caller to
ask again. While Redis is away each daemon keeps the pace by itself.
"""

import hashlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import cast

import anyio
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from render.generation.pacing import EvenPace, Pace

log = structlog.get_logger()

_REDIS_SECONDS = 1.0
"""A Redis that does not answer within this holds up no call."""
_MICROSECONDS = 1_000_000
_TURN = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local turn = math.max(now, tonumber(redis.call('GET', KEYS[1]) or 0))
local following = turn + ARGV[1]
redis.call('SET', KEYS[1], string.format('%.0f', following),
           'PX', math.ceil((following - now) / 1000))
return turn - now
"""
"""Takes the next turn: the key's time, in microseconds. ARGV[1] is the time between two turns."""


class SharedPace:
    """A `Pace` that every daemon with the same account keeps."""

    def __init__(self, redis: Redis, *, provider: str, key: str, per_minute: int) -> None:
        """Take an account's key, of which only a digest is kept, and its calls a minute."""
        digest = hashlib.sha256(key.encode()).hexdigest()[:12]
        self._provider = provider
        self._name = f"reelwright:pace:{provider}:{digest}"
        self._interval = round(60 * _MICROSECONDS / per_minute)
        self._script = redis.register_script(_TURN)
        self._local = EvenPace(per_minute=per_minute)

    async def wait_turn(self) -> None:
        """Return when the next call may be made."""
        local_wait = self._local.reserve_turn()
        try:
            microseconds = cast(int, await self._script(keys=[self._name], args=[self._interval]))
            wait = microseconds / _MICROSECONDS
        except (RedisError, OSError) as error:
            log.warning(
                "pace.redis_unavailable", provider=self._provider, reason=type(error).__name__
            )
            wait = local_wait
        await anyio.sleep(wait)


class SharedPaces:
    """Makes the paces of accounts over one connection to Redis; see `open_shared_paces`."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def pace(self, provider: str, *, key: str, per_minute: int) -> Pace | None:
        """Return an account's pace; None where 0 says that there is no limit."""
        if not per_minute:
            return None
        return SharedPace(self._redis, provider=provider, key=key, per_minute=per_minute)


@asynccontextmanager
async def open_shared_paces(redis_url: str) -> AsyncGenerator[SharedPaces]:
    """Connect to Redis, when it is first needed, for as long as the block runs."""
    redis = Redis.from_url(
        redis_url, socket_timeout=_REDIS_SECONDS, socket_connect_timeout=_REDIS_SECONDS
    )
    async with redis:
        yield SharedPaces(redis)
