"""The queue that wakes workers: task names, and how ids travel over Redis.

The database decides what is to be done; a wake-up that is lost, doubled or
late changes nothing but the time. Jobs are encoded as MessagePack, never
pickled.
"""

import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec
import structlog
from arq.connections import ArqRedis, RedisSettings, create_pool
from redis.exceptions import RedisError

from cms_bridge.states import DRAFTABLE, RENDERABLE, Status
from render import tracebacks

log = structlog.get_logger()

_WINDOW_SECONDS = 300

HEALTH_KEY = "reelwright:daemon"
"""Present in Redis while a daemon listens."""


class Lane(StrEnum):
    """Queues apart from each other, so that long work never holds up short work."""

    WORK = "reelwright:work"
    """Drafting and rendering: minutes to hours."""
    NEWS = "reelwright:news"
    """Deliveries to the CMS: milliseconds, or a time-out each while it hangs."""
    SWEEP = "reelwright:sweep"
    """Repairs, one at a time and never behind anything else."""


class Task(StrEnum):
    """What a worker can be woken for."""

    DRAFT_STORYBOARD = "draft_storyboard"
    """Lane WORK: a pending job."""
    RENDER_VIDEO = "render_video"
    """Lane WORK: an approved job."""
    DELIVER_OUTBOX = "deliver_outbox"
    """Lane NEWS: a job the CMS should hear of."""


def serialise(value: dict[str, Any]) -> bytes:
    """Encode an arq job or result; an exception travels as its kind."""
    return msgspec.msgpack.encode(value, enc_hook=_plain)


def deserialise(data: bytes) -> dict[str, Any]:
    """Decode an arq job or result."""
    return msgspec.msgpack.decode(data)


def _plain(value: Any) -> Any:
    if isinstance(value, BaseException):
        return tracebacks.summary(value)
    raise NotImplementedError(f"{type(value)} does not travel over the queue")


def redis_settings(url: str) -> RedisSettings:
    """Return arq's view of a Redis URL, patient enough for a server that just starts."""
    settings = RedisSettings.from_dsn(url)
    settings.conn_retries = 10
    return settings


class Queue:
    """Wakes workers by task name and id."""

    def __init__(self, redis: ArqRedis) -> None:
        """Take an open arq pool (see `open_queue`)."""
        self._redis = redis

    async def wake_job(self, job: UUID, status: Status, *, attempt: int) -> None:
        """Wake a worker for a job that waits for one; other statuses need none.

        A wake-up that still waits in the queue is not doubled. A Redis that is
        away is logged and left to the sweep.
        """
        if status in DRAFTABLE:
            task = Task.DRAFT_STORYBOARD
        elif status in RENDERABLE:
            task = Task.RENDER_VIDEO
        else:
            return
        # arq holds the id of a wake-up whose worker died with it in hand for hours, and nobody
        # else may use it: so the ids change with time.
        window = int(time.time() / _WINDOW_SECONDS)
        await self._enqueue(Lane.WORK, task, str(job), unique=f"{task}:{job}:{attempt}:{window}")

    async def wake_outbox(self, job: UUID, *, once: bool = False) -> None:
        """Wake a worker to tell Payload about a job.

        With `once` nothing happens while an earlier such wake-up still waits.
        """
        unique = f"{Task.DELIVER_OUTBOX}:{job}" if once else None
        await self._enqueue(Lane.NEWS, Task.DELIVER_OUTBOX, str(job), unique=unique)

    async def daemon_alive(self) -> bool:
        """Tell whether a daemon reported itself lately; raise `RedisError`."""
        return bool(await self._redis.exists(HEALTH_KEY))

    async def _enqueue(self, lane: Lane, task: Task, job: str, *, unique: str | None) -> None:
        try:
            await self._redis.enqueue_job(task, job, _job_id=unique, _queue_name=lane)
        except (RedisError, OSError) as error:
            reason = tracebacks.summary(error)
            log.warning("queue.unavailable", task=task, job_id=job, reason=reason)


@asynccontextmanager
async def open_queue(url: str) -> AsyncGenerator[Queue]:
    """Connect to Redis for as long as the block runs."""
    redis = await create_pool(
        redis_settings(url),
        job_serializer=serialise,
        job_deserializer=deserialise,
    )
    try:
        yield Queue(redis)
    finally:
        await redis.aclose()
