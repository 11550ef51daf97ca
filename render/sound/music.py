"""Music: the bed under the whole programme, as loud as asked, that steps back for the voice.

It ducks by a curve and not by a compressor with a side chain: when somebody speaks is
known beforehand, from where each narration lies and where it pauses, and so the music is
out of the way when the first word comes, stays away through short breaths instead of
pumping, and steps back by exactly the decibels asked for, however loud the voice is.

Music shorter than the programme is repeated, without the silence at its ends and with a
short crossfade where they meet; what is made to be repeated, sample by sample as it is.
"""

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import msgspec
import numpy as np
from av.error import FFmpegError

from render.sound.arrangement import RATE, sample
from render.sound.graph import Block
from render.sound.loudness import SILENCE, integrated_loudness
from render.sound.mix import AUDIBLE, Part, ducking, factor, fade
from render.sound.speech import Speech
from render.sound.track import SoundFile, SoundFormat, Tape, blocks, open_sound
from render.timeline import MusicBed

MAX_SECONDS = 7_200
"""Of one piece of music."""
MIN_SECONDS = 1

_CROSSFADE = RATE // 4
"""Long enough for no click, too short to hear two beats."""


def check_music(path: Path) -> Fraction:
    """Return music's seconds by its headers; raise `MediaError` where it cannot be used."""
    source = music_file(path)
    with open_sound(source) as (container, stream):
        try:
            if stream.duration and stream.time_base:
                seconds = stream.duration * stream.time_base
            else:
                seconds = Fraction(container.duration or 0, 1_000_000)
        except (FFmpegError, OSError) as error:
            raise source.error_of("is damaged") from error
    if seconds > MAX_SECONDS:
        raise source.error_of(
            f"may last at most {MAX_SECONDS} seconds; this lasts {float(seconds):.0f}"
        )
    if seconds < MIN_SECONDS:
        raise source.error_of(f"must last at least {MIN_SECONDS} second")
    return seconds


def music_part(
    bed: MusicBed, speech: Speech, *, reference: float, total: int, check: Callable[[], None]
) -> Part | None:
    """Return the music for so many samples, at its loudness against `reference`, in LUFS.

    None where the music is silent. Where the reference is, it keeps the level it has.
    """
    check_music(bed.path)
    extent = _measure(bed, total, check)
    if extent.first == extent.end:
        return None
    decibels = 0.0
    if min(reference, extent.loudness) > SILENCE:
        decibels = reference + bed.volume - extent.loudness
    level = factor(decibels)
    ducked = ducking(speech.spans, depth=bed.duck)
    rise, fall = sample(bed.fade_in), sample(bed.fade_out)
    return Part(
        start=0,
        end=total,
        play=lambda: _loop(bed.path, extent),
        gain=lambda at, samples: (
            level * ducked(at, samples) * fade(at, samples, length=total, rise=rise, fall=fall)
        ),
    )


class _Extent(msgspec.Struct, frozen=True, kw_only=True):
    """What of a piece of music is heard."""

    loudness: float
    """LUFS."""
    first: int
    """The sample it begins to be audible at."""
    end: int
    """The sample after which it is silent, or after which the programme is over."""
    loops: bool
    seam: int
    """Samples in which its end goes over into its beginning."""


def _measure(bed: MusicBed, total: int, check: Callable[[], None]) -> _Extent:
    first, end, position = -1, 0, 0

    def scan() -> Iterator[Block]:
        nonlocal first, end, position
        for block in blocks(music_file(bed.path)):
            check()
            audible = np.flatnonzero(np.abs(block).max(axis=0) > AUDIBLE)
            if audible.size:
                first = position + int(audible[0]) if first < 0 else first
                end = position + int(audible[-1]) + 1
            position += block.shape[1]
            yield block
            if first >= 0 and position - first >= total:
                return

    loudness = integrated_loudness(scan())
    first = max(first, 0)
    seam = min(_CROSSFADE, (end - first) // 4)
    if bed.seamless:
        first, end, seam = 0, position, 0
    return _Extent(
        loudness=loudness, first=first, end=end, loops=position - first < total, seam=seam
    )


def _loop(path: Path, extent: _Extent) -> Iterator[Block]:
    length, seam = extent.end - extent.first, extent.seam
    angle = np.linspace(0, np.pi / 2, seam, endpoint=False, dtype=np.float32)
    tail: Block | None = None
    while True:
        # Wound forward and not sought: a place in an MP3 is a guess.
        tape = Tape(blocks(music_file(path)))
        for position in range(0, extent.first, RATE):
            tape.read(min(RATE, extent.first - position))
        if not extent.loops:
            while (block := tape.read(RATE)).size:
                yield block
            return
        head = tape.read(seam)
        yield head if tail is None else head * np.sin(angle) + tail * np.cos(angle)
        for position in range(seam, length - seam, RATE):
            yield tape.read(min(RATE, length - seam - position))
        tail = tape.read(seam)
        if tail.shape[1] < seam:
            raise music_file(path).error_of("was changed while it was read")


def music_file(path: Path) -> SoundFile:
    """Return music as a file of any kind that sound may come in."""
    return SoundFile(path=path, formats=tuple(SoundFormat), what="the music")
