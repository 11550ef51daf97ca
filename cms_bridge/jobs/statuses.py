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
from typing import Any, Self
from uuid import UUID

import msgspec
from redis.exceptions import RedisError

from cms_bridge.batches import Batches
from cms_bridge.telemetry import Seldom

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

Asked = Awaitable[list[Any]]
"""A question that is on its way to Redis."""


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

    def __init__(self, redis: Batches, *, seconds: float) -> None:
        """Take where it is kept, and how long at most; with 0 seconds nothing is."""
        self._redis = redis
        self._milliseconds = round(seconds * 1000)
        self._ask_again = 0.0

    def look_up(self, job: UUID, form: Form) -> Asked | None:
        """Ask for what is kept, for `told` to be given; None while nothing is to be asked for."""
        if not self._milliseconds or time.monotonic() < self._ask_again:
            return None
        command = ("HGET", key_of(job), form)
        return self._redis.share(command, lambda _: command)

    async def told(
        self,
        job: UUID,
        form: Form,
        read: Callable[[UUID], Awaitable[bytes]],
        *,
        asked: Asked | None = None,
    ) -> Told:
        """Return how a job stands, as `read` tells it from the database; raises as that does.

        `asked` is what `look_up` returned, where it was asked for in time to go with another
        question.
        """
        key = key_of(job)
        if kept := await self._answered(asked or self.look_up(job, form)):
            return Told(_quoted(kept[:_ETAG_CHARS].decode()), kept[_ETAG_CHARS:])
        mark = await self._asked("EVAL", _MARK, 1, key, secrets.token_bytes(16), self._milliseconds)
        told = Told.of(await read(job))
        if mark:
            kept = told.etag.strip('"').encode() + told.body
            await self._asked("EVAL", _KEEP, 1, key, mark, form, kept)
        return told

    async def _asked(self, *command: str | bytes | int) -> bytes | None:
        if not self._milliseconds or time.monotonic() < self._ask_again:
            return None
        return await self._answered(self._redis.ask(command))

    async def _answered(self, asked: Asked | None) -> bytes | None:
        """Return the last that Redis answers; None too where it is away, or was not asked."""
        if asked is None:
            return None
        try:
            *_, answer = await asked
        except (RedisError, OSError) as error:
            self._ask_again = time.monotonic() + _AWAY_SECONDS
            _alone.tell("statuses.alone", level=logging.WARNING, reason=type(error).__name__)
            return None
        return answer


def _quoted(etag: str) -> str:
    return f'"{etag}"'
