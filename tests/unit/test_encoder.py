from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest

from render.delivery.encoder import (
    REORDER_DELAY,
    X264,
    available_encoders,
    choose_encoder,
    encode_segment,
)
from render.pictures.canvas import Canvas
from render.rendition import Profile

PROFILE = Profile(name="tiny", width=128, height=64)


def pictures(count: int, *, shade: int = 90) -> Iterator[Canvas]:
    canvas = Canvas(PROFILE)
    for number in range(count):
        canvas.y[:] = np.roll(np.arange(128, dtype=np.uint8) + shade // 2, 3 * number)
        canvas.u[:] = 128
        canvas.v[:] = shade
        yield canvas


def encoded(path: Path, count: int, *, shade: int = 90) -> Path:
    encode_segment(pictures(count, shade=shade), path, profile=PROFILE, encoder=X264)
    return path


def test_x264_really_encodes_here_and_is_chosen() -> None:
    assert "libx264" in available_encoders()
    assert choose_encoder() == X264


@pytest.mark.parametrize("count", [1, 2, 3, 40, 151])
def test_a_segment_holds_every_picture_once_in_order(tmp_path: Path, count: int) -> None:
    with av.open(encoded(tmp_path / "a.mp4", count)) as container:
        stream = container.streams.video[0]
        tick = 1 / (30 * stream.time_base)
        assert [frame.pts / tick for frame in container.decode(stream)] == list(range(count))


def test_a_canvas_may_be_used_again_at_once(tmp_path: Path) -> None:
    # Pictures come in one buffer; what is decoded must be what each was.
    with av.open(encoded(tmp_path / "a.mp4", 30)) as container:
        decoded = [frame.to_ndarray()[:64] for frame in container.decode(video=0)]
    for number, luma in enumerate(decoded):
        wanted = np.roll(np.arange(128) + 45, 3 * number)
        assert np.abs(luma.mean(axis=0) - wanted).mean() < 3


def test_segments_share_one_header_whatever_they_show(tmp_path: Path) -> None:
    headers: set[bytes | None] = set()
    for number, count in enumerate((1, 20, 160)):
        path = encoded(tmp_path / f"{number}.mp4", count, shade=60 * number)
        with av.open(path) as container:
            headers.add(container.streams.video[0].codec_context.extradata)
    assert len(headers) == 1


def test_a_segment_begins_with_a_keyframe_and_looks_ahead_no_further_than_said(
    tmp_path: Path,
) -> None:
    with av.open(encoded(tmp_path / "a.mp4", 160)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.pts is not None]
    assert packets[0].is_keyframe
    assert packets[0].pts == 0
    shown = [round(packet.pts * packet.time_base * 30) for packet in packets]
    assert all(place - coded >= -REORDER_DELAY for coded, place in enumerate(shown))
    keys = [round(p.pts * p.time_base * 30) for p in packets if p.is_keyframe]
    assert max(np.diff([*keys, 160])) <= 150


def test_segments_are_tagged_bt709_in_limited_range(tmp_path: Path) -> None:
    with av.open(encoded(tmp_path / "a.mp4", 2)) as container:
        context = container.streams.video[0].codec_context
        tags = (context.colorspace, context.color_primaries, context.color_trc)
        assert tags == (1, 1, 1)
        assert context.color_range == 1
        assert context.pix_fmt == "yuv420p"


def test_the_same_pictures_make_the_same_bytes(tmp_path: Path) -> None:
    first, second = encoded(tmp_path / "a.mp4", 45), encoded(tmp_path / "b.mp4", 45)
    assert first.read_bytes() == second.read_bytes()
