"""The queue that wakes workers: task names, and how ids travel over Redis.

The database decides what is to be done; a wake-up that is lost, doubled or
late changes nothing but the time. Each one has an id of its own, so that none
can stand in another's way, whatever became of its worker. Jobs are encoded as
MessagePack, never pickled.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from enum import StrEnum
from typing import Any
from uuid import uuid4

import msgspec
import structlog
from arq.connections import ArqRedis
from arq.constants import expires_extra_ms, job_key_prefix
from arq.jobs import serialize_job
from arq.utils import timestamp_ms
from redis.asyncio import ConnectionPool
from redis.exceptions import RedisError

from cms_bridge.batches import Batches, Command
from cms_bridge.jobs import channels, statuses
from cms_bridge.jobs.channels import Channel
from cms_bridge.states import Lane, lane_of
from cms_bridge.wakeups import Due
from render import tracebacks

log = structlog.get_logger()

HEALTH_KEY = "reelwright:daemon"
"""Present in Redis while a daemon takes work."""

_CONNECT_SECONDS = 1.0
_ANSWER_SECONDS = 5.0
_INVITED_MS = 10 * 60 * 1000
"""How long an invitation, which holds a storyboard, lies there if nobody has a place."""
_WAKE_SECONDS = 2.0
"""A Redis that takes longer is away: nothing here waits for it."""


class QueueName(StrEnum):
    """Queues apart from each other, so that long work never holds up short work."""

    DRAFTS = "reelwright:drafts"
    """Storyboards: seconds, and an editor waits for each."""
    GENERATION = "reelwright:generation"
    """Pictures, speech and clips: minutes."""
    READINGS = "reelwright:readings"
    """What a free voice reads: moments, and an editor waits for it."""
    COMPOSITION = "reelwright:composition"
    """Encoding: minutes to hours."""
    NEWS = "reelwright:news"
    """Deliveries to CMS and integrators: milliseconds, or a time-out each while one hangs."""


class Task(StrEnum):
    """What a worker can be woken for."""

    DRAFT_STORYBOARD = "draft_storyboard"
    """Queue DRAFTS: a pending job."""
    RENDER_VIDEO = "render_video"
    """Queue GENERATION: an approved job."""
    READ_ALOUD = "read_aloud"
    """Queue READINGS: a reading."""
    COMPOSE_VIDEO = "compose_video"
    """Queue COMPOSITION: a job whose pictures and speech are there."""
    HELP_COMPOSE = "help_compose"
    """Queue COMPOSITION: segments of a film that another daemon holds, if there is a place."""
    DELIVER_OUTBOX = "deliver_outbox"
    """Queue NEWS: a job the CMS should hear of."""
    DELIVER_WEBHOOKS = "deliver_webhooks"
    """Queue NEWS: whatever integrators should hear of by now."""


WAKE_UPS = {
    Lane.DRAFTS: (QueueName.DRAFTS, Task.DRAFT_STORYBOARD),
    Lane.GENERATION: (QueueName.GENERATION, Task.RENDER_VIDEO),
    Lane.COMPOSITION: (QueueName.COMPOSITION, Task.COMPOSE_VIDEO),
}
"""Where a job's wake-up goes, by its lane, and what it asks for."""
_READ_ALOUD = (QueueName.READINGS, Task.READ_ALOUD)
"""The same of a reading."""


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

    def __init__(self, redis: Batches) -> None:
        """Take the way to Redis (see `open_queue`)."""
        self._redis = redis

    async def send_due(self, due: Due) -> None:
        """Send what is due, in one go.

        What was told of the jobs that changed is forgotten, and the listeners of every bridge
        look; so do daemons that have a job in hand which was stopped. An attempt is the job's at
        this moment: once it has been claimed, the wake-up means nothing. A Redis that is away is
        logged: daemons and listeners look into the database by themselves, and what was told of a
        job lasts no longer than it may.
        """
        commands: list[Command] = []
        if due.changed:
            commands += [
                ("DEL", *map(statuses.key_of, due.changed)),
                ("PUBLISH", Channel.CHANGES, channels.encode(due.changed)),
            ]
        if due.stopped:
            commands.append(("PUBLISH", Channel.STOPS, channels.encode(due.stopped)))
        for job, (status, attempt) in due.jobs.items():
            if lane := lane_of(status):
                way = _READ_ALOUD if job in due.readings else WAKE_UPS[lane]
                commands += _task(*way, str(job), attempt)
        for job in due.news:
            commands += _task(QueueName.NEWS, Task.DELIVER_OUTBOX, str(job))
        if due.webhooks:
            commands += _task(QueueName.NEWS, Task.DELIVER_WEBHOOKS)
        if not commands:
            return
        try:
            await self._redis.ask(*commands)
        except (RedisError, OSError) as error:
            jobs = [str(job) for job in {**due.changed, **due.jobs, **due.news}]
            log.warning("queue.unavailable", job_ids=jobs, reason=tracebacks.summary(error))

    async def ask_for_help(self, invitation: str, *, times: int) -> None:
        """Invite so many daemons to help with a film; raise `RedisError`."""
        commands: list[Command] = []
        for _ in range(times):
            commands += _task(
                QueueName.COMPOSITION, Task.HELP_COMPOSE, invitation, lasts_ms=_INVITED_MS
            )
        await self._redis.ask(*commands)

    async def report_daemon(self, worker: str, *, seconds: float) -> None:
        """Let it be known that a daemon takes work, for so long; raise `RedisError`."""
        await self._redis.ask(("SET", HEALTH_KEY, worker, "PX", round(seconds * 1000)))

    async def daemon_alive(self) -> bool:
        """Tell whether a daemon reported itself lately; raise `RedisError`."""
        (alive,) = await self._redis.ask(("EXISTS", HEALTH_KEY))
        return bool(alive)


def _task(
    queue: QueueName, task: Task, *arguments: str | int, lasts_ms: int = expires_extra_ms
) -> list[Command]:
    """Return what puts a task into a queue, as arq's workers look for it.

    arq's own way watches for another of the same id, in four round trips; here none has.
    """
    now, wake_up = timestamp_ms(), uuid4().hex
    told = serialize_job(task, arguments, {}, None, now, serializer=serialise)
    return [
        ("PSETEX", f"{job_key_prefix}{wake_up}", lasts_ms, told),
        ("ZADD", queue, now, wake_up),
    ]


@asynccontextmanager
async def open_queue(url: str) -> AsyncGenerator[Queue]:
    """Give wake-ups a way for as long as the block runs, Redis coming and going."""
    async with aclosing(Batches(url, seconds=_WAKE_SECONDS)) as redis:
        yield Queue(redis)
