"""A daemon process for tests that tells its metrics, as it runs in production."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support import events
from tests.support.bridge_process import API_KEY, LINK_SECRET, end


@contextmanager
def running_daemon(directory: Path, *, redis: str, database: str, **settings: str) -> Iterator[str]:
    """Run a daemon; yield the address of its metrics."""
    environment = {
        "PATH": os.environ["PATH"],
        "REELWRIGHT_REDIS_URL": redis,
        "REELWRIGHT_DATABASE_URL": database,
        "REELWRIGHT_STORAGE_DIRECTORY": str(directory / "objects"),
        "REELWRIGHT_WORK_DIRECTORY": str(directory / "work"),
        "REELWRIGHT_WEBHOOK_SECRET": events.SECRET,
        "REELWRIGHT_API_KEY": API_KEY,
        "REELWRIGHT_LINK_SECRET": LINK_SECRET,
        "REELWRIGHT_METRICS_PORT": "0",
        **{f"REELWRIGHT_{name.upper()}": value for name, value in settings.items()},
    }
    log_file = directory / "daemon.log"
    with log_file.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "daemon", "work"], env=environment, stderr=log
        )
    try:
        yield f"http://127.0.0.1:{_port(process, log_file)}/metrics"
    finally:
        end(process)


def _port(process: subprocess.Popen[bytes], log_file: Path) -> int:
    deadline = time.monotonic() + 120  # on a machine that is busy with other things
    while time.monotonic() < deadline and process.poll() is None:
        for line in log_file.read_text().splitlines():
            if '"daemon.ready"' in line:
                return json.loads(line)["metrics_port"]
        time.sleep(0.1)
    raise AssertionError(log_file.read_text())
