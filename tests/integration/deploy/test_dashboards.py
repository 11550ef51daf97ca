"""The dashboards that are shipped: what their code writes, and none of their panels is empty."""

import json
import math
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx
import msgspec
import pytest
import yaml

from render.storyboard import Brief
from tests.support.bridge_process import end, free_port
from tests.support.installation import COMPLETED, DRAFTED, last, running_installation
from tests.support.simulators import gemini
from tests.support.simulators.gemini import GeminiSimulator
from tests.support.tools import find
from tools.dashboards import BOARDS, Board, build

DEPLOY = Path(__file__).parents[3] / "deploy"
BRIEFS = (
    Brief(title="Harbour", script="# One\nThe tide is in."),
    # What is counted for the first time has no increase yet.
    Brief(title="Quay", script="# Two\nThe boats leave."),
)
QUERIES = [
    pytest.param(board, panel.title, query.expression, id=f"{board.name}: {panel.title} {number}")
    for board in BOARDS
    for _, panels in board.rows
    for panel in panels
    for number, query in enumerate(panel.queries, 1)
]


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.name)
def test_what_is_shipped_is_what_the_code_writes(board: Board) -> None:
    shipped = (DEPLOY / "grafana" / f"{board.name}.json").read_text(encoding="utf-8")
    assert shipped == build(board), "python -m tools.dashboards"


def test_all_ask_the_source_that_compose_provides() -> None:
    provided = yaml.safe_load(
        (DEPLOY / "compose/grafana/provisioning/datasources/prometheus.yml").read_text()
    )
    (source,) = provided["datasources"]
    for board in BOARDS:
        panels = json.loads(build(board))["panels"]
        assert {one["datasource"]["uid"] for one in panels if one["type"] != "row"} == {
            source["uid"]
        }


def test_compose_shows_grafana_where_they_are() -> None:
    provider = yaml.safe_load(
        (DEPLOY / "compose/grafana/provisioning/dashboards/reelwright.yml").read_text()
    )
    path = provider["providers"][0]["options"]["path"]
    grafana = yaml.safe_load((DEPLOY / "compose/compose.yaml").read_text())["services"]["grafana"]
    mounted = {volume.split(":")[1]: volume.split(":")[0] for volume in grafana["volumes"]}
    assert (DEPLOY / "compose" / mounted[path]).resolve() == DEPLOY / "grafana"


@contextmanager
def prometheus(directory: Path, targets: dict[str, tuple[str, str]]) -> Iterator[str]:
    """Run Prometheus, which fetches from each target every second with its key."""
    config = {
        "global": {"scrape_interval": "1s"},
        "scrape_configs": [
            {
                "job_name": job,
                "authorization": {"credentials": key},
                "static_configs": [{"targets": [address]}],
            }
            for job, (address, key) in targets.items()
        ],
    }
    (directory / "prometheus.yml").write_text(yaml.safe_dump(config))
    port = free_port()
    process = subprocess.Popen(
        [
            find("prometheus", "prometheus"),
            f"--config.file={directory}/prometheus.yml",
            f"--storage.tsdb.path={directory}/tsdb",
            f"--web.listen-address=127.0.0.1:{port}",
            "--log.level=warn",
        ]
    )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        end(process)


@pytest.fixture(scope="module")
def scraping(
    tmp_path_factory: pytest.TempPathFactory, gemini_server: GeminiSimulator
) -> Iterator[str]:
    """Prometheus, which watched two films being made with models, from submission to end."""
    directory = tmp_path_factory.mktemp("dashboards")
    port = free_port()
    models = {"gemini": {"check_availability": False}, "gemini_text": ""}
    with running_installation(
        directory / "house",
        cms=False,
        gemini_api_key=gemini.KEY,
        gemini_url=gemini_server.url,
        models=msgspec.json.encode(models).decode(),
        metrics_port=str(port),
        metrics_cache_seconds="1",
    ) as running:
        house = running.installation
        targets = {
            "reelwright-bridge": (house.bridge_url.removeprefix("http://"), house.api_key),
            "reelwright-daemon": (f"127.0.0.1:{port}", "none is asked for"),
        }
        with prometheus(directory, targets) as address:

            async def film(brief: Brief) -> None:
                async with running.sender() as sender:
                    job = await sender.submit(brief)
                    drafted = await last(sender.follow(job, until=DRAFTED, seconds=60))
                    await sender.approve(drafted)
                    await last(sender.follow(job, until=COMPLETED, seconds=120))

            for brief in BRIEFS:
                anyio.run(film, brief)
                # A rate takes two scrapes after the last thing that happened.
                time.sleep(3)
            yield address


@pytest.mark.slow
@pytest.mark.parametrize(("board", "panel", "expression"), QUERIES)
def test_no_panel_is_empty(scraping: str, board: Board, panel: str, expression: str) -> None:
    asked, now = expression.replace("$__rate_interval", "1m"), time.time()
    told: dict[str, Any] = httpx.get(
        f"{scraping}/api/v1/query_range",
        params={"query": asked, "start": now - 300, "end": now, "step": "1s"},
    ).json()
    assert told["status"] == "success", told
    values = [float(value) for one in told["data"]["result"] for _, value in one["values"]]
    assert values, f"{board.title}, {panel}: nothing by {asked}"
    assert not all(map(math.isnan, values)), f"{panel} is no number by {asked}"
