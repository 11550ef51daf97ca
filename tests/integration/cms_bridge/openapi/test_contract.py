"""The API against its own document: requests made up by Schemathesis, over real servers."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import anyio
import pytest

from cms_bridge.database import connected
from tests.support.api_objects import store_api_objects
from tests.support.bridge_process import API_KEY, running_bridge

HERE = Path(__file__).parent
WEBHOOK = "/api/v1/webhooks/payload"


class Api(NamedTuple):
    """A running bridge, and the ids of what it has."""

    url: str
    known: list[dict[str, str]]
    directory: Path


@pytest.fixture
def api(database_url: str, redis_url: str, tmp_path: Path) -> Iterator[Api]:
    async def fill() -> list[dict[str, str]]:
        async with connected(database_url):
            return await store_api_objects()

    known = anyio.run(fill)
    # More requests than anybody may make in a minute.
    quotas = {f"rate_{name}_per_minute": "0" for name in ("reads", "writes", "events", "refusals")}
    # Nobody waits for what has yet to happen to a job.
    quotas["progress_stream_seconds"] = "0.2"
    with running_bridge(tmp_path, redis=redis_url, database=database_url, **quotas) as bridge:
        yield Api(bridge.url, known, tmp_path)


def schemathesis(api: Api, *options: str) -> None:
    """Run it with every check there is; fail with all that it found."""
    run = subprocess.run(
        [
            Path(sys.executable).with_name("schemathesis"),
            *("--config-file", HERE / "schemathesis.toml"),
            *("run", f"{api.url}/schema/openapi.json", "--checks", "all", "--no-color"),
            *("--seed", "8", "--continue-on-failure", *options),
        ],
        # It remembers what it found, to try that first; here every run begins anew.
        cwd=api.directory,
        env={
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": str(HERE.parents[3]),
            "REELWRIGHT_TEST_URL": api.url,
            "REELWRIGHT_TEST_KEY": API_KEY,
            "REELWRIGHT_TEST_KNOWN": json.dumps(api.known),
            "SCHEMATHESIS_HOOKS": "tests.integration.cms_bridge.openapi.hooks",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_every_answer_is_as_documented(api: Api) -> None:
    schemathesis(
        api,
        *("--phases", "coverage", "--exclude-path", WEBHOOK),
        # Aliases are the same handlers, documented in the same words: `test_problems` compares.
        *("--exclude-path-regex", "^/api/(v2|media|health|videos)/"),
    )


def test_every_answer_to_a_signed_webhook_is_as_documented(api: Api) -> None:
    # Its five forms, nested four deep, have thousands of borders: some of them are enough.
    schemathesis(api, "--phases", "fuzzing", "--max-examples", "40", "--include-path", WEBHOOK)


@pytest.mark.slow
@pytest.mark.timeout(3_600)
def test_every_answer_is_as_documented_to_many_more_requests(api: Api) -> None:
    schemathesis(api, "--phases", "examples,coverage,fuzzing,stateful", "--max-examples", "200")
