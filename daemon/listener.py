"""Listening to Redis for wake-ups, for as long as the daemon takes work, Redis coming and going.

An arq worker ends for good when it loses Redis; here another takes its place
until it is back. What was begun by then is in nobody's way and goes on.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import anyio
import msgspec
import structlog
from arq.worker import Function, Worker
from redis.exceptions import RedisError

from cms_bridge.jobs.queue import QueueName, arq_redis, deserialise, serialise
from daemon.errors import DaemonError
from render import tracebacks

log = structlog.get_logger()

_POLL_SECONDS = 0.05
"""How long a wake-up may wait unseen; arq's default of half a second is felt by an editor."""
_HOLD_SECONDS = 5
"""How long a wake-up whose daemon died within its moment stays out of the others' reach."""
_END_SECONDS = 1
_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 2.0


class _StoppedListening(DaemonError):
    """Nobody listens any longer."""


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """What is listened to, and how much is taken from it."""

    queue: QueueName
    tasks: Sequence[Function]
    concurrency: int
    """Wake-ups taken at once."""
    free_slots: Callable[[], int]
    """How many of them would find a place now; the rest is left to other daemons."""


class Listener(Worker):
    """An arq worker that takes no more wake-ups than there is room for."""

    def __init__(
        self, subscription: Subscription, *, redis_url: str, hold: float, context: dict[str, Any]
    ) -> None:
        """Take the seconds that a wake-up is held for at most, and what tasks work with."""
        super().__init__(
            subscription.tasks,
            queue_name=subscription.queue,
            redis_pool=arq_redis(redis_url),
            ctx=context,
            max_jobs=subscription.concurrency,
            # The database counts attempts; arq only ever wakes.
            max_tries=1_000_000,
            # Even a failure's record would keep the wake-up's name.
            keep_result=0,
            poll_delay=_POLL_SECONDS,
            handle_signals=False,
            log_results=False,
            job_serializer=serialise,
            job_deserializer=deserialise,
        )
        self._subscription = subscription
        # arq's own is the longest time-out of a task and ten seconds more.
        self.in_progress_timeout_s = min(_HOLD_SECONDS, hold)

    async def start_jobs(self, job_ids: list[bytes]) -> None:
        """Start wake-ups, the oldest first, while there is room."""
        self.max_jobs = min(self._subscription.concurrency, self._subscription.free_slots())
        try:
            await super().start_jobs(job_ids)
        finally:
            self.max_jobs = self._subscription.concurrency

    async def heart_beat(self) -> None:
        """End here if asked to: between two looks no command is under way."""
        if not self.allow_pick_jobs:
            raise _StoppedListening

    async def listen(self) -> None:
        """Listen until cancelled; raise what arq raises when it loses Redis."""
        listening = asyncio.create_task(self.main())
        try:
            await asyncio.shield(listening)
        finally:
            with anyio.CancelScope(shield=True):
                await self._end(listening)

    async def _end(self, listening: asyncio.Task[None]) -> None:
        self.allow_pick_jobs = False
        unfinished = {listening, *self.tasks.values()}
        _, late = await asyncio.wait(unfinished, timeout=_END_SECONDS)
        for task in late:
            task.cancel()
        await asyncio.gather(*unfinished, return_exceptions=True)
        await self.pool.aclose(close_connection_pool=True)


async def listen(
    subscription: Subscription, *, redis_url: str, hold: float, context: dict[str, Any]
) -> None:
    """Listen for ever; wait a little longer each time that Redis cannot be reached."""
    pause = _FIRST_PAUSE
    while True:
        listener = Listener(subscription, redis_url=redis_url, hold=hold, context=context)
        began = anyio.current_time()
        try:
            await listener.listen()
        except (RedisError, OSError, TimeoutError) as error:
            if anyio.current_time() - began > _LONGEST_PAUSE:
                pause = _FIRST_PAUSE
                log.warning(
                    "queue.connection_lost",
                    queue=subscription.queue,
                    reason=tracebacks.summary(error),
                )
        except Exception:  # whatever it was, a new listener may do better
            log.exception("queue.listener_crashed", queue=subscription.queue)
        await anyio.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)
