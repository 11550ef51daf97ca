"""Progress that follows the work, assets made and frames encoded; never a timer."""

import time

from cms_bridge.jobs import leases
from cms_bridge.jobs.leases import Lease

GENERATING = (5, 40)
"""Percent of the whole at the start and the end of making pictures and speech."""
COMPOSING = (40, 92)
UPLOADING = 92
"""Percent while the files go to the store."""


class Reporter:
    """Tells the database, and through it the CMS, how far a job is; at most so often."""

    def __init__(self, lease: Lease, *, every: float) -> None:
        """Report a leased job's progress at most once in `every` seconds."""
        self._lease = lease
        self._every = every
        self._last = 0.0
        self._percent = -1

    async def report(
        self, stage: tuple[int, int], fraction: float, *, scenes_done: int | None = None
    ) -> None:
        """Show a stage's fraction (0 to 1), unless the last report was a moment ago."""
        start, end = stage
        percent = start + int((end - start) * min(max(fraction, 0.0), 1.0))
        now = time.monotonic()
        if percent <= self._percent or now - self._last < self._every:
            return
        self._last, self._percent = now, percent
        await leases.advance(self._lease, progress=percent, scenes_done=scenes_done)
