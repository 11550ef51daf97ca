"""Wake-ups: for whom a transaction made work, sent once it is committed.

Whatever makes a job due, or news of one, says so inside its transaction; nothing
is sent before the outermost one is committed, nothing twice, and nothing at all
when it is rolled back. A wake-up that is lost changes nothing but the time.
"""

from collections.abc import AsyncGenerator, Collection, Generator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import Protocol
from uuid import UUID

import anyio
import msgspec

from cms_bridge.states import Status


class Waker(Protocol):
    """Where wake-ups go: a queue that workers listen to. No call raises."""

    async def wake_job(self, job: UUID, status: Status, *, attempt: int) -> None:
        """Wake a worker for a job, which is in this status after so many attempts."""
        ...

    async def wake_outbox(self, job: UUID) -> None:
        """Wake a worker to tell Payload about a job."""
        ...

    async def wake_webhooks(self) -> None:
        """Wake a worker to tell integrators what is due."""
        ...

    async def tell_changes(self, jobs: Collection[UUID]) -> None:
        """Forget what was told of these jobs, and tell whoever follows them that it is another."""
        ...


class _Collected(msgspec.Struct):
    jobs: dict[UUID, tuple[Status, int]] = {}
    news: dict[UUID, None] = {}
    """A set that keeps its order."""
    webhooks: bool = False
    changed: dict[UUID, None] = {}


_waker: ContextVar[Waker | None] = ContextVar("waker", default=None)
_collected: ContextVar[_Collected | None] = ContextVar("collected", default=None)


@contextmanager
def sent_to(waker: Waker) -> Generator[None]:
    """Send the wake-ups of this block, and of tasks begun in it, to a waker."""
    token = _waker.set(waker)
    try:
        yield
    finally:
        _waker.reset(token)


def job_due(job: UUID, status: Status, *, attempt: int) -> None:
    """Note that a job waits for a worker; call inside the transaction that made it wait."""
    if collected := _collected.get():
        collected.jobs[job] = (status, attempt)


def news_due(job: UUID) -> None:
    """Note that there is news of a job; call inside the transaction that made it."""
    if collected := _collected.get():
        collected.news[job] = None


def webhooks_due() -> None:
    """Note that integrators are to be told something; call inside the transaction that says so."""
    if collected := _collected.get():
        collected.webhooks = True


def job_changed(job: UUID) -> None:
    """Note that what is told of a job is another now; call inside the transaction that did it."""
    if collected := _collected.get():
        collected.changed[job] = None


@asynccontextmanager
async def after_commit() -> AsyncGenerator[None]:
    """Send what is noted in this block when it has ended well; an inner block leaves it to that."""
    if _collected.get() is not None:
        yield
        return
    collected = _Collected()
    token = _collected.set(collected)
    try:
        yield
    finally:
        _collected.reset(token)
    if waker := _waker.get():
        if collected.changed:
            # What was told before is wrong by now: whoever is cancelled says so all the same.
            with anyio.CancelScope(shield=True):
                await waker.tell_changes(collected.changed)
        for job, (status, attempt) in collected.jobs.items():
            await waker.wake_job(job, status, attempt=attempt)
        for job in collected.news:
            await waker.wake_outbox(job)
        if collected.webhooks:
            await waker.wake_webhooks()
