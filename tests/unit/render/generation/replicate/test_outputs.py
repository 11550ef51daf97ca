"""Outputs of every form: what is found in them, and that none of them does harm."""

import base64
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from render.generation.replicate.outputs import (
    UnusableOutput,
    file_link,
    inline_bytes,
    is_empty,
    words,
)

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(ANYTHING)
def test_anything_is_read_or_named(output: Any) -> None:
    with suppress(UnusableOutput):
        assert file_link(output, kind="image")
    assert isinstance(words(output), str)
    assert is_empty(output) == (output is None or output in ("", [], {}))


def test_the_kind_asked_for_goes_before_what_comes_first() -> None:
    output = {"preview": "https://a/1", "audio_url": "https://a/2", "image": "https://a/3"}
    assert file_link(output, kind="image") == "https://a/3"
    assert file_link(output, kind="audio") == "https://a/2"
    assert file_link([output, "https://a/4"], kind="video") == "https://a/1"


def test_what_is_too_deep_or_too_long_is_not_searched() -> None:
    deep: Any = "https://a/1"
    for _ in range(10_000):
        deep = [deep]
    for output in (deep, [0] * 100_000 + ["https://a/1"]):
        with pytest.raises(UnusableOutput):
            file_link(output, kind="image")
    assert words(deep) == ""
    with pytest.raises(UnusableOutput) as raised:
        file_link({str(number) * 10_000: number for number in range(100)}, kind="image")
    assert len(str(raised.value)) < 400


def test_bytes_come_from_data_urls_and_from_nothing_else() -> None:
    held = base64.b64encode(b"\x89PNG").decode()
    assert inline_bytes(f"data:image/png;base64,{held}", most_bytes=9) == b"\x89PNG"
    assert inline_bytes(f"DATA:image/png;charset=x;base64,{held}", most_bytes=9) == b"\x89PNG"
    assert inline_bytes("data:,a%20b", most_bytes=9) == b"a b"
    assert inline_bytes("https://a/1", most_bytes=9) is None
    for broken in ("data:image/png;base64", "data:;base64,=====", "data:," + "x" * 100):
        with pytest.raises(UnusableOutput):
            inline_bytes(broken, most_bytes=9)


@pytest.mark.parametrize(
    ("output", "said"),
    [
        (None, ""),
        ("words", "words"),
        (["wo", "rds"], "words"),
        ({"text": ["wo", "rds"]}, "words"),
        ([{"output": "wo"}, {"output": "rds"}], "words"),
        ({"scenes": [1]}, '{"scenes":[1]}'),
    ],
)
def test_words_are_put_together(output: Any, said: str) -> None:
    assert words(output) == said
