"""Lit pages: a few words of a caption at a time, of which the one that is spoken is lit.

A page is as many words as are read at a glance: at most four, on a line of 12 ems as they are set.
It ends where the voice rests or a sentence ends, and of two ways to cut the rest the evener one is
taken.
What is lit is a word, or a phrase where words are not told apart: never a part of a character.
"""

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise

import msgspec

from render.timeline import Cue, SpokenWord
from render.words.advances import ems
from render.words.line_breaks import HYPHEN, unbroken

MOST_WORDS = 4
LONGEST_LINE = 12.0
"""Ems of a page; a word that is wider has one to itself. In full size it fits in one line of the
narrowest frames, whose captions have room for 14."""
_REST = Fraction(35, 100)
"""Seconds of silence between two words that end a page."""
_SENTENCE_ENDS = re.compile(r"[.!?…。！？؟।]+[\"'»”’)\]」』]*\s*$")


class LitPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of a caption."""

    words: tuple[str, ...]
    """Each with the space that follows it; joined they are the page's text."""
    starts: tuple[Fraction, ...]
    """When each is lit, in seconds; it stays so until the next one is."""

    @property
    def text(self) -> str:
        """What is read."""
        return "".join(self.words)


def lit_pages(cue: Cue) -> Iterator[LitPage]:
    """Cut a caption into pages; the first is seen from its beginning, each until the next."""
    words = cue.words or (SpokenWord(cue.text, cue.start, cue.end),)
    begun = cue.start
    for run in _runs(words):
        for page in _evenly(run):
            shown = tuple(_spaced([word.text for word in page]))
            later = [max(begun, word.start) for word in page[1:]]
            first = begun if page[0] is words[0] else max(begun, page[0].start)
            yield LitPage(words=shown, starts=(first, *later))
            begun = max(first, *later) if later else first


def _runs(words: Sequence[SpokenWord]) -> Iterator[list[SpokenWord]]:
    run = [words[0]]
    for word, following in pairwise(words):
        if following.start - word.end >= _REST or _SENTENCE_ENDS.search(word.text):
            yield run
            run = []
        run.append(following)
    yield run


def _evenly(run: Sequence[SpokenWord]) -> list[list[SpokenWord]]:
    """Cut words into as few pages as there can be, as even as they can be."""
    # Of the words from each on: how many pages, how uneven they are, and where the first ends.
    best: list[tuple[int, float, int]] = [(0, 0, len(run))]
    for first in range(len(run) - 1, -1, -1):
        ways: list[tuple[int, float, int]] = []
        for end in range(first + 1, min(len(run), first + MOST_WORDS) + 1):
            wide = ems("".join(_spaced([word.text for word in run[first:end]])))
            if wide > LONGEST_LINE and end > first + 1:
                break
            pages, uneven, _ = best[end - len(run) - 1]
            ways.append((pages + 1, uneven + wide**2, end))
        best.insert(0, min(ways))
    cut: list[list[SpokenWord]] = []
    first = 0
    while first < len(run):
        end = best[first][2]
        cut.append(list(run[first:end]))
        first = end
    return cut


def _spaced(words: Sequence[str]) -> Iterator[str]:
    """Yield words with what stands between them on one line, where a caption may have two."""
    for word, following in pairwise([*words, ""]):
        bare = word.strip()
        if not following:
            yield bare
        elif "\n" not in word:
            yield bare + word[len(word.rstrip()) :]
        else:
            together = unbroken([bare, following.strip()])
            # A word that was cut at the line's end is one again.
            yield (
                bare.removesuffix(HYPHEN)
                if bare.endswith(HYPHEN)
                else (together[: len(together) - len(following.strip())])
            )
