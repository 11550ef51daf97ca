"""A video of four seconds in pieces, not joined yet: segments, sound, captions, chapters."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import msgspec
import numpy as np

from render.delivery.joiner import Chapter
from render.encoder import choose_encoder, encode_segment
from render.pictures.canvas import Canvas
from render.rendition import Profile
from render.timeline import Cue

LENGTHS = (40, 15, 1, 64)
FRAMES = sum(LENGTHS)
CAPTIONS = (
    Cue(start=Fraction(1, 2), end=Fraction(2), text="Braces {stay} \\N and so do\ntwo lines"),
    Cue(start=Fraction(2), end=Fraction(5, 2), text="<b>مرحبا</b> & 世界"),
    Cue(start=Fraction(3), end=Fraction(7, 2), text="the last"),
)
CHAPTERS = (
    Chapter(start=Fraction(0), end=Fraction(4, 3), title="Beginning – été"),
    Chapter(start=Fraction(4, 3), end=Fraction(4), title="The end"),
)


class Pieces(msgspec.Struct, frozen=True):
    segments: tuple[Path, ...]
    sound: Path


def pictures(profile: Profile, count: int, first: int = 0) -> Iterator[Canvas]:
    """Each frame has a brightness of its own, by which it is found again."""
    canvas = Canvas(profile)
    canvas.u[:] = canvas.v[:] = 128
    for frame in range(first, first + count):
        canvas.y[:] = 40 + frame
        yield canvas


def write_sound(place: Path) -> Path:
    """Clicks of 10 ms, one a second, whose places a decoder tells to the sample."""
    with av.open(place, "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=48_000)
        stream.codec_context.layout = "stereo"
        ticks = np.zeros((2, 1600 * FRAMES), np.float32)
        for second in range(4):
            ticks[:, 48_000 * second + 24_000 :][:, :480] = 0.5
        for start in range(0, ticks.shape[1], 1024):
            block = np.ascontiguousarray(ticks[:, start : start + 1024])
            frame = av.AudioFrame.from_ndarray(block, format="fltp", layout="stereo")
            frame.sample_rate, frame.pts, frame.time_base = 48_000, start, Fraction(1, 48_000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return place


def write_segments(folder: Path, profile: Profile) -> tuple[Path, ...]:
    """Encode each segment that is not in the folder yet."""
    segments: list[Path] = []
    for number, count in enumerate(LENGTHS):
        place = folder / f"{profile.codec}-{number}.mp4"
        if not place.exists():
            shown = pictures(profile, count, sum(LENGTHS[:number]))
            encode_segment(shown, place, profile=profile, encoder=choose_encoder(profile.codec))
        segments.append(place)
    return tuple(segments)
