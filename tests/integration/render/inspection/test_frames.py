"""A segment that was just encoded is looked at: all of it is there, and it is what was painted."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from av.error import FFmpegError

from render.encoder import choose_encoder, encode_segment
from render.inspection.frames import BLACK, MOVED, PaintedPictures, look
from render.pictures.canvas import Canvas
from render.rendition import Codec, Profile

FRAMES = 70
FAITHFUL = 4
"""Mean difference of luma that these codecs leave of what they were given."""


def profile_of(codec: Codec) -> Profile:
    return Profile(name="small", width=256, height=144, fps=Fraction(24000, 1001), codec=codec)


def paint(profile: Profile, shown: PaintedPictures, *, level: int = 150) -> Iterator[Canvas]:
    """A bright bar that travels over a slope, told to whoever compares."""
    slope = np.linspace(level - 40, level + 40, profile.width).astype(np.uint8)
    canvas = Canvas(profile)
    for number in range(FRAMES):
        canvas.fill("#808080")
        canvas.y[:] = slope
        canvas.y[:, number * 2 : number * 2 + 40] = 235
        shown.take(canvas)
        yield canvas


def encoded(place: Path, profile: Profile) -> PaintedPictures:
    painted = PaintedPictures(profile.fps)
    encode_segment(
        paint(profile, painted), place, profile=profile, encoder=choose_encoder(profile.codec)
    )
    return painted


@pytest.mark.parametrize("codec", Codec)
def test_every_frame_is_counted_and_those_that_are_decoded_are_what_was_painted(
    codec: Codec, tmp_path: Path
) -> None:
    profile = profile_of(codec)
    painted = encoded(tmp_path / "a.mp4", profile)
    seen = look(tmp_path / "a.mp4", painted=painted)
    assert seen.frames == FRAMES
    assert seen.drift < FAITHFUL
    assert seen.brightest > BLACK
    assert seen.moved > MOVED

    other = PaintedPictures(profile.fps)
    for _ in paint(profile, other, level=60):
        pass
    assert look(tmp_path / "a.mp4", painted=other).drift > 10 * FAITHFUL


def packets_of(place: Path) -> list[tuple[int, int]]:
    """Return where each packet lies in a file, and how long it is."""
    with av.open(place) as container:
        return [
            (packet.pos or 0, packet.size) for packet in container.demux(video=0) if packet.size
        ]


def referred_to(place: Path) -> set[int]:
    """Return the numbers of the packets whose pictures others refer to."""
    with av.open(place) as container:
        container.streams.video[0].codec_context.options = {"skip_frame": "noref"}
        kept = {frame.pts for frame in container.decode(video=0)}
    with av.open(place) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
        return {number for number, packet in enumerate(packets) if packet.pts in kept}


def is_decodable(place: Path) -> bool:
    try:
        with av.open(place) as container:
            container.streams.video[0].codec_context.options = {"err_detect": "explode"}
            return sum(1 for _ in container.decode(video=0)) == FRAMES
    except FFmpegError:
        return False


def test_what_cannot_be_decoded_is_found_in_whatever_others_refer_to(tmp_path: Path) -> None:
    place = tmp_path / "a.mp4"
    painted = encoded(place, profile_of(Codec.H264))
    whole, packets, kept = place.read_bytes(), packets_of(place), referred_to(place)
    assert FRAMES / 3 < len(kept) < FRAMES * 2 / 3, "half of the work is saved"
    found = 0
    for number in sorted(kept):
        at, size = packets[number]
        middle, half = at + size // 2, size // 2
        broken = bytes(byte ^ 0xA5 for byte in whole[middle : middle + half])
        place.write_bytes(whole[:middle] + broken + whole[middle + half :])
        if not is_decodable(place):
            found += 1
            assert look(place, painted=painted).frames < FRAMES
    assert found > len(kept) / 2


def test_a_segment_cut_short_is_short(tmp_path: Path) -> None:
    place = tmp_path / "a.mp4"
    painted = encoded(place, profile_of(Codec.H264))
    whole, packets = place.read_bytes(), packets_of(place)
    assert all(before < after for (before, _), (after, _) in pairwise(packets))
    at, _ = packets[FRAMES // 2]
    place.write_bytes(whole[:at] + bytes(len(whole) - at))
    assert look(place, painted=painted).frames < FRAMES
