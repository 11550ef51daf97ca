"""What a fleet gets done: jobs an hour a core, fan-out, waiting, and what an idle daemon costs.

    python -m benchmarks.fleet [--json] [--write] [--films 6] [--seconds 120] [--only idle,waiting]

Real daemons, each pinned to one core with all that it starts, on a real PostgreSQL that syncs every
commit, a real Redis and a local store; nothing is asked of a provider. On a machine that does other
things the figures are worth nothing: it tells how busy it was before it began.
"""

import argparse
import multiprocessing
import os
import platform
import secrets
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import mean, quantiles
from typing import Any
from uuid import UUID

import anyio
import anyio.to_thread
import msgspec
import psutil

from cms_bridge import wakeups
from cms_bridge.database import connected, migrate
from cms_bridge.inbox import intake
from cms_bridge.jobs import media
from cms_bridge.jobs.queue import open_queue
from cms_bridge.pricing.estimates import OFFLINE
from cms_bridge.states import JobKind, Status
from cms_bridge.tables import Attempt, Job, JobEvent, Worker
from daemon.local.redis import embedded_redis
from render.storyboard import Limits, Scene, Storyboard
from tests.faults import crashing_daemon
from tests.faults.harness import daemon
from tests.support import events
from tests.support.installation import eventually
from tests.support.ledger import PLENTY
from tests.support.servers.postgres import postgres_server

REPORT = Path(__file__).parent.parent / "specs" / "benchmarks-scale.md"
PARTS = ("idle", "waiting", "pictures", "films", "fan-out")
_PATIENCE = 3_600.0
_IDLE_SECONDS = 30.0
_WAITS = 60
"""Jobs whose wait for a worker is measured, one after the other."""
_PICTURES = 60
_SCENES = 20
"""Of the film that is fanned out."""
_HEAD = """\
# What a fleet gets done

Made by `make bench-scale` on {date}: {machine}, of which others kept {busy:.1f} busy before it
began. What more daemons would do is simulated in [scale](scale.md).

Real daemons, each pinned to one core with all that it starts, on a PostgreSQL that syncs every
commit, a Redis and a local store; nothing is asked of a provider, so that only what is done here
counts.
"""


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was measured."""

    what: str
    value: float
    unit: str
    how: str


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """All of it, and where."""

    date: str
    machine: str
    busy: float
    """Cores that others kept busy before it began."""
    figures: list[Figure]


class _Place(msgspec.Struct, frozen=True, kw_only=True):
    """Servers that a measurement has to itself, and a daemon's settings for them."""

    directory: Path
    settings: dict[str, str]

    @contextmanager
    def daemon(self, name: str, core: int, **more: str) -> Generator[psutil.Process]:
        """Run a daemon on one core, with a work directory of its own."""
        home = self.directory / name
        home.mkdir(exist_ok=True)
        own = {"work_directory": f"{home}/work", **more}
        settings = self.settings | {
            f"REELWRIGHT_{name.upper()}": value for name, value in own.items()
        }
        with daemon(settings, home) as process:
            running = psutil.Process(process.pid)
            running.cpu_affinity([core])
            for thread in running.threads():
                os.sched_setaffinity(thread.id, {core})
            yield running


@asynccontextmanager
async def _place() -> AsyncGenerator[_Place]:
    """Open a database, a queue and a store that nobody else has."""
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rw-fleet-")))
        server = stack.enter_context(postgres_server(durable=True))
        database = stack.enter_context(server.database())
        await migrate(database)
        async with (
            embedded_redis(directory / "redis") as redis,
            connected(database),
            open_queue(redis) as queue,
        ):
            settings = {
                "redis_url": redis,
                "database_url": database,
                "storage_directory": f"{directory}/objects",
                "webhook_secret": events.SECRET,
                "api_key": secrets.token_urlsafe(32),
                "link_secret": secrets.token_urlsafe(32),
                "piper": "false",
                "hls": "false",
                "render_threads": "1",
                "log_level": "warning",
            }
            with wakeups.sent_to(queue):
                yield _Place(
                    directory=directory,
                    settings={f"REELWRIGHT_{n.upper()}": value for n, value in settings.items()},
                )


async def idle() -> list[Figure]:
    """Measure what a daemon takes that has nothing to do."""
    async with _place() as place:
        with place.daemon("one", 0) as process:
            await _there(1)
            await anyio.sleep(5)
            before = _cpu(process)
            await anyio.sleep(_IDLE_SECONDS)
            used = (_cpu(process) - before) / _IDLE_SECONDS
            memory = process.memory_info().rss / 2**20
    how = f"over {_IDLE_SECONDS:.0f} s, five after it was up"
    return [
        Figure(what="an idle daemon", value=100 * used, unit="% of a core", how=how),
        Figure(what="an idle daemon's memory", value=memory, unit="MiB", how="resident"),
    ]


async def waiting() -> list[Figure]:
    """Measure how long a job waits for an idle daemon to begin it."""
    async with _place() as place:
        with place.daemon("one", 0):
            await _there(1)
            for number in range(_WAITS):
                await _finished([await _picture(f"wait {number}")])
        rows = await Attempt.select(Attempt.started_at, Attempt.job.created_at.as_alias("ordered"))
    waits = sorted((row["started_at"] - row["ordered"]).total_seconds() * 1_000 for row in rows)
    cuts = quantiles(waits, n=100)
    how = f"from the order to its attempt, {len(waits)} pictures one after the other"
    return [
        Figure(what="a job's wait, p50", value=cuts[49], unit="ms", how=how),
        Figure(what="a job's wait, p99", value=cuts[98], unit="ms", how=how),
    ]


async def pictures() -> list[Figure]:
    """Measure how many pictures one core gets done: all of a job but what a provider does."""
    async with _place() as place:
        jobs = [await _picture(f"picture {number}") for number in range(_PICTURES)]
        with place.daemon("one", 0):
            rate = await _rate(jobs)
    how = f"{_PICTURES} cards of the offline model, ordered before the daemon started"
    return [Figure(what="picture jobs", value=rate, unit="an hour a core", how=how)]


async def films(count: int) -> list[Figure]:
    """Measure how many short films one core gets done."""
    async with _place() as place:
        jobs = [await _film(f"film {number}", scenes=2, seconds=5.0) for number in range(count)]
        with place.daemon("one", 0):
            rate = await _rate(jobs)
    how = f"{count} of 10 s in two scenes, 1080p, with narration, checked, signed and stored"
    return [Figure(what="film jobs", value=rate, unit="an hour a core", how=how)]


async def fan_out(seconds: float) -> list[Figure]:
    """Measure how much faster two daemons make one film than one does."""
    took: list[float] = []
    composed: list[float] = []
    for daemons in (1, 2):
        async with _place() as place:
            with ExitStack() as stack:
                for number in range(daemons):
                    stack.enter_context(
                        place.daemon(f"d{number}", number, shared_cache_mebibytes="2000")
                    )
                await _there(daemons)
                film = await _film("fan-out", scenes=_SCENES, seconds=seconds / _SCENES)
                began = time.monotonic()
                await _finished([film])
                took.append(time.monotonic() - began)
            composed.append(await _composing(film))
    one, two = took
    alone, together = composed
    how = f"a film of {seconds:g} s in {_SCENES} scenes, each daemon on a core of its own"
    return [
        Figure(what="a film by one daemon", value=one, unit="s", how=how),
        Figure(what="the same by two", value=two, unit="s", how=how),
        Figure(
            what="two are faster",
            value=one / two,
            unit="times",
            how="their quotient; pictures, speech, joining and storing are one's alone",
        ),
        Figure(
            what="composing alone",
            value=alone / together,
            unit="times",
            how=f"the same for encoding and joining: {alone:.1f} s by one, {together:.1f} s by two",
        ),
    ]


async def _rate(jobs: list[UUID]) -> float:
    """Return how many of some jobs are finished an hour, from the first attempt to the last end."""
    await _finished(jobs)
    rows = await Attempt.select(Attempt.started_at, Attempt.finished_at)
    began = min(row["started_at"] for row in rows)
    ended = max(row["finished_at"] for row in rows)
    return len(jobs) / (ended - began).total_seconds() * 3_600


async def _picture(name: str) -> UUID:
    wanted = media.Order(project="bench", kind=JobKind.IMAGE, prompt=name)
    job, _ = await media.order(wanted, key=name, limits=Limits(), prices=OFFLINE)
    return job


async def _film(name: str, *, scenes: int, seconds: float) -> UUID:
    """Store an approved film of so many scenes, no two of which look alike, and have it begun."""
    event = events.submitted(video=name, project="bench", title=name, script=f"{name}.")
    accepted = await intake.accept(f"m-{name}", b"{}", event, limits=Limits(), prices=OFFLINE)
    board = Storyboard(
        title=name,
        scenes=tuple(
            Scene(
                id=f"s{number}",
                narration=f"Scene {number} of {name}.",
                picture_prompt=f"Cup {number} of {name}",
                duration=seconds,
            )
            for number in range(scenes)
        ),
    )
    values: dict[Any, Any] = {
        Job.status: Status.APPROVED,
        Job.storyboard_data: msgspec.json.encode(board).decode(),
        Job.storyboard_digest: board.digest,
        Job.approved: True,
        Job.approved_digest: board.digest,
        Job.approved_cost: PLENTY,
        Job.wake_at: datetime.now(UTC),
    }
    async with wakeups.after_commit():
        await Job.update(values).where(Job.id == accepted.job_id)
        wakeups.job_due(accepted.job_id, Status.APPROVED, attempt=0)
    return accepted.job_id


async def _finished(jobs: list[UUID]) -> None:
    async def done() -> bool:
        rows = await Job.select(Job.status, Job.error_message).where(Job.id.is_in(jobs))
        failed = [row for row in rows if row["status"] in (Status.FAILED, Status.CANCELLED)]
        if failed:
            raise RuntimeError(f"Not finished: {failed}")
        return all(row["status"] == Status.COMPLETED for row in rows)

    await eventually(done, seconds=_PATIENCE, every=0.02)


async def _composing(film: UUID) -> float:
    """Return how many seconds a film was composed for: from its last medium to its upload."""
    began, ended = [
        min(
            row["at"]
            for row in await JobEvent.select(JobEvent.at).where(
                JobEvent.job == film, JobEvent.status == status
            )
        )
        for status in (Status.COMPOSING, Status.UPLOADING)
    ]
    return (ended - began).total_seconds()


async def _there(count: int) -> None:
    async def there() -> bool:
        return await Worker.count() == count

    await eventually(there, seconds=120)


def _cpu(process: psutil.Process) -> float:
    """Return the seconds of processor that a daemon and all it has started took."""
    times = process.cpu_times()
    return times.user + times.system + times.children_user + times.children_system


def written(report: Report) -> str:
    """Return a report as Markdown."""
    rows = [
        f"| {one.what} | {one.value:,.{2 if one.unit == 'times' else 1}f} {one.unit} | {one.how} |"
        for one in report.figures
    ]
    head = _HEAD.format(date=report.date, machine=report.machine, busy=report.busy)
    return "\n".join([head, "| what | measured | how |", "|---|--:|---|", *rows, ""])


def _machine() -> str:
    memory = psutil.virtual_memory().total / 2**30
    return f"{os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}"


async def measure(only: list[str], *, count: int, seconds: float) -> Report:
    """Measure what is asked for."""
    multiprocessing.get_context("forkserver").set_forkserver_preload([crashing_daemon.__name__])
    cores = os.cpu_count() or 1
    psutil.cpu_percent()
    busy = mean([psutil.cpu_percent(interval=1) for _ in range(5)]) / 100 * cores
    parts: dict[str, Callable[[], Any]] = {
        "idle": idle,
        "waiting": waiting,
        "pictures": pictures,
        "films": lambda: films(count),
        "fan-out": lambda: fan_out(seconds),
    }
    figures: list[Figure] = []
    for name in only:
        found = await parts[name]()
        figures += found
        for one in found:
            sys.stderr.write(f"{one.what}: {one.value:,.2f} {one.unit}\n")
    return Report(
        date=f"{datetime.now(UTC):%Y-%m-%d}", machine=_machine(), busy=busy, figures=figures
    )


def main() -> None:
    """Measure, and write it as JSON or Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--write", action="store_true", help=f"write specs/{REPORT.name}")
    parser.add_argument("--only", default=",".join(PARTS), help=f"of {', '.join(PARTS)}")
    parser.add_argument("--films", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=120, help="of the film fanned out")
    options = parser.parse_args()
    only = options.only.split(",")
    if unknown := set(only) - set(PARTS):
        parser.error(f"There is no {', '.join(sorted(unknown))}.")
    report = anyio.run(lambda: measure(only, count=options.films, seconds=options.seconds))
    document = written(report)
    if options.json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(report)).decode() + "\n")
    else:
        sys.stdout.write(document)
    if options.write:
        REPORT.write_text(document, encoding="utf-8")


if __name__ == "__main__":
    main()
