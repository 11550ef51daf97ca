"""A Python client as the docs have it generated, talking to a real bridge as the docs say."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import media_files
from tests.support.bridge_process import API_KEY, Bridge, running_bridge
from tests.support.environments import interpreter

SPECS = Path(__file__).parents[4] / "specs"
EVERY_MODULE = """
import pkgutil, reelwright_client
for one in pkgutil.walk_packages(reelwright_client.__path__, "reelwright_client."):
    __import__(one.name)
    print(one.name)
"""


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the client lies that was generated."""
    directory = tmp_path_factory.mktemp("client")
    subprocess.run(
        [
            interpreter("client").with_name("openapi-python-client"),
            *("generate", "--path", SPECS / "openapi.json", "--config", SPECS / "client.yaml"),
            *("--meta", "none", "--output-path", directory / "reelwright_client"),
            # Of any operation or form that it would leave out.
            "--fail-on-warning",
        ],
        check=True,
        timeout=120,
    )
    return directory


@pytest.fixture(scope="module")
def bridge(directory: Path, redis_server: str, migrated_sqlite: Path) -> Iterator[Bridge]:
    (directory / "bridge.db").write_bytes(migrated_sqlite.read_bytes())
    database = f"sqlite:///{directory}/bridge.db"
    with running_bridge(directory, redis=redis_server, database=database) as bridge:
        yield bridge


def run(program: str, directory: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=directory,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def documented() -> str:
    return (SPECS / "client.md").read_text().partition("```python\n")[2].partition("```")[0]


@pytest.mark.slow
def test_whoever_follows_the_docs_has_a_client_that_works(directory: Path, bridge: Bridge) -> None:
    (directory / "oven.png").write_bytes(media_files.picture("png"))
    done = run(documented(), directory, BRIDGE=bridge.url, KEY=API_KEY)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "pending Sourdough",
        "image/png",
        "0",
        "['video']",
        "404 job_not_found",
        "bad_request ['by']",
    ]


def test_every_operation_has_a_module_of_its_own(directory: Path) -> None:
    done = run(EVERY_MODULE, directory)
    assert done.returncode == 0, done.stderr
    for tag, name in (
        ("tasks", "submit_task"),
        ("videos", "get_stream"),
        ("webhooks", "test_webhook"),
    ):
        assert f"reelwright_client.api.{tag}.{name}" in done.stdout.splitlines()
