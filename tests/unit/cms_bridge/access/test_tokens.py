"""The text of a key: what can be told from it, and what is kept of it."""

import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cms_bridge.access import tokens

SCANNED = re.compile(r"\brw_[a-z0-9]{12}_[0-9A-Za-z]{49}\b")
"""What a scanner of repositories looks for."""


def test_a_token_is_found_by_scanners_and_names_its_key() -> None:
    token = tokens.new_token()
    assert SCANNED.fullmatch(token)
    assert tokens.id_in(token) == token.split("_")[1]


def test_no_two_tokens_share_id_or_secret() -> None:
    made = [tokens.new_token().split("_") for _ in range(500)]
    assert len({one[1] for one in made}) == len({one[2] for one in made}) == 500


@given(place=st.integers(0, 64), letter=st.sampled_from("0aZ_"))
def test_a_mistyped_token_is_seen_to_be_none(place: int, letter: str) -> None:
    token = tokens.new_token()
    mistyped = token[:place] + letter + token[place + 1 :]
    assert tokens.id_in(mistyped) == (tokens.id_in(token) if mistyped == token else None)


@pytest.mark.parametrize(
    "presented",
    ["", "rw_", "rw__", "rw_aaaaaaaaaaaa_", "x" * 65, "rw_ä", "\udcff", "rw_" + "٣" * 62],
)
def test_what_nobody_here_made_names_no_key(presented: str) -> None:
    assert tokens.id_in(presented) is None
    tokens.digest(presented)


@given(st.text())
def test_no_text_is_too_odd(presented: str) -> None:
    tokens.id_in(presented)
    tokens.named(presented)
    tokens.digest(presented)


def test_the_digest_is_that_of_the_whole_token() -> None:
    token = tokens.new_token()
    assert tokens.digest(token) == hashlib.sha256(token.encode()).hexdigest()


def test_a_person_names_a_key_by_its_id_or_by_the_whole_of_it() -> None:
    token = tokens.new_token()
    name = token.split("_")[1]
    assert {tokens.named(text) for text in (token, name, f"rw_{name}", f" {name}\n")} == {name}
