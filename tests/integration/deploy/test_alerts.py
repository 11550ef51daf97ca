"""The alerts that are shipped: held by promtool and amtool, and to what is really scraped."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import anyio
import httpx
import pytest
import yaml

from cms_bridge.database import connected
from render.signing import credentials
from tests.support import every_kind
from tests.support.bridge_process import API_KEY, running_bridge
from tests.support.daemon_process import running_daemon
from tests.support.scrapes import samples
from tests.support.tools import find, promtool

DEPLOY = Path(__file__).parents[3] / "deploy"
SHIPPED = DEPLOY / "prometheus"
METRICS = Path(__file__).parents[3] / "specs" / "metrics.md"

_OF_PROMETHEUS = {"up"}
"""What Prometheus knows by itself of each target."""
_FUNCTIONS = {
    "absent",
    "and",
    "by",
    "histogram_quantile",
    "increase",
    "max",
    "min",
    "or",
    "predict_linear",
    "rate",
    "sum",
    "time",
}


def amtool(*arguments: str) -> str:
    command = [find("amtool", "prometheus-alertmanager"), *arguments]
    told = subprocess.run(command, cwd=SHIPPED, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout + told.stderr
    return told.stdout


class Rule(NamedTuple):
    name: str
    expression: str
    severity: str


def rules() -> list[Rule]:
    groups = yaml.safe_load((SHIPPED / "alerts.yml").read_text())["groups"]
    return [
        Rule(rule["alert"], rule["expr"], rule["labels"]["severity"])
        for group in groups
        for rule in group["rules"]
    ]


class Use(NamedTuple):
    metric: str
    labels: frozenset[str]


def uses(expression: str) -> set[Use]:
    """Every metric of an expression, with the labels that it is asked for by."""
    bare = re.sub(r'"[^"]*"', '""', expression)
    bare = re.sub(r"\bby\s*\([^)]*\)", "", bare)
    found = {
        Use(name, frozenset(re.findall(r"(\w+)\s*(?:=|!)", labels)))
        for name, labels in re.findall(r"([a-z_][a-z0-9_]*)(?:{([^}]*)})?(?![\w(])", bare)
        if name not in _FUNCTIONS
    }
    return {use for use in found if not re.fullmatch(r"[hm]", use.metric)}


@pytest.fixture(scope="module")
def scraped(
    tmp_path_factory: pytest.TempPathFactory, redis_server: str, migrated_sqlite: Path
) -> dict[str, set[str]]:
    """The labels of every metric that a bridge and a daemon at work tell."""
    directory = tmp_path_factory.mktemp("scraped")
    full, empty = directory / "full.db", directory / "empty.db"
    for copy in (full, empty):
        copy.write_bytes(migrated_sqlite.read_bytes())

    async def fill() -> None:
        async with connected(f"sqlite:///{full}"):
            await every_kind.fill()

    anyio.run(fill)
    signer = credentials.development(directory / "credentials")
    found: dict[str, set[str]] = {}
    with (
        running_bridge(directory, redis=redis_server, database=f"sqlite:///{full}") as bridge,
        running_daemon(
            directory,
            redis=redis_server,
            database=f"sqlite:///{empty}",
            signing_certificate=str(signer.certificate),
            signing_key=str(signer.key),
        ) as daemon,
    ):
        key = {"Authorization": f"Bearer {API_KEY}"}
        # The second tells of the first.
        for address in (f"{bridge.url}/metrics", f"{bridge.url}/metrics", daemon):
            told = httpx.get(address, headers=key, timeout=30).raise_for_status().text
            promtool_of_metrics(told)
            for name, labels in samples(told):
                found.setdefault(name, set()).update(label for label, _ in labels)
    return found


def promtool_of_metrics(told: str) -> None:
    """Hold that Prometheus itself finds nothing wrong with a scrape."""
    command = [find("promtool", "prometheus"), "check", "metrics"]
    said = subprocess.run(command, input=told, capture_output=True, text=True, check=False)
    faults = [line for line in said.stderr.splitlines() if not line.startswith("process_")]
    assert faults == []


def test_the_rules_hold_what_their_tests_say() -> None:
    promtool("check", "rules", "alerts.yml")
    promtool("test", "rules", "alerts_test.yml")


def test_every_rule_is_tested_and_has_its_entry_in_the_runbook() -> None:
    names = [rule.name for rule in rules()]
    assert len(names) == len(set(names)) > 20
    tested = (SHIPPED / "alerts_test.yml").read_text()
    assert {name for name in names if f'alertname="{name}"' not in tested} == set()
    entries = (DEPLOY / "runbook.md").read_text().split("\n## ")[1:]
    assert [entry.partition("\n")[0] for entry in entries] == names
    for entry in entries:
        for part in ("**Means**", "**First look**:", "**Remedy**:"):
            assert entry.count(part) == 1, entry


def test_whatever_a_rule_asks_for_is_really_told(scraped: dict[str, set[str]]) -> None:
    asked = {use for rule in rules() for use in uses(rule.expression)}
    assert len(asked) > 20
    wrong = {
        use
        for use in asked
        if use.metric not in _OF_PROMETHEUS and not use.labels <= scraped.get(use.metric, {"none"})
    }
    assert wrong == set()
    assert {use.metric for use in asked} <= scraped.keys() | _OF_PROMETHEUS


def test_every_metric_is_documented_and_there_is_each_that_is(scraped: dict[str, set[str]]) -> None:
    told = {re.sub(r"_(bucket|sum|count)$", "", name) for name in scraped}
    ours = {name for name in told if not re.match("process_|python_", name)}
    documented = set(re.findall(r"`([a-z]+_[a-z0-9_]+)`", METRICS.read_text()))
    assert ours - documented == set()
    # What nothing has happened to yet has no value.
    seldom = {"reelwright_provider_calls_total", "reelwright_provider_call_seconds"}
    seldom |= {"reelwright_attempts_total", "reelwright_store_operation_seconds"}
    # Nor has a card that there is not.
    seldom |= {name for name in documented if name.startswith("reelwright_gpu_")}
    assert {name for name in documented if name.startswith("reelwright_")} - told <= seldom


def test_prometheus_takes_what_it_is_given(tmp_path: Path) -> None:
    shutil.copytree(SHIPPED, tmp_path / "prometheus")
    (tmp_path / "prometheus" / "bridge.key").write_text("a key")
    promtool("check", "config", "prometheus.yml", at=tmp_path / "prometheus")


@pytest.mark.parametrize(
    ("severity", "receivers"), [("page", "pagerduty,slack"), ("ticket", "slack")]
)
def test_what_cannot_wait_goes_to_pagerduty_and_everything_to_slack(
    severity: str, receivers: str
) -> None:
    amtool("check-config", "alertmanager.yml")
    told = amtool(
        "config", "routes", "test", "--config.file=alertmanager.yml", f"severity={severity}"
    )
    assert told.strip() == receivers
    assert any(rule.severity == severity for rule in rules())


def test_an_inhibition_names_alerts_that_there_are() -> None:
    config: dict[str, Any] = yaml.safe_load((SHIPPED / "alertmanager.yml").read_text())
    names = {rule.name for rule in rules()}
    for rule in config["inhibit_rules"]:
        for matcher in (*rule["source_matchers"], *rule["target_matchers"]):
            assert set(re.findall(r"\b[A-Z]\w+", matcher)) <= names
