"""The mix: parts, each from a sample of the programme to another, added up.

A part's file is open only while it is heard, and the mix goes on a second at a time:
neither many scenes nor long ones take more memory.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt

from render.sound.arrangement import RAMP, RATE, Span, clip_span, sample, voice_spans
from render.sound.graph import Block
from render.sound.track import SoundFile, SoundFormat, Tape, blocks
from render.sound.wav import narration
from render.timeline import ClipSound, Timeline, Voice

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


def clip_parts(timeline: Timeline) -> tuple[Part, ...]:
    """Return the clips' own sound, rising and falling with their pictures."""
    return tuple(_clip(sound) for sound in timeline.sounds)


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


def _clip(sound: ClipSound) -> Part:
    start, end = clip_span(sound)
    source = SoundFile(
        path=sound.path,
        formats=(SoundFormat.MP4, SoundFormat.WEBM),
        what="the clip's sound",
        scene=str(sound.number),
    )
    level = factor(sound.volume)
    rise, fall = sample(sound.fade_in), sample(sound.fade_out)
    return Part(
        start=start,
        end=end,
        play=lambda: blocks(source, start=sound.trim),
        gain=lambda at, samples: (
            level * fade(at, samples, length=end - start, rise=rise, fall=fall)
        ),
    )
