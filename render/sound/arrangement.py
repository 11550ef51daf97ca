"""The arrangement: which sample each sound begins and ends with, and how far music steps back.

Pure, and the one place where times become samples: what a preview says of sound is what is
mixed.
"""

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple

from render.timeline import ClipSound, Timeline, Voice

RATE = 48_000
"""Samples a second."""
RAMP = RATE // 200
"""Five milliseconds in and out, so that nothing starts or ends with a click."""
HOLD = RATE * 3 // 2
"""Samples: a shorter silence does not end what one is saying."""

_ATTACK, _RELEASE = HOLD * 2 // 10, HOLD * 6 // 10
"""Samples it takes to step back before a word (0.3 s), and to return after one (0.9 s);
together less than the shortest silence between what is said."""


class Span(NamedTuple):
    """From a sample of the programme to another."""

    start: int
    end: int


class DuckingPoint(NamedTuple):
    """A bend of the curve by which music steps back; straight, in decibels, between two."""

    sample: int
    decibels: float


def sample(seconds: Fraction) -> int:
    """Return the sample nearest to a time."""
    return round(seconds * RATE)


def voice_spans(timeline: Timeline) -> tuple[Span, ...]:
    """Return where each narration is heard; one longer than measured is not spoken over."""
    starts = [sample(voice.start) for voice in timeline.voices]
    limits = [*starts[1:], sample(timeline.duration)][: len(starts)]
    return tuple(
        Span(start, min(sample(voice.end), limit))
        for voice, start, limit in zip(timeline.voices, starts, limits, strict=True)
    )


def clip_span(sound: ClipSound) -> Span:
    """Return where a clip's own sound is heard."""
    return Span(sample(sound.start), sample(sound.start + sound.duration))


def speech_spans(
    voices: Iterable[Voice], pauses: Iterable[Sequence[tuple[Fraction, Fraction]]]
) -> Iterator[Span]:
    """Yield where somebody speaks, in order; at least `HOLD` lies between two.

    `pauses` are each narration's silent stretches, in seconds from its first sample.
    """
    span: Span | None = None
    for voice, silences in zip(voices, pauses, strict=True):
        begins = [Fraction(0), *(end for _, end in silences)]
        ends = [*(begin for begin, _ in silences), voice.duration]
        for begin, end in zip(begins, ends, strict=True):
            if begin >= end:
                continue
            first, last = sample(voice.start + begin), sample(voice.start + end)
            if span and first - span.end < HOLD:
                span = Span(span.start, last)
            else:
                if span:
                    yield span
                span = Span(first, last)
    if span:
        yield span


def ducking_points(spans: Iterable[tuple[int, int]], *, depth: float) -> tuple[DuckingPoint, ...]:
    """Return how music steps back by `depth` decibels where somebody speaks, as in `Speech`."""
    return tuple(
        DuckingPoint(place, level)
        for begin, end in spans
        for place, level in (
            (begin - _ATTACK, 0.0),
            (begin, -depth),
            (end, -depth),
            (end + _RELEASE, 0.0),
        )
    )
