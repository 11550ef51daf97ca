"""A finished video of four seconds, with sound, captions and chapters, made once."""

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import msgspec
import numpy as np
import pytest

from render.delivery.joiner import Chapter, join
from render.encoder import choose_encoder, encode_segment
from render.pictures.canvas import Canvas
from render.rendition import Codec, Profile
from render.timeline import Cue

LENGTHS = (40, 15, 1, 64)
FRAMES = sum(LENGTHS)


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


@pytest.fixture(scope="session")
def pieces_in(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Codec], Pieces]:
    folder = tmp_path_factory.mktemp("pieces")
    with av.open(folder / "sound.m4a", "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=48_000)
        stream.codec_context.layout = "stereo"
        ticks = np.zeros((2, 1600 * FRAMES), np.float32)
        for second in range(4):
            # Clicks of 10 ms, whose places a decoder tells to the sample.
            ticks[:, 48_000 * second + 24_000 :][:, :480] = 0.5
        for start in range(0, ticks.shape[1], 1024):
            block = np.ascontiguousarray(ticks[:, start : start + 1024])
            frame = av.AudioFrame.from_ndarray(block, format="fltp", layout="stereo")
            frame.sample_rate, frame.pts, frame.time_base = 48_000, start, Fraction(1, 48_000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))

    def made(codec: Codec) -> Pieces:
        profile = Profile(name="small", width=256, height=144, codec=codec)
        segments: list[Path] = []
        for number, count in enumerate(LENGTHS):
            place = folder / f"{codec}-{number}.mp4"
            if not place.exists():
                shown = pictures(profile, count, sum(LENGTHS[:number]))
                encode_segment(shown, place, profile=profile, encoder=choose_encoder(codec))
            segments.append(place)
        return Pieces(tuple(segments), folder / "sound.m4a")

    return made


CAPTIONS = (
    Cue(start=Fraction(1, 2), end=Fraction(2), text="Braces {stay} \\N and so do\ntwo lines"),
    Cue(start=Fraction(2), end=Fraction(5, 2), text="<b>مرحبا</b> & 世界"),
    Cue(start=Fraction(3), end=Fraction(7, 2), text="the last"),
)
CHAPTERS = (
    Chapter(start=Fraction(0), end=Fraction(4, 3), title="Beginning – été"),
    Chapter(start=Fraction(4, 3), end=Fraction(4), title="The end"),
)


@pytest.fixture(scope="session")
def video(tmp_path_factory: pytest.TempPathFactory, pieces_in: Callable[[Codec], Pieces]) -> Path:
    pieces = pieces_in(Codec.H264)
    place = tmp_path_factory.mktemp("video") / "video.mp4"
    join(
        pieces.segments,
        pieces.sound,
        place,
        fps=30,
        check=lambda: None,
        captions=CAPTIONS,
        chapters=CHAPTERS,
        locale="pt-BR",
    )
    return place
