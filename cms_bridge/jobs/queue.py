"""The queue that wakes workers: task names, and how ids travel over Redis.

The database decides what is to be done; a wake-up that is lost, doubled or
late changes nothing but the time. Each one has an id of its own, so that none
can stand in another's way, whatever became of its worker. Jobs are encoded as
MessagePack, never pickled.
"""

from collections.abc import AsyncGenerator, Collection
from contextlib import asynccontextmanager
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec
import structlog
from arq.connections import ArqRedis
from redis.asyncio import ConnectionPool
from redis.exceptions import RedisError

from cms_bridge.jobs import statuses
from cms_bridge.states import DRAFTABLE, RENDERABLE, Status
from render import tracebacks

log = structlog.get_logger()

HEALTH_KEY = "reelwright:daemon"
"""Present in Redis while a daemon takes work."""

CHANGES = "reelwright:changes"
"""The channel that carries the ids of jobs that have changed, 16 bytes each."""

_CONNECT_SECONDS = 1.0
_ANSWER_SECONDS = 5.0
"""A Redis that takes longer is away: nothing here waits for it."""


class Lane(StrEnum):
    """Queues apart from each other, so that long work never holds up short work."""

    DRAFTS = "reelwright:drafts"
    """Storyboards: seconds, and an editor waits for each."""
    RENDERS = "reelwright:renders"
    """Generation and rendering: minutes to hours."""
    NEWS = "reelwright:news"
    """Deliveries to CMS and integrators: milliseconds, or a time-out each while one hangs."""


class Task(StrEnum):
    """What a worker can be woken for."""

    DRAFT_STORYBOARD = "draft_storyboard"
    """Lane DRAFTS: a pending job."""
    RENDER_VIDEO = "render_video"
    """Lane RENDERS: an approved job."""
    DELIVER_OUTBOX = "deliver_outbox"
    """Lane NEWS: a job the CMS should hear of."""
    DELIVER_WEBHOOKS = "deliver_webhooks"
    """Lane NEWS: whatever integrators should hear of by now."""


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


def arq_redis(url: str) -> ArqRedis:
    """Return arq's client of a Redis URL; it connects when it is first needed."""
    pool = ConnectionPool.from_url(
        url, socket_connect_timeout=_CONNECT_SECONDS, socket_timeout=_ANSWER_SECONDS
    )
    return ArqRedis(pool, job_serializer=serialise, job_deserializer=deserialise)


class Queue:
    """Wakes workers by task name and id."""

    def __init__(self, redis: ArqRedis) -> None:
        """Take arq's client (see `open_queue`)."""
        self._redis = redis

    async def wake_job(self, job: UUID, status: Status, *, attempt: int) -> None:
        """Wake a worker for a job that waits for one; other statuses need none.

        `attempt` is the job's at this moment: once it has been claimed, the
        wake-up means nothing. A Redis that is away is logged; daemons look into
        the database by themselves.
        """
        if status in DRAFTABLE:
            await self._enqueue(Lane.DRAFTS, Task.DRAFT_STORYBOARD, str(job), attempt)
        elif status in RENDERABLE:
            await self._enqueue(Lane.RENDERS, Task.RENDER_VIDEO, str(job), attempt)

    async def wake_outbox(self, job: UUID) -> None:
        """Wake a worker to tell Payload about a job."""
        await self._enqueue(Lane.NEWS, Task.DELIVER_OUTBOX, str(job))

    async def wake_webhooks(self) -> None:
        """Wake a worker to tell integrators what is due."""
        await self._enqueue(Lane.NEWS, Task.DELIVER_WEBHOOKS)

    async def tell_changes(self, jobs: Collection[UUID]) -> None:
        """Forget what was told of these jobs, and have the listeners of every bridge look.

        While Redis is away these look by themselves; what was told lasts no longer than it may.
        """
        try:
            async with self._redis.pipeline(transaction=False) as both:
                both.delete(*map(statuses.key_of, jobs))
                both.publish(CHANGES, b"".join(job.bytes for job in jobs))
                await both.execute()
        except (RedisError, OSError) as error:
            log.warning("queue.unavailable", task="changes", reason=tracebacks.summary(error))

    async def report_daemon(self, worker: str, *, seconds: float) -> None:
        """Let it be known that a daemon takes work, for so long; raise `RedisError`."""
        await self._redis.set(HEALTH_KEY, worker, px=round(seconds * 1000))

    async def daemon_alive(self) -> bool:
        """Tell whether a daemon reported itself lately; raise `RedisError`."""
        return bool(await self._redis.exists(HEALTH_KEY))

    async def _enqueue(self, lane: Lane, task: Task, *arguments: str | int) -> None:
        try:
            await self._redis.enqueue_job(task, *arguments, _queue_name=lane)
        except (RedisError, OSError) as error:
            job = {"job_id": arguments[0]} if arguments else {}
            reason = tracebacks.summary(error)
            log.warning("queue.unavailable", task=task, **job, reason=reason)


@asynccontextmanager
async def open_queue(url: str) -> AsyncGenerator[Queue]:
    """Give wake-ups a way for as long as the block runs, Redis coming and going."""
    redis = arq_redis(url)
    try:
        yield Queue(redis)
    finally:
        await redis.aclose(close_connection_pool=True)
