"""The mix: parts, each from a sample of the programme to another, added up.

A part's file is open only while it is heard, and the mix goes on a second at a time:
neither many scenes nor long ones take more memory.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt

from render.errors import MediaError
from render.sound.arrangement import (
    RAMP,
    RATE,
    Span,
    clip_span,
    ducking_points,
    sample,
    voice_spans,
)
from render.sound.graph import Block
from render.sound.track import SoundFile, SoundFormat, Tape, blocks
from render.sound.wav import narration
from render.timeline import ClipSound, Timeline, Voice

AUDIBLE = 0.001
"""−60 dB below full scale: what is fainter is taken for silence."""
_UNCHANGED = np.float32(1)

Gain: TypeAlias = npt.NDArray[np.float32] | np.float32
"""A factor for each sample, or one for all."""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Something heard from a sample of the programme to another."""

    start: int
    end: int
    play: Callable[[], Iterator[Block]]
    """Opens it at its beginning; where it ends early, the rest of the part is silent."""
    gain: Callable[[int, int], Gain]
    """The factor for so many samples from one on, counted from the part's first."""


def mix(parts: Sequence[Part], total: int, *, check: Callable[[], None]) -> Iterator[Block]:
    """Yield parts added up, in blocks of a second, for so many samples."""
    waiting = deque(sorted(parts, key=lambda part: part.start))
    playing: list[tuple[Part, Tape]] = []
    for position in range(0, total, RATE):
        check()
        block = np.zeros((2, min(RATE, total - position)), np.float32)
        end = position + block.shape[1]
        while waiting and waiting[0].start < end:
            part = waiting.popleft()
            playing.append((part, Tape(part.play())))
        for part, tape in playing:
            begin = max(part.start, position)
            for piece in tape.pieces(min(part.end, end) - begin):
                count = piece.shape[1]
                gain = part.gain(begin - part.start, count)
                block[:, begin - position :][:, :count] += piece * gain
                begin += count
        playing = [(part, tape) for part, tape in playing if part.end > end]
        yield block


def voice_parts(timeline: Timeline, gains: Sequence[float]) -> tuple[Part, ...]:
    """Return the narrations, each raised by its decibels.

    One that turns out longer than measured is not spoken over.
    """
    spans = voice_spans(timeline)
    return tuple(
        _voice(voice, span, gain)
        for voice, span, gain in zip(timeline.voices, spans, gains, strict=True)
    )


def clip_parts(timeline: Timeline, speech: Sequence[tuple[int, int]]) -> tuple[Part, ...]:
    """Return the clips' own sound, rising and falling with their pictures.

    `speech` are where somebody speaks, as in `render.sound.speech.Speech`.
    """
    return tuple(_clip(sound, speech) for sound in timeline.sounds)


def is_audible(path: Path, *, seconds: Fraction, start: Fraction = Fraction(0)) -> bool:
    """Tell whether so many seconds of a clip can be heard: decoded to their end, and not silent."""
    tape = Tape(blocks(_sound_of(path, scene=None), start=start))
    loudest = 0.0
    try:
        for piece in tape.pieces(round(seconds * RATE)):
            loudest = max(loudest, float(np.abs(piece).max()))
    except MediaError:
        return False
    return loudest > AUDIBLE


def factor(decibels: float) -> np.float32:
    """Return what an amplitude is multiplied by to raise it by so many decibels."""
    return np.float32(10 ** (decibels / 20))


def fade(position: int, samples: int, *, length: int, rise: int, fall: int) -> Gain:
    """Return the factor that fades in over `rise` samples and out over `fall`.

    Sines, so that what comes and what goes are together as loud as either.
    """
    rise, fall = max(rise, RAMP), max(fall, RAMP)
    if position >= rise and position + samples <= length - fall:
        return _UNCHANGED
    index = np.arange(position, position + samples)
    share = np.clip(np.minimum(index / rise, (length - index) / fall), 0, 1)
    return np.sin(np.pi / 2 * share).astype(np.float32)


def ducking(spans: Sequence[tuple[int, int]], *, depth: float) -> Callable[[int, int], Gain]:
    """Return the factor, for so many samples from one on, that steps back by `depth` decibels.

    `spans` are where somebody speaks, as in `Speech`.
    """
    curve_points = ducking_points(spans, depth=depth)
    points = np.array([point.sample for point in curve_points])
    levels = np.array([point.decibels for point in curve_points])

    def gain(at: int, samples: int) -> Gain:
        if not points.size:
            return factor(0)
        # The two ends tell all unless the curve bends between them.
        inside = np.searchsorted(points, [at, at + samples - 1])
        first, last = np.interp([at, at + samples - 1], points, levels)
        if inside[0] == inside[1] and first == last:
            return factor(first)
        curve = np.interp(np.arange(at, at + samples), points, levels)
        return (10 ** (curve / 20)).astype(np.float32)

    return gain


def _voice(voice: Voice, span: Span, gain: float) -> Part:
    start, end = span
    level = factor(gain)
    source = narration(voice.path, scene=str(voice.number))
    return Part(
        start=start,
        end=end,
        play=lambda: blocks(source),
        gain=lambda at, samples: level * fade(at, samples, length=end - start, rise=0, fall=0),
    )


def _sound_of(clip: Path, *, scene: str | None) -> SoundFile:
    formats = (SoundFormat.MP4, SoundFormat.WEBM)
    return SoundFile(path=clip, formats=formats, what="the clip's sound", scene=scene)


def _clip(sound: ClipSound, speech: Sequence[tuple[int, int]]) -> Part:
    start, end = clip_span(sound)
    source = _sound_of(sound.path, scene=str(sound.number))
    ducked = ducking(speech, depth=sound.duck)
    level = factor(sound.volume)
    rise, fall = sample(sound.fade_in), sample(sound.fade_out)
    return Part(
        start=start,
        end=end,
        play=lambda: blocks(source, start=sound.trim),
        gain=lambda at, samples: (
            level
            * ducked(start + at, samples)
            * fade(at, samples, length=end - start, rise=rise, fall=fall)
        ),
    )
