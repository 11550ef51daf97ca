"""`reelwright objects`: told first, removed on request."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import anyio
import msgspec
import pytest

from cms_bridge.database import connected
from cms_bridge.states import Status
from cms_bridge.storage.base import object_key
from cms_bridge.tables import GeneratedVideo
from tests.support import events
from tests.support.bridge_process import API_KEY, LINK_SECRET
from tests.support.jobs import put
from tests.support.ledger import new_job


@pytest.fixture
def objects(tmp_path: Path) -> Path:
    return tmp_path / "objects"


@pytest.fixture
def left(objects: Path, migrated_sqlite_url: str) -> Path:
    """An object of a known project that nothing names."""

    async def known() -> None:
        async with connected(migrated_sqlite_url):
            await new_job(project="bakery")

    anyio.run(known)
    path = objects / object_key(project="bakery", sha256="a" * 64, extension="png")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"x" * 2_000)
    os.utime(path, (1, 1))
    return path


def run(
    database: str, objects: Path, *arguments: str, command: str = "check"
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "daemon", "objects", command, *arguments],
        env={
            "PATH": os.environ["PATH"],
            "REELWRIGHT_DATABASE_URL": database,
            "REELWRIGHT_STORAGE_DIRECTORY": str(objects),
            "REELWRIGHT_REDIS_URL": "redis://127.0.0.1:1/0",
            "REELWRIGHT_WEBHOOK_SECRET": events.SECRET,
            "REELWRIGHT_API_KEY": API_KEY,
            "REELWRIGHT_LINK_SECRET": LINK_SECRET,
            "COLUMNS": "200",
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_is_left_behind_is_told_then_removed(
    left: Path, objects: Path, migrated_sqlite_url: str
) -> None:
    told = run(migrated_sqlite_url, objects)
    assert told.returncode == 0, told.stderr
    assert "bakery: 1 object, 2.0 kB" in told.stdout
    assert "reelwright objects check --remove" in told.stdout
    assert left.exists()

    # All that there is: rather the wrong database.
    refused = run(migrated_sqlite_url, objects, "--remove")
    assert refused.returncode == 1
    assert "1 of 1 objects" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert left.exists()

    removed = run(migrated_sqlite_url, objects, "--remove", "--most", "--json")
    assert removed.returncode == 0, removed.stderr
    assert msgspec.json.decode(removed.stdout)["removed"] == {"objects": 1, "bytes": 2_000}
    assert not left.exists()


def test_what_is_superseded_is_told_then_retired(objects: Path, migrated_sqlite_url: str) -> None:
    async def two_films() -> None:
        async with connected(migrated_sqlite_url):
            video = await new_job(project="bakery")
            await put(video, Status.COMPLETED)
            for number in (1, 2):
                await GeneratedVideo.insert(
                    GeneratedVideo(
                        id=uuid4(),
                        job=video,
                        number=number,
                        key=f"{number}.mp4",
                        bytes=5_000_000,
                        created_at=datetime(2026, 1, number, tzinfo=UTC),
                    )
                )

    anyio.run(two_films)

    def told(*arguments: str) -> str:
        done = run(migrated_sqlite_url, objects, *arguments, command="superseded")
        assert done.returncode == 0, done.stderr
        return done.stdout

    kept = told()
    assert "Superseded     1 rendition, 5.0 MB" in kept
    assert "Due            0 renditions" in kept
    due = told("--days", "30")
    assert "Due            1 rendition, 5.0 MB" in due
    assert "bakery" in due
    assert "--retire" in due
    report = msgspec.json.decode(told("--days", "30", "--retire", "--json"))
    assert [one["number"] for one in report["retired"]] == [1]
    assert "Superseded     0 renditions" in told("--days", "30")
