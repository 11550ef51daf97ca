"""Statuses: what was last told of where a job stands, kept in Redis until it changes.

The database has the truth; whoever polls is mostly told what others were. What is kept of a job
is one hash: an answer for each form that it is told in, and a mark. Whoever finds no answer takes
the mark, reads the database, and keeps what it tells only where the mark is still there. A change
deletes the hash once it is committed (`cms_bridge.jobs.queue.Queue.send_due`): what was read
before then finds no mark, or another's, and is not kept. Whatever becomes of a deletion, a hash
lasts `seconds` from its mark, and no longer. While Redis is away the database answers.
"""

import hashlib
import logging
import secrets
import time
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Self
from uuid import UUID

import msgspec
from redis.exceptions import RedisError

from cms_bridge.batches import Batches
from cms_bridge.telemetry import Seldom

_REDIS_SECONDS = 1.0
"""A Redis that takes longer is away: nobody's request waits for it."""
_AWAY_SECONDS = 2.0
"""How long one that is away is not asked again."""
_ETAG_CHARS = 32

_MARK = """
local mark = redis.call('HGET', KEYS[1], 'mark')
if not mark then
  mark = ARGV[1]
  redis.call('HSET', KEYS[1], 'mark', mark)
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return mark
"""
_KEEP = """
if redis.call('HGET', KEYS[1], 'mark') == ARGV[1] then
  redis.call('HSET', KEYS[1], ARGV[2], ARGV[3])
end
"""

_alone = Seldom(per_second=1)


class Form(StrEnum):
    """What a status is told as."""

    JOB = "job"
    """A video's job, its storyboard included."""
    TASK = "task"
    """A task, whatever it makes."""


class Told(msgspec.Struct, frozen=True):
    """An answer, and what names exactly its bytes."""

    etag: str
    """A strong entity tag, with its quotation marks."""
    body: bytes
    """JSON."""

    @classmethod
    def of(cls, body: bytes) -> Self:
        """Name an answer."""
        return cls(_quoted(hashlib.sha256(body).hexdigest()[:_ETAG_CHARS]), body)


def key_of(job: UUID) -> str:
    """Name what is kept of a job."""
    return f"reelwright:status:{job}"


class Statuses:
    """What was last told of each job."""

    def __init__(self, redis_url: str, *, seconds: float) -> None:
        """Take where it is kept, and how long at most; with 0 seconds nothing is."""
        self._redis = Batches(redis_url, seconds=_REDIS_SECONDS)
        self._milliseconds = round(seconds * 1000)
        self._ask_again = 0.0

    async def told(self, job: UUID, form: Form, read: Callable[[UUID], Awaitable[bytes]]) -> Told:
        """Return how a job stands, as `read` tells it from the database; raises as that does."""
        key = key_of(job)
        if kept := await self._asked("HGET", key, form):
            return Told(_quoted(kept[:_ETAG_CHARS].decode()), kept[_ETAG_CHARS:])
        mark = await self._asked("EVAL", _MARK, 1, key, secrets.token_bytes(16), self._milliseconds)
        told = Told.of(await read(job))
        if mark:
            kept = told.etag.strip('"').encode() + told.body
            await self._asked("EVAL", _KEEP, 1, key, mark, form, kept)
        return told

    async def aclose(self) -> None:
        """Leave Redis."""
        await self._redis.aclose()

    async def _asked(self, *command: str | bytes | int) -> bytes | None:
        """Return what Redis answers; None too where it is away, or not to be asked."""
        if not self._milliseconds or time.monotonic() < self._ask_again:
            return None
        try:
            (answer,) = await self._redis.ask(command)
        except (RedisError, OSError) as error:
            self._ask_again = time.monotonic() + _AWAY_SECONDS
            _alone.tell("statuses.alone", level=logging.WARNING, reason=type(error).__name__)
            return None
        return answer


def _quoted(etag: str) -> str:
    return f'"{etag}"'
