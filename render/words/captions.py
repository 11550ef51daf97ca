"""Captions: what a narration says, cut into cues that are read while it is said.

A cue has at most two lines of 42 columns and stands for 5/6 to 7 seconds (Netflix
Timed Text Style Guides). It ends where a sentence does, or else a clause, or else
a phrase: Chinese, Japanese and Thai are cut between phrases as BudouX finds them, Khmer,
Lao and Burmese between words as ICU does, and nothing where a line may not end.

Times are those at which each word was heard (`render.generation.reading`), or else come
from the weight of what is spoken, set against the pauses that were measured in the sound
(`render.words.spoken`). Every word is in exactly one cue,
and no two cues are seen at once.
"""

import re
import string
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import accumulate, pairwise
from math import inf

from render.languages import estimate_seconds
from render.measures import WordTime
from render.sentences import clauses, clusters, sentences, words
from render.storyboard import clean_text
from render.timeline import Cue, SpokenWord
from render.words import line_breaks
from render.words.columns import LINE, columns
from render.words.line_breaks import SOFT_HYPHEN, shown
from render.words.phrases import unspaced
from render.words.spoken import (
    Break,
    Span,
    TextPart,
    heard_times,
    spoken_times,
)

SHORTEST = Fraction(5, 6)
"""Seconds that a cue is seen at the least, where the narration leaves it so many."""
LONGEST = Fraction(7)
GAP = Fraction(1, 12)
"""Seconds between two cues at the least: two frames of film, so that a change is noticed."""
_LINGER = Fraction(1, 2)
"""How long a cue stays after its last word where nothing follows."""
_CHARACTERS_PER_SECOND = 20
"""More than that is hard to read."""
_CHUNK = LINE / 3
"""Columns of the pieces of a word that is longer than a line."""

# What a cue costs; only their proportions matter.
_EACH = 2.0
_ENDING = {Break.SENTENCE: 0.0, Break.CLAUSE: 1.5, Break.WORD: 4.0}
_FULL = 3.0
"""For two full lines, by the square of what is filled: neighbours come out alike."""
_INNER_SENTENCE = 1.0
_TOO_SHORT = 6.0
"""For each second short of `SHORTEST`."""
_TOO_LONG = 50.0
"""For each second past `LONGEST`."""
_REST = 2.0
"""For each second past `_LONG_REST` of a silence inside a cue."""
_LONG_REST = 0.5
_MOST_PARTS = 2 * LINE
"""What has no width must not make cues endless."""

# What a break between two lines costs, in columns.
_BREAKING = {Break.SENTENCE: 0.0, Break.CLAUSE: 0.0, Break.WORD: 8.0}
_TOP_HEAVY = 2.0

_UNSEEN = f"{string.whitespace}{SOFT_HYPHEN}"
_AROUND = " .,;:!?…()[]{}«»‹›„“”‚‘’\"'¡¿–—-"
"""What stands around a word without being part of it."""
_NAME = re.compile(r"\w[/@_=&.:]+\w")


def cues(  # noqa: PLR0913 - keyword-only past the first
    text: str,
    *,
    seconds: Fraction,
    pauses: Sequence[tuple[Fraction, Fraction]],
    locale: str,
    heard: Sequence[WordTime] = (),
    speakers: Sequence[tuple[int, str]] = (),
) -> tuple[Cue, ...]:
    """Return the captions of one narration, timed from its first sample to its last.

    `text` is what is spoken, or what captions say instead; `seconds` the
    narration's length; `pauses` its silent stretches, as (start, end), and `heard`
    when its words are said, where `text` is what was spoken. `speakers` are where in it
    somebody else speaks, and who (`render.turns.beginnings`): no cue holds the words of two. Cues
    follow one another with a gap. Where the text needs more cues than there is
    time for, they share the time evenly.
    """
    text = " ".join(clean_text(text).split())
    if seconds <= 0 or not columns(text):
        return ()
    parts = list(_parts(text, locale))
    certain = heard_times(parts, heard, seconds=seconds)
    spans = certain or spoken_times(parts, seconds=seconds, pauses=pauses)
    turns = _turns(parts, speakers)
    runs = [
        (begun + first, begun + last)
        for begun, end in pairwise([*turns, len(parts)])
        for first, last in _runs(parts[begun:end], spans[begun:end])
    ]
    who = [turns[max(begun for begun in turns if begun <= first)] for first, _ in runs]
    texts = ["\n".join(_lines(parts[first : last + 1])) for first, last in runs]
    spoken = [Span(spans[first].start, spans[last].end) for first, last in runs]
    return tuple(
        Cue(
            start=span.start,
            end=span.end,
            text=text,
            words=tuple(_spoken_words(text, parts[first : last + 1], spans[first : last + 1])),
            heard=bool(certain),
            speaker=speaker,
        )
        for span, text, (first, last), speaker in zip(
            _times(spoken, texts, seconds), texts, runs, who, strict=True
        )
    )


def _turns(parts: Sequence[TextPart], speakers: Sequence[tuple[int, str]]) -> dict[int, str]:
    """Return at which parts turns begin, the first of all among them, and who speaks in each."""
    turns, character, rest = {0: ""}, 0, list(speakers)
    for number, part in enumerate(parts):
        while rest and rest[0][0] <= character:
            turns[number] = rest.pop(0)[1]
        character += len(part.text)
    return turns


def _spoken_words(
    text: str, parts: Sequence[TextPart], spans: Sequence[Span]
) -> Iterator[SpokenWord]:
    starts: list[int] = []
    end = 0
    for part in parts:
        bare = part.text.strip(_UNSEEN)
        starts.append(text.index(bare, end))
        end = starts[-1] + len(bare)
    for start, following, span in zip(starts, [*starts[1:], len(text)], spans, strict=True):
        yield SpokenWord(text[start:following], span.start, span.end)


def pieces(text: str, locale: str) -> list[str]:
    """Cut a text, in which no two spaces follow one another, into what is timed by itself."""
    return [part.text for part in _parts(text, locale)]


def _parts(text: str, locale: str) -> Iterator[TextPart]:
    for phrase, ends in _joined(_phrases(text, locale), line_breaks.ends(text, locale)):
        pieces = list(_short(phrase, locale))
        for number, piece in enumerate(pieces, start=1):
            yield TextPart(
                text=piece,
                weight=Fraction(round(estimate_seconds(piece, locale) * 1000), 1000),
                ends=ends if number == len(pieces) else Break.WORD,
            )


def _phrases(text: str, locale: str) -> Iterator[tuple[str, Break]]:
    for sentence in sentences(text):
        cut = clauses(sentence)
        for clause_number, clause in enumerate(cut, start=1):
            ends = Break.SENTENCE if clause_number == len(cut) else Break.CLAUSE
            phrases = [phrase for word in words(clause) for phrase in unspaced(word, locale)]
            for number, phrase in enumerate(phrases, start=1):
                yield phrase, ends if number == len(phrases) else Break.WORD


def _joined(
    phrases: Iterator[tuple[str, Break]], line_ends: frozenset[int]
) -> Iterator[tuple[str, Break]]:
    """Yield phrases, those as one that a line may not end between: before a closing mark, say."""
    held = ""
    reached = 0
    for phrase, ends in phrases:
        held += phrase
        reached += len(phrase)
        if reached in line_ends:
            yield held, ends
            held = ""


def _short(phrase: str, locale: str) -> Iterator[str]:
    """Cut what is longer than a line: where one may end, else between syllables, else anywhere."""
    if columns(phrase.rstrip()) <= LINE:
        yield phrase.replace(SOFT_HYPHEN, "")
        return
    for piece in line_breaks.pieces(phrase, locale):
        if columns(piece.rstrip()) <= _CHUNK:
            yield piece.replace(SOFT_HYPHEN, "")
        else:
            yield from _short_word(piece, locale, named=bool(_NAME.search(phrase)))


def _short_word(word: str, locale: str, *, named: bool) -> Iterator[str]:
    """Cut a word; a piece that ends within it ends with a soft hyphen, if its script has one.

    A part of an address or of a file's name, `named`, shows none: it would be read as one of it.
    """
    bare = word.strip(_AROUND)
    if named or not line_breaks.hyphenates(bare) or len(word) - len(bare) > _CHUNK:
        yield from _chunks(word)
        return
    before, after = word.split(bare)
    syllables = line_breaks.syllables(bare, locale)
    *earlier, last = (piece for syllable in syllables for piece in _chunks(syllable))
    cut = [*(piece + SOFT_HYPHEN for piece in earlier), last + after]
    yield before + cut[0]
    yield from cut[1:]


def _chunks(word: str) -> Iterator[str]:
    piece = ""
    for cluster in clusters(word.replace(SOFT_HYPHEN, "")):
        if piece and columns(piece + cluster) > _CHUNK:
            yield piece
            piece = ""
        piece += cluster
    if piece:
        yield piece


class _CueCosts:
    """Parts in a row, summed up so that what a cue of any of them costs is known at once."""

    def __init__(self, parts: Sequence[TextPart], spans: Sequence[Span]) -> None:
        self._ends = [part.ends for part in parts]
        self._spans = [(float(span.start), float(span.end)) for span in spans]
        wide = [
            (columns(part.text), columns(part.text.rstrip()) + part.text.endswith(SOFT_HYPHEN))
            for part in parts
        ]
        self._begun = [0.0, *accumulate(whole for whole, _ in wide)]
        self._bare = [begun + bare for begun, (_, bare) in zip(self._begun, wide, strict=False)]
        self._full = [0, *accumulate(ends is Break.SENTENCE for ends in self._ends)]
        rests = (
            max(0.0, after[0] - before[1] - _LONG_REST) for before, after in pairwise(self._spans)
        )
        self._rest = [0.0, *accumulate(rests)]

    def cost(self, first: int, last: int) -> float:
        """Return what a cue of these parts costs; infinity where it has no room."""
        wide = self._bare[last] - self._begun[first]
        if wide > LINE:
            # What is left for the second line once the first holds all it can.
            filled = bisect_right(self._bare, self._begun[first] + LINE, lo=first)
            if filled > last or self._bare[last] - self._begun[filled] > LINE:
                return inf
        lasts = self._spans[last][1] - self._spans[first][0]
        return (
            _EACH
            + _ENDING[self._ends[last]]
            + _FULL * (wide / (2 * LINE)) ** 2
            + _INNER_SENTENCE * (self._full[last] - self._full[first])
            + _TOO_SHORT * max(0.0, float(SHORTEST) - lasts)
            + _TOO_LONG * max(0.0, lasts - float(LONGEST))
            + _REST * (self._rest[last] - self._rest[first])
        )


def _runs(parts: Sequence[TextPart], spans: Sequence[Span]) -> list[tuple[int, int]]:
    """Return the first and the last part of each cue: of all ways to cut, the cheapest."""
    tape = _CueCosts(parts, spans)
    cheapest: list[tuple[float, int]] = [(0.0, 0)]
    for last in range(len(parts)):
        best = (inf, last)
        for first in range(last, max(-1, last - _MOST_PARTS), -1):
            cost = tape.cost(first, last)
            if cost == inf:
                break
            best = min(best, (cheapest[first][0] + cost, first))
        cheapest.append(best)
    runs: list[tuple[int, int]] = []
    end = len(parts)
    while end:
        first = cheapest[end][1]
        runs.append((first, end - 1))
        end = first
    return runs[::-1]


def _lines(parts: Sequence[TextPart]) -> list[str]:
    """Return the parts as one line or two, alike in length; none where they do not fit."""
    texts = [part.text for part in parts]
    whole = shown("".join(texts))
    if columns(whole) <= LINE:
        return [whole]
    best: tuple[float, list[str]] = (inf, [])
    for cut in range(1, len(parts)):
        upper, lower = shown("".join(texts[:cut])), shown("".join(texts[cut:]))
        above, below = columns(upper), columns(lower)
        if max(above, below) > LINE:
            continue
        cost = abs(above - below) + _BREAKING[parts[cut - 1].ends]
        best = min(best, (cost + (_TOP_HEAVY if above > below else 0.0), [upper, lower]))
    return best[1]


def _times(spoken: Sequence[Span], texts: Sequence[str], seconds: Fraction) -> list[Span]:
    """Return when each cue is seen: at least long enough to be noticed, never two at once."""
    count = len(spoken)
    gap = min(GAP, seconds / (10 * count))
    shortest = min(SHORTEST, (seconds - gap * (count - 1)) / count)
    starts: list[Fraction] = []
    for number, span in enumerate(spoken):
        latest = seconds - (count - number) * shortest - (count - 1 - number) * gap
        earliest = starts[-1] + shortest + gap if starts else Fraction(0)
        starts.append(max(earliest, min(span.start, latest)))
    shown: list[Span] = []
    for start, following, span, text in zip(
        starts, [*starts[1:], seconds + gap], spoken, texts, strict=True
    ):
        to_read = Fraction(len(clusters(text)), _CHARACTERS_PER_SECOND)
        until = max(span.end + _LINGER, start + max(shortest, to_read))
        shown.append(Span(start, min(until, following - gap, start + LONGEST)))
    return shown
