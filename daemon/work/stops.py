"""Stops: word that a job is no worker's any more, for whoever has it in hand here.

It comes by Redis within moments of the commit. Nobody believes it: whoever hears it looks into the
database, as each heartbeat does, which is also what finds a job whose word was lost.
"""

from collections.abc import Generator
from contextlib import aclosing, contextmanager
from uuid import UUID

import anyio

from cms_bridge.jobs.channels import Channel, Ear


class Bell:
    """What is rung for one who has a job in hand."""

    def __init__(self) -> None:
        """Begin unrung."""
        self._rung = anyio.Event()

    def ring(self) -> None:
        """Have whoever waits look."""
        self._rung.set()

    async def wait(self, seconds: float) -> None:
        """Return when it is rung, or was since the last time; else after so long."""
        with anyio.move_on_after(seconds):
            await self._rung.wait()
        self._rung = anyio.Event()


class Stops:
    """The bells of this daemon."""

    def __init__(self) -> None:
        """Begin without any."""
        self._bells: dict[UUID, set[Bell]] = {}

    @contextmanager
    def of(self, job: UUID) -> Generator[Bell]:
        """Hear of a job's stop for as long as the block runs."""
        bell = Bell()
        self._bells.setdefault(job, set()).add(bell)
        try:
            yield bell
        finally:
            self._bells[job].discard(bell)
            if not self._bells[job]:
                del self._bells[job]

    def ring(self, job: UUID) -> None:
        """Have whoever has this job look."""
        for bell in self._bells.get(job, ()):
            bell.ring()

    async def listen(self, redis_url: str) -> None:
        """Ring for whatever is told of, until cancelled."""
        told = Ear(redis_url, Channel.STOPS, on_told=self.ring, on_begin=self._ring_all)
        async with aclosing(told) as ear:
            await ear.listen()

    def _ring_all(self) -> None:
        for job in self._bells:
            self.ring(job)
