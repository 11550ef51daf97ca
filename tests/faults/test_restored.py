"""A film whose installation was restored elsewhere from a backup is edited, by a real daemon."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest

from cms_bridge import films
from cms_bridge.database import connected, migrate
from cms_bridge.ledger import charges
from cms_bridge.states import Status
from cms_bridge.tables import Job
from tests.faults.crashes import at_rest
from tests.faults.edits import FIRST, SECOND, approve, log, send
from tests.faults.harness import Harness, daemon, open_harness
from tests.support import events
from tests.support.servers import s3
from tests.support.servers.postgres import PostgresServer

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(300)]

UNHURRIED = {"REELWRIGHT_LEASE_SECONDS": "60"}
"""A lease that is lost on a busy machine has all segments found by the attempt after it."""


@pytest.fixture(scope="module")
def harness(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harness]:
    with open_harness(tmp_path_factory.mktemp("harness")) as harness:
        yield harness


@pytest.fixture(params=["local", pytest.param("remote", marks=pytest.mark.slow)])
def kept(request: pytest.FixtureRequest) -> Iterator[tuple[dict[str, str], dict[str, str]]]:
    """Where the first installation keeps everything, and the second; folders if nowhere else."""
    if request.param == "local":
        yield {}, {}
        return
    server: s3.S3Server = request.getfixturevalue("s3_server")
    postgres: PostgresServer = request.getfixturevalue("postgres_server")
    with ExitStack() as stack:
        found = list[dict[str, str]]()
        for name in ("restored-here", "restored-there"):
            s3.client(server).create_bucket(Bucket=name)
            url = stack.enter_context(postgres.database())
            found.append(
                s3.environment(server._replace(bucket=name)) | {"REELWRIGHT_DATABASE_URL": url}
            )
        yield found[0], found[1]


def run(settings: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "daemon", *arguments],
        env={"PATH": os.environ["PATH"], **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
async def test_an_edit_of_a_restored_film_makes_and_encodes_only_what_changed(
    harness: Harness, kept: tuple[dict[str, str], dict[str, str]]
) -> None:
    directory = await anyio.to_thread.run_sync(harness.reset)
    elsewhere, backup = directory / "elsewhere", directory / "backup"
    here = harness.settings(directory, provider="gemini", drafting=False) | UNHURRIED | kept[0]
    there = harness.settings(elsewhere, provider="gemini", drafting=False) | UNHURRIED | kept[1]
    await migrate(here["REELWRIGHT_DATABASE_URL"])
    async with connected(here["REELWRIGHT_DATABASE_URL"]):
        job = await send(events.submitted(), "s1")
        await Job.update({Job.status: Status.STORYBOARD_COMPLETE}).where(Job.id == job)
        await approve(job, FIRST, revision=1)
        with daemon(here, directory):
            assert await at_rest(job, {Status.COMPLETED}) is Status.COMPLETED
            # While everything works on.
            told = await anyio.to_thread.run_sync(run, here, "backup", str(backup))
            assert "Backed up" in told
        first = await films.finished(job)
    assert harness.charges().total() == 6

    assert "Restored" in await anyio.to_thread.run_sync(run, there, "restore", str(backup))
    await anyio.to_thread.run_sync(lose, directory)
    await anyio.to_thread.run_sync(carry_cache, directory, elsewhere)

    async with connected(there["REELWRIGHT_DATABASE_URL"]):
        assert await films.finished(job) == first
        await approve(job, SECOND, revision=2)
        with daemon(there, elsewhere):
            assert await at_rest(job, {Status.COMPLETED}) is Status.COMPLETED
        newest, before = await films.of_job(job)
        assert (before, newest.storyboard) == (first, SECOND)
        assert len(await charges.charges_of(job)) == harness.charges().total() == 7
    (film,) = finished(elsewhere)
    # What shows the third scene: it, and the crossfade into it.
    assert film["reused"] == film["segments"] - 2


def lose(directory: Path) -> None:
    """Lose what an installation had beside the cache of its daemon."""
    shutil.rmtree(directory / "objects", ignore_errors=True)
    (directory / "reelwright.db").unlink()


def carry_cache(directory: Path, elsewhere: Path) -> None:
    """Bring the daemon's cache, without which a film is encoded once more, and not bought again."""
    shutil.copytree(directory / "work" / "cache", elsewhere / "work" / "cache")


def finished(directory: Path) -> list[dict[str, Any]]:
    return [line for line in log(directory) if line.get("event") == "engine.finished"]
