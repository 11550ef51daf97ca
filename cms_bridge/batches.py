"""Batches: what requests ask Redis, sent together while the answers before are on their way.

One question at a time costs a request more than all that it does besides: taking a connection,
two timers, a task that waits. Here each batch is one pipeline on one connection, and what is
asked meanwhile goes with the next. Who asks the same as others of a batch shares their command.
Alone nobody waits for company.
"""

import asyncio
from collections.abc import Callable, Hashable, Sequence
from typing import Any, cast

from redis.asyncio import Redis
from redis.exceptions import RedisError

_COMMANDS = 256
"""Of one batch."""

Command = tuple[str | bytes | int, ...]
Answer = asyncio.Future[list[Any]]


class _Alone:
    """Commands of one who asks."""

    def __init__(self, commands: Sequence[Command], answer: Answer) -> None:
        self.commands, self._answer = commands, answer

    def hand_out(self, answers: list[Any]) -> None:
        _set(self._answer, answers)

    def fail(self, error: Exception) -> None:
        _fail(self._answer, error)


class _Shared:
    """One command of all who ask the same before it is sent."""

    def __init__(self, what: Hashable, made_for: Callable[[int], Command]) -> None:
        self.what, self._made_for = what, made_for
        self.answers: list[Answer] = []

    @property
    def commands(self) -> Sequence[Command]:
        return (self._made_for(len(self.answers)),)

    def hand_out(self, answers: list[Any]) -> None:
        for number, answer in enumerate(self.answers):
            _set(answer, [number, *answers])

    def fail(self, error: Exception) -> None:
        for answer in self.answers:
            _fail(answer, error)


Question = _Alone | _Shared
Batch = list[tuple[Question, Sequence[Command]]]


class Batches:
    """A connection to Redis that requests share."""

    def __init__(self, url: str, *, seconds: float) -> None:
        """Take a Redis, and how long it may take to connect or to answer; after that it is away."""
        # One time for a batch: one for each answer in it costs as much as reading them.
        self._redis: Any = Redis.from_url(url, socket_connect_timeout=seconds)  # typed in part
        self._seconds = seconds
        self._waiting: list[Question] = []
        self._shared: dict[Hashable, _Shared] = {}
        self._sender: asyncio.Task[None] | None = None

    async def ask(self, *commands: Command) -> list[Any]:
        """Return what Redis answers to each command, in their order.

        Raises `RedisError` or `OSError`, also where a command is wrong.
        """
        answer: Answer = asyncio.get_running_loop().create_future()
        self._wait(_Alone(commands, answer))
        return await answer

    def share(self, what: Hashable, made_for: Callable[[int], Command]) -> Answer:
        """Ask as one with all who ask for `what` in the same batch.

        `made_for` makes the one command, for as many as they are. The answer is one's own number
        among them, from 0, and what Redis answers; or raises as `ask` does. It need not be awaited.
        """
        answer: Answer = asyncio.get_running_loop().create_future()
        if (shared := self._shared.get(what)) is None:
            shared = self._shared[what] = _Shared(what, made_for)
            self._wait(shared)
        shared.answers.append(answer)
        return answer

    async def aclose(self) -> None:
        """Send what is waiting, and leave Redis."""
        if self._sender:
            await self._sender
        await self._redis.aclose()

    def _wait(self, question: Question) -> None:
        self._waiting.append(question)
        if self._sender is None:
            self._sender = asyncio.create_task(self._send())

    async def _send(self) -> None:
        try:
            while self._waiting:
                batch = self._next()
                try:
                    answers = await self._answers(batch)
                except (RedisError, OSError) as error:
                    # Who came meanwhile would wait as long, for the same.
                    for question in (*(one for one, _ in batch), *self._waiting):
                        question.fail(error)
                    self._waiting, self._shared = [], {}
                except Exception as error:  # noqa: BLE001 - whatever it is, nobody waits for ever
                    for question, _ in batch:
                        question.fail(error)
                else:
                    _hand_out(batch, answers)
        finally:
            self._sender = None

    def _next(self) -> Batch:
        """Return those whose turn it is: as many as there is room for, and one in any case."""
        room, batch = _COMMANDS, Batch()
        for question in self._waiting:
            commands = question.commands
            if batch and len(commands) > room:
                break
            room -= len(commands)
            batch.append((question, commands))
            if isinstance(question, _Shared):
                # Who asks from here on is of a later batch.
                del self._shared[question.what]
        self._waiting = self._waiting[len(batch) :]
        return batch

    async def _answers(self, batch: Batch) -> list[Any]:
        async with self._redis.pipeline(transaction=False) as pipeline:
            for _, commands in batch:
                for command in commands:
                    pipeline.execute_command(*command)
            async with asyncio.timeout(self._seconds):
                return cast("list[Any]", await pipeline.execute(raise_on_error=False))


def _hand_out(batch: Batch, answers: list[Any]) -> None:
    start = 0
    for question, commands in batch:
        own = answers[start : start + len(commands)]
        start += len(commands)
        if wrong := next((one for one in own if isinstance(one, RedisError)), None):
            question.fail(wrong)
        else:
            question.hand_out(own)


def _set(answer: Answer, told: list[Any]) -> None:
    # Whoever gave up waiting is told nothing.
    if not answer.done():
        answer.set_result(told)


def _fail(answer: Answer, error: Exception) -> None:
    if not answer.done():
        answer.set_exception(error)
        # Whoever no longer wants to know is no error of the event loop's.
        answer.exception()
