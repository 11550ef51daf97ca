"""The database as one file: dumped, and loaded again, on either engine.

SQLite is copied by its own online backup, PostgreSQL by `pg_dump`, while everybody writes on. A
dump shows one moment, of which rows are counted and objects' keys are listed besides.
"""

import contextlib
import os
import shutil
import sqlite3
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterable
from enum import StrEnum
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, cast
from urllib.parse import unquote, urlsplit, urlunsplit

import anyio
import anyio.to_thread
import asyncpg
import msgspec

from cms_bridge.database import database_file, migrate
from cms_bridge.errors import BridgeError
from cms_bridge.operations.reconciliation import name_of, naming_columns
from cms_bridge.tables import TABLES, ApiKey, Job, Project, Spend

_MIGRATIONS = "migration"
_NAMES = tuple(map(name_of, TABLES))
_TELLING = tuple(map(name_of, (Project, Job, Spend, ApiKey)))
"""What has rows once somebody has worked with it; a service that just started reports others."""
_KEYS = " UNION ".join(
    f"SELECT {column} FROM {table} WHERE {column} <> ''"  # noqa: S608 - our own tables
    for table, column in naming_columns()
)
_SCHEMA = "SELECT name FROM migration WHERE app_name = 'reelwright' ORDER BY name"
_PAGE = 1_000


class BackupError(BridgeError):
    """What stands in the way of a backup or of its way back, in a sentence."""


class Engine(StrEnum):
    """What a database speaks."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


class Dumped(msgspec.Struct, frozen=True, kw_only=True):
    """What a dump shows."""

    server: str
    """The version of what was dumped."""
    migrations: tuple[str, ...]
    """Those that had run."""
    rows: dict[str, int]
    """By table."""
    projects: tuple[str, ...]


def engine_of(url: str) -> Engine:
    """Return what the database of a URL speaks."""
    return Engine.SQLITE if url.startswith("sqlite:///") else Engine.POSTGRESQL


async def dump(url: str, place: Path, keys: Path) -> Dumped:
    """Write the database to a new file, and the keys of the objects that it names to another."""
    if engine_of(url) is Engine.SQLITE:
        return await anyio.to_thread.run_sync(_dump_sqlite, database_file(url), place, keys)
    return await _dump_postgres(url, place, keys)


async def load(url: str, dumped: Path, expected: Dumped) -> None:
    """Put a dump in the place of whatever the database holds, and bring it to this schema.

    It is there whole or not at all: SQLite's file takes the place of the other one once it is
    migrated, PostgreSQL's rows come in one transaction.
    """
    if engine_of(url) is Engine.SQLITE:
        await _load_sqlite(url, dumped, expected)
    else:
        await _load_postgres(url, dumped, expected)
        await migrate(url)


async def is_used(url: str) -> bool:
    """Tell whether somebody has worked with a database."""
    if engine_of(url) is Engine.SQLITE:
        return await anyio.to_thread.run_sync(_is_used_sqlite, database_file(url))
    async with _connection(url) as connection:
        for name in _TELLING:
            there = await connection.fetchval("SELECT to_regclass($1) IS NOT NULL", name)
            if there and await connection.fetchval(f"SELECT EXISTS (SELECT 1 FROM {name})"):  # noqa: S608
                return True
    return False


def _is_used_sqlite(path: Path) -> bool:
    if not path.exists():
        return False
    with _sqlite(path) as connection:
        there = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
        return any(
            connection.execute(f"SELECT EXISTS (SELECT 1 FROM {name})").fetchone()[0]  # noqa: S608
            for name in _TELLING
            if name in there
        )


def _dump_sqlite(path: Path, place: Path, keys: Path) -> Dumped:
    if not path.exists():
        raise BackupError(f"There is no database {path}.")
    with _sqlite(path) as source, _sqlite(place) as target:
        # In one go: by parts it would begin anew whenever another process writes.
        source.backup(target)
        # One file, without a log of its own beside it.
        target.execute("PRAGMA journal_mode=DELETE")
        dumped = _look(target, _NAMES)
        with keys.open("w") as file:
            for (key,) in target.execute(_KEYS):
                file.write(f"{key}\n")
    return dumped


def _look(connection: sqlite3.Connection, tables: Iterable[str]) -> Dumped:
    """Check a SQLite database, and tell what is in it."""
    ((said, *_), *_) = connection.execute("PRAGMA quick_check(1)").fetchall()
    if said != "ok":
        raise BackupError(f"The database is damaged: {said}")
    return Dumped(
        server=sqlite3.sqlite_version,
        migrations=tuple(name for (name,) in connection.execute(_SCHEMA)),
        rows={
            name: connection.execute(f"SELECT COUNT(*) FROM {name}").fetchone()[0]  # noqa: S608
            for name in tables
        },
        projects=tuple(name for (name,) in connection.execute("SELECT id FROM project")),
    )


async def _load_sqlite(url: str, dumped: Path, expected: Dumped) -> None:
    path = database_file(url)
    await anyio.Path(path.parent).mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.restoring")
    try:
        await anyio.to_thread.run_sync(_copy_checked, dumped, fresh, expected)
        if not path.is_absolute():
            fresh = fresh.absolute()
        await migrate(f"sqlite:///{fresh}")
        await anyio.to_thread.run_sync(_take_place, fresh, path)
    finally:
        for suffix in ("", "-wal", "-shm", ".migrating"):
            fresh.with_name(fresh.name + suffix).unlink(missing_ok=True)


def _copy_checked(dumped: Path, fresh: Path, expected: Dumped) -> None:
    with _disk_errors(fresh):
        shutil.copyfile(dumped, fresh)
    with _sqlite(fresh) as connection:
        _check_rows(_look(connection, expected.rows).rows, expected)


def _take_place(fresh: Path, path: Path) -> None:
    with _sqlite(fresh) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    if path.exists():
        # Refused while anybody has it open, whose log would else come to lie beside another file.
        with _sqlite(path) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")
    with _disk_errors(path):
        descriptor = os.open(fresh, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        fresh.replace(path)


@contextlib.contextmanager
def _sqlite(path: Path) -> Generator[sqlite3.Connection]:
    try:
        with contextlib.closing(sqlite3.connect(path, timeout=5)) as connection:
            yield connection
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            raise BackupError(
                f"{path} is in use: stop what works with it, and ask again."
            ) from error
        raise BackupError(f"{path}: {error}.") from error
    except sqlite3.DatabaseError as error:
        raise BackupError(f"{path} is damaged: {error}.") from error


async def _dump_postgres(url: str, place: Path, keys: Path) -> Dumped:
    async with _connection(url) as connection:
        tool = await _tool("pg_dump", connection)
        # What is counted here and what is dumped there is one moment.
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            snapshot = await connection.fetchval("SELECT pg_export_snapshot()")
            dumped = Dumped(
                server=await connection.fetchval("SHOW server_version"),
                migrations=tuple(row[0] for row in await connection.fetch(_SCHEMA)),
                rows={
                    name: await connection.fetchval(f"SELECT COUNT(*) FROM {name}")  # noqa: S608
                    for name in _NAMES
                },
                projects=tuple(row[0] for row in await connection.fetch("SELECT id FROM project")),
            )
            async with await anyio.open_file(keys, "w") as file:
                async for row in cast(
                    "AsyncIterator[Any]", connection.cursor(_KEYS, prefetch=_PAGE)
                ):
                    await file.write(f"{row[0]}\n")
            options = ("--format=custom", "--no-owner", "--no-privileges", "--no-password")
            await _run(url, tool, *options, f"--snapshot={snapshot}", f"--file={place}")
    return dumped


async def _load_postgres(url: str, dumped: Path, expected: Dumped) -> None:
    async with _connection(url) as connection:
        tool = await _tool("pg_restore", connection)
        await check_alone(url)
        tables = ", ".join([*_NAMES, _MIGRATIONS, *await _set_aside(connection)])
        await connection.execute(f"DROP TABLE IF EXISTS {tables} CASCADE")
    await _run(
        url,
        tool,
        *("--no-owner", "--no-privileges", "--no-password"),
        *("--exit-on-error", "--single-transaction"),
        dumped,
    )
    async with _connection(url) as connection:
        rows = {
            name: await connection.fetchval(f"SELECT COUNT(*) FROM {name}")  # noqa: S608
            for name in expected.rows
        }
    _check_rows(rows, expected)


async def _set_aside(connection: Any) -> list[str]:
    """Return what migrations back have put aside (`migrations.aside`)."""
    rows = await connection.fetch(
        "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
        " AND tablename LIKE 'aside\\_%'"
    )
    return [row[0] for row in rows]


async def check_alone(url: str) -> None:
    """Raise `BackupError` while others have a PostgreSQL database open."""
    if engine_of(url) is Engine.SQLITE:
        return  # its file is not taken while it is open
    async with _connection(url) as connection:
        others = await connection.fetchval(
            "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND backend_type = 'client backend'"
            " AND application_name <> 'reelwright-backup'"
        )
    if others:
        raise BackupError(
            f"The database is in use, by {others} connections: stop bridges and daemons, and ask"
            " again."
        )


def _check_rows(found: dict[str, int], expected: Dumped) -> None:
    wrong = [
        f"{name} has {found.get(name, 0)} of {rows}"
        for name, rows in expected.rows.items()
        if found.get(name, 0) != rows
    ]
    if wrong:
        raise BackupError(f"Rows are missing: {', '.join(wrong)}.")


@contextlib.asynccontextmanager
async def _connection(url: str) -> AsyncGenerator[Any]:
    try:
        connection = cast(
            Any,
            await asyncpg.connect(url, server_settings={"application_name": "reelwright-backup"}),
        )
    except (OSError, asyncpg.PostgresError, TimeoutError) as error:
        raise BackupError(f"The database does not answer: {type(error).__name__}.") from error
    try:
        yield connection
    except asyncpg.UndefinedTableError as error:
        raise BackupError(f"This is no database of Reelwright: {error}.") from error
    finally:
        await connection.close()


async def _tool(name: str, connection: Any) -> str:
    """Return the path of a program that is new enough for a server; raise `BackupError`."""
    server = await connection.fetchval("SHOW server_version_num")
    wanted = int(server) // 10_000
    found = shutil.which(name)
    if found is None:
        raise BackupError(
            f"{name} is not on the PATH. PostgreSQL {wanted} needs that of its own version, or a"
            f" newer one: apt-get install postgresql-client-{wanted}"
        )
    said = (await anyio.run_process([found, "--version"])).stdout.decode()
    version = next(word for word in said.split() if word[0].isdigit()).partition(".")[0]
    if int("".join(filter(str.isdigit, version))) < wanted:
        raise BackupError(
            f"{found} is of PostgreSQL {version}, and the server of {wanted}: put a {name} of that"
            f" version first on the PATH (apt-get install postgresql-client-{wanted})."
        )
    return found


async def _run(url: str, *command: str | Path) -> None:
    """Run a program of PostgreSQL's on a database; its password goes by the environment."""
    parts = urlsplit(url)
    user, _, place = parts.netloc.rpartition("@")
    name, _, password = user.partition(":")
    bare = urlunsplit(parts._replace(netloc=f"{name}@{place}" if user else place))
    program, *arguments = command
    done: CompletedProcess[bytes] = await anyio.run_process(
        [str(program), f"--dbname={bare}", *map(str, arguments)],
        env={**os.environ, **({"PGPASSWORD": unquote(password)} if password else {})},
        check=False,
    )
    if done.returncode:
        said = " ".join(done.stderr.decode(errors="replace").split())
        raise BackupError(f"{Path(program).name} failed: {said[:1_000]}")


@contextlib.contextmanager
def _disk_errors(place: Path) -> Generator[None]:
    try:
        yield
    except OSError as error:
        raise BackupError(f"{place} cannot be written: {error.strerror}.") from error
