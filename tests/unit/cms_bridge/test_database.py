"""What a SQLite database does with its files while the service runs."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from cms_bridge.database import connected, transaction
from cms_bridge.tables import Spend

pytestmark = pytest.mark.anyio


@pytest.fixture
def path(migrated_sqlite: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "test.db"
    copy.write_bytes(migrated_sqlite.read_bytes())
    return copy


async def test_the_log_is_kept_between_queries_and_folded_in_at_the_end(path: Path) -> None:
    log = path.with_name("test.db-wal")
    async with connected(f"sqlite:///{path}"):
        async with transaction():
            await Spend.insert(Spend(id="month:2026-11", held=1))
        assert log.stat().st_size > 0
        with closing(sqlite3.connect(path)) as other:
            assert other.execute("SELECT held FROM spend").fetchall() == [(1,)]
    assert not log.exists()


async def test_every_commit_is_synced(path: Path) -> None:
    async with connected(f"sqlite:///{path}"):
        (row,) = await Spend.raw("PRAGMA synchronous")
        assert row["synchronous"] == 2  # FULL: rows on money outlive a power cut
