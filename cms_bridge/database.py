"""The database: SQLite or PostgreSQL by URL, bound to the tables, with its migrations.

What it bounds, and which errors it has, is in `cms_bridge.engines`.
"""

import asyncio
import contextlib
import fcntl
import importlib
import io
import os
import sqlite3
from collections.abc import AsyncGenerator, Generator
from pathlib import Path
from typing import Any, Literal, cast

import anyio
import anyio.to_thread
import asyncpg
import structlog
from piccolo.apps.migrations.tables import Migration

from cms_bridge import clock, wakeups
from cms_bridge.engines import AnyEngine, DatabaseBounds, Postgres, Script, SQLite
from cms_bridge.errors import BridgeError, DatabaseError
from cms_bridge.tables import TABLES, Job

APP = "reelwright"
_CONF = "migrations.piccolo_conf"
_CLOCK_SECONDS = 60
_CLOCKS_APART = 5
"""Seconds from which it is told that a machine's clock is not the server's."""
_MIGRATION_LOCK = 0x5245454C  # "REEL": any number will do that no other program here takes

log = structlog.get_logger()


class MigrationFailed(BridgeError):
    """A migration did not finish; its output is the message."""


def open_engine(url: str, bounds: DatabaseBounds | None = None) -> AnyEngine:
    """Return an engine for `sqlite:///path` or `postgresql://…`; nothing is connected yet."""
    bounds = bounds or DatabaseBounds()
    if url.startswith("sqlite:///"):
        path = database_file(url)
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.closing(sqlite3.connect(path, timeout=bounds.wait_seconds)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
        return SQLite(str(path), bounds)
    return Postgres(url, bounds)


def database_file(url: str) -> Path:
    """Return where a SQLite database lies."""
    return Path(url.removeprefix("sqlite:///"))


def bind(engine: AnyEngine) -> None:
    """Make every table, and Piccolo's own migration table, speak to this engine."""
    os.environ["PICCOLO_CONF"] = _CONF
    vars(importlib.import_module(_CONF))["DB"] = engine
    for table in (*TABLES, Migration):
        table._meta.db = engine  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - the documented way


@contextlib.asynccontextmanager
async def connected(url: str, bounds: DatabaseBounds | None = None) -> AsyncGenerator[AnyEngine]:
    """Open, bind and keep connections for as long as the block runs."""
    engine = open_engine(url, bounds)
    bind(engine)
    await engine.start_connection_pool()
    keeping: asyncio.Task[None] | None = None
    if isinstance(engine, Postgres):
        known = await _set_clock(engine, known=False)
        keeping = asyncio.create_task(_keep_clock(engine, known=known))
    try:
        if isinstance(engine, Postgres) and engine.bounds.connections > (
            room := await engine.room()
        ):
            log.warning("database.too_few_connections", room=room, wanted=engine.bounds.connections)
        yield engine
    finally:
        if keeping:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)
            clock.go_alone()
        await engine.close_connection_pool()


async def _set_clock(engine: Postgres, *, known: bool) -> bool:
    """Go by the server's clock; tell whether it is known. Where it was not, log what it showed."""
    try:
        ahead = (await engine.set_clock()).total_seconds()
    except DatabaseError:
        return known  # this machine counts on from the last time
    if not known and abs(ahead) > _CLOCKS_APART:
        log.warning("database.clocks_apart", ahead_seconds=round(ahead))
    return True


async def _keep_clock(engine: Postgres, *, known: bool) -> None:
    """Keep to the server's clock for ever: what two machines count parts by seconds in a day."""
    while True:
        await anyio.sleep(_CLOCK_SECONDS if known else 1)
        known = await _set_clock(engine, known=known)


@contextlib.asynccontextmanager
async def transaction() -> AsyncGenerator[None]:
    """Run the block as one transaction on the bound engine, to its end; then send its wake-ups.

    A cancellation waits for that end: met in the middle of a COMMIT or a
    ROLLBACK, it would leave the connection open, and SQLite locked with it.
    Raises `DatabaseBusy` or `DatabaseUnavailable`, and then nothing is written;
    only where the server goes away in the midst of the COMMIT itself nobody can tell.
    """
    engine = _engine()
    async with wakeups.after_commit(), engine.turn():
        with anyio.CancelScope(shield=True):
            async with engine.transaction():
                yield


async def run_script(script: Script, values: dict[str, Any]) -> bool:
    """Run a script as one transaction, to its end; tell whether it came there.

    Where it did not, what it had done by then stands. Raises as `transaction` does.
    """
    engine = _engine()
    if isinstance(engine, Postgres):
        with anyio.CancelScope(shield=True):
            return await engine.run_script(script, values)
    async with transaction():
        return await engine.run_script(script, values)


async def migrate(
    url: str, *, direction: Literal["forwards", "backwards"] = "forwards", to: str = "all"
) -> str:
    """Run migrations under a lock that other processes wait for; return what was printed.

    Going back, `to` is a migration's id or `all`. Raises `MigrationFailed`.
    """
    from piccolo.apps.migrations.commands.backwards import run_backwards  # noqa: PLC0415 - loads a formatter
    from piccolo.apps.migrations.commands.forwards import run_forwards  # noqa: PLC0415 - likewise

    bind(open_engine(url))
    output = io.StringIO()
    async with _migration_lock(url):
        with contextlib.redirect_stdout(output):
            if direction == "forwards":
                result = await run_forwards(APP)
            else:
                result = await run_backwards(APP, to, auto_agree=True)
    if not result.success:
        raise MigrationFailed(result.message or output.getvalue())
    return output.getvalue()


def _engine() -> AnyEngine:
    return cast(AnyEngine, Job._meta.db)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]


async def takes_writes() -> bool:
    """Tell whether the database takes what is written; raise `DatabaseError`."""
    return await _engine().takes_writes()


async def migration_level() -> str | None:
    """Return the id of the newest migration that has run, or None on an empty database."""
    if not await Migration.table_exists():
        return None
    newest = (
        await Migration.select(Migration.name)
        .where(Migration.app_name == APP)
        .order_by("id", ascending=False)
        .first()
    )
    return newest["name"] if newest else None


async def pending_migrations() -> list[str] | None:
    """Return the ids of what this program's schema is ahead by, the oldest first.

    None where the database has migrations that this program does not know: it is newer.
    """
    known = known_migrations()
    run = set[str]()
    if await Migration.table_exists():
        run = set(await Migration.get_migrations_which_ran(app_name=APP))
    return None if run - set(known) else [one for one in known if one not in run]


def known_migrations() -> list[str]:
    """Return the ids of the migrations that make this program's schema, the oldest first."""
    from piccolo.apps.migrations.commands.base import (  # noqa: PLC0415 - as in `migrate`
        BaseMigrationManager,
    )

    return sorted(BaseMigrationManager().get_migration_modules(_migrations_folder()))


def _migrations_folder() -> str:
    conf = importlib.import_module("migrations.piccolo_app").APP_CONFIG
    return cast(str, conf.resolved_migrations_folder_path)


@contextlib.asynccontextmanager
async def _migration_lock(url: str) -> AsyncGenerator[None]:
    if url.startswith("sqlite:///"):
        path = database_file(url)
        with path.with_name(path.name + ".migrating").open("w") as file:
            await anyio.to_thread.run_sync(fcntl.flock, file, fcntl.LOCK_EX)
            yield
        return
    connection = cast(Any, await asyncpg.connect(url))
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", _MIGRATION_LOCK)
        yield
    finally:
        await connection.close()


@contextlib.contextmanager
def unique_violations() -> Generator[None]:
    """Turn either driver's broken unique constraint into `AlreadyStored`."""
    try:
        yield
    except asyncpg.UniqueViolationError as error:
        raise AlreadyStored from error
    except sqlite3.IntegrityError as error:
        if error.sqlite_errorcode not in {
            sqlite3.SQLITE_CONSTRAINT_UNIQUE,
            sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY,
        }:
            raise
        raise AlreadyStored from error


class AlreadyStored(BridgeError):
    """A row with this identity exists."""
