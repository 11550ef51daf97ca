"""Progress that follows the work, assets made and frames encoded; never a timer."""

import asyncio
import time
from typing import Any

import structlog

from cms_bridge.errors import DatabaseError, LeaseLost
from cms_bridge.jobs import leases
from cms_bridge.jobs.leases import Lease
from cms_bridge.records import Stage
from cms_bridge.states import Lane, Status

log = structlog.get_logger()

GENERATING = (5, 40)
"""Percent of the whole at the start and the end of making pictures and speech."""
COMPOSING = (40, 92)
UPLOADING = 92
"""Percent while the files go to the store."""


class Reporter:
    """Tells the database, and through it CMS and listeners, how far a job is; at most so often.

    What came too soon after the last report is told with the next, or by itself once its
    time has come: the stage shown is never older than that. What the database does not take is
    no reason to end the work, and is told with the next.
    """

    def __init__(self, lease: Lease, *, every: float) -> None:
        """Report a leased job's progress at most once in `every` seconds; it never goes back."""
        self._lease = lease
        self._every = every
        self._last = 0.0
        # What is being made once more in the lane of composition was shown in the one before.
        self._percent = COMPOSING[0] if lease.lane is Lane.COMPOSITION else -1
        self._untold: dict[str, Any] = {}
        self._later: asyncio.Task[None] | None = None

    async def report(self, stage: tuple[int, int], fraction: float, **seen: Any) -> None:
        """Show a stage's fraction (0 to 1), and what else `leases.advance` shows.

        Raises `LeaseLost`.
        """
        start, end = stage
        percent = start + int((end - start) * min(max(fraction, 0.0), 1.0))
        if percent <= self._percent:
            return
        self._percent = percent
        await self._tell(progress=percent, **seen)

    async def enter(self, stage: Stage) -> None:
        """Show what is begun now; raise `LeaseLost`."""
        await self._tell(stage=stage)

    async def move(self, to: Status, **seen: Any) -> None:
        """Show at once that a job has come to another status; raise `LeaseLost`."""
        seen, self._untold = {**self._untold, **seen}, {}
        self._last = time.monotonic()
        await leases.advance(self._lease, to=to, **seen)

    async def aclose(self) -> None:
        """Tell nothing more."""
        if self._later:
            self._later.cancel()
            await asyncio.wait([self._later])

    async def _tell(self, **seen: Any) -> None:
        self._untold |= seen
        due = self._last + self._every - time.monotonic()
        if due <= 0:
            await self._flush()
        elif self._later is None or self._later.done():
            self._later = asyncio.create_task(self._flush_in(due))

    async def _flush(self) -> None:
        seen, self._untold = self._untold, {}
        self._last = time.monotonic()
        if not seen:
            return
        try:
            await leases.advance(self._lease, **seen)
        except DatabaseError as error:
            self._untold = {**seen, **self._untold}
            self._log_untold(error)

    async def _flush_in(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        try:
            await self._flush()
        except LeaseLost as error:
            # Whoever holds the job learns of it by the next thing that is written.
            self._log_untold(error)

    def _log_untold(self, error: Exception) -> None:
        log.debug("progress.untold", job_id=str(self._lease.job_id), reason=type(error).__name__)
