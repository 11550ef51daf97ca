"""What came of a soak: what grew, what is left over, and the page that tells it."""

import os
import platform
import subprocess
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import mean

import msgspec
import psutil
from redis.asyncio import Redis

from cms_bridge.ledger.charges import ChargeState
from cms_bridge.operations import reconciliation
from cms_bridge.storage.local import LocalStore
from cms_bridge.tables import Charge, Job, OutboxMessage
from tests.support.bridge_process import LINK_SECRET
from tests.support.installation import HALF_ROWS
from tests.support.servers.postgres import PostgresServer
from tests.support.work_files import left_in

GROWTH = 0.05
"""How much more a process may hold in its last quarter than in its second."""
_HEAD = """\
# The soak

What grows and what is left over after {jobs:,} small jobs under random faults. Made by `make soak`
on {date}: {minutes:.0f} minutes on {machine}.

Two daemons and a bridge work on one PostgreSQL, one Redis and one local store, for three projects;
Gemini is a simulator that speaks its HTTP, and Payload a server that takes every write. Each tenth
job is a film of a second, a third of the others speech, the rest pictures; thirty are open at a
time. One daemon and the bridge live from the first job to the last; the other daemon is what is
killed and stopped. Memory is sampled each second; the first quarter, in which everything is used
for the first time, is not judged. What is left over is counted once everything has ended and
everybody has gone, and a sweep (`reelwright objects`) has found the stored files a day old: a
process that is killed between storing and writing down leaves what only that takes.
"""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What is run."""

    jobs: int
    seed: int = 1
    fault_seconds: float = 5.0
    """From one fault to the next, on the average."""
    film_every: int = 10
    """Each so many jobs are a film; of the others every third is speech, the rest pictures."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it."""

    plan: Plan
    seconds: float
    ended: dict[str, int]
    """Jobs by kind and status."""
    faults: dict[str, int]
    charged: int
    unknown: int
    """Charges whose outcome nobody knows, each told to a person."""
    swept: dict[str, int]
    """What killed processes had stored and not written down, and the sweep took a day later."""
    memory: dict[str, list[float]]
    """Resident mebibytes of each process that lived throughout, a sample a second."""
    left: dict[str, list[str]]
    """What is left over, by what it is; nothing is wanted."""

    def growth(self, name: str) -> float | None:
        """Return by how much of its second quarter the last is larger; None of too few samples."""
        samples = self.memory[name]
        quarter = len(samples) // 4
        if quarter < 10:
            return None
        return mean(samples[-quarter:]) / mean(samples[quarter : 2 * quarter]) - 1

    @property
    def is_clean(self) -> bool:
        """Whether nothing is left over and every job has ended."""
        ended = sum(self.ended.values()) == self.plan.jobs
        return ended and not any(self.left.values())

    @property
    def is_flat(self) -> bool:
        """Whether nothing that lived has grown."""
        return all((self.growth(name) or 0) <= GROWTH for name in self.memory)


async def sweep(directory: Path) -> dict[str, int]:
    """Let a day pass over the stored files, sweep as an operator does, and return what went."""
    objects = directory / "objects"
    yesterday = time.time() - timedelta(days=1).total_seconds()
    for path in objects.rglob("*"):
        if path.is_file():
            os.utime(path, (yesterday, yesterday))
    async with _opened(objects) as store:
        inventory = await reconciliation.compare(store, older_than=reconciliation.YOUNGEST)
        removed = await reconciliation.remove(store, inventory.unreferenced)
        return {"objects": removed.objects, "half copies": await store.sweep()}


def _opened(objects: Path) -> LocalStore:
    return LocalStore(objects, base_url="http://unused", secret=LINK_SECRET, keep_free=0)


async def left_over(directory: Path, redis_url: str) -> dict[str, list[str]]:
    """Return what is left over, by what it is."""
    work, objects = directory / "work", directory / "objects"
    found: dict[str, list[str]] = {
        "files of work": left_in(work),
        "files half stored": [path.name for path in objects.glob(".incoming/*")],
    }
    for what, query in HALF_ROWS.items():
        found[what] = [str(row) for row in await Job.raw(query)]
    open_states = [ChargeState.RESERVED, ChargeState.STARTED]
    rows = await Charge.select(Charge.id, Charge.state).where(Charge.state.is_in(open_states))
    found["charges that are open"] = [str(row) for row in rows]
    rows = await OutboxMessage.select(OutboxMessage.id).where(OutboxMessage.due_at.is_not_null())
    found["news that is due"] = [str(row) for row in rows]
    async with _opened(objects) as store:
        stored = [one.key async for one in store.list_objects()]
        named: set[str] = set()
        for start in range(0, len(stored), 200):
            named |= await reconciliation.named_among(stored[start : start + 200])
        found["objects that nothing names"] = sorted(set(stored) - named)
        kept = await reconciliation.compare(store, older_than=reconciliation.YOUNGEST)
        found["objects that are missing"] = [one.key for one in kept.missing]
    async with Redis.from_url(redis_url) as client:  # pyright: ignore[reportUnknownMemberType]
        found["Redis keys that never expire"] = [
            key.decode() async for key in client.scan_iter() if await client.ttl(key) < 0
        ]
    return found


def connections_to(server: PostgresServer, database: str) -> list[str]:
    """Return the connections that somebody still holds, once everybody has gone."""
    name = database.rpartition("/")[2]
    asked = f"SELECT application_name, state FROM pg_stat_activity WHERE datname = '{name}'"  # noqa: S608
    told = subprocess.run(
        [server.binaries / "psql", server.url("postgres"), "-qtAXc", asked],
        check=True,
        capture_output=True,
        text=True,
    )
    return told.stdout.split()


def document(outcome: Outcome) -> str:
    """Return the outcome as Markdown."""
    plan = outcome.plan
    memory = psutil.virtual_memory().total / 2**30
    machine = f"{os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}"
    parts = [
        _HEAD.format(
            jobs=plan.jobs,
            date=f"{datetime.now(UTC):%Y-%m-%d}",
            minutes=outcome.seconds / 60,
            machine=machine,
        ),
        f"\nCharged calls: {outcome.charged:,}; of unknown outcome: {outcome.unknown:,}.\n",
        _table("Jobs", "kind and status", outcome.ended),
        _table("Faults", "what failed", outcome.faults),
        _table("Swept", "what nobody had written down", outcome.swept),
        _table("Left over", "what", {name: len(some) for name, some in outcome.left.items()}),
        "\n## Memory\n",
        "| process | second quarter, MiB | last quarter, MiB | growth |",
        "|---|--:|--:|--:|",
    ]
    for name, samples in outcome.memory.items():
        quarter, grown = max(1, len(samples) // 4), outcome.growth(name)
        second, last = mean(samples[quarter : 2 * quarter]), mean(samples[-quarter:])
        told = "too few samples" if grown is None else f"{grown:+.1%}"
        parts.append(f"| {name} | {second:.1f} | {last:.1f} | {told} |")
    return "\n".join(parts) + "\n"


def _table(title: str, first: str, counts: dict[str, int] | Counter[str]) -> str:
    rows = [f"| {name} | {count:,} |" for name, count in sorted(counts.items())]
    return "\n".join([f"\n## {title}\n", f"| {first} | |", "|---|--:|", *rows])
