"""Whole processes measured: what they took, and what their whole tree held at its fullest."""

import os
import subprocess
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

_EVERY = 0.25
"""Seconds between two looks at the memory. Each walks the tree's page tables and holds up
whoever changes them: twenty looks a second made the engine a tenth slower."""
_KIBIBYTE = 1024


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """What one run of a command took."""

    wall: float
    """Seconds."""
    cpu: float
    """Seconds, user and system, of the process and all its children."""
    peak: float
    """MiB, the tree's proportional set size at its largest; pages two share count once."""


def measure(command: Sequence[str | Path], *, log: Path) -> Cost:
    """Run a command to its end; raise `CalledProcessError` if it fails.

    What it says goes into `log`.
    """
    with log.open("wb") as output:
        began = time.perf_counter()
        process = subprocess.Popen(  # noqa: S603  the benchmark's own commands
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
        watch = _Watch(process.pid)
        watch.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        watch.ended.set()
        watch.join()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        told = log.read_text(errors="replace")[-2000:]
        raise subprocess.CalledProcessError(process.returncode, list(command), told)
    return Cost(wall=wall, cpu=usage.ru_utime + usage.ru_stime, peak=watch.peak / 2**20)


class _Watch(threading.Thread):
    """Looks at a process tree's memory until it has ended."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid = pid
        self.ended = threading.Event()
        self.peak = 0

    def run(self) -> None:
        while not self.ended.wait(_EVERY):
            self.peak = max(self.peak, sum(map(_held, _tree(self._pid))))


def _tree(pid: int) -> list[int]:
    tree = [pid]
    for one in tree:
        with suppress(OSError):
            for children in Path(f"/proc/{one}/task").glob("*/children"):
                tree += map(int, children.read_text().split())
    return tree


def _held(pid: int) -> int:
    """Return a process's proportional set size in bytes; 0 once it has ended."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * _KIBIBYTE
    return 0
