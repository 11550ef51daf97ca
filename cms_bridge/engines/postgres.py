"""PostgreSQL: a pool of so many connections, taken in turns, each with an end to its wait."""

import time
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    asynccontextmanager,
    contextmanager,
    nullcontext,
    suppress,
)
from datetime import timedelta
from functools import partial
from types import TracebackType
from typing import Any, cast

import asyncpg
from piccolo.engine.postgres import PostgresEngine, PostgresTransaction
from piccolo.querystring import QueryString

from cms_bridge import clock
from cms_bridge.engines import absences
from cms_bridge.engines.groups import Groups
from cms_bridge.engines.scripts import Script
from cms_bridge.engines.turns import DatabaseBounds, Turns
from cms_bridge.errors import DatabaseBusy, DatabaseUnavailable

_UNAVAILABLE = (
    OSError,  # and so TimeoutError
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.PostgresSystemError,  # its disk gives or takes nothing
    asyncpg.ReadOnlySQLTransactionError,  # its disk is full, or another has replaced it
)


@contextmanager
def told_apart(connection: Any = None) -> Generator[None]:
    """Turn the driver's errors of a server that is full or away into `DatabaseError`s.

    `connection` is one that a transaction has; whatever runs by itself has one to itself.
    """
    try:
        yield
    except asyncpg.TooManyConnectionsError as error:
        absences.note()
        raise DatabaseBusy from error
    except asyncpg.TransactionRollbackError as error:
        # Two met each other, and one of them gave way: that is an answer.
        raise DatabaseBusy from error
    except _UNAVAILABLE as error:
        absences.note()
        raise DatabaseUnavailable from error
    except (asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
        # What the driver says of every misuse, and of a connection that broke before, or just now:
        # of one that was told so while nobody used it, the next statement has but an inner error.
        fresh = connection is None and isinstance(error, asyncpg.InternalClientError)
        if fresh or (connection is not None and _broken(connection)):
            absences.note()
            raise DatabaseUnavailable from error
        raise


def _broken(connection: Any) -> bool:
    try:
        return connection.is_closed()
    except asyncpg.InterfaceError:
        # The pool takes one that broke back at once, and what is left has no answers.
        return True


class _Connection(asyncpg.Connection):  # pyright: ignore[reportMissingTypeArgument, reportUntypedBaseClass] - typed in part
    """One that goes back into the pool as it is: nothing here sets, listens or locks by session."""

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self.scripts: set[str] = set()
        """Those that it was given."""

    def get_reset_query(self) -> str:
        """Return nothing, where the driver's own is a round trip after each use."""
        return ""


class Postgres(PostgresEngine):
    """A PostgreSQL server."""

    def __init__(self, url: str, bounds: DatabaseBounds) -> None:
        super().__init__(config={"dsn": url, "timeout": bounds.wait_seconds})
        self.bounds = bounds
        self._takes_scripts = True
        self._groups: dict[str, Groups] = {}
        self._places = Turns(bounds.connections, bounds)

    def turn(self) -> AbstractAsyncContextManager[None]:
        """Return a place in the pool; a transaction under way has one."""
        return nullcontext() if self.current_transaction.get() else self._places.turn()

    def transaction(self, allow_nested: bool = True) -> PostgresTransaction:  # noqa: FBT001, FBT002 - Piccolo's
        """Return a transaction."""
        return _Transaction(self, allow_nested)

    async def start_connection_pool(self, **options: Any) -> None:
        """Open the connections that are kept; the others are opened when they are wanted."""
        await super().start_connection_pool(
            min_size=min(self.bounds.idle_connections, self.bounds.connections),
            max_size=self.bounds.connections,
            command_timeout=self.bounds.statement_seconds,
            connection_class=_Connection,
            **options,
        )

    async def run_script(self, script: Script, values: dict[str, Any]) -> bool:
        """Run a script in a transaction; return whether it came to its end.

        Others that are asked at the same time may be in that transaction too. It does not begin
        where this may make no function, be it for a connection's length.
        """
        if self.pool is None or not self._takes_scripts:
            return False
        if (groups := self._groups.get(script.name)) is None:
            groups = self._groups[script.name] = Groups(
                partial(self._run_group, script), order=script.locks, bounds=self.bounds
            )
        return await groups.ask(values)

    async def _run_group(self, script: Script, runs: Sequence[dict[str, Any]]) -> Sequence[bool]:
        refused = [False] * len(runs)
        async with (
            self.turn(),
            self._asked(),
            cast("Any", self.pool).acquire() as connection,
        ):
            if script.name not in connection.scripts:
                try:
                    await connection.execute(script.function)
                except asyncpg.InsufficientPrivilegeError:
                    self._takes_scripts = False
                    return refused
                connection.scripts.add(script.name)
            try:
                rows = await connection.fetch(script.call, *script.in_order(runs))
            except asyncpg.UndefinedFunctionError:
                # A pooler in between gave this connection another session.
                self._takes_scripts = False
                return refused
        return [row[0] for row in rows]

    async def run_querystring(self, querystring: QueryString, in_pool: bool = True) -> Any:  # noqa: FBT001, FBT002 - Piccolo's
        """Run one statement, in the transaction under way or by itself."""
        async with self.turn(), self._asked():
            return cast(Any, await super().run_querystring(querystring, in_pool))

    async def run_ddl(self, ddl: str, in_pool: bool = True) -> Any:  # noqa: FBT001, FBT002 - Piccolo's
        """Run a statement that has no values."""
        async with self.turn(), self._asked():
            return cast(Any, await super().run_ddl(ddl, in_pool))

    async def room(self) -> int:
        """Return how many connections the server has for everybody that is no superuser."""
        limits = await self.run_ddl(
            "SELECT current_setting('max_connections')::int"
            " - current_setting('superuser_reserved_connections')::int AS room"
        )
        return limits[0]["room"]

    async def takes_writes(self) -> bool:
        """Tell whether anything can be written: not on a standby, nor where that was forbidden."""
        (answer,) = await self.run_ddl("SELECT current_setting('transaction_read_only') AS forbids")
        if answer["forbids"] == "on" and self.pool:
            # A session keeps to what it began with: the next one may be told otherwise.
            await self.pool.expire_connections()
        return answer["forbids"] == "off"

    async def set_clock(self) -> timedelta:
        """Go by the server's clock; return how far this machine's own is ahead of it."""
        asked = time.monotonic()
        (answer,) = await self.run_ddl("SELECT clock_timestamp() AS said")
        return clock.set_by(answer["said"], asked=asked, answered=time.monotonic())

    @asynccontextmanager
    async def _asked(self) -> AsyncGenerator[None]:
        under_way = cast(Any, self.current_transaction.get())
        try:
            with told_apart(under_way and under_way.connection):
                yield
        except DatabaseUnavailable as error:
            if self.pool and isinstance(error.__cause__, asyncpg.ReadOnlySQLTransactionError):
                # A session keeps to what it began with, also once writes are taken again.
                await self.pool.expire_connections()
            raise


class _Transaction(PostgresTransaction):
    """One that leaves no connection behind, however it ends.

    Piccolo's keeps its place in the pool for ever if the server is away by the
    time it is to be rolled back.
    """

    engine: Postgres

    async def get_connection(self) -> Any:
        with told_apart():
            return cast(Any, await super().get_connection())

    async def begin(self) -> None:
        try:
            with told_apart(), told_apart(self.connection):
                await super().begin()
        except BaseException:
            await self._give_back()
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
        try:
            if exception is None:
                if not self._rolled_back and not self._committed:
                    with told_apart(self.connection):
                        await self.commit()
            elif not self._rolled_back:
                # The server rolls back by itself whatever it can no longer be told to.
                with suppress(*_UNAVAILABLE, asyncpg.InterfaceError):
                    await self.rollback()
        finally:
            await self._give_back()
        return exception is None

    async def _give_back(self) -> None:
        with suppress(*_UNAVAILABLE, asyncpg.InterfaceError):
            if self.engine.pool:
                await self.engine.pool.release(self.connection)
            else:
                await self.connection.close()
