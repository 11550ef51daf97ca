"""Cursors: what a page names leads on to exactly there, and nothing else leads anywhere."""

import base64
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given, strategies
from litestar.exceptions import ValidationException

from cms_bridge.api.pages import cursor_of, end_told_by
from cms_bridge.records import PageEnd

ENDS = strategies.builds(
    PageEnd,
    strategies.datetimes(timezones=strategies.just(UTC)),
    strategies.uuids(),
)


def told(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


@given(ENDS)
def test_a_cursor_leads_to_where_its_page_ended(end: PageEnd) -> None:
    assert end_told_by(cursor_of(end)) == end
    assert end_told_by(cursor_of(end) + "=" * (-len(cursor_of(end)) % 4)) == end


def test_the_first_page_has_none() -> None:
    assert end_told_by(None) is None


def test_a_moment_is_the_same_wherever_it_was_written() -> None:
    east = PageEnd(datetime(2026, 11, 28, 12, tzinfo=timezone(timedelta(hours=2))), UUID(int=1))
    found = end_told_by(cursor_of(east))
    assert found
    assert found.created_at.tzinfo is UTC
    assert found == PageEnd(datetime(2026, 11, 28, 10, tzinfo=UTC), UUID(int=1))


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "null",
        "é",
        "\x00",
        "AAAA",
        "W10",
        "WyIyMDI2",
        told("null"),
        told('["2026-11-28T10:12:30Z"]'),
        told(f'["2026-11-28T10:12:30","{UUID(int=1)}"]'),
        told(f'["0001-01-01T00:00:00+14:00","{UUID(int=1)}"]'),
        told('["2026-11-28T10:12:30Z","\\u0000"]'),
        told(f'["2026-11-28T10:12:30Z","{UUID(int=1)}",1]'),
        told(f'["2026-11-28T10:12:30Z","{UUID(int=1)}"]').replace("W", "W\n", 1),
    ],
)
def test_what_no_page_has_named_is_refused_by_its_field(cursor: str) -> None:
    with pytest.raises(ValidationException) as refused:
        end_told_by(cursor)
    (fault,) = refused.value.extra  # pyright: ignore[reportGeneralTypeIssues]
    assert (fault["key"], fault["source"]) == ("cursor", "query")
