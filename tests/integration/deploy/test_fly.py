"""The files for Fly.io, held to what images, settings and the bridge say."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from cms_bridge.app import create_app
from cms_bridge.environment import PREFIX
from cms_bridge.settings import BridgeSettings
from daemon.__main__ import app
from daemon.settings import DaemonSettings
from tests.support import events
from tests.support.bridge_process import API_KEY, LINK_SECRET

DEPLOY = Path(__file__).parents[3] / "deploy"
FILES = sorted((DEPLOY / "fly").glob("*.toml"))
CONTAINERFILE = (DEPLOY / "containers" / "Containerfile").read_text()


def read(name: str) -> dict[str, Any]:
    return tomllib.loads((DEPLOY / "fly" / name).read_text())


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_it_builds_a_target_that_there_is_under_settings_that_there_are(file: Path) -> None:
    said = read(file.name)
    assert (file.parent / said["build"]["dockerfile"]).samefile(
        DEPLOY / "containers" / "Containerfile"
    )
    assert f" AS {said['build']['build-target']}\n" in CONTAINERFILE
    known = {f"{PREFIX}{name}".upper() for name in DaemonSettings.model_fields}
    assert said["env"].keys() - known == set()
    # Machines of Fly share no disk.
    assert said["env"]["REELWRIGHT_STORAGE"] == "r2"
    assert said["kill_signal"] == "SIGTERM"


def test_the_bridge_is_asked_where_it_answers_and_the_schema_goes_first() -> None:
    bridge = read("bridge.toml")
    commands = get_command(app).commands  # pyright: ignore[reportAttributeAccessIssue]
    assert bridge["deploy"]["release_command"] in commands
    service = bridge["http_service"]
    assert service["internal_port"] == BridgeSettings.model_fields["port"].default
    settings = BridgeSettings(
        redis_url="redis://127.0.0.1:1/0",
        webhook_secret=events.SECRET,
        api_key=API_KEY,
        link_secret=LINK_SECRET,
    )
    paths = {route.path for route in create_app(settings).routes}
    assert {check["path"] for check in service["checks"]} <= paths


def test_a_daemon_has_its_volume_its_metrics_and_the_time_to_finish_paid_calls() -> None:
    daemon = read("daemon.toml")
    drain = DaemonSettings.model_fields["drain_seconds"].default
    assert daemon["kill_timeout"] == f"{drain + 15:g}s"
    port = re.search(r"REELWRIGHT_METRICS_PORT=(\d+)", CONTAINERFILE)
    assert port
    assert int(port[1]) == daemon["metrics"]["port"] == daemon["checks"]["metrics"]["port"]
    assert f"VOLUME {daemon['mounts']['destination']}\n" in CONTAINERFILE
