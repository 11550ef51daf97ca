"""When each part of a text is spoken: its weight, set against the pauses in the sound.

A text and its sound agree in two things: how long each part takes to say, about,
and that a voice rests where a sentence or a clause ends. So parts are first laid
out by weight over the time in which there is sound; then the pauses that were
measured are matched with the ends of parts, in order, each pair the dearer the
further apart they are; and between matched pairs the weights decide again.
"""

import enum
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import accumulate, pairwise
from typing import NamedTuple

import msgspec

from render.measures import WordTime


class Break(enum.IntEnum):
    """What ends with a part of a text; the larger, the longer a voice rests."""

    WORD = 0
    """Nothing but the word or phrase."""
    CLAUSE = 1
    SENTENCE = 2


class TextPart(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of text that is never cut."""

    text: str
    """With the space that follows it."""
    weight: Fraction
    """How long it takes to say: seconds, or anything in proportion."""
    ends: Break


class Span(NamedTuple):
    """From when to when something is heard, in seconds."""

    start: Fraction
    end: Fraction


_WORTH = {Break.WORD: 0.5, Break.CLAUSE: 1.6, Break.SENTENCE: 2.6}
"""What a pause at such an end is worth, in `_TOLERANCE`s of distance."""
_TOLERANCE = 0.7
"""Seconds."""
_FULL_REST = 0.25
"""Seconds of a pause that is surely meant; shorter ones may be a consonant's."""


class _Pause(NamedTuple):
    """A pause, placed by how much was spoken before it."""

    spoken: Fraction
    length: Fraction


class _Pair(NamedTuple):
    """A pause and the part that ends at it, with the pairs before them."""

    worth: float
    part: int
    pause: int
    before: "_Pair | None"


def spoken_times(
    parts: Sequence[TextPart], *, seconds: Fraction, pauses: Sequence[tuple[Fraction, Fraction]]
) -> list[Span]:
    """Return when each part is heard, in order, within [0, `seconds`]; spans never overlap.

    `pauses` are the silent stretches of the sound, as (start, end).
    """
    if not parts:
        return []
    rests = list(_rests(pauses, seconds))
    sounding = seconds - sum((rest.length for rest in rests), Fraction(0))
    if sounding <= 0:
        rests, sounding = [], seconds
    weights = [Fraction(0), *accumulate(part.weight for part in parts)]
    # Where each part begins, and the last one ends, by what was spoken before it.
    guessed = [weight / (weights[-1] or 1) * sounding for weight in weights]
    anchors = [(0, Fraction(0)), *_match(parts, guessed, rests), (len(parts), sounding)]
    placed = [Fraction(0)]
    for (first, begin), (last, end) in pairwise(anchors):
        weight = weights[last] - weights[first]
        placed += [
            begin + (end - begin) * (weights[part] - weights[first]) / (weight or 1)
            for part in range(first + 1, last)
        ]
        placed.append(end)
    # A part ends before the pause at its end, and the next one begins after it.
    before = [rest.spoken for rest in rests]
    silence = [Fraction(0), *accumulate(rest.length for rest in rests)]
    spans: list[Span] = []
    for begin, end in pairwise(placed):
        until = end + silence[bisect_left(before, end)]
        # What takes no time to say, at a pause, is said before it.
        spans.append(Span(min(until, begin + silence[bisect_right(before, begin)]), until))
    return spans


def heard_times(
    parts: Sequence[TextPart], heard: Sequence[WordTime], *, seconds: Fraction
) -> list[Span]:
    """Return when each part is heard, as `spoken_times` does, by those that were for certain.

    Those between two that were share the time between these by weight. Nothing where none was.
    """
    at = {word.character: word for word in heard}
    known: list[tuple[int, Span]] = []
    character, until = 0, Fraction(0)
    for number, part in enumerate(parts):
        word = at.get(character)
        character += len(part.text)
        if word is None:
            continue
        start, end = Fraction(word.start, 1000), Fraction(word.end, 1000)
        if until <= start <= end <= seconds:
            known.append((number, Span(start, end)))
            until = end
    spans: list[Span] = []
    if not known:
        return []
    # Each that is known has the time until the next one for those in between.
    edges = [*known, (len(parts), Span(seconds, seconds))]
    if known[0][0] > 0:
        edges.insert(0, (0, Span(Fraction(0), known[0][1].start)))
    for (first, span), (following, after) in pairwise(edges):
        weights = [Fraction(0), *accumulate(part.weight for part in parts[first:following])]
        last = span.end if following - first == 1 else max(span.end, after.start)
        spans += [
            Span(
                span.start + (last - span.start) * begin / (weights[-1] or 1),
                span.start + (last - span.start) * end / (weights[-1] or 1),
            )
            for begin, end in pairwise(weights)
        ]
    return spans


def _rests(pauses: Sequence[tuple[Fraction, Fraction]], seconds: Fraction) -> Iterator[_Pause]:
    """Yield what of the pauses lies within the sound, in order, each moment once."""
    silent = until = Fraction(0)
    for start, end in sorted(pauses):
        begin, stop = max(start, until), min(end, seconds)
        if stop > begin:
            yield _Pause(spoken=begin - silent, length=stop - begin)
            silent, until = silent + stop - begin, stop


def _match(
    parts: Sequence[TextPart], guessed: Sequence[Fraction], rests: Sequence[_Pause]
) -> list[tuple[int, Fraction]]:
    """Return which part begins after which pause, as (part, seconds spoken before it).

    The best way to pair them in order, by dynamic programming over the pauses:
    `best[n]` is the most that can be had with the first `n` ends.
    """
    places = [float(place) for place in guessed[1:-1]]
    best: list[_Pair | None] = [None] * (len(places) + 1)
    for pause, rest in enumerate(rests):
        there = float(rest.spoken)
        if not 0 < rest.spoken < guessed[-1]:
            continue
        meant = min(1.0, float(rest.length) / _FULL_REST)
        reach = max(_WORTH.values()) * _TOLERANCE
        candidates: list[tuple[int, _Pair]] = []
        for part in range(bisect_left(places, there - reach), bisect_right(places, there + reach)):
            worth = _WORTH[parts[part].ends] * meant - abs(places[part] - there) / _TOLERANCE
            if worth > 0:
                before = best[part]
                total = worth + (before.worth if before else 0)
                candidates.append((part, _Pair(total, part, pause, before)))
        for part, pair in candidates:
            for later in range(part + 1, len(best)):
                rival = best[later]
                if rival is not None and rival.worth >= pair.worth:
                    break
                best[later] = pair
    pairs: list[tuple[int, Fraction]] = []
    pair = best[-1]
    while pair:
        pairs.append((pair.part + 1, rests[pair.pause].spoken))
        pair = pair.before
    return pairs[::-1]
