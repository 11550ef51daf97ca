"""Processes whose machines' clocks are an hour apart go by the database server's."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cms_bridge.database import connected

FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
PROGRAM = """
import sys
import anyio
from cms_bridge import clock
from cms_bridge.database import connected

async def tell():
    async with connected(sys.argv[1]):
        print(clock.now().isoformat())

anyio.run(tell)
"""


@pytest.mark.anyio
async def test_a_process_goes_by_the_servers_clock_while_it_is_connected(
    migrated_postgres_url: str,
) -> None:
    async with connected(migrated_postgres_url) as engine:
        assert abs(await engine.set_clock()) < timedelta(seconds=1)  # type: ignore[union-attr]


@pytest.mark.skipif(FAKETIME is None, reason="needs libfaketime")
@pytest.mark.parametrize("apart", ["+1h", "-1h"])
def test_whatever_its_machines_own_clock_shows(migrated_postgres_url: str, apart: str) -> None:
    faked = {"LD_PRELOAD": str(FAKETIME), "FAKETIME": apart, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    said = subprocess.run(
        [sys.executable, "-c", PROGRAM, migrated_postgres_url],
        env={**os.environ, **faked},
        capture_output=True,
        check=True,
        text=True,
    )
    assert "database.clocks_apart" in said.stderr + said.stdout
    told = datetime.fromisoformat(said.stdout.splitlines()[-1])
    assert abs(told - datetime.now(UTC)) < timedelta(seconds=30)
