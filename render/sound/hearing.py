"""A hearing: what the sound of a finished video amounts to, measured in one pass over it.

It judges nothing: how loud, where clipped, and of each narration how loud and how far
from its place, for `render.inspection.validation` to hold against what was promised.
"""

from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import msgspec
import numpy as np
import numpy.typing as npt

from render.sound.arrangement import RATE, sample
from render.sound.graph import Block
from render.sound.loudness import Loudness, decibels, decode_sound, measure
from render.sound.track import Tape, blocks
from render.sound.wav import narration
from render.timeline import Timeline, Voice

_COARSE = 6
"""Samples made one where a narration's place is looked for: 0.125 ms is near enough."""
_AROUND = RATE // 4
"""Samples before and after its place in which a narration is looked for."""
_PROBE = 2 * RATE
"""Samples of its beginning that are looked for."""
_ALIKE = 0.5
"""Correlation from which on it is beyond doubt the narration that was found."""
_AUDIBLE = 0.001
"""−60 dB below full scale: there is nothing to be alike in what is fainter."""
_WINDOW = RATE // 10
"""Samples whose power is a narration's level where it is loudest."""
_FULL_SCALE = 1.0
_NEAR = RATE // 20
"""Clipped samples no farther apart are one stretch."""
_MOST_CLIPPED = 100
"""Stretches told; the last reaches to the last clipped sample."""


class ClippedStretch(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A stretch of sound with samples at full scale or above, in seconds."""

    start: float
    end: float


class HeardVoice(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One narration, as it is heard in the whole."""

    number: int
    """The scene's."""
    level: float
    """dBFS of the mean square of its loudest tenth of a second."""
    offset: float | None
    """Seconds by which it is late, or early if below 0; None where it cannot be told apart."""


class Hearing(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """All that was heard."""

    loudness: Loudness
    samples: int
    """At 48 kHz, from the first picture on."""
    clipped: tuple[ClippedStretch, ...]
    voices: tuple[HeardVoice, ...]

    @property
    def offset(self) -> float:
        """The seconds by which the narration farthest from its place misses it."""
        offsets = (abs(voice.offset) for voice in self.voices if voice.offset is not None)
        return max(offsets, default=0.0)


def hear(path: Path, timeline: Timeline, *, check: Callable[[], None] = lambda: None) -> Hearing:
    """Decode a video's sound to its end; raise `MediaError` where that cannot be done.

    `check` is called often, and stops the work by raising.
    """
    probes = [_VoiceProbe(voice) for voice in timeline.voices]
    clipping = ClippingDetector()
    position = 0

    def heard() -> Iterator[Block]:
        nonlocal position
        listening = deque(probes)
        for block in decode_sound(path, check=check):
            end = position + block.shape[1]
            clipping.hear(block, position)
            while listening and listening[0].last <= position:
                listening.popleft().close()
            for probe in listening:
                if probe.first >= end:
                    break
                probe.hear(block, position)
            position = end
            yield block

    loudness = measure(heard())
    return Hearing(
        loudness=loudness,
        samples=position,
        clipped=clipping.stretches,
        voices=tuple(probe.close() for probe in probes),
    )


class ClippingDetector:
    """Finds samples that are too loud to be played."""

    def __init__(self) -> None:
        self._stretches: list[tuple[int, int]] = []

    @property
    def stretches(self) -> tuple[ClippedStretch, ...]:
        """The stretches so far."""
        return tuple(
            ClippedStretch(start=begin / RATE, end=end / RATE) for begin, end in self._stretches
        )

    def hear(self, block: Block, position: int) -> None:
        """Take in samples, the first of which is number `position`."""
        if max(block.max(), -block.min()) < _FULL_SCALE:
            return
        over = np.flatnonzero((np.abs(block) >= _FULL_SCALE).any(axis=0))
        for run in np.split(over, np.flatnonzero(np.diff(over) > _NEAR) + 1):
            begin, end = position + int(run[0]), position + int(run[-1]) + 1
            stretches = self._stretches
            if stretches and (begin - stretches[-1][1] <= _NEAR or len(stretches) == _MOST_CLIPPED):
                begin = stretches.pop()[0]
            stretches.append((begin, end))


class _VoiceProbe:
    """Listens to one narration; holds its beginning until it is over."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice
        self._start, self._end = sample(voice.start), sample(voice.end)
        self.first = max(0, self._start - _AROUND)
        self.last = max(self._end, self._start + _PROBE + _AROUND)
        self._power = 0.0
        self._near: list[Block] = []
        self._heard: HeardVoice | None = None

    def hear(self, block: Block, position: int) -> None:
        def excerpt(first: int, last: int) -> Block:
            return block[:, max(0, first - position) : max(0, last - position)]

        spoken = excerpt(self._start, self._end)
        for begin in range(0, spoken.shape[1], _WINDOW):
            part = spoken[:, begin : begin + _WINDOW]
            power = float(np.einsum("cs,cs->", part, part)) / (2 * _WINDOW)
            self._power = max(self._power, power)
        self._near.append(excerpt(self.first, self._start + _PROBE + _AROUND).copy())

    def close(self) -> HeardVoice:
        if self._heard is None:
            level = decibels(self._power**0.5)
            self._heard = HeardVoice(number=self._voice.number, level=level, offset=self._offset())
            self._near.clear()
        return self._heard

    def _offset(self) -> float | None:
        source = narration(self._voice.path, scene=str(self._voice.number))
        spoken = _coarse(Tape(blocks(source)).read(min(_PROBE, self._end - self._start)))
        near = _coarse(np.concatenate([np.zeros((2, 0), np.float32), *self._near], axis=1))
        if not 0 < spoken.size <= near.size or min(np.ptp(spoken), np.ptp(near)) < _AUDIBLE:
            return None
        _, alike, _, (place, _) = cv2.minMaxLoc(
            cv2.matchTemplate(near[np.newaxis], spoken[np.newaxis], cv2.TM_CCOEFF_NORMED)
        )
        if alike < _ALIKE:
            return None
        return (place * _COARSE + self.first - self._start) / RATE


def _coarse(block: Block) -> npt.NDArray[np.float32]:
    """Return every few samples' mean, of both channels."""
    whole = block.shape[1] // _COARSE * _COARSE
    return block[:, :whole].sum(axis=0).reshape(-1, _COARSE).mean(axis=1)
