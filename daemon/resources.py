"""What a daemon and its children take of their machine, looked at from time to time (psutil)."""

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil

from cms_bridge.jobs.workers import Resources
from cms_bridge.operations import volumes
from daemon import gpus


class ResourceMonitor:
    """Looks at this process and its descendants; one caller at a time."""

    def __init__(self, work_directory: Path) -> None:
        """Take the directory whose disk matters."""
        self._directory = work_directory
        self._process = psutil.Process()
        self._seconds = self.cpu_seconds()
        self._at = time.monotonic()

    def cpu_seconds(self) -> float:
        """Return the processor time that was taken until now, by what has ended too."""
        # Whoever has ended and was waited for is in its parent's books.
        return sum(_cpu_seconds(one) for one in self._tree())

    def look(self) -> Resources:
        """Return what is taken; processor time on the mean since the last look."""
        tree = list(self._tree())
        seconds, now = sum(map(_cpu_seconds, tree)), time.monotonic()
        taken, passed = seconds - self._seconds, now - self._at
        self._seconds, self._at = seconds, now
        memory = psutil.virtual_memory()
        disk = next(iter(volumes.look({"work": self._directory})), None)
        cards = ()
        with suppress(gpus.NoGpu):
            cards = gpus.look({one.pid for one in tree})
        return Resources(
            cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else _cores(),
            # A child that nobody has waited for yet may be missing for a moment.
            cpu=round(max(0.0, taken / passed), 2) if passed > 0 else 0.0,
            memory_bytes=sum(map(_resident, tree)),
            memory_available_bytes=memory.available,
            memory_total_bytes=memory.total,
            disk_free_bytes=disk.free if disk else 0,
            disk_size_bytes=disk.size if disk else 0,
            gpus=cards,
        )

    def _tree(self) -> Iterator[psutil.Process]:
        yield self._process
        yield from self._process.children(recursive=True)


def _cpu_seconds(process: psutil.Process) -> float:
    with suppress(psutil.Error):
        return sum(process.cpu_times()[:4])  # its own, and its ended children's
    return 0.0


def _resident(process: psutil.Process) -> int:
    with suppress(psutil.Error):
        return process.memory_info().rss
    return 0


def _cores() -> int:
    return os.cpu_count() or 1
