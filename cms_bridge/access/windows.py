"""Windows: how often something may happen within a minute, counted by all bridges together.

The moments of what was let through are kept: no window of so many seconds, wherever
it begins, holds more than the limit. One script in Redis drops what is old, decides,
and tells what is left, in one round trip and by Redis's own clock, so that no two
processes can let the same place be taken twice. Requests that come together ask together,
for as many places as they are.

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
_AWAY_SECONDS = 2.0
"""How long one that is away is not asked again; then one request tries."""
_SUBJECTS = 10_000
"""Whose moments a process keeps; past that the longest unheard of is forgotten."""

_TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local limit, window, asked = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local oldest = redis.call('LINDEX', KEYS[1], 0)
while oldest and oldest + window <= now do
  redis.call('LPOP', KEYS[1])
  oldest = redis.call('LINDEX', KEYS[1], 0)
end
local taken = redis.call('LLEN', KEYS[1])
local free = math.max(0, limit - taken)
local moment = string.format('%.0f', now)
for _ = 1, math.min(asked, free) do redis.call('RPUSH', KEYS[1], moment) end
if free > 0 then redis.call('PEXPIRE', KEYS[1], math.ceil(window / 1000)) end
return {free, (oldest or now) + window - now}
"""
"""ARGV: the limit, the window in microseconds, and how many places are asked for. Told are how many
were free before, and in how many microseconds the next one comes free."""

_alone = Seldom(per_second=1)


class Quota(msgspec.Struct, frozen=True):
    """How often something may happen in a window; 0 for as often as anybody likes."""

    name: str
    limit: int
    seconds: int = 60


class Quotas(msgspec.Struct, frozen=True, kw_only=True):
    """The five quotas, by their limits a minute; 0 for none."""

    reads: int = 6_000
    """Of a key, on routes that need `read`."""
    writes: int = 600
    """Of a key, on all others."""
    events: int = 6_000
    """Of the CMS: webhooks with a good signature."""
    uploads: int = 10
    """Of a key: files, besides their being writes."""
    refusals: int = 60
    """Of an address: requests without a good key or signature."""


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

    def __init__(self, redis: Batches) -> None:
        """Take the Redis that all bridges share."""
        self._redis = redis
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
            number, (left, next_in) = await self._redis.share(
                (key, quota), lambda asked: ("EVAL", _TAKE, 1, key, quota.limit, window, asked)
            )
        except (RedisError, OSError) as error:
            self._ask_again = time.monotonic() + _AWAY_SECONDS
            _alone.tell("rates.alone", level=logging.WARNING, reason=type(error).__name__)
            return self._take_alone(quota, subject)
        self._ask_again = 0.0
        if free := number < left:
            self._moments(quota, subject).append(time.monotonic())
        return Place(
            quota=quota,
            free=free,
            left=max(0, left - number - 1),
            next_in=next_in / _MICROSECONDS,
        )

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
