"""Runs as they are written down, and the page that is made of them."""

import statistics
import subprocess
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path

import msgspec

from tests.faults import page
from tests.faults.hops.counting import TIDY_SECONDS, Counts
from tests.faults.hops.plan import CELLS, Fault, Hop
from tests.faults.hops.striking import AWAY_SECONDS, HANG_SECONDS

_HEAD = """\
# A fault at every hop

What becomes of a film when something fails at one of the [twelve hops](walkthrough.md) of its way.
Made by `make faults-hops`: {runs} runs from {first} to {last}, at {commits}, on
{machine}. The machine was shared: in the
middle {load:.0f} processes wanted each core, and every second below is one of such a machine.

One installation stays up for all runs: a real Payload with the plugin, a bridge and a daemon of
their own processes, Redis (Valkey), PostgreSQL and an S3 server, with the settings' defaults but
for draft quality, and HLS, Piper and the model that drafts, which are off; the provider is a
simulator that speaks its HTTP and counts what it charges; an integrator listens by webhook. In
each run an editor writes a brief of one scene in Payload, submits it, approves the storyboard,
and waits. The fault strikes while the hop is under way: the process that runs it stops at a
function of the hop, by a wrapper around it, until the fault is there; the save in Payload is
struck at a moment of its own by chance, and paid calls while the provider has them. A process
that was struck is started again at once, as a supervisor does. Redis and PostgreSQL are stopped
in good order and started again {away:g} s later; the store and Payload answer 503 for {away:g} s
or, in every second run, nothing at all; the provider answers nothing for {hang:g} s.

Counted in the end, where the truth is (rows, the store's listing, the provider's charges,
Payload's documents and outbox, what the integrator received, the work directory):

- **lost**: jobs that did not come to their end, and objects that are named and not there;
- **twice**: jobs, films and effects of events beyond the one;
- **charges**: for what had been charged before, without anybody's word, and such that the ledger
  does not have;
- **events**: those of the CMS, writes back to it and webhooks that did not arrive;
- **orphans**: objects that nothing names, and working files that are there after {tidy:g} s;
- **died**: processes that ended although nobody told them to;
- **asked**: runs that waited for a person's word on a paid call whose outcome nobody knew
  ([0008](decisions/0008-ledger.md)). It is given at once here, so that the film can go on;
- **p50**, **p99**: seconds from when the fault had passed, or the process was struck, until the
  film lay before the editor and everybody had been told of it. Undisturbed, that takes {calm}
  from the submission on this machine. It holds all that was still to do for the film.

Sums over all runs stand there, but for the seconds. “–”: the fault touches nothing that the hop
uses. {unmade}

{worst}
"""
WANTED = 10
"""Runs of each cell."""


class Record(msgspec.Struct, kw_only=True, frozen=True):
    """A run, as it is written down."""

    hop: int
    fault: Fault | None
    number: int
    at: str
    """When it began, in UTC."""
    commit: str
    load: float
    """Processes that wanted to run, for each core, in the minute before its end."""
    seconds: float
    counts: Counts
    taken: float | None = None


class Tally:
    """Every run that was written down, in a file of a line for each."""

    def __init__(self, file: Path) -> None:
        """Take the file, which need not be there."""
        self._file = file
        lines = file.read_bytes().splitlines() if file.exists() else []
        self.records = [msgspec.json.decode(line, type=Record) for line in lines]

    def numbers(self, hop: Hop, fault: Fault | None) -> set[int]:
        """Return the numbers of a cell's runs."""
        return {one.number for one in self.records if (one.hop, one.fault) == (hop.number, fault)}

    def add(self, record: Record) -> None:
        """Write a run down."""
        self.records.append(record)
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.open("ab") as file:
            file.write(msgspec.json.encode(record) + b"\n")


_SUMS: dict[str, Callable[[Counts], int]] = {
    "lost": lambda one: one.lost,
    "twice": lambda one: one.twice,
    "charges": lambda one: one.second + one.unbooked,
    "events": lambda one: one.events,
    "orphans": lambda one: one.orphans,
    "died": lambda one: one.died,
    "asked": lambda one: one.asked > 0,
}


def write(out: Path, records: Sequence[Record]) -> None:
    """Write the part of the page that is by hops."""
    struck = [one for one in records if one.fault is not None]
    calm = [one.seconds for one in records if one.fault is None]
    cells: dict[tuple[int, Fault], list[Record]] = defaultdict(list)
    for one in struck:
        if one.fault is not None:
            cells[one.hop, one.fault].append(one)
    head = _HEAD.format(
        runs=len(struck),
        first=min(one.at for one in struck)[:10],
        last=max(one.at for one in struck)[:10],
        commits=", ".join(f"`{one}`" for one in dict.fromkeys(one.commit for one in struck)),
        machine=page.machine(),
        load=statistics.median(one.load for one in struck),
        away=AWAY_SECONDS,
        hang=HANG_SECONDS,
        tidy=TIDY_SECONDS,
        calm=f"{statistics.median(calm):.0f} s" if calm else "some seconds",
        unmade=_unmade(cells),
        worst=_said_of(struck),
    )
    page.put(out, "hops", "\n".join([head, *_overview(cells), "", *_table(cells, struck), ""]))


def _unmade(cells: Mapping[tuple[int, Fault], Sequence[Record]]) -> str:
    """Say in a sentence how much of what is wanted has been made."""
    made = [len(cells.get((hop.number, fault), ())) for hop, fault in CELLS]
    if min(made) >= WANTED:
        return f"Every cell was run {min(made)} times or more."
    begun, whole = (sum(one >= least for one in made) for least in (1, WANTED))
    return (
        f"Wanted are {WANTED} runs of each of {len(CELLS)} cells: {begun} cells have been run,"
        f" {whole} of them so often."
    )


def _said_of(struck: Sequence[Record]) -> str:
    """Say in a sentence whether all is as wanted."""
    seconds = [one.seconds for one in struck]
    broken = sum(not one.counts.sound for one in struck)
    zeros = "All sums are zero" if not broken else f"{broken} runs left something that is not zero"
    said = f"{zeros}; over all runs p99 is {_quantile(seconds, 0.99):.1f} s."
    taken = [one.taken for one in struck if one.taken is not None]
    if not taken:
        return said
    p50, p99 = (_quantile(taken, share) for share in (0.5, 0.99))
    return (
        f"{said} The work of a daemon that was killed\nwas in hand again after {p50:.0f} s"
        f" (p50) and {p99:.0f} s (p99; {len(taken)} runs): a lease of 20 s has\nto run out first."
    )


def _overview(cells: dict[tuple[int, Fault], list[Record]]) -> list[str]:
    """Return runs made, and p99, of each hop and fault."""
    rows = [
        "## Runs, and the slowest of them in seconds",
        "",
        "| | hop | " + " | ".join(Fault) + " |",
        "|--:|---|" + "--:|" * len(Fault),
    ]
    for hop in Hop:
        shown = [_cell(hop, fault, cells.get((hop.number, fault), [])) for fault in Fault]
        rows.append(f"| {hop.number} | {hop.words} | " + " | ".join(shown) + " |")
    return rows


def _cell(hop: Hop, fault: Fault, made: Sequence[Record]) -> str:
    if fault not in hop.faults:
        return "–"
    return f"{len(made)}: {max(one.seconds for one in made):.1f}" if made else "not run"


def _table(cells: dict[tuple[int, Fault], list[Record]], struck: Sequence[Record]) -> list[str]:
    names = ("runs", *_SUMS, "p50", "p99")
    rows = [
        "## What became of them",
        "",
        "| hop | fault | " + " | ".join(names) + " |",
        "|---|---|" + "--:|" * len(names),
    ]
    rows += [
        _row(f"{hop.number} {hop.words}", fault, cells[hop.number, fault])
        for hop in Hop
        for fault in hop.faults
        if (hop.number, fault) in cells
    ]
    return [*rows, _row("all", "any", struck)]


def _row(first: str, second: str, made: Sequence[Record]) -> str:
    seconds = [one.seconds for one in made]
    values = [
        str(len(made)),
        *(str(sum(take(one.counts) for one in made)) for take in _SUMS.values()),
        f"{_quantile(seconds, 0.5):.1f}",
        f"{_quantile(seconds, 0.99):.1f}",
    ]
    return "| " + " | ".join((first, second, *values)) + " |"


def _quantile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that so large a share is at or below."""
    ordered = sorted(values)
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)]


@cache
def commit() -> str:
    """Return what was checked out when this began, with a plus if it had been changed since."""
    asked = ["git", "describe", "--always", "--dirty=+", "--abbrev=7"]
    return subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()
