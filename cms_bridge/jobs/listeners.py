"""Listeners: who follows a job on this bridge, and how they learn that it has changed.

The database has what happened (`cms_bridge.jobs.history`); Redis only tells that there
is something new, and to look. Those who then look for the same share one answer. Besides,
one query for all jobs that are followed looks for what nobody told of: rarely while Redis
is there, often while it is away. A listener that leaves is forgotten, and changes nothing.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from uuid import UUID

import anyio

from cms_bridge.errors import DatabaseError, ListenersFull, TooManyListeners
from cms_bridge.gate import Following
from cms_bridge.jobs import history
from cms_bridge.jobs.channels import Channel, Ear
from cms_bridge.jobs.history import JobEventRecord

_ASKED_AT_ONCE = 500
"""Jobs in one query."""
_EVENTS_AT_ONCE = 100


class _Reader:
    """Reads what happened to a job, once for all who ask for the same before there is more."""

    def __init__(self, job: UUID) -> None:
        self._job = job
        self._under_way: dict[int, asyncio.Task[list[JobEventRecord]]] = {}

    async def after(self, sequence: int) -> list[JobEventRecord]:
        """Return the next events after one; raise `DatabaseError`."""
        reading = self._under_way.get(sequence)
        if reading is None:
            reading = asyncio.create_task(
                history.events_after(self._job, sequence, limit=_EVENTS_AT_ONCE)
            )
            self._under_way[sequence] = reading
            reading.add_done_callback(lambda done: self._forget(sequence, done))
        # One who leaves takes nobody's answer along.
        return await asyncio.shield(reading)

    def renew(self) -> None:
        """Have whoever asks from now on read anew: what is under way may have missed the newest."""
        self._under_way = {}

    def _forget(self, sequence: int, done: "asyncio.Task[list[JobEventRecord]]") -> None:
        if self._under_way.get(sequence) is done:
            del self._under_way[sequence]
        if not done.cancelled():
            done.exception()  # heard, even where everybody has left


class Listener:
    """One who follows a job."""

    def __init__(self, job: UUID, following: Following, reader: _Reader) -> None:
        self.job = job
        self.reader = reader
        self.seen = 0
        """The number of the last event that was told."""
        self._following = following
        self._ended = False
        self._bell = anyio.Event()

    def ring(self) -> None:
        """Have the listener look."""
        self.reader.renew()
        self._bell.set()

    def end(self) -> None:
        """Let the stream end as soon as what is there was told."""
        self._ended = True
        self._bell.set()

    async def events(self, *, after: int) -> AsyncGenerator[JobEventRecord | None]:
        """Yield what happens to the job after an event, and None after each while of quiet.

        Ends after a final event, or when it has lasted long enough.
        """
        self.seen, until = after, time.monotonic() + self._following.lasts_seconds
        while True:
            self._bell = anyio.Event()
            wait = self._following.heartbeat_seconds
            try:
                found = await self.reader.after(self.seen)
            except DatabaseError:
                found, wait = [], self._following.poll_seconds
            for event in found:
                self.seen = event.sequence
                yield event
            if len(found) == _EVENTS_AT_ONCE:
                continue
            left = until - time.monotonic()
            if self._ended or left <= 0 or (found and found[-1].final):
                return
            with anyio.move_on_after(min(wait, left)) as quiet:
                await self._bell.wait()
            if quiet.cancelled_caught and not self._ended:
                yield None


class Listeners:
    """All listeners of this process."""

    def __init__(self, redis_url: str, following: Following) -> None:
        """Take where changes are told; `running` connects."""
        self._ear = Ear(redis_url, Channel.CHANGES, on_told=self._ring, on_begin=self._ring_all)
        self._following = following
        self._by_job: dict[UUID, set[Listener]] = {}
        self._by_key: Counter[str] = Counter()

    @property
    def count(self) -> int:
        """How many there are."""
        return self._by_key.total()

    def check(self, key: str) -> None:
        """Raise `TooManyListeners` or `ListenersFull` if a key may have no further one now."""
        most = self._following.listeners_per_key
        if most and self._by_key[key] >= most:
            raise TooManyListeners(
                f"This key holds {most} streams open; close one, or ask again later.", limit=most
            )
        if self.count >= self._following.listeners:
            raise ListenersFull("As many streams are open as this bridge takes; ask again later.")

    @contextmanager
    def listening(self, job: UUID, *, key: str) -> Generator[Listener]:
        """Follow a job in the name of a key; raises as `check` does."""
        self.check(key)
        followers = self._by_job.setdefault(job, set())
        reader = next((one.reader for one in followers), None) or _Reader(job)
        listener = Listener(job, self._following, reader)
        followers.add(listener)
        self._by_key[key] += 1
        try:
            yield listener
        finally:
            self._by_job[job].discard(listener)
            if not self._by_job[job]:
                del self._by_job[job]
            self._by_key[key] -= 1
            if not self._by_key[key]:
                del self._by_key[key]

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Hear and look for changes while the block runs; then all streams end."""
        # No task group: its scope would cancel whoever opened the application, once that ends.
        tasks = [asyncio.create_task(self._ear.listen()), asyncio.create_task(self._look())]
        try:
            yield
        finally:
            for listener in self._all():
                listener.end()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._ear.aclose()

    def _ring(self, job: UUID) -> None:
        for listener in self._by_job.get(job, ()):
            listener.ring()

    def _ring_all(self) -> None:
        for listener in self._all():
            listener.ring()

    async def _look(self) -> None:
        while True:
            following = self._following
            quick, slow = following.poll_seconds, following.heartbeat_seconds
            await anyio.sleep(max(quick, slow) if self._ear.hears else quick)
            jobs = list(self._by_job)
            with suppress(DatabaseError):
                for start in range(0, len(jobs), _ASKED_AT_ONCE):
                    await self._ring_late(jobs[start : start + _ASKED_AT_ONCE])

    async def _ring_late(self, jobs: list[UUID]) -> None:
        """Wake those who have not been told the newest."""
        for job, sequence in (await history.sequences(jobs)).items():
            for listener in self._by_job.get(job, ()):
                if listener.seen < sequence:
                    listener.ring()

    def _all(self) -> list[Listener]:
        return [listener for some in self._by_job.values() for listener in some]
