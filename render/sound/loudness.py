"""Loudness after EBU R128 and true peak after ITU-R BS.1770, measured by FFmpeg's `ebur128`."""

import math
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import msgspec

from render.sound.graph import Block, filter_blocks
from render.sound.track import SoundFile, SoundFormat, blocks

SILENCE = -70.0
"""LUFS: the absolute gate of EBU R128; what is never louder has no loudness."""
NOTHING = -120.0
"""dB: what a level is called that has no logarithm."""


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


def measure(sound: Iterable[Block]) -> Loudness:
    """Return how loud blocks are."""
    loudness, peak = SILENCE, 0.0
    for frame in filter_blocks(sound, ("ebur128", "metadata=1:framelog=quiet:peak=true")):
        loudness = float(frame.metadata.get("lavfi.r128.I", loudness))
        peak = float(frame.metadata.get("lavfi.r128.true_peak", peak))
    return Loudness(integrated=max(loudness, SILENCE), true_peak=decibels(peak))


def decibels(amplitude: float) -> float:
    """Return an amplitude in dB of full scale, `NOTHING` at the least."""
    return max(20 * math.log10(amplitude), NOTHING) if amplitude > 0 else NOTHING


def decode_sound(path: Path, *, check: Callable[[], None] = lambda: None) -> Iterator[Block]:
    """Yield the sound of a finished video, or of a sound made for one."""
    for block in blocks(SoundFile(path=path, formats=(SoundFormat.MP4,), what="the sound")):
        check()
        yield block
