"""The compose files: held by their schema, and to what the images and the other files say."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from daemon.settings import DaemonSettings
from tests.support.tools import promtool

COMPOSE = Path(__file__).parents[3] / "deploy" / "compose"
MAIN = yaml.safe_load((COMPOSE / "compose.yaml").read_text())
GPU = yaml.safe_load((COMPOSE / "compose.gpu.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = MAIN["services"]
OURS = ("bridge", "daemon")


@pytest.mark.parametrize("file", sorted(COMPOSE.glob("*.yaml")), ids=lambda file: file.name)
def test_the_schema_of_compose_has_nothing_to_say(file: Path) -> None:
    checker = Path(sys.executable).with_name("check-jsonschema")
    command = [checker, "--builtin-schema", "vendor.compose-spec", file]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout + told.stderr


def test_everything_that_is_mounted_is_there_and_everything_that_is_there_is_mounted() -> None:
    volumes = [one.split(":") for each in SERVICES.values() for one in each.get("volumes", ())]
    files = [one[0] for one in volumes if one[0].startswith(".")]
    assert [one for one in files if not (COMPOSE / one).exists()] == []
    assert {one[0] for one in volumes} - set(files) == MAIN["volumes"].keys()
    given = [one for each in SERVICES.values() for one in each.get("secrets", ())]
    names = {one["source"] if isinstance(one, dict) else one for one in given}
    assert names == MAIN["secrets"].keys()
    assert {one["file"] for one in MAIN["secrets"].values()} == {f"./secrets/{n}" for n in names}


def test_every_image_of_others_has_a_version() -> None:
    for name, service in SERVICES.items():
        if name in OURS:
            assert service["image"] == f"reelwright-{service['build']['target']}"
        else:
            assert re.search(r"^docker\.io/.+:v?\d+", service["image"]), name


def test_backups_are_made_by_programs_of_the_server_s_version() -> None:
    assert f"FROM {SERVICES['postgres']['image']} AS backup\n" in _containerfile()


def test_no_port_is_opened_to_other_machines() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", ())]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_no_container_gains_privileges_and_ours_have_none() -> None:
    for name, service in SERVICES.items():
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["restart"] == "unless-stopped"
        if name in OURS:
            assert service["read_only"] is True
            assert service["cap_drop"] == ["ALL"]
            assert service["init"] is True


def test_a_daemon_has_the_time_to_finish_paid_calls() -> None:
    drain = DaemonSettings.model_fields["drain_seconds"].default
    assert SERVICES["daemon"]["stop_grace_period"] == f"{drain + 15:g}s"


def test_the_gpu_s_file_changes_the_daemon_s_image_alone() -> None:
    assert list(GPU["services"]) == ["daemon"]
    daemon = GPU["services"]["daemon"]
    assert daemon["image"] == f"reelwright-{daemon['build']['target']}"
    said = _containerfile()
    for service in (daemon, *(SERVICES[name] for name in OURS)):
        assert f" AS {service['build']['target']}\n" in said


def test_prometheus_takes_its_file_and_fetches_under_the_names_that_alerts_know(
    tmp_path: Path,
) -> None:
    written = (COMPOSE / "prometheus.yml").read_text()
    (tmp_path / "bridge.key").write_text("key")
    (tmp_path / "prometheus.yml").write_text(written.replace("/run/secrets", str(tmp_path)))
    shutil.copy(COMPOSE.parent / "prometheus" / "alerts.yml", tmp_path)
    promtool("check", "config", "prometheus.yml", at=tmp_path)
    shipped = yaml.safe_load((COMPOSE.parent / "prometheus" / "prometheus.yml").read_text())
    names = [
        [job["job_name"] for job in config["scrape_configs"]]
        for config in (yaml.safe_load(written), shipped)
    ]
    assert names[0] == names[1]
    port = re.search(r"REELWRIGHT_METRICS_PORT=(\d+)", _containerfile())
    assert port
    assert f"port: {port[1]}" in written


def _containerfile() -> str:
    return (COMPOSE.parent / "containers" / "Containerfile").read_text()
