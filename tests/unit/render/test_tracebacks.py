"""Errors as logs show them: kinds, places and the program's own words, and never a value."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError

from render import tracebacks
from tests.support.canary_errors import (
    CANARY,
    KINDS,
    by_chain,
    by_driver,
    by_group,
    by_http,
    by_pydantic,
    by_sqlite,
    by_the_program,
    caught,
)


@pytest.mark.parametrize("raising", KINDS, ids=lambda raising: raising.__name__)
def test_no_value_is_shown(raising: Callable[[], object]) -> None:
    error = caught(raising)
    assert CANARY[:9] in repr(error) or CANARY[:9] in repr(error.__context__)
    for shown in (
        tracebacks.summary(error),
        tracebacks.lines(error),
        repr(tracebacks.describe(error)),
    ):
        assert CANARY[:9] not in shown
        assert "pass@" not in shown
        assert type(error).__qualname__ in shown
        assert len(shown) < 8_000


def test_codes_of_drivers_are_shown() -> None:
    assert "sqlstate 23505" in tracebacks.summary(caught(by_driver))
    assert "SQLITE_ERROR" in tracebacks.summary(caught(by_sqlite))
    assert "status_code 403" in tracebacks.summary(caught(by_http))
    assert "code malformed_event" in tracebacks.summary(caught(by_the_program))
    assert "errno ENOENT" in tracebacks.summary(caught(Path(f"/{CANARY}").read_text))
    assert "name upper" in tracebacks.summary(caught(lambda: object().upper()))  # type: ignore[attr-defined]


def test_words_that_stand_in_the_program_are_shown() -> None:
    def raising() -> None:
        raise RuntimeError("the pool is closed")

    assert tracebacks.summary(caught(raising)) == "RuntimeError: the pool is closed"


def test_places_causes_and_members_are_shown() -> None:
    (first, second) = tracebacks.describe(caught(by_chain))
    assert first["exc_type"] == "ValueError"
    assert second["relation"] == "cause"
    assert second["frames"][-1].startswith("tests.support.canary_errors:")
    assert second["frames"][-1].endswith(" by_hand")
    relations = [one.get("relation") for one in tracebacks.describe(caught(by_group))]
    assert relations == [None, "member", "member", "member", "cause"]


def test_deep_recursion_and_endless_chains_are_bounded() -> None:
    def down(depth: int) -> None:
        if depth:
            down(depth - 1)
        raise RuntimeError

    (only,) = tracebacks.describe(caught(lambda: down(200)))
    assert len(only["frames"]) == 21
    first, second = RuntimeError(), RuntimeError()
    first.__cause__, second.__cause__ = second, first
    assert len(tracebacks.describe(first)) == 2


def test_an_error_that_cannot_be_asked_is_still_shown() -> None:
    class Awkward(Exception):
        @property
        def response(self) -> object:
            raise RuntimeError("no response was set")

        def __str__(self) -> str:
            raise RuntimeError("no text")

    assert tracebacks.summary(Awkward(CANARY)).endswith("Awkward")
    assert isinstance(caught(by_pydantic), ValidationError)
