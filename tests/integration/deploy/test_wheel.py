"""The wheel, made as whoever publishes it makes it: what it holds, and that it runs by itself."""

import json
import os
import re
import subprocess
import sys
import time
import venv
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from zipfile import ZipFile

import httpx
import pytest

from tests.support.bridge_process import free_port

ROOT = Path(__file__).parents[3]
PACKAGES = ("cms_bridge", "daemon", "migrations", "render")
MEDIA = ("av", "cv2", "numpy", "PIL", "fontTools", "c2pa")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    # The source archive first, and the wheel from that: what the archive lacks would be noticed.
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(ROOT)]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    return next(out.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a process that has the wheel, and no checkout."""
    place = tmp_path_factory.mktemp("installed")
    with ZipFile(wheel) as file:
        file.extractall(place)
    kept = {name: value for name, value in os.environ.items() if "REELWRIGHT" not in name}
    return {**kept, "PYTHONPATH": str(place)}


def reelwright(
    *arguments: str, directory: Path, environment: Mapping[str, str], python: str = sys.executable
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [python, "-m", "daemon", *arguments],
        cwd=directory,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_wheel_holds_every_file_of_its_packages(wheel: Path) -> None:
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *PACKAGES]
    tracked = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    wanted = {one for one in tracked.split() if not one.startswith("cms_bridge/payload_plugin")}
    with ZipFile(wheel) as file:
        held = set(file.namelist())
    assert wanted - held == set()
    assert {Path(one).suffix for one in wanted} >= {".ttf", ".typ", ".py"}
    assert any(re.fullmatch(r"migrations/versions/reelwright_\w+\.py", one) for one in held)
    assert "daemon/local/brief.json" in held
    assert not any(one.startswith(("tests/", "cms_bridge/payload_plugin")) for one in held)


def test_away_from_a_checkout_the_demo_has_its_sample_and_no_cms(
    installed: dict[str, str], tmp_path: Path
) -> None:
    asked = (
        "import daemon, daemon.local.demo as demo, daemon.__main__ as main;"
        "print(daemon.__file__, demo.sample().stat().st_size);"
        "print(main._with_payload(None))"
    )
    said = subprocess.run(
        [sys.executable, "-c", asked],
        cwd=tmp_path,
        env=installed,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert not said[0].startswith(str(ROOT))
    assert int(said[1]) > 100
    assert said[-1] == "False"
    told = reelwright("up", "--cms", "payload", directory=tmp_path, environment=installed)
    assert told.returncode == 1
    assert "--cms none" in told.stderr


def test_the_readme_s_commands_run_a_bridge_in_an_empty_directory(
    installed: dict[str, str], tmp_path: Path, redis_url: str
) -> None:
    told = ROOT.joinpath("README.md").read_text().partition("\n## Running it\n")[2]
    commands = re.findall(r"(?m)^    reelwright (\w+)", told.partition("\n\nW")[0])
    assert commands == ["init", "doctor", "bridge", "work"]
    begun = reelwright("init", "--redis-url", redis_url, directory=tmp_path, environment=installed)
    assert begun.returncode == 0, begun.stderr
    port = free_port()
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "daemon", "bridge", "--port", str(port)],
            cwd=tmp_path,
            env=installed,
            stderr=log,
        )
    try:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and process.poll() is None:
            with suppress(httpx.HTTPError):
                httpx.get(f"http://127.0.0.1:{port}/health/live").raise_for_status()
                break
            time.sleep(0.1)
        assert process.poll() is None, (tmp_path / "log").read_text()
    finally:
        process.terminate()
        process.wait(45)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_what_pip_installs_is_a_bridge_without_media_and_a_daemon_with_it(
    wheel: Path, tmp_path: Path
) -> None:
    """The README's three commands, each in a new environment, with the versions of the lock."""
    pins = re.findall(r"(?m)^[a-z0-9][^\n]*?(?= \\$)", (ROOT / "requirements.lock").read_text())
    constraints = tmp_path / "constraints.txt"
    constraints.write_text("\n".join(pins))
    for extra, source in (("", ROOT), ("[daemon]", wheel), ("[daemon,embedded]", wheel)):
        environment = tmp_path / (extra.strip("[]") or "bridge")
        venv.create(environment, with_pip=True)
        python = str(environment / "bin" / "python")
        pip = [python, "-m", "pip", "install", "-q", "-c", str(constraints), f"{source}{extra}"]
        subprocess.run(pip, check=True, cwd=tmp_path)
        found = (
            "import importlib.util, json, sys;"
            "print(json.dumps([one for one in sys.argv[1:] if importlib.util.find_spec(one)]))"
        )
        have = subprocess.run([python, "-c", found, *MEDIA], capture_output=True, check=True)
        assert json.loads(have.stdout) == (list(MEDIA) if extra else [])
        bare = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
        helped = reelwright("--help", directory=environment, environment=bare, python=python)
        assert helped.returncode == 0, helped.stderr
        begun = reelwright("init", directory=environment, environment=bare, python=python)
        assert begun.returncode == 0, begun.stderr
        # A daemon that has all it needs would stay: one with a wrong setting says so, and ends.
        wrong = bare | {"REELWRIGHT_PORT": "none"}
        worked = reelwright("work", directory=environment, environment=wrong, python=python)
        assert ("REELWRIGHT_PORT" in worked.stderr) == bool(extra), worked.stderr[-2_000:]
        assert ("media libraries" in worked.stderr) == (not extra), worked.stderr[-2_000:]
