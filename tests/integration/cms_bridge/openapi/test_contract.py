"""The API against its own document: requests made up by Schemathesis, over real servers.

Asked by three: whoever has a key for everything, one whose key is for another project, and one
without any. What the last two may never see is checked in `hooks`.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import anyio
import pytest

from cms_bridge.access import registry
from cms_bridge.access.callers import Action
from cms_bridge.database import connected
from tests.support.api_objects import store_api_objects
from tests.support.bridge_process import API_KEY, running_bridge
from tests.support.servers.postgres import PostgresServer

HERE = Path(__file__).parent


class Caller(NamedTuple):
    """Who asks."""

    key: str | None
    met: list[dict[str, str]]
    """Ids that exist and that it asks for, by the names of path parameters."""
    foreign: list[dict[str, str]]
    """Those of them that are another's."""


class Api(NamedTuple):
    """A running bridge, and who asks it."""

    url: str
    owner: Caller
    stranger: Caller
    nobody: Caller
    directory: Path


@contextmanager
def database(request: pytest.FixtureRequest, directory: Path) -> Iterator[str]:
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("migrated_sqlite")
        (directory / "bridge.db").write_bytes(template.read_bytes())
        yield f"sqlite:///{directory}/bridge.db"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    with server.database(template=request.getfixturevalue("migrated_postgres")) as url:
        yield url


# PostgreSQL refuses more of what is stored: the quick cut is on it alone.
@pytest.fixture(scope="module", params=["postgres", pytest.param("sqlite", marks=pytest.mark.slow)])
def api(
    request: pytest.FixtureRequest, redis_server: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Api]:
    directory = tmp_path_factory.mktemp("contract")
    # More requests than anybody may make in a minute.
    quotas = {f"rate_{name}_per_minute": "0" for name in ("reads", "writes", "events", "refusals")}
    quotas |= {"rate_uploads_per_minute": "0"}
    # Nobody waits for what has yet to happen to a job.
    quotas["progress_stream_seconds"] = "0.2"
    with database(request, directory) as url:

        async def fill() -> tuple[Caller, Caller, Caller]:
            async with connected(url):
                ours, theirs = [await store_api_objects(name) for name in ("p1", "p2")]
                key, _ = await registry.create(
                    "Stranger", projects=("p2",), actions=tuple(Action), lasts=None
                )
                mixed = [one for pair in zip(ours, theirs, strict=True) for one in pair]
                return Caller(API_KEY, ours, []), Caller(key, mixed, ours), Caller(None, ours, ours)

        callers = anyio.run(fill)
        with running_bridge(directory, redis=redis_server, database=url, **quotas) as bridge:
            yield Api(bridge.url, *callers, directory)


def schemathesis(api: Api, caller: Caller, *options: str) -> None:
    """Run it with every check there is; fail with all that it found."""
    run = subprocess.run(
        [
            Path(sys.executable).with_name("schemathesis"),
            *("--config-file", HERE / "schemathesis.toml"),
            *("run", f"{api.url}/schema/openapi.json", "--checks", "all", "--no-color"),
            *("--seed", "8", "--continue-on-failure", *options),
            *(("--header", f"Authorization: Bearer {caller.key}") if caller.key else ()),
        ],
        # It remembers what it found, to try that first; here every run begins anew.
        cwd=api.directory,
        env={
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": str(HERE.parents[3]),
            "REELWRIGHT_TEST_URL": api.url,
            "REELWRIGHT_TEST_KEYED": "1" if caller.key else "",
            "REELWRIGHT_TEST_MET": json.dumps(caller.met),
            "REELWRIGHT_TEST_FOREIGN": json.dumps(caller.foreign),
            "SCHEMATHESIS_HOOKS": "tests.integration.cms_bridge.openapi.hooks",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    sys.stdout.write(run.stdout[-4_000:])
    assert run.returncode == 0, run.stdout + run.stderr


SIGNED = ("receiveEvent",)
NESTED = ("estimateEdit", "estimateRefinement")
"""Whose forms are those of `putStoryboard` and `refineStoryboard`."""
# Aliases are the same handlers, documented in the same words: `test_problems` compares.
ONCE = ("--exclude-path-regex", "^/api/(v2|media|health|videos)/")


def excluding(*operations: str) -> tuple[str, ...]:
    return tuple(part for one in operations for part in ("--exclude-operation-id", one))


def including(*operations: str) -> tuple[str, ...]:
    return tuple(part for one in operations for part in ("--include-operation-id", one))


# `test_problems` asks every route without a key, in fewer ways.
@pytest.mark.slow
def test_whoever_has_no_key_is_told_so_as_documented(api: Api) -> None:
    schemathesis(
        api, api.nobody, *("--phases", "coverage", "--mode", "positive"), *ONCE, *excluding(*SIGNED)
    )


def test_a_key_of_another_project_is_answered_as_documented(api: Api) -> None:
    schemathesis(
        api,
        api.stranger,
        *("--phases", "coverage", "--mode", "positive"),
        *ONCE,
        *excluding(*SIGNED),
    )


# What is not of its form is sent to every route by `test_problems` too, in fewer ways.
@pytest.mark.timeout(400)
@pytest.mark.parametrize("mode", ["positive", pytest.param("negative", marks=pytest.mark.slow)])
def test_every_answer_is_as_documented(api: Api, mode: str) -> None:
    schemathesis(
        api,
        api.owner,
        *("--phases", "coverage", "--mode", mode),
        *ONCE,
        *excluding(*SIGNED, *NESTED),
    )


def test_every_answer_to_what_is_deeply_nested_is_as_documented(api: Api) -> None:
    # The five forms of webhooks, nested four deep, have thousands of borders: some are enough.
    schemathesis(
        api,
        api.owner,
        *("--phases", "fuzzing", "--max-examples", "15"),
        *including(*SIGNED, *NESTED),
    )


@pytest.mark.slow
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("caller", ["nobody", "stranger", "owner"])
def test_every_answer_is_as_documented_to_many_more_requests(api: Api, caller: str) -> None:
    schemathesis(
        api,
        getattr(api, caller),
        *("--phases", "examples,coverage,fuzzing,stateful", "--max-examples", "200"),
    )
