"""What the bridge costs beside the barest server that does as much, and beside a peer.

    python -m benchmarks.bridge [--write] [--seconds N] [--rounds N] [--tasks N]

One bridge process on a real PostgreSQL, which syncs every commit, and a real Redis. What is
compared is measured in turns within one run: on a machine that is busy with other things the
rates are lower, and their ratios hold.
"""

import argparse
import asyncio
import itertools
import os
import platform
import sys
import tempfile
import time
import wave
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

import asyncpg
import httpx
import psutil

from benchmarks.bridge import servers
from benchmarks.bridge.load import CONNECTIONS, Failed, Run, run, together
from benchmarks.bridge.servers import Server
from cms_bridge.storage.base import object_key
from cms_bridge.storage.local import LocalStore
from tests.support import events
from tests.support.bridge_process import API_KEY, LINK_SECRET, WEBHOOKS, Bridge, running_bridge
from tests.support.environments import interpreter
from tests.support.servers.postgres import PostgresServer, postgres_server
from tests.support.servers.redis import redis_server

REPORT = Path(__file__).parents[2] / "specs" / "benchmarks-bridge.md"
KEY = {"Authorization": f"Bearer {API_KEY}"}
MEBIBYTE = 2**20
LISTENERS = 1_000
_UPLOAD_SECONDS = 270
"""Of silence, 48 kHz, stereo: just under 50 MB."""
_SEED = (
    "INSERT INTO job (id, project, video_id, submission, version, title, brief, status,"
    " created_at, updated_at) SELECT gen_random_uuid(), $1::text, $1::text || n, 1, '', '', '{}',"
    " CASE WHEN n % 10 = 0 THEN 'failed' ELSE 'completed' END, now() - n * interval '1 second',"
    " now() FROM generate_series(1, $2::int) AS n"
)

_WEBHOOKS, _POLLS = 0.6, 0.5
"""Of the bare server's rate, that the bridge's is to reach."""
_LISTENING_BYTES = 200_000_000
_FLAT_MEBIBYTES = 16
_AS_FAST = 1.2

TEMPLATE = """\
# What the bridge costs

Measured on {date} by `make bench-bridge`: {machine}; load {load} before it began,
where 1 is one busy core. One bridge process ({resting} MiB at rest), PostgreSQL that syncs every
commit, Redis, and the load itself share the machine. Each server is loaded over {connections}
connections for {seconds} s, in turns, {rounds} times; rates and CPU are medians.

*Bare* is a Litestar application that verifies nothing and commits one row by one statement through
a pool of the same size, or answers the same bytes. *Peer* is the plainest FastAPI with SQLAlchemy
and Celery: it verifies, commits two rows and sends a task; its status is one row, read each time.

| what | answers/s | CPU ms | p50 ms | p99 ms | MiB |
|---|---|---|---|---|---|
{runs}

| what | measured | wanted | met |
|---|---|---|---|
{facts}
"""

Row = tuple[str, ...]


class Bench:
    """The servers, and what was found."""

    def __init__(self, options: argparse.Namespace, stack: ExitStack) -> None:
        self.options = options
        self.directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        self.postgres: PostgresServer = stack.enter_context(postgres_server(durable=True))
        self.database = stack.enter_context(self.postgres.database())
        redis = stack.enter_context(redis_server(self.directory / "redis"))
        self.bridge: Bridge = stack.enter_context(
            running_bridge(
                self.directory,
                redis=redis,
                database=self.database,
                rate_reads_per_minute="100000",
                rate_writes_per_minute="100000",
                rate_events_per_minute="100000",
                http_connections="2048",
                progress_listeners="1500",
                progress_listeners_per_key="0",
            )
        )
        self.resting = self.bridge.memory
        self.job = self._submit()
        status = httpx.get(self.bridge.url + self.status, headers=KEY)
        (self.directory / "status").write_bytes(status.raise_for_status().content)
        floor = stack.enter_context(self.postgres.database())
        self.bare: Server = stack.enter_context(
            servers.started(*servers.bare(floor, self.directory / "status"), probe="/status")
        )
        theirs = stack.enter_context(self.postgres.database())
        python = interpreter("bench")
        self.peer: Server = stack.enter_context(
            servers.started(*servers.peer(python, theirs, redis), probe="/docs")
        )
        self.numbers = itertools.count()

    @property
    def status(self) -> str:
        """The path that is polled."""
        return f"/api/v1/videos/jobs/{self.job}/status"

    def _submit(self) -> str:
        body, headers = events.signed(servers.submission(0))
        answer = httpx.post(self.bridge.url + WEBHOOKS, content=body, headers=headers)
        return answer.raise_for_status().json()["jobId"]

    @property
    def server(self) -> Server:
        """The bridge, as one of the servers."""
        return Server(self.bridge.port, self.bridge.process.pid)

    def webhooks(self, path: str, most: float) -> Iterator[bytes]:
        """Return as many events, signed beforehand, as may be taken while it is measured."""
        count = int(most * self.options.seconds)
        return iter([servers.post(path, next(self.numbers)) for _ in range(count)])

    async def in_turns(
        self, kinds: dict[str, tuple[Server, Callable[[], Iterator[bytes]]]], *, status: int
    ) -> dict[str, Run]:
        """Load each server for a while, round after round; the first warms them."""
        found: dict[str, list[Run]] = {name: [] for name in kinds}
        for turn in range(self.options.rounds + 1):
            for name, (server, asked) in kinds.items():
                one = await run(
                    server.port,
                    server.process,
                    asked(),
                    status=status,
                    seconds=self.options.seconds,
                )
                if turn:
                    found[name].append(one)
        return {name: together(runs) for name, runs in found.items()}


async def webhooks(bench: Bench) -> dict[str, Run]:
    """Signed webhooks, accepted and committed."""
    return await bench.in_turns(
        {
            "bridge": (bench.server, lambda: bench.webhooks(WEBHOOKS, 1_500)),
            "bare": (bench.bare, lambda: bench.webhooks("/webhook", 3_000)),
            "peer": (bench.peer, lambda: bench.webhooks("/webhook", 1_500)),
        },
        status=202,
    )


async def polls(bench: Bench) -> dict[str, Run]:
    """A job's status, over and over."""
    body, headers = events.signed(servers.submission(next(bench.numbers)))
    async with httpx.AsyncClient(base_url=bench.peer.url, timeout=60) as http:
        answer = await http.post("/webhook", content=body, headers=headers)
    theirs = answer.raise_for_status().json()["jobId"]
    peers = f"/jobs/{theirs}/status"
    return await bench.in_turns(
        {
            "bridge": (bench.server, lambda: itertools.repeat(servers.get(bench.status))),
            "bare": (bench.bare, lambda: itertools.repeat(servers.get("/status"))),
            "peer": (bench.peer, lambda: itertools.repeat(servers.get(peers))),
        },
        status=200,
    )


async def listeners(bench: Bench) -> Row:
    """A thousand streams of server-sent events, and a change that all of them are told."""
    before = bench.bridge.memory
    path = f"/api/v1/jobs/{bench.job}/events"
    request = servers.get(path)
    streams: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
    while len(streams) < LISTENERS:
        # As they come, and not all in one moment.
        some = [await asyncio.open_connection("127.0.0.1", bench.bridge.port) for _ in range(50)]
        for _, writer in some:
            writer.write(request)
        for reader, _ in some:
            try:
                await reader.readuntil(b"data: ")
            except asyncio.IncompleteReadError as error:
                raise Failed(error.partial.decode()) from None
            await reader.readuntil(b"\n\n")
        streams += some
    held = bench.bridge.memory
    began = time.perf_counter()

    async def told(reader: asyncio.StreamReader) -> float:
        await reader.readuntil(b'"cancelled"')
        return (time.perf_counter() - began) * 1000

    waiting = [asyncio.create_task(told(reader)) for reader, _ in streams]
    async with httpx.AsyncClient(base_url=bench.bridge.url, headers=KEY, timeout=120) as http:
        await http.post(f"/api/v1/videos/jobs/{bench.job}/cancel")
    times = sorted(await asyncio.gather(*waiting))
    for _, writer in streams:
        writer.close()
    return (
        f"{LISTENERS:,} listeners on one job, one change told to all",
        (
            f"{held / MEBIBYTE:.0f} MiB (+{(held - before) / MEBIBYTE:.0f}); told p50"
            f" {median(times):.0f} ms, p99 {times[int(LISTENERS * 0.99) - 1]:.0f} ms"
        ),
        "< 200 MB",
        _met(held < _LISTENING_BYTES),
    )


@asynccontextmanager
async def watched(bench: Bench) -> AsyncIterator[list[int]]:
    """Note the bridge's memory, at the beginning and then ten times a second."""
    seen = [bench.bridge.memory]

    async def watch() -> None:
        while True:
            await asyncio.sleep(0.1)
            seen.append(bench.bridge.memory)

    task = asyncio.create_task(watch())
    try:
        yield seen
    finally:
        task.cancel()


async def large_files(bench: Bench) -> list[Row]:
    """An upload of 50 MB, and a stream of a gigabyte."""
    upload = bench.directory / "silence.wav"
    with wave.open(str(upload), "wb") as sound:
        sound.setnchannels(2)
        sound.setsampwidth(2)
        sound.setframerate(48_000)
        for _ in range(_UPLOAD_SECONDS):
            sound.writeframes(bytes(48_000 * 4))
    objects = LocalStore(bench.directory / "objects", base_url=bench.bridge.url, secret=LINK_SECRET)
    key = object_key(project="project-0", sha256="a" * 64, extension="mp4")
    film = objects.path(key)
    film.parent.mkdir(parents=True, exist_ok=True)
    with film.open("wb") as file:
        file.truncate(2**30)
    rows: list[Row] = []
    async with httpx.AsyncClient(base_url=bench.bridge.url, headers=KEY, timeout=600) as http:
        for name in ("upload", "stream"):
            async with watched(bench) as seen:
                began = time.perf_counter()
                if name == "upload":
                    with upload.open("rb") as file:
                        answer = await http.post(
                            "/api/v1/upload-asset",
                            data={"projectId": "project-0"},
                            files={"file": ("silence.wav", file, "audio/wav")},
                        )
                    answer.raise_for_status()
                    size = upload.stat().st_size
                else:
                    size = 0
                    link = await objects.signed_url(key, expires_in=timedelta(hours=1))
                    async with http.stream("GET", link) as stream:
                        stream.raise_for_status()
                        async for chunk in stream.aiter_raw():
                            size += len(chunk)
                took = time.perf_counter() - began
            grown = (max(seen) - seen[0]) / MEBIBYTE
            rows.append(
                (
                    f"{'an upload' if name == 'upload' else 'a stream'} of {size / 1e6:,.0f} MB",
                    f"memory +{grown:.1f} MiB at most; {took:.1f} s",
                    "flat: + ≤ 16 MiB",
                    _met(grown <= _FLAT_MEBIBYTES),
                )
            )
    return rows


async def lists(bench: Bench) -> list[Row]:
    """Pages of a project with a thousand tasks, and of one with a million."""
    small, large = 1_000, bench.options.tasks
    connection = await asyncpg.connect(bench.database)
    try:
        for name, count in (("small", small), ("large", large)):
            await connection.execute(
                "INSERT INTO project (id, name, created_at) VALUES ($1, $1, now())", name
            )
            await connection.execute(_SEED, name, count)
        await connection.execute("ANALYZE job")
    finally:
        await connection.close()
    rows: list[Row] = []
    async with httpx.AsyncClient(base_url=bench.bridge.url, headers=KEY, timeout=60) as http:
        for name, query in (
            ("the first page", {}),
            ("those that failed", {"status": "failed"}),
            ("the tenth page", {"cursor": ""}),
        ):
            found: dict[str, list[float]] = {"small": [], "large": []}
            asked = {project: dict(query) for project in found}
            for project, parameters in asked.items():
                if "cursor" in parameters:
                    parameters["cursor"] = await _cursor(http, project, pages=9)
            for _ in range(60):
                for project, times in found.items():
                    began = time.perf_counter()
                    answer = await http.get(
                        f"/api/v1/projects/{project}/tasks", params=asked[project]
                    )
                    times.append((time.perf_counter() - began) * 1000)
                    answer.raise_for_status()
            ratio = median(found["large"]) / median(found["small"])
            rows.append(
                (
                    f"{name} of {large:,} tasks, over that of {small:,}",
                    (
                        f"{ratio:.2f} (p50 {median(found['large']):.1f} ms over"
                        f" {median(found['small']):.1f} ms)"
                    ),
                    "≤ 1.2",
                    _met(ratio <= _AS_FAST),
                )
            )
    return rows


async def _cursor(http: httpx.AsyncClient, project: str, *, pages: int) -> str:
    cursor: dict[str, str] = {}
    for _ in range(pages):
        answer = await http.get(f"/api/v1/projects/{project}/tasks", params=cursor)
        cursor = {"cursor": answer.raise_for_status().json()["nextCursor"]}
    return cursor["cursor"]


def _met(reached: bool) -> str:  # noqa: FBT001 - what is told of it
    return "yes" if reached else "**no**"


def _table(title: str, runs: dict[str, Run]) -> str:
    lines = [
        f"| {title}, {name} | {one.rate:,.0f} | {one.cpu:.2f} | {one.late(0.5):.1f} |"
        f" {one.late(0.99):.1f} | {one.memory / MEBIBYTE:.0f} |"
        for name, one in runs.items()
    ]
    return "\n".join(lines)


def _ratio(title: str, runs: dict[str, Run], wanted: float) -> Row:
    rate = runs["bridge"].rate / runs["bare"].rate
    cpu = runs["bare"].cpu / runs["bridge"].cpu
    peer = runs["bridge"].rate / runs["peer"].rate
    return (
        f"{title}: the bridge's rate over the bare one",
        f"{rate:.2f} (by CPU {cpu:.2f}); {peer:.2f} of the peer's",
        f"≥ {wanted:.2f}",
        _met(rate >= wanted),
    )


async def measure(bench: Bench) -> str:
    """Measure everything; return the report."""
    load = os.getloadavg()[0]
    told, asked = await webhooks(bench), await polls(bench)
    rows = [
        _ratio("webhooks", told, _WEBHOOKS),
        _ratio("polls", asked, _POLLS),
        await listeners(bench),
        *await large_files(bench),
        *await lists(bench),
    ]
    memory = psutil.virtual_memory().total / 2**30
    return TEMPLATE.format(
        date=f"{datetime.now(UTC):%Y-%m-%d}",
        machine=f"{os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}",
        load=f"{load:.1f}",
        resting=f"{bench.resting / MEBIBYTE:.0f}",
        connections=CONNECTIONS,
        seconds=f"{bench.options.seconds:g}",
        rounds=bench.options.rounds,
        runs="\n".join((_table("webhook", told), _table("poll", asked))),
        facts="\n".join(f"| {' | '.join(row)} |" for row in rows),
    )


def main() -> int:
    """Measure, print and, if asked, write; return 1 if anything is not as wanted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"write specs/{REPORT.name}")
    parser.add_argument("--seconds", type=float, default=4, help="of each turn")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each server")
    parser.add_argument("--tasks", type=int, default=1_000_000, help="of the large project")
    options = parser.parse_args()
    with ExitStack() as stack:
        document = asyncio.run(measure(Bench(options, stack)))
    sys.stdout.write(document)
    if options.write:
        REPORT.write_text(document, encoding="utf-8")
    return int("**no**" in document)


if __name__ == "__main__":
    raise SystemExit(main())
