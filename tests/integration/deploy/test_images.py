"""The images: what the container file says, and what comes of it, really built and run."""

import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.support import events
from tests.support.bridge_process import API_KEY, LINK_SECRET, free_port
from tests.support.images import CONTAINERS, Image, built, tell
from tests.support.servers.redis import redis_server

MEDIA = ("av", "cv2", "numpy", "PIL", "fontTools", "c2pa")
MEGABYTES = 1_000_000


def test_hadolint_has_nothing_to_say() -> None:
    linter = Path(sys.executable).with_name("hadolint")
    files = sorted(map(str, CONTAINERS.glob("*Containerfile")))
    assert files
    told = subprocess.run([linter, *files], capture_output=True, text=True, check=False)
    assert (told.returncode, told.stdout) == (0, "")


@contextmanager
def running(
    image: Image, *, data: Path, log: Path, **environment: str
) -> Iterator[subprocess.Popen[bytes]]:
    """Run an image as it comes; it must end with 0 when it is told to."""
    program = (*image.config["Entrypoint"], *image.config["Cmd"])
    command = image.command(*program, data=data, **environment)
    with log.open("wb") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file)
    try:
        yield process
    finally:
        tell(process, signal.SIGTERM)
        try:
            process.wait(45)
        finally:
            process.kill()
    assert process.returncode == 0, log.read_text()


def said(image: Image, *command: str, data: Path, **environment: str) -> str:
    run = image.command(*command, data=data, **environment)
    told = subprocess.run(run, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout + told.stderr
    return told.stdout


def in_health(image: Image, *, data: Path, **environment: str) -> bool:
    """Ask as an engine does: the image's own check, in the container's environment."""
    kind, *command = image.config["Healthcheck"]["Test"]
    assert kind == "CMD"
    run = image.command(*command, data=data, **environment)
    return subprocess.run(run, capture_output=True, check=False).returncode == 0


def until_in_health(image: Image, process: subprocess.Popen[bytes], log: Path, **run: Any) -> None:
    deadline = time.monotonic() + 120
    while not in_health(image, **run):
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()


@contextmanager
def redis_beside(data: Path) -> Iterator[str]:
    """Run Redis on a socket in the volume; yield its address there."""
    with redis_server(data) as url:
        socket = Path(urlsplit(url).path)
        socket.chmod(0o666)
        yield url.replace(str(data), "/data")


@pytest.mark.slow
@pytest.mark.timeout(1_800)
def test_bridge_and_daemon_make_a_film_under_read_only_roots(tmp_path: Path) -> None:
    data, secrets = tmp_path / "data", tmp_path / "data" / "secrets"
    secrets.mkdir(parents=True)
    for name, value in {"WEBHOOK": events.SECRET, "LINK": LINK_SECRET}.items():
        (secrets / name).write_text(value + "\n")
    port = free_port()
    environment = {
        "REELWRIGHT_PORT": str(port),
        "REELWRIGHT_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "REELWRIGHT_METRICS_PORT": str(free_port()),
        "REELWRIGHT_API_KEY": API_KEY,
        "REELWRIGHT_WEBHOOK_SECRET_FILE": "/data/secrets/WEBHOOK",
        "REELWRIGHT_LINK_SECRET_FILE": "/data/secrets/LINK",
    }
    with built("bridge") as bridge, built("daemon") as daemon, redis_beside(data) as redis:
        # Over its base, Debian with Python.
        assert bridge.bytes_of("opt") <= 150 * MEGABYTES
        for image, media in ((bridge, ()), (daemon, MEDIA)):
            holds_nothing_else(image, media, data=data)

        run = {"data": data, "REELWRIGHT_REDIS_URL": redis, **environment}
        logs = {name: tmp_path / f"{name}.log" for name in ("bridge", "daemon")}
        assert not in_health(bridge, **run)
        with running(bridge, log=logs["bridge"], **run) as first:
            until_in_health(bridge, first, logs["bridge"], **run)
            assert not in_health(daemon, **run)
            with running(daemon, log=logs["daemon"], **run) as second:
                until_in_health(daemon, second, logs["daemon"], **run)
                sample = next(daemon.root.glob("opt/**/daemon/local/brief.json"))
                shutil.copy(sample, data / "brief.json")
                told = said(daemon, "reelwright", "submit", "/data/brief.json", "--approve", **run)
                assert "completed 100 %" in told
                link = re.search(r'"(http://[^"]+\.mp4[^"]*)"', told)
                assert link, told
                assert httpx.get(link[1]).content[4:8] == b"ftyp"
        assert "daemon.stopped" in logs["daemon"].read_text()
        assert not in_health(bridge, **run)


def holds_nothing_else(image: Image, media: tuple[str, ...], *, data: Path) -> None:
    """No other user, nothing to be changed, and no library beyond what its process needs."""
    found = "import importlib.util as i, sys; print(*(m for m in sys.argv[1:] if i.find_spec(m)))"
    assert said(image, "id", "-u", data=data).strip() == "10001"
    assert said(image, "python", "-c", found, *MEDIA, data=data).split() == list(media)
    refused = "! touch /opt/x 2>/tmp/why && grep -q Read-only /tmp/why && touch /data/x"
    said(image, "sh", "-c", refused, data=data)
    assert not list((image.root / "opt").rglob("site-packages/pip"))
