"""Narrations: PCM in WAV files of any rate, width and number of channels, or compressed sound.

Their lengths are counted, not believed, and their pauses found: captions change in
them, and music comes back in the long ones.
"""

import math
import os
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt
from av.error import FFmpegError

from render.sound.arrangement import RATE
from render.sound.graph import Block
from render.sound.track import SoundFile, SoundFormat, blocks, open_sound

MAX_SECONDS = 7_200
"""Of one narration."""

Silence = tuple[Fraction, Fraction]
"""Nothing is heard, from a second to another."""

_UNKNOWN = 0x7FFF_0000
"""Bytes from which on a size stands for one not known when it was written: writers into pipes
put the largest they can, some of it signed."""
_EXACT = frozenset({"flac", "mp4"})
"""The demuxers of containers that say how long they are, as `render.sound.track` names them."""
_LOST = Fraction(1, 2)
"""Seconds by which a whole narration may be shorter than its header says."""
_PADDED = Fraction(1, 10)
"""Seconds by which it may be longer: MP4 tells how much of the last packet is sound, and FFmpeg
hands over all of it."""
_WINDOW = RATE // 100
"""Ten milliseconds: shorter than any sound of speech."""
_SHORTEST = 15
"""Windows of a pause, at the least: the stop in a consonant is shorter."""
_LOUD, _FAINT = 95, 5
"""Percentiles of level that tell speech, and the room without it."""
_NEAREST, _FARTHEST = -20.0, -40.0
"""Decibels below speech between which a pause begins."""
_EPSILON = 1e-12
"""A power that has a logarithm and is heard by nobody."""
_NOTHING = -60.0
"""Decibels below full scale: a file that is nowhere louder is one pause."""


def narration(path: Path, *, scene: str | None = None) -> SoundFile:
    """Return a file as the narration of a scene."""
    return SoundFile(path=path, formats=tuple(SoundFormat), what="the narration", scene=scene)


def listen(path: Path, *, scene: str | None = None) -> tuple[Fraction, "PauseDetector"]:
    """Return a narration's seconds, and what detects pauses, having heard the whole of it.

    Raises `MediaError` unless it is whole, not empty and at most `MAX_SECONDS` long.
    """
    source = narration(path, scene=scene)
    with open_sound(source) as (container, stream):
        form = container.format.name
        promised = stream.duration * stream.time_base if stream.duration and stream.time_base else 0
    seconds = wav_duration(path, scene=scene) if form == "wav" else None
    too_long = source.error_of(f"may last at most {MAX_SECONDS} seconds; this is longer")
    if seconds is not None and seconds > MAX_SECONDS:
        raise too_long
    detector, samples = PauseDetector(), 0
    for block in blocks(source):
        detector.hear(block)
        samples += block.shape[1]
        if samples > MAX_SECONDS * RATE:
            # A file of a megabyte can hold days of silence.
            raise too_long
    if not samples:
        raise source.error_of("holds no sound")
    if seconds is None:
        seconds = Fraction(samples, RATE)
        # Elsewhere it is an estimate.
        if form in _EXACT and seconds < promised - _LOST:
            raise source.error_of("is cut short")
        if form in _EXACT and promised and 0 < seconds - promised < _PADDED:
            seconds = Fraction(promised)
    return seconds, detector


def wav_duration(path: Path, *, scene: str | None = None) -> Fraction:
    """Return a WAV file's seconds by counting its samples.

    Raises `MediaError` unless the file is PCM, not empty and as long as it says.
    """
    source = narration(path, scene=scene)
    with open_sound(source) as (container, stream):
        context = stream.codec_context
        if not context.name.startswith("pcm_"):
            raise source.error_of("is not PCM")
        try:
            samples = sum(packet.duration or 0 for packet in container.demux(stream) if packet.size)
        except (FFmpegError, OSError) as error:
            raise source.error_of("is damaged") from error
        if not samples:
            raise source.error_of("holds no sound")
        if _cut_short(path):
            raise source.error_of("is cut short")
        return Fraction(samples, context.sample_rate)


def _cut_short(path: Path) -> bool:
    # FFmpeg takes a file that ends too early for one that is shorter. RIFF: chunks of a
    # four-letter name and a 32-bit size, padded to even; `data` holds the samples.
    with path.open("rb") as file:
        file.seek(12)
        while len(header := file.read(8)) == 8:  # noqa: PLR2004
            size = int.from_bytes(header[4:], "little")
            if header.startswith(b"data"):
                return path.stat().st_size - file.tell() < size < _UNKNOWN
            file.seek(size + size % 2, os.SEEK_CUR)
    return False


def pauses(path: Path, *, scene: str | None = None) -> tuple[Silence, ...]:
    """Return the stretches of 0.15 s and more in which a narration is silent, in seconds.

    Silence before the first and after the last word is among them.
    """
    return hear_narration(path, scene=scene).pauses()


def hear_narration(path: Path, *, scene: str | None = None) -> "PauseDetector":
    """Return what detects pauses, having heard the whole of a narration."""
    detector = PauseDetector()
    for block in blocks(narration(path, scene=scene)):
        detector.hear(block)
    return detector


class PauseDetector:
    """Hears a narration block by block, and tells where it paused.

    A pause is told by the narration's own levels: between how loud one speaks in it and
    how loud the room is.
    """

    def __init__(self) -> None:
        self._powers: list[npt.NDArray[np.float32]] = []
        self._rest = np.zeros((2, 0), np.float32)

    def hear(self, block: Block) -> None:
        """Take in the next samples."""
        samples = np.concatenate([self._rest, block], axis=1) if self._rest.size else block
        whole = samples.shape[1] // _WINDOW * _WINDOW
        # A copy, for a view would keep the block alive.
        self._rest = samples[:, whole:].copy()
        windows = samples[:, :whole].reshape(2, -1, _WINDOW)
        self._powers.append(np.einsum("cws,cws->w", windows, windows) / (2 * _WINDOW))

    @property
    def loudest(self) -> float:
        """The level of the loudest moment so far, in dBFS of its mean square."""
        loudest = max((float(powers.max(initial=0)) for powers in self._powers), default=0)
        return 10 * math.log10(loudest + _EPSILON)

    @property
    def silent(self) -> bool:
        """Whether there was nothing so far that anybody hears."""
        return self.loudest < _NOTHING

    @property
    def level(self) -> float:
        """The level of speech so far, in dBFS of its mean square."""
        levels = self._levels()
        return float(np.percentile(levels, _LOUD)) if levels.size else _NOTHING

    def pauses(self) -> tuple[Silence, ...]:
        """Return the stretches of silence so far, in seconds."""
        levels = self._levels()
        if not levels.size:
            return ()
        loud, faint = np.percentile(levels, [_LOUD, _FAINT])
        # A quarter of the way up from the room's noise to the voice.
        limit = np.clip(faint + (loud - faint) / 4, loud + _FARTHEST, loud + _NEAREST)
        if loud < _NOTHING:
            limit = np.inf
        return _spans(levels < limit, _SHORTEST)

    def silences(self, seconds: int) -> tuple[Silence, ...]:
        """Return the stretches so far, of as many seconds and more, in which nothing is heard."""
        return _spans(self._levels() < _NOTHING, seconds * RATE // _WINDOW)

    def _levels(self) -> npt.NDArray[np.float64]:
        return 10 * np.log10(np.concatenate([np.ones(0), *self._powers]) + _EPSILON)


def _spans(quiet: npt.NDArray[np.bool_], shortest: int) -> tuple[Silence, ...]:
    edges = np.flatnonzero(np.diff(np.concatenate(([False], quiet, [False]))))
    return tuple(
        (Fraction(int(begin) * _WINDOW, RATE), Fraction(int(end) * _WINDOW, RATE))
        for begin, end in edges.reshape(-1, 2)
        if end - begin >= shortest
    )
