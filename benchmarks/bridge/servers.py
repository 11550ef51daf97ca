"""The servers that are measured: the bridge, the barest one, and the peer, each one process."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import httpx
import msgspec

from cms_bridge.events import VideoSubmitted
from tests.support import events
from tests.support.bridge_process import API_KEY, free_port

_PEER = Path(__file__).parent / "peer.py"
_START_SECONDS = 60
_PROJECTS = 64
"""A project is held while an event of it is committed: one alone waits for the disk each time."""


class Server(NamedTuple):
    """A running server."""

    port: int
    process: int

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def started(command: list[str | Path], port: int, *, probe: str) -> Iterator[Server]:
    """Run a server until the block ends."""
    process = subprocess.Popen(command)  # noqa: S603 - the benchmark's own programs
    server = Server(port, process.pid)
    try:
        deadline = time.monotonic() + _START_SECONDS
        while process.poll() is None and time.monotonic() < deadline:
            with suppress(httpx.HTTPError):
                httpx.get(f"{server.url}{probe}")
                break
            time.sleep(0.1)
        yield server
    finally:
        process.terminate()
        process.wait()


def bare(database: str, told: Path) -> tuple[list[str | Path], int]:
    """Return the command of the barest server, and its port."""
    port = free_port()
    return [sys.executable, "-m", "benchmarks.bridge.bare", str(port), database, told], port


def peer(python: Path, database: str, redis: str) -> tuple[list[str | Path], int]:
    """Return the command of the peer, and its port."""
    port = free_port()
    return [python, _PEER, str(port), database, redis, events.SECRET], port


def submission(number: int) -> VideoSubmitted:
    """Return a video's first submission, in one of several projects."""
    event = events.submitted(video=f"video-{number}")
    project = msgspec.structs.replace(event.data.project, id=f"project-{number % _PROJECTS}")
    return msgspec.structs.replace(event, data=msgspec.structs.replace(event.data, project=project))


def post(path: str, number: int) -> bytes:
    """Return a signed webhook as it goes over the wire."""
    body, headers = events.signed(submission(number))
    told = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return (
        f"POST {path} HTTP/1.1\r\nHost: bridge\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n{told}\r\n"
    ).encode() + body


def get(path: str) -> bytes:
    """Return a request with the key."""
    return (
        f"GET {path} HTTP/1.1\r\nHost: bridge\r\nAuthorization: Bearer {API_KEY}\r\n\r\n".encode()
    )
