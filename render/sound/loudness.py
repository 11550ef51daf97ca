"""Loudness after EBU R128 and true peak after ITU-R BS.1770, measured by FFmpeg's `ebur128`."""

import math
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt

from render.sound.arrangement import RATE
from render.sound.graph import Block, filter_blocks, silence
from render.sound.track import SoundFile, SoundFormat, blocks

TARGET_LUFS = -16.0
"""What podcasts and video platforms settle on for speech."""
SILENCE = -70.0
"""LUFS: the absolute gate of EBU R128; what is never louder has no loudness."""
NOTHING = -120.0
"""dB: what a level is called that has no logarithm."""

_GATE, _STEP = RATE * 4 // 10, RATE // 10
"""Samples of a gating block, and from one to the next."""
_RELATIVE_GATE = -10.0
"""LU against the blocks above the absolute gate: what is fainter is taken for a pause."""

Levels: TypeAlias = npt.NDArray[np.float64]


class Loudness(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How loud a programme is."""

    integrated: float
    """LUFS; `SILENCE` where nothing is louder, or where it is shorter than 0.4 seconds."""
    true_peak: float
    """dBTP: the highest level, between the samples too."""


def integrated_loudness(sound: Iterable[Block]) -> float:
    """Return the integrated loudness in LUFS: the cheap half of `measure`."""
    loudness = SILENCE
    for frame in filter_blocks(sound, ("ebur128", "metadata=1:framelog=quiet")):
        loudness = float(frame.metadata.get("lavfi.r128.I", loudness))
    return max(loudness, SILENCE)


def momentary(sound: Iterable[Block]) -> Levels:
    """Return how loud each 0.4 s of a sound is, ten times a second, in LUFS: its gating blocks.

    Of a shorter sound, one value for the whole of it.
    """
    samples = 0

    def heard() -> Iterator[Block]:
        nonlocal samples
        for block in sound:
            samples += block.shape[1]
            yield block
        yield from silence(_GATE - samples)

    levels = [
        float(frame.metadata["lavfi.r128.M"])
        for frame in filter_blocks(heard(), ("ebur128", "metadata=1:framelog=quiet"))
        if "lavfi.r128.M" in frame.metadata
    ]
    # The first few are of less than 0.4 s.
    blocks = np.array(levels[_GATE // _STEP - 1 :], np.float64)
    return blocks + 10 * math.log10(_GATE / samples) if 0 < samples < _GATE else blocks


def integrated(levels: Levels) -> float:
    """Return the integrated loudness of gating blocks, in LUFS (ITU-R BS.1770-5, annex 1)."""
    audible = levels[levels > SILENCE]
    if not audible.size:
        return SILENCE
    return _mean(audible[audible > _mean(audible) + _RELATIVE_GATE])


def measure(sound: Iterable[Block]) -> Loudness:
    """Return how loud blocks are."""
    loudness, peak = SILENCE, 0.0
    for frame in filter_blocks(sound, ("ebur128", "metadata=1:framelog=quiet:peak=true")):
        loudness = float(frame.metadata.get("lavfi.r128.I", loudness))
        peak = float(frame.metadata.get("lavfi.r128.true_peak", peak))
    return Loudness(integrated=max(loudness, SILENCE), true_peak=decibels(peak))


def _mean(levels: Levels) -> float:
    return 10 * math.log10(np.mean(10 ** (levels / 10)))


def decibels(amplitude: float) -> float:
    """Return an amplitude in dB of full scale, `NOTHING` at the least."""
    return max(20 * math.log10(amplitude), NOTHING) if amplitude > 0 else NOTHING


def decode_sound(path: Path, *, check: Callable[[], None] = lambda: None) -> Iterator[Block]:
    """Yield the sound of a finished video, or of a sound made for one."""
    for block in blocks(SoundFile(path=path, formats=(SoundFormat.MP4,), what="the sound")):
        check()
        yield block
