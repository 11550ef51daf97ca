"""Places for work: tasks of one kind, no more at once than there are places."""

import asyncio
from collections.abc import Coroutine
from typing import Any, cast

import anyio
import structlog

from daemon.errors import DaemonError

log = structlog.get_logger()


class NoEngineFree(DaemonError):
    """A job is to be encoded, and there is no room for it here, or others go before."""


class TaskPool:
    """Tasks of one kind, so many at once; they end with nobody but themselves.

    They belong neither to the connection that began them nor to its errors. One that is under way
    can give up its place to another, and take one in a second pool.
    """

    def __init__(self, *, size: int) -> None:
        """Take how many there may be."""
        self.size = size
        self.slot_freed = anyio.Event()
        """Set when the next task has ended; then another takes its place."""
        self._tasks: set[asyncio.Task[None]] = set()
        """Those that have a place."""
        self._without: set[asyncio.Task[None]] = set()
        """Those that have given theirs up, and go on."""

    @property
    def free_slots(self) -> int:
        """How many more there may be."""
        return max(0, self.size - len(self._tasks))

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Begin a task."""
        self._hold(asyncio.create_task(work))

    def enter(self) -> bool:
        """Take a place for the task that calls, until it ends; tell whether it has one."""
        task = _current()
        if task in self._tasks:
            return True
        if not self.free_slots:
            return False
        self._hold(task)
        return True

    def leave(self) -> None:
        """Give up the place of the task that calls, which goes on."""
        task = _current()
        if task in self._tasks:
            self._without.add(task)
            self._free(task)

    def _hold(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._release)

    def _release(self, task: asyncio.Task[None]) -> None:
        self._without.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("daemon.task_crashed", exc_info=error)
        self._free(task)

    def _free(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self.slot_freed.set()
        self.slot_freed = anyio.Event()

    async def join(self) -> None:
        """Return when no task is left."""
        while self._tasks or self._without:
            await self.slot_freed.wait()

    async def cancel(self) -> None:
        """Cancel what is left, shielded or not."""
        left = self._tasks | self._without
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)


def _current() -> asyncio.Task[None]:
    return cast("asyncio.Task[None]", asyncio.current_task())
