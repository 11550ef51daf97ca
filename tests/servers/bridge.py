"""The bridge as it runs in production: a process of its own, over real HTTP."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

API_KEY = "an api key of more than 32 characters"
LINK_SECRET = "a link secret of more than 32 characters"


@contextmanager
def bridge_server(
    directory: Path, *, database_url: str, redis_url: str, webhook_secret: str
) -> Iterator[str]:
    """Start a bridge that keeps objects and its log in a directory; yield its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
    environment = {
        "PATH": os.environ["PATH"],
        "REELWRIGHT_REDIS_URL": redis_url,
        "REELWRIGHT_DATABASE_URL": database_url,
        "REELWRIGHT_STORAGE_DIRECTORY": str(directory / "objects"),
        "REELWRIGHT_WEBHOOK_SECRET": webhook_secret,
        "REELWRIGHT_API_KEY": API_KEY,
        "REELWRIGHT_LINK_SECRET": LINK_SECRET,
        "REELWRIGHT_PUBLIC_URL": url,
    }
    with (directory / "bridge.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "daemon", "bridge", "--port", url.rpartition(":")[2]],
            env=environment,
            stderr=log,
        )
    try:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and process.poll() is None:
            with suppress(httpx.HTTPError):
                httpx.get(f"{url}/health/live").raise_for_status()
                break
            time.sleep(0.1)
        else:
            pytest.fail((directory / "bridge.log").read_text())
        yield url
    finally:
        process.terminate()
        process.wait(20)
