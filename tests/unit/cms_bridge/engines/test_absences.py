"""What passes for a database that is away: no answer, and not an answer that says to try again."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime

import asyncpg
import pytest

from cms_bridge.engines import absences, postgres, sqlite
from cms_bridge.errors import DatabaseError

EVER = datetime.min.replace(tzinfo=UTC)


@pytest.fixture(autouse=True)
def _none_noticed() -> Iterator[None]:
    absences.forget()
    yield
    absences.forget()


@pytest.mark.parametrize(
    ("error", "away"),
    [
        (asyncpg.DeadlockDetectedError("deadlock"), False),
        (asyncpg.SerializationError("serialisation"), False),
        (asyncpg.TooManyConnectionsError("full"), True),
        (asyncpg.CannotConnectNowError("starting"), True),
        (OSError("unreachable"), True),
        (asyncpg.ReadOnlySQLTransactionError("read-only"), True),
        (asyncpg.PostgresIOError("could not write"), True),
        (asyncpg.DiskFullError("no space left"), True),
    ],
    ids=lambda one: type(one).__name__,
)
def test_of_postgresql(error: Exception, away: bool) -> None:
    with pytest.raises(DatabaseError), postgres.told_apart():
        raise error
    assert absences.any_since(EVER) is away


@pytest.mark.parametrize(
    ("code", "away"),
    [
        (sqlite3.SQLITE_BUSY, False),
        (sqlite3.SQLITE_LOCKED, False),
        (sqlite3.SQLITE_FULL, True),
        (sqlite3.SQLITE_IOERR, True),
        (sqlite3.SQLITE_CANTOPEN, True),
        (sqlite3.SQLITE_READONLY, True),
        (sqlite3.SQLITE_READONLY_DBMOVED, True),
    ],
)
def test_of_sqlite(code: int, away: bool) -> None:
    error = sqlite3.OperationalError("it went wrong")
    error.sqlite_errorcode = code
    with pytest.raises(DatabaseError), sqlite.told_apart():
        raise error
    assert absences.any_since(EVER) is away
