"""Phrases: a title's lines end where a reader pauses, where no spaces stand between words."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from render.words.phrases import phrases
from render.words.wording import wording

JOINER = "\u2060"


@pytest.mark.parametrize(
    ("text", "locale", "cut"),
    [
        ("彼は毎朝パンを焼く。", "ja", "彼は|毎朝|パンを|焼く。"),
        ("เขาอบขนมปังทุกเช้า", "th", "เขาอบ|ขนมปัง|ทุก|เช้า"),
        ("他在面包店里烤面包，等待。", "zh-Hans", "他在|面包店|里|烤面包，|等待。"),
        ("他在麵包店裡烤麵包", "zh-TW", "他在|麵包店|裡|烤麵包"),
        ("ខ្ញុំស្រលាញ់នំប៉័ង", "km", "ខ្ញុំ|ស្រលាញ់|នំប៉័ង"),
        ("2026年のパン bakery へ", "ja", "2026年の|パン |bakery |へ"),
        ("Fresh bread", "en", "Fresh |bread"),
    ],
)
def test_texts_are_cut_between_phrases(text: str, locale: str, cut: str) -> None:
    assert phrases(text, locale) == cut.split("|")


@given(st.text("彼は、毎朝パンをฉันกิน面包店。(」ー2a", max_size=40))
@settings(max_examples=30)
def test_nothing_is_lost_and_no_line_begins_with_a_mark(text: str) -> None:
    cut = phrases(text, "ja")
    assert "".join(cut) == text
    assert not any(phrase.startswith(tuple("、。」")) for phrase in cut[1:])


def test_a_title_is_broken_between_phrases_alone() -> None:
    title = wording("彼は毎朝パンを焼く。", "ja")
    assert title.words.replace(JOINER, "") == "彼は毎朝パンを焼く。"
    # Between the phrases nothing forbids a line to end; inside them everything does.
    assert title.words == "彼⁠は毎⁠朝パ⁠ン⁠を焼⁠く⁠。".replace("⁠", JOINER)
    assert (title.pieces, title.whole) == (["パンを", "彼は", "毎朝", "焼く。"], [])
    assert wording("เขาอบขนมปัง", "th").whole == ["เขาอบ", "ขนมปัง"]


def test_a_phrase_too_long_for_a_line_is_cut_all_the_same() -> None:
    assert max(map(len, wording("ア" * 60, "ja").pieces)) == 1
