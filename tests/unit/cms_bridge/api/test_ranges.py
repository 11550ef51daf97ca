"""Range headers as players, download managers and strangers write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cms_bridge.api.ranges import MOST_RANGES, ranges_of

SIZE = 1000


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-1", [(0, 1)]),
        ("bytes=0-", [(0, 999)]),
        ("bytes=0-0", [(0, 0)]),
        ("bytes=999-", [(999, 999)]),
        ("bytes=-1", [(999, 999)]),
        ("bytes=-5000", [(0, 999)]),
        ("bytes=0-99999999999999999999999", [(0, 999)]),
        ("BYTES=0-1", [(0, 1)]),
        (" bytes=0-1 ", [(0, 1)]),
        ("bytes=0-1, 5-6", [(0, 1), (5, 6)]),
        ("bytes=,0-1,", [(0, 1)]),
        ("bytes=0-1,1000-", [(0, 1)]),
        # Nothing that the file has.
        ("bytes=1000-", []),
        ("bytes=-0", []),
        ("bytes=99999999999999999999999-", []),
        # Not ranges, or not of bytes.
        ("bytes=1-0", None),
        ("bytes=0-1,5-4", None),
        ("bytes=0-1,x", None),
        ("bytes=", None),
        ("bytes=,", None),
        ("bytes=-", None),
        ("bytes=--1", None),
        ("bytes=+1-2", None),
        ("bytes=1_0-20", None),
        ("bytes=٠-١", None),
        ("bytes=0 - 1", None),
        ("bytes =0-1", None),
        ("seconds=0-1", None),
        ("", None),
        ("bytes=" + "9" * 5000 + "-", None),
        ("bytes=" + ",".join(["0-1"] * MOST_RANGES), [(0, 1)] * MOST_RANGES),
        ("bytes=" + ",".join(["0-1"] * (MOST_RANGES + 1)), None),
    ],
)
def test_a_header_names_these_bytes(header: str, expected: list[tuple[int, int]] | None) -> None:
    assert ranges_of(header, SIZE) == expected


def test_an_empty_file_has_no_range() -> None:
    assert ranges_of("bytes=0-", 0) == ranges_of("bytes=-1", 0) == []


@given(st.text(alphabet="bytes=0123456789-, ", max_size=40), st.integers(0, 50))
def test_whatever_is_asked_the_file_has_what_is_sent(header: str, size: int) -> None:
    for first, last in ranges_of(header, size) or []:
        assert 0 <= first <= last < size
