"""One installation for all runs: every process and server real, each to be struck by itself.

Payload, bridge and daemon on Redis, PostgreSQL and an S3 server, with a door before the store
and one before Payload; a simulated provider; an integrator who is told by webhook.
"""

import json
import multiprocessing
import os
import secrets
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path

import anyio
import httpx
from anyio.from_thread import start_blocking_portal

from cms_bridge.database import migrate
from daemon.local.installation import EDITOR_EMAIL, PLUGIN, find_node
from daemon.processes import tethered
from tests.faults.hops import stopping
from tests.faults.hops.plan import Runner
from tests.faults.hops.processes import Redis, Running
from tests.faults.hops.stopping import Stops
from tests.support.bridge_process import free_port
from tests.support.events import SECRET
from tests.support.receivers import Receiver, receiving
from tests.support.servers.doors import Door, Mode, door
from tests.support.servers.postgres import PostgresServer, postgres_server
from tests.support.servers.s3 import S3Server, s3_server
from tests.support.simulators import gemini
from tests.support.simulators.gemini import GeminiSimulator
from tests.support.simulators.serving import served

API_KEY = secrets.token_urlsafe(32)
PASSWORD = secrets.token_urlsafe(12)
_FORKS = multiprocessing.get_context("forkserver")
_START_SECONDS = 120
_DATABASE = "reelwright"
_SQLITE_BUSY = b"cannot connect to SQLite: SQLITE_BUSY"
_LAST_WORDS = 4_000
"""Bytes of a log in which a process says why it ended."""


@dataclass(kw_only=True)
class House:
    """What stays up between the runs, but for what a run strikes."""

    directory: Path
    redis: Redis
    postgres: PostgresServer
    s3: S3Server
    store_door: Door
    cms_door: Door
    google: GeminiSimulator
    receiver: Receiver
    stops: Stops
    bridge_url: str
    payload_url: str
    overrides: dict[str, str]
    """Settings of bridge and daemon in place of the defaults."""
    processes: dict[Runner, Running] = field(default_factory=dict)

    @property
    def database_url(self) -> str:
        return self.postgres.url(_DATABASE)

    @property
    def settings(self) -> dict[str, str]:
        """Return what bridge and daemon are configured by: the defaults, but for what is here."""
        models = {
            "gemini": {"retry_delay_ms": 100, "check_availability": False},
            "gemini_text": "",
            "replicate_text": "",
        }
        settings = {
            "redis_url": self.redis.url,
            "database_url": self.database_url,
            "storage": "r2",
            "r2_endpoint_url": self.store_door.url,
            "r2_bucket": self.s3.bucket,
            "r2_access_key_id": self.s3.access_key_id,
            "r2_secret_access_key": self.s3.secret_access_key,
            "work_directory": f"{self.directory}/work",
            "webhook_secret": SECRET,
            "api_key": API_KEY,
            "link_secret": API_KEY,
            "public_url": self.bridge_url,
            "payload_url": self.cms_door.url,
            "models": json.dumps(models),
            "gemini_api_key": gemini.KEY,
            "gemini_url": self.google.url,
            "webhook_targets_from": json.dumps([self.receiver.url]),
            "hls": "false",
            "piper": "false",
            "render_quality": "draft",
            **self.overrides,
        }
        return {f"REELWRIGHT_{name.upper()}": value for name, value in settings.items()}

    def start(self, runner: Runner) -> None:
        """Start a process that is not there, and return once it is up."""
        self.processes[runner].start()
        self.wait_until_up(runner)

    def wait_until_up(self, runner: Runner) -> None:
        """Return once a process that was started does its work."""
        deadline = time.monotonic() + _START_SECONDS
        while not self._is_up(runner):
            assert not self.processes[runner].died, f"{runner} ended: {self.log(runner)}"
            assert time.monotonic() < deadline, f"{runner} is not up: {self.log(runner)}"
            time.sleep(0.25)

    def begin_payload_again(self) -> None:
        """Start Payload once more where it ended because SQLite was still being recovered.

        Of what a killed process left SQLite lets one connection in at a time, and whoever comes
        second ends: any supervisor starts him again.
        """
        running = self.processes[Runner.PAYLOAD]
        if running.died and _SQLITE_BUSY in self.log(Runner.PAYLOAD).read_bytes()[-_LAST_WORDS:]:
            running.start()

    def restore(self) -> None:
        """Put right whatever an interrupted run may have left: all is up, and nobody is held."""
        self.stops.let_go()
        self.store_door.mode = self.cms_door.mode = Mode.OPEN
        for runner, running in self.processes.items():
            running.end()
            self.start(runner)

    def _is_up(self, runner: Runner) -> bool:
        if runner is Runner.DAEMON:
            ready = [line for line in _lines(self.log(runner)) if '"daemon.ready"' in line]
            return any(f":{self.processes[runner].pid}:" in line for line in ready)
        url = {
            Runner.PAYLOAD: f"{self.payload_url}/api/users/me",
            Runner.BRIDGE: f"{self.bridge_url}/health/live",
        }[runner]
        with suppress(httpx.HTTPError):
            return httpx.get(url).is_success
        return False

    def log(self, runner: Runner) -> Path:
        return self.directory / f"{runner.value.lower()}.log"

    def payload(self) -> "subprocess.Popen[bytes]":
        """Begin Payload's process."""
        environment = {
            "PATH": os.environ["PATH"],
            "DATABASE_URI": f"file:{self.directory}/payload.db",
            "PAYLOAD_SECRET": API_KEY,
            "PAYLOAD_SERVER_URL": self.payload_url,
            "PORT": self.payload_url.rpartition(":")[2],
            "DEV_USER_EMAIL": EDITOR_EMAIL,
            "DEV_USER_PASSWORD": PASSWORD,
            "REELWRIGHT_BRIDGE_URL": self.bridge_url,
            "REELWRIGHT_WEBHOOK_SECRET": SECRET,
            "REELWRIGHT_API_KEY": API_KEY,
        }
        with self.log(Runner.PAYLOAD).open("ab") as log:
            return subprocess.Popen(
                tethered([find_node(), "--import", "tsx", "dev/server.ts"]),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=PLUGIN,
                env=environment,
                start_new_session=True,
            )


def _forked(work: Callable[..., None], *given: object) -> BaseProcess:
    process = _FORKS.Process(target=work, args=given)
    process.start()
    return process


def _lines(log: Path) -> list[str]:
    return log.read_text(errors="replace").splitlines() if log.exists() else []


@contextmanager
def open_house(directory: Path, **overrides: str) -> Iterator[House]:
    """Start everything; bridge and daemon have these settings in place of the defaults."""
    _FORKS.set_forkserver_preload([stopping.__name__])
    google = GeminiSimulator()
    with ExitStack() as stack:
        google.url = stack.enter_context(served(google.app))
        redis = Redis(directory / "redis", stack.enter_context(start_blocking_portal()))
        redis.start()
        stack.callback(redis.stop)
        postgres = stack.enter_context(postgres_server())
        postgres.execute(f"CREATE DATABASE {_DATABASE}")
        s3 = stack.enter_context(s3_server())
        payload_url = f"http://127.0.0.1:{free_port()}"
        house = House(
            directory=directory,
            redis=redis,
            postgres=postgres,
            s3=s3,
            store_door=stack.enter_context(door(s3.endpoint_url)),
            cms_door=stack.enter_context(door(payload_url)),
            google=google,
            receiver=stack.enter_context(receiving()),
            stops=Stops(directory / "stops"),
            bridge_url=f"http://127.0.0.1:{free_port()}",
            payload_url=payload_url,
            overrides=overrides,
        )
        anyio.run(migrate, house.database_url)
        folder, port = directory / "stops", int(house.bridge_url.rpartition(":")[2])

        def bridge() -> BaseProcess:
            given = (house.settings, house.log(Runner.BRIDGE), folder, port)
            return _forked(stopping.run_bridge, *given)

        def daemon() -> BaseProcess:
            return _forked(stopping.run_daemon, house.settings, house.log(Runner.DAEMON), folder)

        house.processes = {
            Runner.BRIDGE: Running(bridge),
            Runner.DAEMON: Running(daemon),
            Runner.PAYLOAD: Running(house.payload),
        }
        for runner, running in house.processes.items():
            stack.callback(running.end)
            house.start(runner)
        yield house
