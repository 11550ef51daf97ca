"""SQLite: one writer at a time, a few readers, all on connections that are kept open.

SQLite lets one connection write. Others that try poll for the lock, in no
order, each in a thread and with a connection of its own: a thousand at once
starve one another. Here this process's writers take turns, and only the first
of them meets another process at the lock, for as long as the busy time.
"""

import os
import sqlite3
from collections.abc import AsyncGenerator, Generator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, nullcontext
from types import TracebackType
from typing import Any, cast

import anyio
import anyio.to_thread
from aiosqlite import Connection
from piccolo.engine.sqlite import SQLiteEngine, SQLiteTransaction, TransactionType
from piccolo.querystring import QueryString

from cms_bridge.engines import absences
from cms_bridge.engines.scripts import Script
from cms_bridge.engines.turns import DatabaseBounds, Turns
from cms_bridge.errors import DatabaseBusy, DatabaseUnavailable

Rows = list[dict[str, Any]]

_READERS = 4
_READING = ("SELECT", "PRAGMA", "EXPLAIN")
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_UNAVAILABLE = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,  # a disk that was mounted anew after an error, or a file put elsewhere
}
_PRIMARY = 0xFF
"""The bits of an error code that tell its kind; the rest tell its cause."""


@contextmanager
def told_apart() -> Generator[None]:
    """Turn the driver's errors of a lock, a disk or a file into `DatabaseError`s."""
    try:
        yield
    except sqlite3.OperationalError as error:
        # An error of the driver's own has no code.
        code = getattr(error, "sqlite_errorcode", 0) & _PRIMARY
        if code in _BUSY:
            raise DatabaseBusy from error
        if code in _UNAVAILABLE:
            absences.note()
            raise DatabaseUnavailable from error
        raise


class SQLite(SQLiteEngine):
    """A SQLite file."""

    def __init__(self, path: str, bounds: DatabaseBounds) -> None:
        super().__init__(path=path, timeout=bounds.wait_seconds, check_same_thread=False)
        self._writers = Turns(1, bounds)
        self._readers = Turns(_READERS, bounds)
        self._idle: list[Connection] = []
        self._keeps = False

    def turn(self) -> AbstractAsyncContextManager[None]:
        """Return this process's turn to write; a transaction under way has it."""
        return nullcontext() if self.current_transaction.get() else self._writers.turn()

    def transaction(
        self,
        transaction_type: TransactionType = TransactionType.immediate,
        allow_nested: bool = True,  # noqa: FBT001, FBT002 - Piccolo's
    ) -> SQLiteTransaction:
        """Return a transaction, which takes the lock at its start.

        A deferred one that reads before it writes is thrown away as "database
        is locked" as soon as two processes meet.
        """
        return _Transaction(self, transaction_type, allow_nested)

    async def start_connection_pool(self) -> None:
        """Keep connections open from now on.

        One at least: the last one to close folds the write-ahead log into the
        database and deletes it, which takes several times as long as a write.
        """
        self._keeps = True
        # Only what has read once holds the file open.
        await self.run_ddl("SELECT COUNT(*) FROM sqlite_master")

    async def close_connection_pool(self) -> None:
        """Close the connections that nobody uses, and the others as soon as they are free."""
        self._keeps = False
        while self._idle:
            await self._idle.pop().close()

    async def takes_writes(self) -> bool:
        """Tell whether the file may be written: not on a disk that was mounted to be read alone."""
        return await anyio.to_thread.run_sync(os.access, cast(str, self.path), os.W_OK)

    async def get_connection(self) -> Connection:
        """Return a connection that nobody uses."""
        if self._idle:
            return self._idle.pop()
        return await super().get_connection()

    async def put_back(self, connection: Connection, *, sound: bool) -> None:
        """Keep a connection for the next one, unless something was left undone on it."""
        if sound and self._keeps and len(self._idle) <= _READERS:
            self._idle.append(connection)
            return
        with anyio.CancelScope(shield=True):
            await connection.close()

    async def run_querystring(self, querystring: QueryString, in_pool: bool = False) -> Rows:  # noqa: ARG002, FBT001, FBT002 - Piccolo's
        """Run one statement, in the transaction under way or by itself."""
        statement, values = querystring.compile_string(engine_type=self.engine_type)
        return await self._run(statement, values)

    async def run_ddl(self, ddl: str, in_pool: bool = False) -> Rows:  # noqa: ARG002, FBT001, FBT002 - Piccolo's
        """Run a statement that has no values."""
        return await self._run(ddl, [])

    async def run_script(self, script: Script, values: dict[str, Any]) -> bool:
        """Run a script in the transaction under way; return whether it came to its end."""
        for statement, names, decides in script.statements:
            changed = await self._run(statement, [values[name] for name in names])
            if decides and not changed:
                return False
        return True

    async def _run(self, statement: str, values: list[Any]) -> Rows:
        if under_way := self.current_transaction.get():
            with told_apart():
                return _fetch_here(under_way.connection, statement, values)
        reads = statement.lstrip()[:7].upper().startswith(_READING)
        async with (self._readers if reads else self._writers).turn(), self._connected() as one:
            return await _fetch(one, statement, values)

    @asynccontextmanager
    async def _connected(self) -> AsyncGenerator[Connection]:
        with told_apart():
            connection = await self.get_connection()
            sound = False
            try:
                yield connection
                sound = True
            finally:
                await self.put_back(connection, sound=sound)


def _fetch_here(connection: Connection, statement: str, values: list[Any]) -> Rows:
    """Run a statement in this thread: with the lock in hand it takes less than to change threads.

    A thread that answers waits for everything else that the loop has to do; a
    transaction of ten statements did so ten times, while everybody waited for it.
    """
    return cast(Rows, connection._conn.execute(statement, values).fetchall())  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - its only way to the connection


async def _fetch(connection: Connection, statement: str, values: list[Any]) -> Rows:
    # Its rows are dictionaries: Piccolo sets that up on every connection.
    return cast(Rows, list(await connection.execute_fetchall(statement, values)))


class _Transaction(SQLiteTransaction):
    """One that leaves no connection behind, however it ends."""

    engine: SQLite

    async def begin(self) -> None:
        try:
            with told_apart():
                await super().begin()
        except BaseException:
            await self.engine.put_back(self.connection, sound=False)
            raise

    async def __aexit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        if self._parent:
            return exception is None
        self.engine.current_transaction.reset(self.context)
        sound = False
        try:
            with told_apart():
                if exception is not None:
                    await self.connection.rollback()
                elif not self._rolled_back and not self._committed:
                    await self.commit()
            sound = True
        finally:
            await self.engine.put_back(self.connection, sound=sound)
        return exception is None
