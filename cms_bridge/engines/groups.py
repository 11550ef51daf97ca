"""Groups: runs of a script that are committed together (group commit).

Each commit waits for the disk, and each call is a round trip. What is asked while others are
on their way goes together afterwards, in one statement and one transaction. Alone nobody waits
for company, and nobody fails for another's values: a group that they undo is run again one by one.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from typing import Any

from cms_bridge.engines.turns import DatabaseBounds
from cms_bridge.errors import DatabaseBusy, DatabaseError, DatabaseUnavailable

GROUP = 64
"""Runs in one transaction, at most."""
_AT_ONCE = 2
"""Groups on their way: one that waits for a lock does not hold up everybody."""

Values = dict[str, Any]
Run = Callable[[Sequence[Values]], Awaitable[Sequence[bool]]]
Asked = tuple[Values, asyncio.Future[bool]]


class Groups:
    """The runs of one script that wait, and those on their way."""

    def __init__(self, run: Run, *, order: str, bounds: DatabaseBounds) -> None:
        """Take what runs a group, and by which value: locks are taken in its order."""
        self._run, self._order, self._bounds = run, order, bounds
        self._waiting: deque[Asked] = deque()
        self._senders: set[asyncio.Task[None]] = set()

    async def ask(self, values: Values) -> bool:
        """Return what a run's script answers; raises as the run does.

        Raises `DatabaseBusy` where too many wait already.
        """
        if self._bounds.queue is not None and len(self._waiting) >= self._bounds.queue:
            raise DatabaseBusy
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((values, answer))
        if len(self._senders) < _AT_ONCE:
            # Of no request: it serves others too, and none of their transactions is its own.
            sender = asyncio.create_task(self._send(), context=Context())
            self._senders.add(sender)
            sender.add_done_callback(self._senders.discard)
        return await answer

    async def _send(self) -> None:
        while self._waiting:
            group = [self._waiting.popleft() for _ in range(min(GROUP, len(self._waiting)))]
            await self._settle(sorted(group, key=lambda one: one[0][self._order]))

    async def _settle(self, group: Sequence[Asked]) -> None:
        try:
            answers = await self._run([values for values, _ in group])
        except DatabaseError as error:
            _fail(group, error)
        except Exception as error:  # noqa: BLE001 - whatever it is, nobody waits for ever
            if len(group) == 1:
                _fail(group, error)
                return
            for one in group:
                await self._settle([one])
        except BaseException:
            _fail(group, DatabaseUnavailable())
            raise
        else:
            for (_, answer), came in zip(group, answers, strict=True):
                if not answer.done():
                    answer.set_result(came)


def _fail(group: Sequence[Asked], error: Exception) -> None:
    for _, answer in group:
        if not answer.done():
            answer.set_exception(error)
