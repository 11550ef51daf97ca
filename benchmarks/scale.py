"""Where more daemons stop making films faster: a simulation with costs that were measured.

    python -m benchmarks.scale             write specs/scale.md
    python -m benchmarks.scale --check     exit with 1 if it is not what this would write

Two questions. How fast is *one film*, encoded by so many idle daemons: a simulation of events, in
which each machine fetches the pictures and makes whichever segment is next, and one joins them. And
what do so many daemons ask of *the database*, which all of them share: a sum, since nothing of it
depends on anything else. Seeded: it says the same each time.
"""

import argparse
import heapq
import random
import sys
from pathlib import Path
from statistics import mean
from typing import NamedTuple

import msgspec

DOCUMENT = Path(__file__).parents[1] / "specs" / "scale.md"
FLEETS = (1, 2, 3, 5, 9, 17, 33, 65, 129, 257, 513, 1_000)
RUNS = 20
"""Of each film with each number of daemons; means are told."""
_USED = 0.5
"""Daemons of which less than so much is of use to a film are better left to other films."""


class Cost(NamedTuple):
    """What something costs, and where that is known from."""

    value: float
    unit: str
    of: str
    source: str


ENCODE = Cost(
    76.7 / 120,
    "CPU s per s of film",
    "encoding and judging at 1080p",
    "measured: the film of `benchmarks-scale.md` by one daemon, less what follows",
)
DRAW = Cost(
    6.4 / 120,
    "CPU s per s of film",
    "poster and thumbnails, which the holder draws beside encoding",
    "measured: the same film, under a profiler",
)
SPREAD = Cost(0.25, "of the mean", "how unequal segments of one length are", "assumed")
JOIN = Cost(
    0.9 / 120,
    "s per s of film",
    "what the holder does alone: joining, judging, hashing, signing",
    "measured: from the last segment to the end, in a run by two of `benchmarks-scale.md`'s film",
)
START = Cost(
    1.4, "s", "an engine from start to exit", "measured: `benchmarks.md`, the second render"
)
WAKE = Cost(0.05, "s", "a wake-up until it is seen", "set: `daemon.listener._POLL_SECONDS`")
PICTURE = Cost(2.0, "MB", "one picture, fetched by each daemon that helps", "assumed")
SEGMENT = Cost(0.6, "MB per s of film", "an encoded segment", "assumed: 5 Mbit/s")
LINK = Cost(60.0, "MB/s", "what one machine gets of the store", "assumed: half of 1 Gbit/s")
STORE = Cost(0.05, "s", "an object's first byte", "assumed")
COMMITS = Cost(
    2_313,
    "/s",
    "one-row commits of PostgreSQL on two cores, beside the load itself",
    "measured: `benchmarks-bridge.md`, webhook, bare",
)
LOOK = Cost(
    0.015,
    "s",
    "whose turn it is, behind 1,000 waiting jobs",
    "measured: `decisions/0056-turns.md`; on SQLite",
)
COSTS = (ENCODE, DRAW, SPREAD, JOIN, START, WAKE, PICTURE, SEGMENT, LINK, STORE, COMMITS, LOOK)

_HEARTBEAT, _SWEEP, _PRESENCE = 1.0, 3.0, 10.0
"""Seconds, as the daemon's settings have them; `test_scale.py` compares."""
_IN_HAND, _LANES = 5, 3
"""Jobs that a daemon has in hand when it is full, without drafts; lanes that it looks into."""
_CORES = 16
"""Of a database server of its own."""


class Film(msgspec.Struct, frozen=True, kw_only=True):
    """What is encoded."""

    seconds: float
    scenes: int

    @property
    def segments(self) -> int:
        """Each scene, and each transition between two: 23 of twelve scenes, as 0067 counted."""
        return 2 * self.scenes - 1


FILMS = (
    Film(seconds=120, scenes=20),
    Film(seconds=600, scenes=100),
    Film(seconds=3_600, scenes=600),
)


def seconds_of(film: Film, *, daemons: int, chance: random.Random) -> float:
    """Return how long a film takes with one daemon that holds it and others that help."""
    length = film.seconds / film.segments
    costs = [
        max(0.1, chance.gauss(1, SPREAD.value)) * length * ENCODE.value
        for _ in range(film.segments)
    ]
    moved = STORE.value + length * SEGMENT.value / LINK.value
    pictures = film.scenes * PICTURE.value / LINK.value + STORE.value
    # The holder has the pictures there and an engine that runs, and draws the stills besides.
    began = START.value + pictures
    drawn = began + film.seconds * DRAW.value
    free = [(drawn, 0)]
    invited = began + WAKE.value
    free += [(invited + pictures + START.value, number) for number in range(1, daemons)]
    heapq.heapify(free)
    claim = 1 / COMMITS.value
    made, database = drawn, 0.0
    for cost in costs:
        at, number = heapq.heappop(free)
        # Claims are commits, one after the other.
        database = max(at, database) + claim
        done = database + cost
        made = max(made, done)
        # What others made the holder fetches, while it encodes.
        heapq.heappush(free, (done + (moved if number else 0), number))
    fetched = moved if daemons > 1 else 0.0
    helped = max(0, daemons - 1) / daemons * film.segments * length * SEGMENT.value / LINK.value
    return max(made + fetched, invited + helped) + film.seconds * JOIN.value


def mean_of(film: Film, *, daemons: int, runs: int = RUNS) -> float:
    """Return a film's mean time over seeded runs."""
    return mean(
        seconds_of(film, daemons=daemons, chance=random.Random(f"{film} {daemons} {run}"))  # noqa: S311 - no secret
        for run in range(runs)
    )


def useful(film: Film) -> int:
    """Return the most daemons of which a film makes at least half of the use it could."""
    alone = mean_of(film, daemons=1)
    return max(n for n in FLEETS if alone / mean_of(film, daemons=n) >= _USED * n)


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """What full daemons ask of the database in each second."""

    commits: float
    looks: float

    @property
    def share_of_commits(self) -> float:
        """Of what PostgreSQL was seen to commit."""
        return self.commits / COMMITS.value

    @property
    def cores(self) -> float:
        """Busy with whose turn it is, behind 1,000 waiting jobs."""
        return self.looks * LOOK.value


def load_of(daemons: int) -> Load:
    """Return the load of so many daemons, each with all its places taken and more waiting."""
    renewals = _IN_HAND / _HEARTBEAT
    presence = 1 / _PRESENCE
    # Each lane is looked into every so often; a full one asks nothing (`Workload.start_due`).
    return Load(commits=daemons * (renewals + presence), looks=daemons * _LANES / _SWEEP)


def most_daemons() -> tuple[int, int]:
    """Return how many daemons fill the database's commits, and its cores with looks."""
    one = load_of(1)
    return int(COMMITS.value / one.commits), int(_CORES / one.cores)


def document() -> str:
    """Return the whole page."""
    return "\n".join([_HEAD, *_costs(), "", *_films(), "", *_loads(), ""])


_HEAD = """\
# Where more daemons stop helping

Written by `make scale` (`python -m benchmarks.scale`): a simulation, no measurement. What it rests
on stands in the first table, with where each figure comes from; what is *assumed* there nobody has
measured yet. Daemons have one core each. `REELWRIGHT_FAN_OUT_DAEMONS` (8) bounds who helps with one
film. A film's time begins once its pictures and speech are there. What two daemons were measured
at, with and without those, stands in [what a fleet gets done](benchmarks-scale.md).
"""

_OF_FILMS = """\
At least half of each daemon's time is of use up to: {bounds}. What the holder does alone no help
makes shorter: {floors} of joining and what follows it, and before that the stills, which it draws
while others encode: {stills}. A helper has all pictures fetched and an engine started before its
first segment."""
_HEADS = """\
Each has five jobs in hand, renews their leases once a second, tells its presence every ten, and
looks into three lanes every three.

| daemons | commits/s | of what two cores commit | looks/s | cores that look (1,000 wait) |"""
_OF_LOADS = """\
The commits of that server are taken by {commits:,} daemons: renewing leases is what ends first. A
heartbeat of five seconds (`REELWRIGHT_HEARTBEAT_SECONDS`; cancellations come by Redis all the same)
carries {patient:,}. Looks fill {cores} cores with {looks:,}."""


def _costs() -> list[str]:
    return [
        "| cost | value | source |",
        "|---|---|---|",
        *(f"| {one.of} | {one.value:,.3g} {one.unit} | {one.source} |" for one in COSTS),
    ]


def _films() -> list[str]:
    times = {film: {n: mean_of(film, daemons=n) for n in FLEETS} for film in FILMS}
    heads = " | ".join(
        f"{film.seconds / 60:g} min, {film.scenes} scenes: s | times as fast" for film in FILMS
    )
    rows = [
        f"| {n:,} | "
        + " | ".join(f"{times[f][n]:,.1f} | {times[f][1] / times[f][n]:.1f}" for f in FILMS)
        + " |"
        for n in FLEETS
    ]
    bounds = ", ".join(f"{useful(film):,} with {film.seconds / 60:g} min" for film in FILMS)
    floors, stills = (
        ", ".join(f"{film.seconds * cost.value:,.0f} s" for film in FILMS) for cost in (JOIN, DRAW)
    )
    return [
        "## One film, all other daemons idle",
        "",
        f"| daemons | {heads} |",
        "|---|" + "---|" * (2 * len(FILMS)),
        *rows,
        "",
        _OF_FILMS.format(bounds=bounds, floors=floors, stills=stills),
    ]


def _loads() -> list[str]:
    commits, looks = most_daemons()
    rows = []
    for n in FLEETS:
        load = load_of(n)
        rows.append(
            f"| {n:,} | {load.commits:,.0f} | {load.share_of_commits:.0%} | {load.looks:,.1f} |"
            f" {load.cores:.2f} |"
        )
    return [
        "## All daemons full: the database",
        "",
        _HEADS,
        "|---|---|---|---|---|",
        *rows,
        "",
        _OF_LOADS.format(
            commits=commits,
            patient=int(COMMITS.value / (_IN_HAND / 5 + 1 / _PRESENCE)),
            cores=_CORES,
            looks=looks,
        ),
    ]


def main() -> int:
    """Write the page, or compare it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    if parser.parse_args().check:
        return int(DOCUMENT.read_text() != document())
    DOCUMENT.write_text(document())
    return 0


if __name__ == "__main__":
    sys.exit(main())
