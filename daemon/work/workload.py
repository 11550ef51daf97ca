"""The jobs that a daemon has in hand: taken up as there is room, and never more.

A wake-up names a job, and has whichever's turn it is taken up (`cms_bridge.jobs.turns`); beside it
the database is looked into every few seconds and whenever a place becomes free, since what it says
is due is due, whatever became of Redis and of whoever was woken before.
"""

import time
from collections import Counter
from uuid import UUID

import anyio
import structlog

from cms_bridge.jobs import turns
from cms_bridge.jobs.leases import PHASES
from cms_bridge.jobs.moves import WAKE_GRACE
from cms_bridge.states import Lane
from daemon.work.attempts import Work, attempt
from daemon.work.pools import TaskPool
from daemon.work.services import Services
from render import tracebacks

log = structlog.get_logger()

_COOL_DOWN_SECONDS = 10
"""How long a job that could not be claimed leaves its place to others."""


class Workload:
    """One lane's jobs in hand: its readings, or all others."""

    def __init__(
        self,
        lane: Lane,
        work: Work,
        services: Services,
        *,
        pool: TaskPool,
        readings: bool = False,
    ) -> None:
        """Take what is done with a job of the lane, and where its places are."""
        self.pool = pool
        self._lane = lane
        self._work = work
        self._services = services
        self._readings = readings
        self._active: Counter[UUID] = Counter()
        self._cooling_down: dict[UUID, float] = {}
        self._looked_at = time.monotonic()

    @property
    def unlooked_seconds(self) -> float:
        """How long ago it was last looked whether jobs are due, whatever came of that."""
        return time.monotonic() - self._looked_at

    @property
    def free_slots(self) -> int:
        """How many more jobs would be taken up now."""
        return 0 if self._services.in_flight.draining else self.pool.free_slots

    def start(self, job: UUID, *, after: int | None = None) -> bool:
        """Take up a job if there is room, claim permitting; tell whether there was.

        `after` is the attempt that whoever asks for it knows of.
        """
        if not self.free_slots:
            return False
        self._active[job] += 1
        self.pool.start(self._attempt(job, after))
        return True

    async def wake(self, job: UUID, *, after: int) -> bool:
        """Take up whichever job's turn it is, woken for one; tell whether that one needs no more.

        `after` is the attempt that whoever asks for it knows of.
        """
        if not await turns.waits(job, after=after):
            return True
        for one in await self._next(limit=1, woken=job):
            return self.start(one.id, after=one.attempt) and one.id == job
        return True

    async def start_due(self) -> bool:
        """Take up what the database says is due; tell whether more may be."""
        if not (slots := self.free_slots):
            return True
        due = await self._next(limit=slots)
        for job, number, status in due:
            if self.start(job, after=number):
                log.info("job.found", job_id=str(job), status=status, attempt=number)
        return len(due) == slots

    async def poll(self, *, every: float) -> None:
        """Take up due jobs for ever: this often and, with more to do, when a place is free."""
        while True:
            more, slot_freed = False, self.pool.slot_freed
            try:
                more = await self.start_due()
            except Exception as error:  # noqa: BLE001 - a database that is away comes back
                log.warning("job.poll_failed", reason=tracebacks.summary(error))
            self._looked_at = time.monotonic()
            with anyio.move_on_after(every):
                await (slot_freed.wait() if more else anyio.sleep_forever())

    async def _next(self, *, limit: int, woken: UUID | None = None) -> list[turns.Candidate]:
        now = anyio.current_time()
        self._cooling_down = {
            job: until for job, until in self._cooling_down.items() if until > now
        }
        return await turns.next_in(
            self._lane,
            limit=limit,
            besides=self._active.keys() | self._cooling_down.keys(),
            fresh=WAKE_GRACE,
            woken=woken,
            readings=self._readings,
        )

    async def _attempt(self, job: UUID, after: int | None) -> None:
        try:
            claimed = await attempt(
                job, PHASES[self._lane], self._work, self._services, after=after
            )
        except Exception:  # one job's trouble is not the next one's
            log.exception("attempt.failed", job_id=str(job))
            claimed = False
        finally:
            self._active -= Counter([job])
        # A wake-up that comes late finds its job in hand here: that one is not to rest for it.
        if not claimed and job not in self._active:
            self._cooling_down[job] = anyio.current_time() + _COOL_DOWN_SECONDS
