"""The table by hops: each fault strikes at each hop, and what became of the film is counted.

    python -m tests.faults.hops --runs 10 --out specs/fault-matrix.md

Runs are written down one by one, as lines of JSON, and those of this kind that are there already
are not made again: a long table can be made in pieces, and by several commands side by side, each
with hops of its own. `--runs 0` makes none and writes the page. The exit status is 1 if anything
was lost, done or paid twice, or left behind.
"""

import argparse
import logging
import os
import sys
import tempfile
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import anyio
import anyio.to_thread
import structlog

from cms_bridge.database import connected
from daemon.local.editor import Editor
from tests.faults.hops import report
from tests.faults.hops.house import House, open_house
from tests.faults.hops.plan import CELLS, Fault, Hop
from tests.faults.hops.report import Record, Tally
from tests.faults.hops.run import at_work, run

RESULTS = Path(".cache/faults/hops.jsonl")


def main() -> int:
    """Make what is missing, write the page, and say whether all is well."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument(
        "--runs", type=int, default=report.WANTED, help="of each cell, those made included"
    )
    parser.add_argument("--hops", help="numbers, as in 1,5,12, or 0 for no fault; by default all")
    parser.add_argument("--faults", help="names, as in SIGKILL,CMS error; by default all")
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begin no run after")
    parser.add_argument("--out", type=Path, help="the page, of which this table is a part")
    arguments = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    logging.getLogger("asyncpg").setLevel(logging.CRITICAL)

    hops = [int(one) for one in (arguments.hops or "").split(",") if one]
    faults = [Fault(one.strip()) for one in (arguments.faults or "").split(",") if one]
    cells: list[tuple[Hop, Fault | None]] = [
        (hop, fault)
        for hop, fault in CELLS
        if (not hops or hop.number in hops) and (not faults or fault in faults)
    ]
    if not faults and (not hops or 0 in hops):
        cells.append((Hop.SAVE, None))
    tally = Tally(arguments.results)
    report.commit()
    missing = [
        (hop, fault, number)
        for number in range(arguments.runs)
        for hop, fault in cells
        if number not in tally.numbers(hop, fault)
    ]
    failed = 0
    if missing:
        with (
            tempfile.TemporaryDirectory(prefix="reelwright-hops-") as directory,
            open_house(Path(directory)) as house,
        ):
            made = partial(_make, house, missing, tally, until=time.monotonic() + arguments.seconds)
            failed = anyio.run(made)
    if arguments.out:
        report.write(arguments.out, tally.records)
    return int(failed or any(not one.counts.sound for one in tally.records))


async def _make(
    house: House,
    missing: list[tuple[Hop, Fault | None, int]],
    tally: Tally,
    *,
    until: float,
) -> int:
    """Make runs, and write each down; return how many could not be made."""
    failed = 0
    async with connected(house.database_url), at_work(house) as editor:
        for hop, fault, number in missing:
            if time.monotonic() > until:
                break
            failed += not await _one(house, editor, tally, (hop, fault, number))
    return failed


async def _one(
    house: House, editor: Editor, tally: Tally, planned: tuple[Hop, Fault | None, int]
) -> bool:
    """Make one run, and write it down if it could be made; tell whether it could."""
    at = datetime.now(UTC)
    hop, fault, number = planned
    words = f"{hop.number:2} {hop.words}: {fault or 'nothing'} ({number + 1})"
    try:
        ending = await run(house, editor, hop, fault, number)
    except Exception as error:  # noqa: BLE001 - the next one may be possible
        print(f"{words}: NOT MADE: {error!r}", flush=True)  # noqa: T201 - a script
        await anyio.to_thread.run_sync(house.restore)
        return False
    record = Record(
        hop=hop.number,
        fault=fault,
        number=number,
        at=f"{at:%Y-%m-%dT%H:%M:%SZ}",
        commit=report.commit(),
        load=round(os.getloadavg()[0] / (os.cpu_count() or 1), 1),
        seconds=round(ending.seconds, 2),
        taken=ending.taken,
        counts=ending.counts,
    )
    tally.add(record)
    verdict = "ok" if ending.counts.sound else f"BROKEN {ending.counts}"
    asked = f", a person asked {ending.counts.asked} times" if ending.counts.asked else ""
    print(f"{words}: {ending.seconds:.1f} s{asked}: {verdict}", flush=True)  # noqa: T201 - a script
    return True


if __name__ == "__main__":
    sys.exit(main())
