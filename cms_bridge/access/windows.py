"""Windows: how often something may happen within a minute, counted by all bridges together.

The moments of what was let through are kept: no window of so many seconds, wherever
it begins, holds more than the limit. One script in Redis drops what is old, decides,
and tells what is left, in one round trip and by Redis's own clock, so that no two
processes can let the same place be taken twice.

While Redis is away each process goes by its own moments, which it keeps all along:
then N processes let through up to N times the limit, and nothing fails.
"""

import logging
import time
from collections import OrderedDict, deque

import msgspec
from redis.exceptions import RedisError

from cms_bridge.batches import Batches
from cms_bridge.telemetry import Seldom

_MICROSECONDS = 1_000_000
_REDIS_SECONDS = 1.0
"""A Redis that takes longer is away: nobody's request waits for it."""
_AWAY_SECONDS = 2.0
"""How long one that is away is not asked again; then one request tries."""
_SUBJECTS = 10_000
"""Whose moments a process keeps; past that the longest unheard of is forgotten."""

_TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local limit, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local oldest = redis.call('LINDEX', KEYS[1], 0)
while oldest and oldest + window <= now do
  redis.call('LPOP', KEYS[1])
  oldest = redis.call('LINDEX', KEYS[1], 0)
end
local taken = redis.call('LLEN', KEYS[1])
local free = taken < limit
if free then
  redis.call('RPUSH', KEYS[1], string.format('%.0f', now))
  redis.call('PEXPIRE', KEYS[1], math.ceil(window / 1000))
  taken = taken + 1
end
return {free and 1 or 0, limit - taken, (oldest or now) + window - now}
"""
"""ARGV: the limit, and the window in microseconds. Told are whether there was a place, how many are
left, and in how many microseconds the next one comes free."""

_alone = Seldom(per_second=1)


class Quota(msgspec.Struct, frozen=True):
    """How often something may happen in a window; 0 for as often as anybody likes."""

    name: str
    limit: int
    seconds: int = 60


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """What came of asking for a place in a window."""

    quota: Quota
    free: bool
    """Whether there was one; it is taken now."""
    left: int
    """How many there are after this."""
    next_in: float
    """Seconds until one that is taken comes free."""


class Windows:
    """The windows of every quota and subject."""

    def __init__(self, redis_url: str) -> None:
        """Connect to Redis when it is first needed; `aclose` ends that."""
        self._redis = Batches(redis_url, seconds=_REDIS_SECONDS)
        self._own: OrderedDict[tuple[str, str], deque[float]] = OrderedDict()
        self._ask_again = 0.0

    async def take(self, quota: Quota, subject: str) -> Place | None:
        """Ask for a place in a subject's window; None where there is no limit."""
        if not quota.limit:
            return None
        if time.monotonic() < self._ask_again:
            return self._take_alone(quota, subject)
        asked_before = self._ask_again
        if asked_before:
            # The others go on alone while this one tries.
            self._ask_again = time.monotonic() + _AWAY_SECONDS
        try:
            key = f"reelwright:rate:{quota.name}:{subject}"
            window = quota.seconds * _MICROSECONDS
            ((free, left, next_in),) = await self._redis.ask(
                ("EVAL", _TAKE, 1, key, quota.limit, window)
            )
        except (RedisError, OSError) as error:
            self._ask_again = time.monotonic() + _AWAY_SECONDS
            _alone.tell("rates.alone", level=logging.WARNING, reason=type(error).__name__)
            return self._take_alone(quota, subject)
        self._ask_again = 0.0
        if free:
            self._moments(quota, subject).append(time.monotonic())
        return Place(
            quota=quota, free=bool(free), left=max(0, left), next_in=next_in / _MICROSECONDS
        )

    async def aclose(self) -> None:
        """Leave Redis."""
        await self._redis.aclose()

    def _take_alone(self, quota: Quota, subject: str) -> Place:
        moments, now = self._moments(quota, subject), time.monotonic()
        free = len(moments) < quota.limit
        if free:
            moments.append(now)
        return Place(
            quota=quota,
            free=free,
            left=max(0, quota.limit - len(moments)),
            next_in=moments[0] + quota.seconds - now,
        )

    def _moments(self, quota: Quota, subject: str) -> deque[float]:
        """Return the moments of a window that this process let through, the old ones dropped."""
        moments = self._own.setdefault((quota.name, subject), deque())
        self._own.move_to_end((quota.name, subject))
        if len(self._own) > _SUBJECTS:
            self._own.popitem(last=False)
        since = time.monotonic() - quota.seconds
        while moments and moments[0] <= since:
            moments.popleft()
        return moments
