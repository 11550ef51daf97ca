"""Batches: what requests ask Redis, sent together while the answers before are on their way.

One question at a time costs a request more than all that it does besides: taking a connection,
two timers, a task that waits. Here each batch is one pipeline on one connection, and what is
asked meanwhile goes with the next. Alone nobody waits for company.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, cast

from redis.asyncio import Redis
from redis.exceptions import RedisError

_COMMANDS = 256
"""Of one batch."""

Command = tuple[str | bytes | int, ...]
Asked = tuple[Sequence[Command], asyncio.Future[list[Any]]]


class Batches:
    """A connection to Redis that requests share."""

    def __init__(self, url: str, *, seconds: float) -> None:
        """Take a Redis, and how long it may take to connect or to answer; after that it is away."""
        # One time for a batch: one for each answer in it costs as much as reading them.
        self._redis: Any = Redis.from_url(url, socket_connect_timeout=seconds)  # typed in part
        self._seconds = seconds
        self._waiting: list[Asked] = []
        self._sender: asyncio.Task[None] | None = None

    async def ask(self, *commands: Command) -> list[Any]:
        """Return what Redis answers to each command, in their order.

        Raises `RedisError` or `OSError`, also where a command is wrong.
        """
        answer: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()
        self._waiting.append((commands, answer))
        if self._sender is None:
            self._sender = asyncio.create_task(self._send())
        return await answer

    async def aclose(self) -> None:
        """Send what is waiting, and leave Redis."""
        if self._sender:
            await self._sender
        await self._redis.aclose()

    async def _send(self) -> None:
        try:
            while self._waiting:
                batch = self._next()
                try:
                    answers = await self._answers(batch)
                except (RedisError, OSError) as error:
                    # Who came meanwhile would wait as long, for the same.
                    for _, answer in (*batch, *self._waiting):
                        _fail(answer, error)
                    self._waiting = []
                except Exception as error:  # noqa: BLE001 - whatever it is, nobody waits for ever
                    for _, answer in batch:
                        _fail(answer, error)
                else:
                    _hand_out(batch, answers)
        finally:
            self._sender = None

    def _next(self) -> list[Asked]:
        """Return those whose turn it is: as many as there is room for, and one in any case."""
        room, count = _COMMANDS, 0
        for commands, _ in self._waiting:
            if count and len(commands) > room:
                break
            room, count = room - len(commands), count + 1
        batch, self._waiting = self._waiting[:count], self._waiting[count:]
        return batch

    async def _answers(self, batch: list[Asked]) -> list[Any]:
        async with self._redis.pipeline(transaction=False) as pipeline:
            for commands, _ in batch:
                for command in commands:
                    pipeline.execute_command(*command)
            async with asyncio.timeout(self._seconds):
                return cast("list[Any]", await pipeline.execute(raise_on_error=False))


def _hand_out(batch: list[Asked], answers: list[Any]) -> None:
    start = 0
    for commands, answer in batch:
        own = answers[start : start + len(commands)]
        start += len(commands)
        if wrong := next((one for one in own if isinstance(one, RedisError)), None):
            _fail(answer, wrong)
        elif not answer.done():
            answer.set_result(own)


def _fail(answer: asyncio.Future[list[Any]], error: Exception) -> None:
    # Whoever gave up waiting is told nothing.
    if not answer.done():
        answer.set_exception(error)
