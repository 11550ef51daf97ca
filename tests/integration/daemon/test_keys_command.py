"""`reelwright keys` beside a running bridge: what is made opens it, what is revoked does not."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from tests.support.bridge_process import Bridge, running_bridge

NOWHERE = f"/api/v1/videos/jobs/{uuid4()}/status"


def keys(database: str, *arguments: str, fails: bool = False) -> tuple[str, str]:
    """Run the command; return what it gave out, and what it said."""
    run = subprocess.run(
        [sys.executable, "-m", "daemon", "keys", *arguments],
        env={
            "PATH": os.environ["PATH"],
            "REELWRIGHT_DATABASE_URL": database,
            "COLUMNS": "200",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode != 0) == fails, run.stderr
    return run.stdout.strip(), run.stderr


def asked(bridge: Bridge, key: str) -> int:
    answer = httpx.get(f"{bridge.url}{NOWHERE}", headers={"Authorization": f"Bearer {key}"})
    return answer.status_code


def test_a_key_from_its_making_to_its_end(
    database_url: str, redis_url: str, tmp_path: Path
) -> None:
    with running_bridge(
        tmp_path, redis=redis_url, database=database_url, key_memory_seconds="1"
    ) as bridge:
        key, said = keys(database_url, "create", "Reports", "--project", "bakery", "--days", "3")
        assert re.fullmatch(r"rw_[a-z0-9]{12}_[0-9A-Za-z]{49}", key)
        assert "bakery: read, until" in " ".join(said.split())
        assert key not in said
        assert asked(bridge, key) == 404

        successor, said = keys(database_url, "rotate", key, "--overlap-hours", "2")
        assert "for 2 hours" in " ".join(said.split())
        assert (asked(bridge, key), asked(bridge, successor)) == (404, 404)

        keys(database_url, "revoke", successor.split("_")[1])
        deadline = time.monotonic() + 20
        while asked(bridge, successor) != 401:
            assert time.monotonic() < deadline
            time.sleep(0.2)
        assert asked(bridge, key) == 404

        listed, _ = keys(database_url, "list")
        old, new = (line for line in listed.splitlines() if "Reports" in line)
        assert f"rotated into {successor.split('_')[1]}" in old
        assert "revoked" in new
        assert "never" not in old
        for one in (key, successor):
            assert one.split("_")[2] not in listed + bridge.log


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["create", "x"], "--project ID, or --all-projects"),
        (["create", "x", "--project", "a\nb"], "no project's id"),
        (["create", "x", "--all-projects", "--action", "everything"], "'everything'"),
        (["revoke", "rw_nobody_xyz"], "no key nobody"),
    ],
)
def test_what_cannot_be_done_is_said(
    migrated_sqlite: Path, arguments: list[str], said: str
) -> None:
    given, complaint = keys(f"sqlite:///{migrated_sqlite}", *arguments, fails=True)
    assert said in " ".join(complaint.split())
    assert "Traceback" not in complaint
    assert not given
