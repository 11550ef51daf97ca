"""What the driver says, told apart: a connection that broke is a database that is away."""

import asyncpg
import pytest

from cms_bridge.engines.postgres import told_apart
from cms_bridge.errors import DatabaseUnavailable


class Connection:
    """As much of one as is asked."""

    def __init__(self, *, closed: bool) -> None:
        self._closed = closed

    def is_closed(self) -> bool:
        return self._closed


SAID = [
    asyncpg.InterfaceError("connection is closed"),
    # Of one that breaks while its answer is read.
    asyncpg.InternalClientError("got result for unknown protocol state 0"),
]


@pytest.mark.parametrize("said", SAID, ids=lambda one: type(one).__name__)
def test_of_a_connection_that_broke(said: Exception) -> None:
    with pytest.raises(DatabaseUnavailable), told_apart(Connection(closed=True)):
        raise said


@pytest.mark.parametrize("said", SAID, ids=lambda one: type(one).__name__)
def test_of_one_that_is_whole_it_is_a_mistake_of_ours(said: Exception) -> None:
    with pytest.raises(type(said)), told_apart(Connection(closed=False)):
        raise said


def test_of_one_that_broke_while_nobody_used_it_a_statement_by_itself_is_told_as_little() -> None:
    with pytest.raises(DatabaseUnavailable), told_apart():
        raise asyncpg.InternalClientError("cannot switch to state 11; another operation (2) is in…")
    with pytest.raises(asyncpg.InterfaceError), told_apart():
        raise asyncpg.InterfaceError("the server expects 1 argument for this query, 2 were passed")
