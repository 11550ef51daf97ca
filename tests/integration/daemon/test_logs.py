"""The logs of bridge and daemon, while everything fails that can: no secret and no body in them."""

import io
import json
import logging
import os
import shutil
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import msgspec
import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute, WebSocketRoute

from cms_bridge import telemetry
from cms_bridge.api.bodies import KnownParameters
from cms_bridge.app import create_app
from cms_bridge.settings import BridgeSettings
from cms_bridge.tables import Job
from daemon.work.services import Services
from tests.support import events
from tests.support.attempts import run
from tests.support.bridge_process import API_KEY, LINK_SECRET, WEBHOOKS, Bridge, running_bridge
from tests.support.canary_errors import CANARY, KINDS, by_the_program, caught
from tests.support.servers.postgres import PostgresServer, postgres_server

pytestmark = pytest.mark.anyio

KEY = {"Authorization": f"Bearer {API_KEY}"}
HEADER = "canary-of-a-header"
BODY = "canary-of-a-body"
ROW = "canary-of-the-database"
PASSWORD = "canary-of-a-database-password"
SECRETS = (HEADER, BODY, ROW, PASSWORD, API_KEY, LINK_SECRET, events.SECRET.removeprefix("whsec_"))


def clean(log: str, *, event: str, line: int = 16_500) -> list[dict[str, Any]]:
    """Hold that a log tells of an event in bounded lines of JSON, and of no secret."""
    for secret in SECRETS:
        assert secret not in log
    assert max(len(one) for one in log.splitlines()) < line
    lines: list[dict[str, Any]] = [json.loads(one) for one in log.splitlines()]
    found = [one for one in lines if one["event"] == event]
    assert found
    return found


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], str]]:
    """What this process logs."""
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    for owner, hook in ((sys, "excepthook"), (sys, "unraisablehook"), (threading, "excepthook")):
        monkeypatch.setattr(owner, hook, getattr(owner, hook))
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    telemetry.configure_logging(form="json", level="info", secrets=SECRETS)
    yield stream.getvalue
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
async def app(
    written: Callable[[], str],
    tmp_path: Path,
    migrated_sqlite: Path,
    redis_server: str,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Litestar]:
    shutil.copy(migrated_sqlite, tmp_path / "bridge.db")
    for name, value in {
        "REDIS_URL": redis_server,
        "DATABASE_URL": f"sqlite:///{tmp_path}/bridge.db",
        "STORAGE_DIRECTORY": str(tmp_path / "objects"),
        "WEBHOOK_SECRET": events.SECRET,
        "API_KEY": API_KEY,
        "LINK_SECRET": LINK_SECRET,
    }.items():
        monkeypatch.setenv(f"REELWRIGHT_{name}", value)
    return create_app(BridgeSettings())  # pyright: ignore[reportCallIssue]


def operations(app: Litestar) -> list[tuple[str, str]]:
    """Every method and path there is, with something in the place of each parameter."""
    found: list[tuple[str, str]] = []
    for route in app.routes:
        if isinstance(route, WebSocketRoute):
            # Its errors close it; `test_events.py` has them.
            continue
        assert isinstance(route, HTTPRoute), "a new kind of route: raise an error in it as well"
        path = "/" + "/".join(
            part if isinstance(part, str) else str(uuid4()) for part in route.path_components
        )
        found += [(method, path) for method in route.route_handler_map if method != "OPTIONS"]
    return found


async def test_an_unexpected_error_on_any_route_shows_kind_and_place_alone(
    app: Litestar, written: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    raised: list[str] = []

    async def fails(
        _self: object, *, scope: Any, request: Any, parameter_model: Any, route_handler: Any
    ) -> Any:
        body = (await request.body()).decode()
        headers = dict(request.headers)
        (rows,) = await Job.select()
        secrets = app.state.keyring, BridgeSettings()  # pyright: ignore[reportCallIssue]
        raised.append(route_handler.handler_name)
        culprit = caught(KINDS[len(raised) % len(KINDS)])
        try:
            raise ValueError(f"{body} under {headers} beside {rows} with {secrets} {LINK_SECRET}")  # noqa: TRY301
        except ValueError as error:
            raise ExceptionGroup(body, [RuntimeError(API_KEY), KeyError(body), culprit]) from error

    async def passes(*_: object) -> None: ...

    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.lifespan(),
        httpx.AsyncClient(transport=transport, base_url="http://bridge") as client,
    ):
        body, headers = events.signed(events.submitted(title=ROW, script=ROW))
        assert (await client.post(WEBHOOKS, content=body, headers=headers)).status_code == 202
        monkeypatch.setattr(HTTPRoute, "_call_handler_function", fails)
        # Before any handler is called, no route takes a parameter that it does not know.
        monkeypatch.setattr(KnownParameters, "__call__", passes)
        asked = operations(app)
        for method, path in asked:
            answer = await client.request(
                method,
                f"{path}?signature={HEADER}",
                content=None if method in {"GET", "HEAD"} else f'{{"brief": "{BODY}"}}',
                headers={**KEY, **headers, "X-Secret": HEADER},
            )
            assert answer.status_code == 500, (method, path)
            for secret in (*SECRETS, "ExceptionGroup"):
                assert secret not in answer.text
    assert len(raised) == len(asked) > 25
    told = clean(written(), event="request.failed")
    assert len(told) == len(asked)
    for one in told:
        assert one["route"].startswith("/")
        assert [error["exc_type"] for error in one["exception"]][:3] == [
            "ExceptionGroup",
            "RuntimeError",
            "KeyError",
        ]
        assert one["exception"][0]["frames"][-1].endswith(" fails")


@contextmanager
def bridge_on(database: str, directory: Path, redis: str, **settings: str) -> Iterator[Bridge]:
    with running_bridge(directory, redis=redis, database=database, **settings) as bridge:
        yield bridge


def accepted(bridge: Bridge) -> str:
    body, headers = events.signed(events.submitted(video=uuid4().hex, title=ROW, script=ROW))
    answer = httpx.post(bridge.url + WEBHOOKS, content=body, headers=headers)
    assert answer.status_code == 202
    return answer.json()["jobId"]


def hang_up(bridge: Bridge, head: list[str], size: int, *, reset: bool) -> None:
    lines = [*head, "Host: b", f"Content-Length: {size + 1}", "Expect: 100-continue", "", ""]
    with bridge.connect("\r\n".join(lines).encode()) as connection:
        # Now the body is being read, however busy the machine is.
        assert connection.recv(65_536).startswith(b"HTTP/1.1 100 ")
        connection.sendall((BODY.encode() * size)[:size])
        if reset:
            option = struct.pack("ii", 1, 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, option)


@pytest.fixture(scope="module")
def bridge(
    tmp_path_factory: pytest.TempPathFactory, redis_server: str, migrated_sqlite: Path
) -> Iterator[Bridge]:
    directory = tmp_path_factory.mktemp("logs")
    shutil.copy(migrated_sqlite, directory / "bridge.db")
    with bridge_on(f"sqlite:///{directory}/bridge.db", directory, redis_server) as bridge:
        yield bridge


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
def test_a_client_that_goes_away_is_one_short_line(bridge: Bridge, reset: bool) -> None:
    _, signed = events.signed(events.submitted())
    signature = [f"{name}: {value}" for name, value in signed.items()]
    key = f"Authorization: Bearer {API_KEY}"
    # Twenty such lines are told in a second; those of the test before do not count.
    time.sleep(1)
    before = bridge.log
    routes = ["/api/v1/media/generate", f"/api/v1/jobs/{uuid4()}/approve"]
    for _ in range(5):
        hang_up(bridge, [f"POST {WEBHOOKS} HTTP/1.1", *signature], 1_900_000, reset=reset)
        for route in routes:
            hang_up(bridge, [f"POST {route} HTTP/1.1", key], 50_000, reset=reset)
    deadline = time.monotonic() + 60
    while (said := bridge.log.removeprefix(before)).count("request.disconnected") < 15:
        assert time.monotonic() < deadline, said
        time.sleep(0.1)
    gone = clean(said, event="request.disconnected", line=300)
    assert len(gone) == len(said.splitlines()) == 15
    assert {one["route"] for one in gone} >= {WEBHOOKS, "/api/v1/media/generate"}
    assert {one["level"] for one in gone} == {"info"}


def test_a_flood_of_what_strangers_send_fills_no_log(bridge: Bridge) -> None:
    _, signed = events.signed(events.submitted())
    signature = [f"{name}: {value}" for name, value in signed.items()]
    time.sleep(1)
    before = bridge.log
    began = time.monotonic()
    for _ in range(60):
        hang_up(bridge, [f"POST {WEBHOOKS} HTTP/1.1", *signature], 10, reset=False)
        with bridge.connect(b"\x16\x03\x01\x02\r\n\r\n") as connection:
            assert connection.recv(12) == b"HTTP/1.1 400"
        upgrade = b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
        with bridge.connect(b"GET / HTTP/1.1\r\nHost: b\r\n" + upgrade + b"\r\n") as connection:
            assert connection.recv(12) == b"HTTP/1.1 400"
    seconds = int(time.monotonic() - began) + 2
    said = bridge.log.removeprefix(before)
    assert {json.loads(line)["event"] for line in said.splitlines()} == {
        "request.disconnected",
        "server.connections_refused",
    }
    assert len(said.splitlines()) <= seconds * 21


def test_a_broken_sqlite_file(tmp_path: Path, redis_server: str, migrated_sqlite: Path) -> None:
    shutil.copy(migrated_sqlite, tmp_path / "bridge.db")
    with bridge_on(f"sqlite:///{tmp_path}/bridge.db", tmp_path, redis_server) as bridge:
        job = accepted(bridge)
        (tmp_path / "bridge.db").write_bytes(ROW.encode() * 10_000)
        for name in ("bridge.db-wal", "bridge.db-shm"):
            (tmp_path / name).unlink(missing_ok=True)
        fails_everywhere(bridge, job, status=500)
        (last, *_) = clean(bridge.log, event="request.failed")[-1]["exception"]
        assert last["exc_type"].startswith("sqlite3.")
        assert last["frames"]


def fails_everywhere(bridge: Bridge, job: str, *, status: int) -> None:
    """Ask what needs the database: a status poll, an order, and a webhook."""
    with httpx.Client(base_url=bridge.url, timeout=60) as http:
        headers = {**KEY, "X-Secret": HEADER}
        answer = http.get(f"/api/v1/videos/jobs/{job}/status", headers=headers)
        assert answer.status_code == status
        order = {"projectId": "p", "kind": "speech", "prompt": BODY}
        answer = http.post("/api/v1/media/generate", headers=headers, json=order)
        assert answer.status_code == status
        body, signed = events.signed(events.submitted(video=uuid4().hex, title=BODY, script=BODY))
        assert http.post(WEBHOOKS, headers=signed, content=body).status_code == status


def test_a_stopped_postgresql(tmp_path: Path, redis_server: str) -> None:
    with ExitStack() as stack:
        server = stack.enter_context(postgres_server())
        server.execute(f"CREATE ROLE someone LOGIN SUPERUSER PASSWORD '{PASSWORD}'")
        url = f"postgresql://someone:{PASSWORD}@127.0.0.1:{server.port}/postgres"
        with bridge_on(url, tmp_path, redis_server) as bridge:
            job = accepted(bridge)
            stack.close()
            fails_everywhere(bridge, job, status=503)
            assert httpx.get(f"{bridge.url}/health", timeout=30).status_code == 503
            clean(bridge.log, event="database.refused")
            (down,) = clean(bridge.log, event="health.database_down")
            assert len(json.dumps(down)) < 300
        # Nor does a start that fails show what it was to connect with.
        environment = dict(os.environ, **settings_of(url, redis_server, tmp_path))
        failed = subprocess.run(
            [sys.executable, "-m", "daemon", "bridge", "--port", "0"],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert failed.returncode == 3
        clean(failed.stderr, event="bridge.failed")


def settings_of(database: str, redis: str, directory: Path) -> dict[str, str]:
    return {
        "REELWRIGHT_DATABASE_URL": database,
        "REELWRIGHT_REDIS_URL": redis,
        "REELWRIGHT_STORAGE_DIRECTORY": str(directory / "objects"),
        "REELWRIGHT_WORK_DIRECTORY": str(directory / "work"),
        "REELWRIGHT_WEBHOOK_SECRET": events.SECRET,
        "REELWRIGHT_API_KEY": API_KEY,
        "REELWRIGHT_LINK_SECRET": LINK_SECRET,
    }


def test_a_database_that_names_the_row_it_refused(
    tmp_path: Path, redis_server: str, postgres_server: PostgresServer, migrated_postgres: str
) -> None:
    with (
        postgres_server.database(template=migrated_postgres) as url,
        bridge_on(url, tmp_path, redis_server) as bridge,
    ):
        # PostgreSQL tells the whole row in an error's DETAIL.
        refuse_rows(postgres_server, url)
        body, headers = events.signed(events.submitted(title=BODY, script=BODY))
        answer = httpx.post(bridge.url + WEBHOOKS, content=body, headers=headers)
        assert answer.status_code == 500
        (told,) = clean(bridge.log, event="request.failed")
        facts = [one.get("facts", {}) for one in told["exception"]]
        assert {"sqlstate": "23514", "table_name": "job", "constraint_name": "refused"} in facts
        # A name that PostgreSQL cannot even look for is nobody's.
        nul = f"{bridge.url}/api/v1/projects/p1%00/spending"
        assert httpx.get(nul, headers=KEY).status_code == 400
        assert httpx.put(nul, headers=KEY, json={}).status_code == 400


def refuse_rows(server: PostgresServer, url: str) -> None:
    subprocess.run(
        [
            server.binaries / "psql",
            url,
            "-qXc",
            "ALTER TABLE job ADD CONSTRAINT refused CHECK (false) NOT VALID",
        ],
        check=True,
        capture_output=True,
    )


class _Cms(BaseHTTPRequestHandler):
    """A CMS that answers every write with an error, and repeats what it was told."""

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.send_response(500, BODY)
        self.end_headers()
        self.wfile.write(BODY.encode() + body)

    def log_message(self, *_: Any) -> None:
        return


def test_a_daemon_whose_attempts_sweeps_and_deliveries_fail(
    tmp_path: Path,
    redis_url: str,
    migrated_sqlite: Path,
) -> None:
    database = tmp_path / "daemon.db"
    shutil.copy(migrated_sqlite, database)
    log_file = tmp_path / "daemon.log"
    with HTTPServer(("127.0.0.1", 0), _Cms) as cms, log_file.open("wb") as log:
        threading.Thread(target=cms.serve_forever, daemon=True).start()
        environment = {
            "PATH": os.environ["PATH"],
            **settings_of(f"sqlite:///{database}", redis_url, tmp_path),
            "REELWRIGHT_PAYLOAD_URL": f"http://127.0.0.1:{cms.server_port}/?token={HEADER}",
            "REELWRIGHT_SWEEP_SECONDS": "1",
            "REELWRIGHT_RETRY_FIRST_DELAY_SECONDS": "0.1",
        }
        with bridge_on(f"sqlite:///{database}", tmp_path, redis_url) as bridge:
            for _ in range(2):
                accepted(bridge)
        with closing(sqlite3.connect(database)) as rows:
            # No daemon understands this brief: the error would quote it.
            brief = msgspec.json.encode({"title": 1, "script": ROW}).decode()
            rows.execute("UPDATE job SET brief = ?", (brief,))
            rows.commit()
        process = subprocess.Popen(
            [sys.executable, "-m", "daemon", "work"], env=environment, stderr=log
        )
        try:
            seen(log_file, "outbox.postponed")
            with closing(sqlite3.connect(database, timeout=30)) as rows:
                rows.execute(f'ALTER TABLE charge RENAME TO "{ROW.replace("-", "_")}"')
                rows.commit()
            seen(log_file, "sweep.failed")
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)
            cms.shutdown()
    said = log_file.read_text()
    clean(said, event="outbox.postponed")
    clean(said, event="sweep.failed")
    # A claim of what cannot be read.
    clean(said, event="attempt.failed")


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
async def test_an_attempt_that_crashes(
    written: Callable[[], str],
    services: Services,
    kind: Callable[[], object],
) -> None:
    await run(services, caught(kind))
    said = written()
    assert CANARY[:9] not in said
    if kind is not by_the_program:
        clean(said, event="attempt.crashed")
    clean(said, event="attempt.finished")


def seen(log_file: Path, what: str) -> None:
    deadline = time.monotonic() + 40
    while what not in log_file.read_text():
        assert time.monotonic() < deadline, log_file.read_text()[-3_000:]
        time.sleep(0.1)
