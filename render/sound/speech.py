"""Speech: what the narrations amount to, how loud and when.

Both are found in one pass over their files, before anything is mixed.
"""

from collections.abc import Callable, Iterator

import msgspec

from render.sound.arrangement import speech_spans
from render.sound.graph import Block
from render.sound.loudness import integrated_loudness
from render.sound.track import blocks
from render.sound.wav import PauseDetector, narration
from render.timeline import Timeline


class Speech(msgspec.Struct, frozen=True, kw_only=True):
    """All that is said in a programme."""

    loudness: float
    """LUFS, of all narrations together and nothing between them."""
    spans: tuple[tuple[int, int], ...]
    """Where somebody speaks, by `render.sound.arrangement.speech_spans`."""


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
    spans = speech_spans(timeline.voices, (detector.pauses() for detector in detectors))
    return Speech(loudness=loudness, spans=tuple(spans))
