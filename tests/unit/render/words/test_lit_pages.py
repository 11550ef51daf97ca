"""Lit pages: a few words at a time, each lit when it is said, in every script."""

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from render.placing import build
from render.sentences import clusters
from render.storyboard import CaptionStyle, Limits, Scene, Storyboard
from render.timeline import Cue, SceneMedia, SpokenWord, TextOverlay
from render.words.advances import ems
from render.words.captions import cues
from render.words.line_breaks import unbroken
from render.words.lit_pages import LONGEST_LINE, MOST_WORDS, lit_pages

TEXTS = {
    "en": "Long before the town is awake, the oven glows. Ada has baked here for thirty years!",
    "ar": "قبل أن تستيقظ المدينة بوقت طويل، يتوهج الفرن. هنا iPhone Pro الجديد.",
    "th": "ก่อนที่เมืองจะตื่นขึ้นเตาอบก็เรืองแสงแล้ว",
    "zh": "在城市醒来之前，烤炉已经亮了。王小明在这里烤了三十年的面包。",
    "hi": "शहर के जागने से बहुत पहले तंदूर जल उठता है।",
    "de": "Donaudampfschifffahrtsgesellschaftskapitän Müller backt 👩🏽‍🍳 gut.",
}


def cut(text: str, locale: str, seconds: Fraction = Fraction(6)) -> tuple[Cue, ...]:
    return cues(text, seconds=seconds, pauses=(), locale=locale)


def said(*words: tuple[str, float, float]) -> Cue:
    """Return a caption of words that are said from one second to another."""
    timed = tuple(SpokenWord(text, Fraction(start), Fraction(end)) for text, start, end in words)
    text = "".join(word.text for word in timed)
    return Cue(start=timed[0].start, end=timed[-1].end, text=text, words=timed)


@pytest.mark.parametrize("locale", TEXTS)
def test_pages_say_what_the_caption_does_a_few_words_at_a_time(locale: str) -> None:
    for cue in cut(TEXTS[locale], locale):
        pages = list(lit_pages(cue))
        whole = unbroken(cue.text.split("\n"))
        assert "".join(page.text for page in pages).replace(" ", "") == whole.replace(" ", "")
        assert "".join(clusters(whole)) == whole
        for page in pages:
            assert 1 <= len(page.words) == len(page.starts) <= MOST_WORDS
            assert len(page.words) == 1 or ems(page.text) <= LONGEST_LINE
            assert page.text == page.text.strip()
        starts = [start for page in pages for start in page.starts]
        assert starts == sorted(starts)
        assert starts[0] == cue.start
        assert starts[-1] <= cue.end


def test_a_page_ends_where_the_voice_rests_and_where_a_sentence_does() -> None:
    cue = said(
        ("Now ", 0, 0.25),
        ("then ", 0.25, 0.5),
        ("go. ", 0.5, 0.75),
        ("Come ", 0.75, 1),
        ("in", 2, 3),
    )
    assert [page.text for page in lit_pages(cue)] == ["Now then go.", "Come", "in"]
    assert [page.starts[0] for page in lit_pages(cue)] == [0, Fraction(3, 4), 2]


def test_pages_are_even_rather_than_full() -> None:
    cue = said(*((f"one{' ' * (n < 4)}", n / 4, n / 4 + 0.25) for n in range(5)))
    assert sorted(len(page.words) for page in lit_pages(cue)) == [2, 3]


def test_what_is_narrow_when_it_is_set_has_more_on_a_page_than_what_is_wide() -> None:
    narrow = said(*((f"lillilli{' ' * (n < 3)}", n, n + 1) for n in range(4)))
    wide = said(*((f"WOWWMOMW{' ' * (n < 3)}", n, n + 1) for n in range(4)))
    assert [len(page.words) for page in lit_pages(narrow)] == [4]
    assert [len(page.words) for page in lit_pages(wide)] == [1, 1, 1, 1]


def test_two_lines_of_a_caption_are_one_and_a_word_that_was_cut_is_whole() -> None:
    cue = said(("bread\n", 0, 0.5), ("and", 0.5, 1))
    assert [page.words for page in lit_pages(cue)] == [("bread ", "and")]
    chinese = said(("城市\n", 0, 0.5), ("醒来", 0.5, 1))
    assert [page.words for page in lit_pages(chinese)] == [("城市", "醒来")]


def overlays(cue: Cue, *, captions: CaptionStyle = CaptionStyle.LIT) -> list[TextOverlay]:
    board = Storyboard(title="", captions=captions, scenes=(Scene(id="a", narration=cue.text),))
    media = {
        "a": SceneMedia(
            picture=Path("a.png"), narration=Path("a.wav"), narration_seconds=cue.end, cues=(cue,)
        )
    }
    return list(build(board, media, limits=Limits()).texts)


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.tuples(st.sampled_from(["a ", "boat, ", "water. ", "家"]), st.integers(0, 900)))
    .filter(bool)
    .map(lambda words: words[:12])
)
def test_one_word_at_a_time_is_lit_and_there_is_never_none(words: list[tuple[str, int]]) -> None:
    at, timed = 0, list[tuple[str, float, float]]()
    for text, length in words:
        timed.append((text, at / 1000, (at + length) / 1000))
        at += length
    cue = said(*timed)
    if cue.end == 0:
        return
    seen = overlays(cue)
    for one, following in pairwise(seen):
        assert one.end == following.start
    for one in seen:
        assert one.frames >= 1
        assert "".join(one.words) == one.text
        assert one.lit is not None
        assert 0 <= one.lit < len(one.words)
    (whole,) = overlays(cue, captions=CaptionStyle.BOX)
    assert (seen[0].start, seen[-1].end) == (whole.start, whole.end)
    assert (whole.words, whole.lit) == ((), None)
