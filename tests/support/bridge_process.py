"""A bridge process for tests, as it runs in production: its address, its log, its memory."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from tests.support import events

API_KEY = "an-api-key-of-more-than-32-characters"
LINK_SECRET = "a-link-secret-of-more-than-32-characters"
WEBHOOKS = "/api/v1/webhooks/payload"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass(frozen=True, kw_only=True)
class Bridge:
    """A running bridge."""

    port: int
    log_file: Path
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return self.log_file.read_text()

    @property
    def memory(self) -> int:
        """Resident bytes."""
        return psutil.Process(self.process.pid).memory_info().rss

    @property
    def connections(self) -> int:
        """Connections that it holds open."""
        sockets = psutil.Process(self.process.pid).net_connections("tcp")
        return sum(
            one.status == psutil.CONN_ESTABLISHED and one.laddr.port == self.port for one in sockets
        )

    def connect(self, data: bytes = b"") -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        connection.sendall(data)
        return connection


@contextmanager
def running_bridge(
    directory: Path, *, redis: str, database: str, **settings: str
) -> Iterator[Bridge]:
    """Run a bridge; `settings` are named as fields of `BridgeSettings`."""
    port = free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "REELWRIGHT_REDIS_URL": redis,
        "REELWRIGHT_DATABASE_URL": database,
        "REELWRIGHT_STORAGE_DIRECTORY": str(directory / "objects"),
        "REELWRIGHT_WEBHOOK_SECRET": events.SECRET,
        "REELWRIGHT_API_KEY": API_KEY,
        "REELWRIGHT_LINK_SECRET": LINK_SECRET,
        "REELWRIGHT_PUBLIC_URL": f"http://127.0.0.1:{port}",
        **{f"REELWRIGHT_{name.upper()}": value for name, value in settings.items()},
    }
    log_file = directory / "bridge.log"
    with log_file.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "daemon", "bridge", "--port", str(port)],
            env=environment,
            stderr=log,
        )
    bridge = Bridge(port=port, log_file=log_file, process=process)
    try:
        _wait(bridge)
        yield bridge
    finally:
        end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """Have a process end in good order; raise `TimeoutExpired` for one that does not."""
    process.terminate()
    try:
        process.wait(45)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise


def _wait(bridge: Bridge) -> None:
    deadline = time.monotonic() + 120  # on a machine that is busy with other things
    while time.monotonic() < deadline and bridge.process.poll() is None:
        with suppress(httpx.HTTPError):
            httpx.get(f"{bridge.url}/health/live").raise_for_status()
            return
        time.sleep(0.1)
    raise AssertionError(bridge.log)
