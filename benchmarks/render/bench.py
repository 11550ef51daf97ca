"""Where the measurements happen: workloads made once, and every command that is measured.

A trial is one command, run several times; trials of one round are interleaved,
so that whatever else the machine does falls on all of them.
"""

import hashlib
import shutil
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import median
from typing import TypedDict

import msgspec
import psutil

from benchmarks.render.peers import Command, Peers
from benchmarks.render.processes import Cost, measure
from benchmarks.render.workload import Workload, make


class _Size(TypedDict):
    scenes: int
    seconds: int


SHORT: _Size = {"scenes": 6, "seconds": 30}
LONG: _Size = {"scenes": 20, "seconds": 120}


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """The runs of one command, and what they took."""

    runs: tuple[Cost, ...]
    load: float
    """The machine's load average when it began."""

    @property
    def wall(self) -> float:
        """The median, in seconds."""
        return median(run.wall for run in self.runs)

    @property
    def cpu(self) -> float:
        """The median, in seconds."""
        return median(run.cpu for run in self.runs)

    @property
    def peak(self) -> float:
        """The largest of all, in MiB."""
        return max(run.peak for run in self.runs)


class Bench:
    """A folder of workloads, and the commands run over them."""

    def __init__(self, folder: Path, *, tell: Callable[[str], None]) -> None:
        """Take a folder, which may hold workloads already."""
        self._folder = folder
        self._tell = tell
        self.peers = Peers(folder / "peers")
        self.out = folder / "out"
        self.out.mkdir(parents=True, exist_ok=True)

    def workload(self, *, scenes: int, seconds: int, dressed: bool = False) -> Workload:
        """Return a workload, made if it is not there yet."""
        name = f"{scenes}x{seconds}" + ("-dressed" if dressed else "")
        place = self._folder / name
        workload = Workload(folder=place, scenes=scenes, seconds=seconds, dressed=dressed)
        if not workload.storyboard.exists() or not (place / "whole").exists():
            self._tell(f"making the workload of {scenes} scenes in {seconds} s")
            shutil.rmtree(place, ignore_errors=True)
            make(workload)
            (place / "whole").touch()
        return workload

    def copied(self, workload: Workload) -> Workload:
        """Return a copy that may be changed."""
        place = self._folder / "copy"
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(workload.folder, place)
        return msgspec.structs.replace(workload, folder=place)

    def engine(self, workload: Workload, *options: str | Path) -> Command:
        """Return the command of the engine, as a user would call it."""
        out = self.out / "engine.mp4"
        command: Command = [sys.executable, "-m", "render", workload.storyboard, "-o", out]
        # Signing is no part of the workload; what it costs is told in decision 0013.
        return [*command, "--assets", workload.assets, "--no-sign", "--json", *options]

    def floor(self, *, frames: int) -> Command:
        """Return the command of the encoder alone."""
        raw = self._folder / "frames.yuv"
        floor = [sys.executable, "-m", "benchmarks.render.floor"]
        source = self.workload(**SHORT)
        if not raw.exists() or raw.stat().st_size != source.frames * 1920 * 1080 * 3 // 2:
            self._tell("painting the frames for the floor")
            size = [str(source.scenes), str(source.seconds)]
            measure([*floor, "paint", source.folder, raw, *size], log=self._log)
        _warm(raw)
        return [*floor, "encode", raw, self.out / "floor.mp4", str(frames)]

    def decoding(self) -> Command:
        """Return the command that decodes what the floor has encoded."""
        raw, video = self._folder / "frames.yuv", self.out / "floor.mp4"
        return [sys.executable, "-m", "benchmarks.render.floor", "decode", raw, video]

    def once(self, name: str, command: Command) -> Cost:
        """Run one command."""
        cost = measure(command, log=self._log)
        self._tell(f"{name}: {cost.wall:.1f} s, {cost.cpu:.1f} s of CPU, {cost.peak:.0f} MiB")
        return cost

    def interleaved(self, trials: dict[str, Command], *, runs: dict[str, int]) -> dict[str, Trial]:
        """Run every trial as often as it is due, in turns."""
        costs: dict[str, list[Cost]] = {name: [] for name in trials}
        load = psutil.getloadavg()[0]
        for turn in range(max(runs[name] for name in trials)):
            for name, command in trials.items():
                if turn < runs[name]:
                    costs[name].append(self.once(name, command))
        return {name: Trial(runs=tuple(measured), load=load) for name, measured in costs.items()}

    @property
    def _log(self) -> Path:
        return self.out / "log.txt"


def digest(path: Path) -> str:
    """Return a file's SHA-256 in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _warm(path: Path) -> None:
    with path.open("rb") as file:
        blocks: Iterable[bytes] = iter(lambda: file.read(1 << 24), b"")
        for _ in blocks:
            pass
