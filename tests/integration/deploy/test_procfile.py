"""The Procfile, run by honcho: one that ends takes all the others with it."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

from tests.support import events
from tests.support.bridge_process import API_KEY, LINK_SECRET, free_port
from tests.support.servers.redis import redis_server

PROCFILE = Path(__file__).parents[3] / "Procfile"


@contextmanager
def honcho(directory: Path, port: int, redis: str) -> Iterator[subprocess.Popen[bytes]]:
    programs = Path(sys.executable).parent
    environment = {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "PORT": str(port),
        "REELWRIGHT_REDIS_URL": redis,
        "REELWRIGHT_DATABASE_URL": f"sqlite:///{directory}/reelwright.db",
        "REELWRIGHT_STORAGE_DIRECTORY": str(directory / "objects"),
        "REELWRIGHT_WORK_DIRECTORY": str(directory / "work"),
        "REELWRIGHT_WEBHOOK_SECRET": events.SECRET,
        "REELWRIGHT_API_KEY": API_KEY,
        "REELWRIGHT_LINK_SECRET": LINK_SECRET,
    }
    command = [programs / "honcho", "start", "--no-colour", "--procfile", PROCFILE]
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--app-root", directory], env=environment, stdout=log, stderr=log
        )
        try:
            yield process
        finally:
            process.terminate()
            process.wait(60)


def health(port: int) -> dict[str, Any]:
    with suppress(httpx.HTTPError, json.JSONDecodeError):
        return httpx.get(f"http://127.0.0.1:{port}/health").json()
    return {}


def test_bridge_and_daemon_run_on_while_redis_goes_and_comes(tmp_path: Path) -> None:
    port, log, kept = free_port(), tmp_path / "log", tmp_path / "redis"
    with ExitStack() as redis, ExitStack() as stack:
        address = redis.enter_context(redis_server(kept))
        process = stack.enter_context(honcho(tmp_path, port, address))

        def wait(*, redis: str, daemon: str) -> None:
            deadline = time.monotonic() + 120
            wanted = {"redis": redis, "daemon": daemon}
            while {name: health(port).get(name) for name in wanted} != wanted:
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.1)

        wait(redis="up", daemon="up")
        redis.close()
        wait(redis="down", daemon="down")
        assert redis.enter_context(redis_server(kept)) == address
        wait(redis="up", daemon="up")
        stack.close()
    said = log.read_text()
    assert '"daemon.stopped"' in said
    assert "Traceback" not in said
    assert "SIGKILL" not in said
