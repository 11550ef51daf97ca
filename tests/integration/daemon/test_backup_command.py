"""`reelwright backup` and `restore`, killed, without room on the disk, and gone on with."""

import hashlib
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import anyio
import pytest

from cms_bridge.database import connected
from cms_bridge.storage.base import object_key
from cms_bridge.tables import Project
from tests.support import events
from tests.support.bridge_process import API_KEY, LINK_SECRET
from tests.support.ledger import new_job

OBJECTS = 400
SIZE = 64 * 1024


@pytest.fixture
def objects(tmp_path: Path, migrated_sqlite_url: str) -> Path:
    """A project's objects, more than are copied in an instant."""

    async def known() -> None:
        async with connected(migrated_sqlite_url):
            await new_job(project="bakery")

    anyio.run(known)
    folder = tmp_path / "objects"
    for number in range(OBJECTS):
        content = number.to_bytes(2) * (SIZE // 2)
        digest = hashlib.sha256(content).hexdigest()
        path = folder / object_key(project="bakery", sha256=digest, extension="png")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def environment(database: str, objects: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "REELWRIGHT_DATABASE_URL": database,
        "REELWRIGHT_STORAGE_DIRECTORY": str(objects),
        "REELWRIGHT_REDIS_URL": "redis://127.0.0.1:1/0",
        "REELWRIGHT_WEBHOOK_SECRET": events.SECRET,
        "REELWRIGHT_API_KEY": API_KEY,
        "REELWRIGHT_LINK_SECRET": LINK_SECRET,
    }


def run(
    variables: dict[str, str], *arguments: str, most: int | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command, in which no file may grow beyond so many bytes."""
    limit = [] if most is None else ["prlimit", f"--fsize={most}"]
    return subprocess.run(
        [*limit, sys.executable, "-m", "daemon", *arguments],
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )


def killed(variables: dict[str, str], *arguments: str, there: Path, when: int) -> int:
    """Kill a command once so many files are somewhere; return how many there are."""

    def files() -> int:
        return sum(1 for one in there.rglob("*.png") if one.is_file())

    process = subprocess.Popen(
        [sys.executable, "-m", "daemon", *arguments],
        env=variables,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 120
    while files() < when:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.001)
    process.kill()
    process.wait()
    return files()


def test_killed_in_the_middle_both_go_on_where_they_were(
    objects: Path, migrated_sqlite_url: str, tmp_path: Path
) -> None:
    backup, fresh = tmp_path / "backup", tmp_path / "fresh"
    here = environment(migrated_sqlite_url, objects)
    there = environment(f"sqlite:///{fresh}/reelwright.db", fresh / "objects")

    copied = killed(here, "backup", str(backup), there=backup, when=OBJECTS // 4)
    assert copied < OBJECTS, "it was quicker than the signal"
    refused = run(there, "restore", str(backup))
    assert refused.returncode == 1
    assert "holds no whole backup" in refused.stderr
    made = run(here, "backup", str(backup))
    assert made.returncode == 0, made.stderr
    assert f"{OBJECTS} objects, " in made.stdout
    new = re.search(r"; (\d+) objects?, .* of these were new", made.stdout)
    assert new
    assert OBJECTS - copied <= int(new[1]) < OBJECTS
    assert not list(backup.rglob("*.part"))

    killed(there, "restore", str(backup), there=fresh / "objects", when=OBJECTS // 4)
    assert not (fresh / "reelwright.db").exists()
    back = run(there, "restore", str(backup))
    assert back.returncode == 0, back.stderr
    assert f"{OBJECTS} objects, " in back.stdout
    names = [
        {one.relative_to(folder) for one in folder.rglob("*.png")}
        for folder in (objects, fresh / "objects")
    ]
    assert names[0] == names[1]
    assert len(names[0]) == OBJECTS

    async def projects() -> list[str]:
        async with connected(there["REELWRIGHT_DATABASE_URL"]):
            return [row["id"] for row in await Project.select(Project.id)]

    assert anyio.run(projects) == ["bakery"]
    again = run(there, "restore", str(backup))
    assert again.returncode == 1
    assert "--replace" in again.stderr
    # Nobody reads a traceback, nor a secret.
    assert "Traceback" not in again.stderr + refused.stderr
    written = b"".join(one.read_bytes() for one in backup.iterdir() if one.is_file())
    for name in ("WEBHOOK_SECRET", "API_KEY", "LINK_SECRET"):
        assert here[f"REELWRIGHT_{name}"].encode() not in written


@pytest.mark.parametrize("most", [SIZE // 2, 400_000])
def test_a_full_disk_is_told_and_the_backup_of_before_stays_good(
    objects: Path, migrated_sqlite_url: str, tmp_path: Path, most: int
) -> None:
    backup, fresh = tmp_path / "backup", tmp_path / "fresh"
    here = environment(migrated_sqlite_url, objects)
    assert run(here, "backup", str(backup)).returncode == 0
    manifest = (backup / "manifest.json").read_bytes()
    large = b"large" * 100_000
    path = objects / object_key(
        project="bakery", sha256=hashlib.sha256(large).hexdigest(), extension="png"
    )
    path.write_bytes(large)

    full = run(here, "backup", str(backup), most=most)

    assert full.returncode == 1
    assert "full" in full.stderr
    assert "Traceback" not in full.stderr
    assert (backup / "manifest.json").read_bytes() == manifest
    there = environment(f"sqlite:///{fresh}/reelwright.db", fresh / "objects")
    unroomy = run(there, "restore", str(backup), most=SIZE // 2)
    assert unroomy.returncode == 1
    assert "full" in unroomy.stderr
    assert not (fresh / "reelwright.db").exists()
    assert run(there, "restore", str(backup)).returncode == 0
    assert run(here, "backup", str(backup)).returncode == 0
    assert (backup / "manifest.json").read_bytes() != manifest
