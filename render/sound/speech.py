"""Speech: what the narrations amount to, how loud and when.

Both are found in one pass over their files, before anything is mixed. Narrations come from
different voices, rooms and microphones: each is brought to one loudness, so that nobody
reaches for the volume from scene to scene.
"""

from collections.abc import Callable, Iterator

import msgspec
import numpy as np

from render.sound.arrangement import speech_spans
from render.sound.graph import Block
from render.sound.loudness import SILENCE, TARGET_LUFS, Levels, integrated, momentary
from render.sound.track import blocks
from render.sound.wav import PauseDetector, narration
from render.timeline import Timeline, Voice

MAX_RAISE = 40.0
"""dB by which a narration is raised at the most: past it, it is the room that is heard."""


class Speech(msgspec.Struct, frozen=True, kw_only=True):
    """All that is said in a programme."""

    loudness: float
    """LUFS, of all narrations together and nothing between them, once they are levelled."""
    gains: tuple[float, ...]
    """Decibels that level each narration."""
    spans: tuple[tuple[int, int], ...]
    """Where somebody speaks, by `render.sound.arrangement.speech_spans`."""


def listen(timeline: Timeline, *, check: Callable[[], None]) -> Speech:
    """Hear every narration of a timeline."""
    detectors = [PauseDetector() for _ in timeline.voices]
    levelled: list[Levels] = []
    gains: list[float] = []
    for voice, detector in zip(timeline.voices, detectors, strict=True):
        levels = momentary(_heard(voice, detector, check))
        loudness = integrated(levels)
        heard = loudness > SILENCE and not detector.silent
        gain = min(TARGET_LUFS - loudness, MAX_RAISE) if heard else 0.0
        gains.append(gain)
        levelled.append(levels + gain)
    spans = speech_spans(timeline.voices, (detector.pauses() for detector in detectors))
    loudness = integrated(np.concatenate([np.zeros(0), *levelled]))
    return Speech(loudness=loudness, gains=tuple(gains), spans=tuple(spans))


def _heard(voice: Voice, detector: PauseDetector, check: Callable[[], None]) -> Iterator[Block]:
    for block in blocks(narration(voice.path, scene=str(voice.number))):
        check()
        detector.hear(block)
        yield block
