"""What generation adds to the providers' own time: falling back, scheduling, the ledger.

    python -m benchmarks.generation [--json] [--write]

The daemon's own parts run as in production, on a real SQLite, PostgreSQL (both
syncing every commit) and Redis; the provider is a simulator in a process of its
own. Each figure is the median of everything measured, never the best.
"""

import argparse
import base64
import math
import multiprocessing
import os
import platform
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from uuid import uuid4

import anyio
import msgspec
import psutil
from pydantic import SecretStr

from cms_bridge.database import connected, migrate
from cms_bridge.ledger.meter import Ledger
from cms_bridge.tables import Job
from daemon.local.redis import embedded_redis
from daemon.settings import DaemonSettings
from daemon.work.generation import generate_assets
from daemon.work.progress import Reporter
from daemon.worker import open_services
from render.errors import RetryableGeneration
from render.generation.base import Generated, ImageRequest, Kind, Meter
from render.generation.chain import accept_unseen
from render.generation.circuit import Circuit, Evidence
from render.generation.models import GeminiModelConfig, ModelsConfig
from render.generation.providers import open_providers
from render.generation.unmetered import Unmetered
from render.storyboard import Scene, Storyboard
from tests.support import ledger as ledgers
from tests.support.servers.postgres import postgres_server
from tests.support.simulators import gemini
from tests.support.simulators.gemini import GeminiSimulator
from tests.support.simulators.serving import served

REPORT = Path(__file__).parent.parent / "specs" / "benchmarks-generation.md"

SCENES, AT_ONCE, SECONDS = 20, 4, 2.0
IDEAL = SCENES / AT_ONCE * SECONDS
_RUNS = 3
_DECISIONS = 2_000
_CALLS = 200
_ALONE = ModelsConfig(
    gemini_speech="", gemini_text="", replicate_images="", replicate_speech="", replicate_text=""
)


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One thing measured."""

    name: str
    unit: str
    median: float
    detail: str
    """The spread, or each run."""
    target: float | None
    """The most that the median may be; None where the figure is for information."""
    load: float
    """Processes that ran or waited, on average over the minute before (1.0 is one busy core)."""

    @property
    def bound(self) -> str:
        """What is wanted, in words."""
        return "–" if self.target is None else f"≤ {self.target:g} {self.unit}".rstrip()

    @property
    def met(self) -> str:
        """Whether it is as wanted, in a word."""
        if self.target is None:
            return "–"
        return "yes" if self.median <= self.target else "**no**"


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Everything measured, and on what."""

    date: str
    machine: str
    versions: str
    figures: list[Figure]


async def measure() -> Report:
    """Measure everything, one after the other."""
    figures: list[Figure] = []
    with simulator() as url, postgres_server(durable=True) as postgres:
        figures.append(await decision("falling back, decided", url, Unmetered()))
        figures.append(await schedule(url))
        async with ledger_on("sqlite") as ledger:
            figures.append(await decision("falling back, accounts on SQLite included", url, ledger))
            figures.append(await overhead("SQLite", ledger))
        with postgres.database() as database:
            await migrate(database)
            async with ledger_on(database) as ledger:
                figures.append(await overhead("PostgreSQL", ledger))
        version = _output_of(str(postgres.binaries / "postgres"), "--version").split()[2]
    return Report(
        date=f"{datetime.now(UTC):%Y-%m-%d}",
        machine=_machine(),
        versions=f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version},"
        f" PostgreSQL {version}",
        figures=figures,
    )


async def decision(name: str, url: str, meter: Meter) -> Figure:
    """Time from one model's failure to the call of the next."""
    load, decided, failed = _load(), list[float](), 0.0
    seen: list[Evidence] = []

    async def fail(*_: object) -> Generated:
        nonlocal failed
        failed = time.perf_counter()
        raise RetryableGeneration("It is out of order.", retry_after=60)

    async def make(*_: object) -> Generated:
        decided.append((time.perf_counter() - failed) * 1000)
        return Generated(data=b"", media_type="", provider="gemini", model=second.model)

    async with open_providers(_ALONE, gemini_key=gemini.KEY, gemini_url=url) as providers:
        images = providers.images.metered(meter)
        first, second = images.rungs[:2]
        for number in range(_DECISIONS if isinstance(meter, Unmetered) else _CALLS):
            failing = replace(first, make=fail, circuit=Circuit(witness=seen.append))
            rungs = [failing, replace(second, make=make)]
            chain = replace(images, rungs=rungs, inspect=accept_unseen)
            await chain.draw(ImageRequest(prompt=f"Scene {number}"))
    target = 10.0 if isinstance(meter, Unmetered) else None
    return _figure(name, decided, unit="ms", target=target, load=load)


async def schedule(url: str) -> Figure:
    """Compare twenty scenes, as a job of the daemon makes them, with the ideal schedule."""
    loads, ratios = list[float](), list[float]()
    for _ in range(_RUNS):
        loads.append(_load())
        ratios.append(await _job(url) / IDEAL)
    each = ", ".join(
        f"{ratio:.3f} at load {load:.1f}" for ratio, load in zip(ratios, loads, strict=True)
    )
    return Figure(
        name=f"schedule: {SCENES} pictures of {SECONDS:g} s, {AT_ONCE} at a time, over the ideal"
        f" {IDEAL:g} s",
        unit="",
        median=round(median(ratios), 3),
        detail=f"runs: {each}",
        target=1.15,
        load=round(median(loads), 2),
    )


async def overhead(engine: str, ledger: Ledger) -> Figure:
    """Time what the ledger does around one call that goes well."""
    load, durations = _load(), list[float]()
    for _ in range(_CALLS):
        call = ledgers.call("0.0001")
        began = time.perf_counter()
        await ledger.find_unfinished(call.request_digest)
        reservation = await ledger.reserve(call)
        await ledger.mark_started(reservation)
        await ledger.settle(reservation, call.price)
        durations.append((time.perf_counter() - began) * 1000)
    # A hundredth of the shortest call.
    return _figure(f"ledger, per call, on {engine}", durations, unit="ms", target=20, load=load)


@contextmanager
def simulator() -> Generator[str]:
    """Run a simulated Gemini in a process of its own; yield its address."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_simulate, args=(theirs,))
    process.start()
    try:
        yield ours.recv()
    finally:
        ours.send("stop")
        process.join()


def _simulate(pipe: Connection) -> None:
    with served(GeminiSimulator(latency=SECONDS).app) as url:
        pipe.send(url)
        pipe.recv()


@asynccontextmanager
async def ledger_on(database: str) -> AsyncGenerator[Ledger]:
    """Yield the ledger of one job in a migrated database, or in a new one of SQLite."""
    with tempfile.TemporaryDirectory() as directory:
        if database == "sqlite":
            database = f"sqlite:///{directory}/bench.db"
            await migrate(database)
        async with connected(database):
            lease = await ledgers.claimed(await ledgers.new_job())
            yield Ledger(lease=lease, caps=ledgers.AMPLE, scene_id="s1")


async def _job(url: str) -> float:
    """Return the seconds in which a daemon makes the pictures of one new job."""
    scenes = [Scene(id=f"s{number}", narration=f"Wave {number}.") for number in range(SCENES)]
    board = Storyboard(
        title=uuid4().hex,
        scenes=tuple(
            msgspec.structs.replace(scene, picture_prompt=f"{uuid4().hex}") for scene in scenes
        ),
    )
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        async with embedded_redis(directory / "redis") as redis, AsyncExitStack() as stack:
            settings = _settings(directory, redis_url=redis, gemini_url=url)
            await migrate(settings.database_url)
            services = await open_services(settings, stack)
            job = await ledgers.new_job()
            await Job.update({Job.storyboard_data: msgspec.json.encode(board).decode()}).where(
                Job.id == job
            )
            lease = await ledgers.claimed(job)
            work = directory / "made"
            work.mkdir()
            began = time.perf_counter()
            await generate_assets(
                lease,
                board,
                work,
                services=services,
                reporter=Reporter(lease, every=settings.progress_seconds),
                kinds={Kind.PICTURE},
            )
            return time.perf_counter() - began


def _settings(directory: Path, *, redis_url: str, gemini_url: str) -> DaemonSettings:
    return DaemonSettings.model_validate(
        {
            "redis_url": redis_url,
            "database_url": f"sqlite:///{directory}/bench.db",
            "webhook_secret": SecretStr("whsec_" + base64.b64encode(bytes(32)).decode()),
            "api_key": SecretStr("x" * 32),
            "link_secret": SecretStr("x" * 32),
            "storage": "local",
            "storage_directory": directory / "objects",
            "work_directory": directory / "work",
            "payload_url": None,
            "gemini_api_key": SecretStr(gemini.KEY),
            "gemini_url": gemini_url,
            # Whatever keys the environment holds, nothing here is paid for.
            "replicate_api_token": None,
            "models": msgspec.structs.replace(
                _ALONE, at_once=AT_ONCE, gemini=GeminiModelConfig(max_retries=1)
            ),
            "concurrent_generations": AT_ONCE,
        }
    )


def _figure(
    name: str, values: Sequence[float], *, unit: str, target: float | None, load: float
) -> Figure:
    ordered = sorted(values)
    late = ordered[math.ceil(0.99 * len(ordered)) - 1]
    return Figure(
        name=name,
        unit=unit,
        median=round(median(ordered), 3),
        detail=f"p99 {late:.3g} {unit} of {len(ordered)}",
        target=target,
        load=load,
    )


def _load() -> float:
    return round(os.getloadavg()[0], 2)


def _machine() -> str:
    names = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        if line.startswith("model name")
    ]
    memory = psutil.virtual_memory().total / 2**30
    return f"{os.cpu_count()} cores ({names[0] if names else platform.machine()}), {memory:.0f} GiB"


def _output_of(*command: str) -> str:
    ran = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - a server's own
    return ran.stdout.strip()


def written(report: Report) -> str:
    """Return a report as a document."""
    rows = "\n".join(
        f"| {one.name} | {f'{one.median:g} {one.unit}'.rstrip()} | {one.detail} | {one.bound} |"
        f" {one.met} | {one.load:g} |"
        for one in report.figures
    )
    return f"""\
# What generation adds to the providers' own time

Measured on {report.date} by `make bench-generation`: {report.machine}; {report.versions}.
The daemon's own parts run as in production; the provider is a simulator in a process of its own.
Both databases sync every commit. Load is the average of the minute before, where 1 is one busy
core: on a machine that is busy with other things the figures are worse.

| what | median | spread | wanted | met | load |
|---|---|---|---|---|---|
{rows}
"""


def main() -> int:
    """Measure, print and, if asked, write; return 1 if anything is not as wanted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--write", action="store_true", help=f"write specs/{REPORT.name}")
    options = parser.parse_args()
    report = anyio.run(measure)
    document = written(report)
    sys.stdout.write(
        msgspec.json.format(msgspec.json.encode(report)).decode() + "\n"
        if options.json
        else document
    )
    if options.write:
        REPORT.write_text(document, encoding="utf-8")
    return int(any(one.met == "**no**" for one in report.figures))


if __name__ == "__main__":
    raise SystemExit(main())
