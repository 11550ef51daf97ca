"""The real Prometheus and Alertmanager by the files that are shipped, and whom they tell."""

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

from tests.support.bridge_process import end, free_port
from tests.support.images import ROOT
from tests.support.receivers import Receiver, receiving
from tests.support.tools import find

_SHIPPED = ROOT / "deploy" / "prometheus"
_SOON = "10s"


@dataclass(frozen=True, kw_only=True)
class Watch:
    """A running pair, and the receivers of both ways by which a person is told."""

    prometheus: str
    alertmanager: str
    slack: Receiver
    pagerduty: Receiver

    def firing(self) -> set[str]:
        """Return the alerts that fire in Prometheus."""
        told = httpx.get(f"{self.prometheus}/api/v1/alerts").raise_for_status().json()
        alerts = told["data"]["alerts"]
        return {one["labels"]["alertname"] for one in alerts if one["state"] == "firing"}

    def targets(self) -> dict[str, str]:
        """Return the health of every target by its job."""
        told = httpx.get(f"{self.prometheus}/api/v1/targets").raise_for_status().json()
        return {one["labels"]["job"]: one["health"] for one in told["data"]["activeTargets"]}

    def paged(self, alert: str) -> list[str]:
        """Return what PagerDuty was told of an alert: `trigger`, and `resolve` once it is over."""
        said: list[dict[str, Any]] = [json.loads(body) for _, body in list(self.pagerduty.calls)]
        return [one["event_action"] for one in said if alert in json.dumps(one)]

    def posted(self, alert: str) -> list[str]:
        """Return the colours of what Slack was told of an alert: `danger`, then `good`."""
        said = [json.loads(body) for _, body in list(self.slack.calls)]
        of_it = [one["attachments"][0] for one in said if alert in json.dumps(one)]
        return [one["color"] for one in of_it]


@contextmanager
def watching(directory: Path, *, bridge: str, daemon: str, key: str) -> Iterator[Watch]:
    """Run both until the block ends; they know the two processes by their `host:port`."""
    directory.mkdir()
    ports = free_port(), free_port()
    with ExitStack() as stack:
        slack, pagerduty = (stack.enter_context(receiving()) for _ in range(2))
        _write_alertmanager(directory, slack=slack.url, pagerduty=pagerduty.url)
        _write_prometheus(directory, bridge, daemon, key=key, alertmanager=f"127.0.0.1:{ports[1]}")
        programs = {
            "prometheus": (
                find("prometheus", "prometheus"),
                f"--config.file={directory}/prometheus.yml",
                f"--storage.tsdb.path={directory}/series",
                f"--web.listen-address=127.0.0.1:{ports[0]}",
            ),
            "alertmanager": (
                find("prometheus-alertmanager", "prometheus-alertmanager"),
                f"--config.file={directory}/alertmanager.yml",
                f"--storage.path={directory}/silences",
                f"--web.listen-address=127.0.0.1:{ports[1]}",
                "--cluster.listen-address=",
            ),
        }
        addresses = {
            name: f"http://127.0.0.1:{port}" for name, port in zip(programs, ports, strict=True)
        }
        for name, command in programs.items():
            log = stack.enter_context((directory / f"{name}.log").open("wb"))
            process = subprocess.Popen(command, stdout=log, stderr=log)
            stack.callback(end, process)
        for address in addresses.values():
            _wait(f"{address}/-/ready")
        yield Watch(**addresses, slack=slack, pagerduty=pagerduty)


def _write_prometheus(
    directory: Path, bridge: str, daemon: str, *, key: str, alertmanager: str
) -> None:
    """As it is shipped, but for where everything listens on this machine."""
    shutil.copy(_SHIPPED / "alerts.yml", directory)
    (directory / "bridge.key").write_text(key)
    text = (_SHIPPED / "prometheus.yml").read_text()
    for shipped, here in {
        "127.0.0.1:9093": alertmanager,
        "127.0.0.1:8000": bridge,
        "127.0.0.1:9464": daemon,
    }.items():
        assert text.count(shipped) == 1
        text = text.replace(shipped, here)
    (directory / "prometheus.yml").write_text(text)


def _write_alertmanager(directory: Path, *, slack: str, pagerduty: str) -> None:
    """As it is shipped, but for whom it reaches, and how soon it says that something is over."""
    config = yaml.safe_load((_SHIPPED / "alertmanager.yml").read_text())
    (directory / "slack.url").write_text(f"{slack}/hook")
    (directory / "pagerduty.key").write_text("a" * 32)
    config["global"] = {"pagerduty_url": f"{pagerduty}/v2/enqueue"}
    config["route"]["group_interval"] = _SOON
    told = yaml.safe_dump(config).replace("/etc/alertmanager", str(directory))
    (directory / "alertmanager.yml").write_text(told)


def _wait(address: str) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            httpx.get(address).raise_for_status()
        except httpx.HTTPError:
            assert time.monotonic() < deadline, address
            time.sleep(0.1)
        else:
            return
