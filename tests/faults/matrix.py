"""The crash table: daemons killed at every step, charges counted by the providers.

    python -m tests.faults.matrix --runs 100 --out specs/fault-matrix.md

Each run has a database of its own, a daemon that dies by SIGKILL at one step,
and a new one that goes on. The exit status is 1 if anything was paid twice,
lost or left untold.
"""

import argparse
import logging
import sys
import tempfile
import time
from collections import defaultdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import anyio
import structlog

from tests.faults import page
from tests.faults.crashes import Ending, crash
from tests.faults.harness import LEASE_SECONDS, open_harness
from tests.faults.steps import STEPS, Step, Work

_HEAD = """\
# Killed at every step

What becomes of a job, and of the money, when its daemon is killed with SIGKILL in the middle of a
paid call. Made by `make faults` on {date}: {runs} runs in {minutes:.0f} minutes on
{machine}.

In each run a real daemon works on one short video with SQLite, a local store and a real Redis; the
providers are simulators that speak their HTTP and count what they charge. The daemon is killed at
the step named, by a wrapper around the function it is about to call or has just called, or by the
simulator at that moment of the call. Its lease of {lease} seconds runs out, and a daemon started
anew goes on until the video is finished (for a storyboard: until it lies before the editor) or
waits for a person. Charges are counted at that point.

- **alone**: finished without anybody's word. Where the outcome of a call is unknown, a picture or a
  narration waits for a person to look into the provider's account; a storyboard is drafted offline,
  the camera moves in place of a clip, and built-in music plays in place of a model's.
- **charged**: calls that the provider charged for; **settled** and **unknown**: what the ledger
  holds; **shown**: the unknown ones that the video's document tells of. A call that was announced
  may or may not have been charged, so charged lies between settled and settled + unknown.
- **second**: charges for what had been charged before, without anybody's word. **missing**: charges
  the ledger knows nothing of.
- **finished**: the job was finished, at the latest once a person had said what became of the
  unknown call, and then the ledger held exactly the charges that the provider counted, none open.
"""
_COLUMNS = (
    "runs",
    "alone",
    "charged",
    "settled",
    "unknown",
    "shown",
    "second",
    "missing",
    "finished",
)


def planned(runs: int) -> list[Step]:
    """Spread runs over all steps as evenly as they go."""
    return [STEPS[number % len(STEPS)] for number in range(runs)]


def sound(ending: Ending) -> bool:
    """Tell whether nothing was paid twice, lost, or left untold."""
    return (
        ending.finished
        and ending.balanced
        and not ending.second
        and not ending.missing
        and ending.shown == ending.unknown
    )


def table(endings: dict[Step, list[Ending]]) -> str:
    """Return the runs as Markdown, a table for each kind of work, and their sum."""
    parts: list[str] = []
    for work in Work:
        rows = [(step.words, ended) for step, ended in endings.items() if step.work is work]
        parts += [f"\n## {work.words[0].upper()}{work.words[1:]}\n", *_header("killed when")]
        parts += [_row(words, ended) for words, ended in rows]
    parts += ["\n## All together\n", *_header("killed when")]
    parts.append(_row("at any step", [one for ended in endings.values() for one in ended]))
    return "\n".join(parts) + "\n"


def _header(first: str) -> list[str]:
    return [
        "| " + " | ".join((first, *_COLUMNS)) + " |",
        "|---|" + "--:|" * len(_COLUMNS),
    ]


def _row(words: str, ended: list[Ending]) -> str:
    sums = (
        len(ended),
        sum(one.alone for one in ended),
        sum(one.charged for one in ended),
        sum(one.settled for one in ended),
        sum(one.unknown for one in ended),
        sum(one.shown for one in ended),
        sum(one.second for one in ended),
        sum(one.missing for one in ended),
        sum(one.finished and one.balanced for one in ended),
    )
    return "| " + " | ".join((words, *map(str, sums))) + " |"


def main() -> int:
    """Run the table, write it, and say whether it is clean."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))

    began = time.monotonic()
    endings: dict[Step, list[Ending]] = defaultdict(list)
    broken = 0
    with (
        tempfile.TemporaryDirectory(prefix="reelwright-faults-") as directory,
        open_harness(Path(directory)) as harness,
    ):
        for number, step in enumerate(planned(arguments.runs), start=1):
            ending = anyio.run(partial(crash, harness, step, thorough=True))
            endings[step].append(ending)
            broken += not sound(ending)
            verdict = "ok" if sound(ending) else f"BROKEN {ending}"
            print(f"{number:3} {step.work.words}: {step.words}: {verdict}", flush=True)  # noqa: T201 - a script
    head = _HEAD.format(
        date=f"{datetime.now(UTC):%Y-%m-%d}",
        runs=arguments.runs,
        minutes=(time.monotonic() - began) / 60,
        machine=page.machine(),
        lease=LEASE_SECONDS,
    )
    page.put(arguments.out, "steps", head + table(dict(sorted(endings.items(), key=_order))))
    return 1 if broken else 0


def _order(item: tuple[Step, list[Ending]]) -> int:
    return STEPS.index(item[0])


if __name__ == "__main__":
    sys.exit(main())
