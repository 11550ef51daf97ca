"""The render engine's table: what was wanted, what was measured, and whether it is met.

    python -m benchmarks.render [--only sound,motion] [--runs 3] [--folder DIR]

Rows that are not asked for keep what they last measured. The table is printed and
written into `specs/benchmarks.md`; the numbers behind it stay in the folder.
"""

import argparse
import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path

import av
import msgspec
import psutil

from benchmarks.render.bench import Bench
from benchmarks.render.rows import ROWS, Line, measure_rows

_REPORT = Path(__file__).parents[2] / "specs" / "benchmarks.md"
_FOLDER = Path(__file__).parents[2] / ".cache" / "bench"


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A row as it was last measured."""

    lines: list[Line]
    machine: str
    versions: str


def main() -> int:
    """Measure, print and write; return 1 where something wanted is not met."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.render", description=__doc__)
    parser.add_argument("--only", default=",".join(ROWS), help="rows, joined by commas")
    parser.add_argument("--runs", type=int, default=3, help="runs of each command, interleaved")
    parser.add_argument("--folder", type=Path, default=_FOLDER, help="where all of it lies")
    options = parser.parse_args()
    rows = frozenset(options.only.split(","))
    if unknown := rows - set(ROWS):
        parser.error(f"there is no row {', '.join(sorted(unknown))}; there are {', '.join(ROWS)}")
    bench = Bench(options.folder.resolve(), tell=_tell)
    book = options.folder / "rows.json"
    kept = msgspec.json.decode(book.read_bytes(), type=dict[str, Kept]) if book.exists() else {}
    versions = _versions(bench)
    for name, lines in measure_rows(bench, rows, runs=options.runs):
        kept[name] = Kept(lines=lines, machine=_machine(), versions=versions)
        book.write_bytes(msgspec.json.encode(kept))
    table = _table(kept)
    sys.stdout.write(table)
    _REPORT.write_text(_report(table, kept))
    return int(any(line.met is False for row in kept.values() for line in row.lines))


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def _table(kept: dict[str, Kept]) -> str:
    lines = [line for name in ROWS if name in kept for line in kept[name].lines]
    rows = [
        f"| {line.what} | {line.target} | **{line.measured}** | {_verdict(line)} | {line.notes} |"
        for line in lines
    ]
    head = ["| measure | wanted | measured | | how |", "|---|---|---|---|---|"]
    return "\n".join([*head, *rows]) + "\n"


def _verdict(line: Line) -> str:
    return {True: "met", False: "not met", None: "—"}[line.met]


def _report(table: str, kept: dict[str, Kept]) -> str:
    settings = sorted({f"{row.machine}; {row.versions}" for row in kept.values()})
    return f"""# What the render engine costs

Written by `make bench`; `make bench BENCH_ARGS="--only sound,motion"` measures single rows again.

The standard workload: six scenes of 2400×1600 pictures that compress like photographs, 30 s at
1920×1080 and 30 frames a second, slow zooms and pans, crossfades of 0.5 s, a narration in every
scene, x264 veryfast crf 21; and the same with 20 scenes in 120 s. Whole processes, from start to
exit: CPU is what the whole tree used, memory what it held at its fullest (proportional set size).
Runs are interleaved, medians are compared, and every ratio is within one run.

The floor is the encoder alone, with the engine's own settings, fed with the same finished frames
from memory. The engine is called as a user calls it: it also makes the sound, judges what it
encoded by decoding again every frame that others refer to, joins, hashes and syncs; all that is in
its figures.

{table}
Measured on {"; and on ".join(settings)}.
"""


def _machine() -> str:
    memory = psutil.virtual_memory().total / 2**30
    names = {
        line.split(":", 1)[1].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    }
    return f"{os.cpu_count()} cores ({', '.join(names) or platform.machine()}), {memory:.0f} GiB"


def _versions(bench: Bench) -> str:
    codec = ".".join(map(str, av.library_versions["libavcodec"]))
    packages = [f"{name} {version(name)}" for name in ("av", "numpy", "llvmlite", "pillow")]
    return ", ".join(
        [
            f"Python {platform.python_version()}",
            *packages,
            f"OpenCV {version('opencv-python-headless')}",
            f"libavcodec {codec}",
            bench.peers.versions,
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
