"""Speech: what the narrations amount to, how loud and when.

Both are found in one pass over their files, before anything is mixed.
"""

from collections.abc import Callable, Iterator

import msgspec

from render.sound.graph import RATE, Block
from render.sound.loudness import integrated_loudness
from render.sound.mix import sample
from render.sound.track import blocks
from render.sound.wav import PauseDetector, narration
from render.timeline import Timeline

HOLD = RATE * 3 // 2
"""Samples: a shorter silence does not end what one is saying."""


class Speech(msgspec.Struct, frozen=True, kw_only=True):
    """All that is said in a programme."""

    loudness: float
    """LUFS, of all narrations together and nothing between them."""
    spans: tuple[tuple[int, int], ...]
    """From which sample to which somebody speaks, in order; at least `HOLD` lies between them."""


def listen(timeline: Timeline, *, check: Callable[[], None]) -> Speech:
    """Hear every narration of a timeline."""
    detectors = [PauseDetector() for _ in timeline.voices]

    def heard() -> Iterator[Block]:
        for voice, detector in zip(timeline.voices, detectors, strict=True):
            for block in blocks(narration(voice.path, scene=str(voice.number))):
                check()
                detector.hear(block)
                yield block

    loudness = integrated_loudness(heard())
    return Speech(loudness=loudness, spans=tuple(_spans(timeline, detectors)))


def _spans(timeline: Timeline, detectors: list[PauseDetector]) -> Iterator[tuple[int, int]]:
    span: tuple[int, int] | None = None
    for voice, detector in zip(timeline.voices, detectors, strict=True):
        silences = detector.pauses()
        begins = [0, *(end for _, end in silences)]
        ends = [*(begin for begin, _ in silences), voice.duration]
        for begin, end in zip(begins, ends, strict=True):
            if begin >= end:
                continue
            first, last = sample(voice.start + begin), sample(voice.start + end)
            if span and first - span[1] < HOLD:
                span = span[0], last
            else:
                if span:
                    yield span
                span = first, last
    if span:
        yield span
