"""Wake-ups: for whom a transaction made work, sent once it is committed.

Whatever makes a job due, or news of one, says so inside its transaction; nothing
is sent before the outermost one is committed, nothing twice, and nothing at all
when it is rolled back. A wake-up that is lost changes nothing but the time.
"""

from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import Protocol
from uuid import UUID

import anyio
import msgspec

from cms_bridge.states import JobKind, Status


class Due(msgspec.Struct):
    """For whom a transaction made work."""

    changed: dict[UUID, None] = {}
    """Jobs of which another thing is told now; like `news` a set that keeps its order."""
    jobs: dict[UUID, tuple[Status, int]] = {}
    """Those that wait for a worker: in which status, after how many attempts."""
    readings: dict[UUID, None] = {}
    """Those of them that are readings, which have places of their own."""
    news: dict[UUID, None] = {}
    """Jobs that Payload is to be told of."""
    stopped: dict[UUID, None] = {}
    """Those that were taken out of a worker's hands: whoever has one is to let go of it."""
    webhooks: bool = False
    """Whether integrators are to be told something."""

    def __bool__(self) -> bool:
        """Tell whether there is any."""
        return bool(self.changed or self.jobs or self.news or self.stopped or self.webhooks)


class Waker(Protocol):
    """Where wake-ups go: a queue that workers listen to."""

    async def send_due(self, due: Due) -> None:
        """Send what is due, changes first; raise nothing."""
        ...


_waker: ContextVar[Waker | None] = ContextVar("waker", default=None)
_collected: ContextVar[Due | None] = ContextVar("collected", default=None)


@contextmanager
def sent_to(waker: Waker) -> Generator[None]:
    """Send the wake-ups of this block, and of tasks begun in it, to a waker."""
    token = _waker.set(waker)
    try:
        yield
    finally:
        _waker.reset(token)


def job_due(job: UUID, status: Status, *, attempt: int, kind: JobKind = JobKind.VIDEO) -> None:
    """Note that a job waits for a worker; call inside the transaction that made it wait."""
    if (collected := _collected.get()) is not None:
        collected.jobs[job] = (status, attempt)
        if kind is JobKind.READING:
            collected.readings[job] = None


def news_due(job: UUID) -> None:
    """Note that there is news of a job; call inside the transaction that made it."""
    if (collected := _collected.get()) is not None:
        collected.news[job] = None


def job_stopped(job: UUID) -> None:
    """Note that a job is no worker's any more; call inside the transaction that did it."""
    if (collected := _collected.get()) is not None:
        collected.stopped[job] = None


def webhooks_due() -> None:
    """Note that integrators are to be told something; call inside the transaction that says so."""
    if (collected := _collected.get()) is not None:
        collected.webhooks = True


def job_changed(job: UUID) -> None:
    """Note that what is told of a job is another now; call inside the transaction that did it."""
    if (collected := _collected.get()) is not None:
        collected.changed[job] = None


@asynccontextmanager
async def after_commit() -> AsyncGenerator[None]:
    """Send what is noted in this block when it has ended well; an inner block leaves it to that."""
    if _collected.get() is not None:
        yield
        return
    collected = Due()
    token = _collected.set(collected)
    try:
        yield
    finally:
        _collected.reset(token)
    if (waker := _waker.get()) and collected:
        # What was told before is wrong by now: whoever is cancelled says so all the same.
        with anyio.CancelScope(shield=True):
            await waker.send_due(collected)
