"""What a clip shows, when, and what is refused; the formats it may have are in the corpus."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from render.errors import MediaError
from render.pictures.canvas import Canvas
from render.pictures.clip import ClipLimits, check_clip, open_clip
from render.pictures.deinterlacing import deinterlace
from render.rendition import Profile
from render.storyboard import Fit, Focus
from tests.support.clips import (
    BT709,
    FULL,
    LIMITED,
    MATRICES,
    PROFILE,
    coded,
    corners,
    display,
    flat,
    indices,
    level,
    numbered,
    placed,
    quarters,
    shown,
    stretch,
    write_clip,
)


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
@pytest.mark.parametrize("fps", [12, 25, 30, 50])
def test_a_clip_of_any_rate_shows_the_picture_whose_time_has_come(
    tmp_path: Path, fps: int, suffix: str
) -> None:
    count = 45
    path = write_clip(tmp_path / f"clip{suffix}", numbered(count), fps=fps)
    wanted = [min(count - 1, int(Fraction(frame, 30) * fps)) for frame in range(60)]
    assert indices(path, range(60)) == wanted


def test_a_variable_frame_rate_goes_by_its_times(tmp_path: Path) -> None:
    times = [Fraction(ms, 1000) for ms in (0, 40, 50, 210, 600, 640)]
    path = write_clip(tmp_path / "clip.mp4", numbered(6), times=times)
    wanted = [sum(time <= Fraction(frame, 30) for time in times) - 1 for frame in range(20)]
    assert indices(path, range(20)) == wanted


def test_a_clip_whose_first_picture_comes_late_starts_with_it(tmp_path: Path) -> None:
    times = [2 + Fraction(index, 30) for index in range(10)]
    path = write_clip(tmp_path / "clip.mkv", numbered(10), times=times)
    assert indices(path, range(10)) == list(range(10))
    assert check_clip(path, scene="1").seconds == pytest.approx(1 / 3, abs=0.002)


def test_a_stretch_starts_where_it_was_trimmed_and_holds_its_last_picture(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.mp4", numbered(30))
    how = {"start": Fraction(1, 3), "seconds": Fraction(1, 6)}
    assert indices(path, range(9), **how) == [10, 11, 12, 13, 14, 14, 14, 14, 14]


def test_what_stands_still_is_not_painted_again(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.mp4", numbered(3), fps=15)
    one, other = Canvas(PROFILE), Canvas(PROFILE)
    with open_clip(stretch(path), PROFILE, fps=30, scene="1") as footage:
        assert [footage.film(frame, one) for frame in range(8)] == [True, False] * 3 + [False] * 2
        assert footage.film(8, other), "another canvas does not hold it yet"


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_clip_can_be_entered_anywhere(tmp_path: Path, suffix: str) -> None:
    # Pictures that depend on others before and after, and few to begin with.
    options = {"crf": "1", "g": "20", "bf": "3", "x264-params": "open-gop=1:scenecut=0"}
    path = write_clip(tmp_path / f"clip{suffix}", numbered(48), options=options)
    for first in (0, 1, 7, 19, 20, 21, 22, 39, 40, 47):
        assert indices(path, range(first, first + 3)) == [
            min(47, frame) for frame in range(first, first + 3)
        ]


def test_the_way_back_costs_time_and_nothing_else(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.mp4", numbered(30))
    assert indices(path, [20, 3, 29, 0]) == [20, 3, 29, 0]


def test_the_shortest_clip_is_one_picture(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.mp4", numbered(1), fps=20)
    info = check_clip(path, scene="1")
    assert (info.seconds, info.width, info.height) == (Fraction(1, 20), 160, 96)
    assert not info.sounds
    assert indices(path, range(3)) == [0, 0, 0]


@pytest.mark.parametrize("name", MATRICES)
def test_a_clip_of_every_orientation_keeps_its_focus(tmp_path: Path, name: str) -> None:
    matrix = MATRICES[name]
    path = write_clip(tmp_path / "clip.mp4", [quarters((160, 160))], matrix=display(matrix))
    left_top, right_top, left_bottom, right_bottom = placed(matrix)
    wide, high = (
        Profile(name="wide", width=160, height=64),
        Profile(name="high", width=64, height=160),
    )
    top = shown(path, profile=wide, focus=Focus(x=0.5, y=0.0))
    assert corners(top) == [left_top, right_top] * 2
    bottom = shown(path, profile=wide, focus=Focus(x=0.5, y=1.0))
    assert corners(bottom) == [left_bottom, right_bottom] * 2
    left = shown(path, profile=high, focus=Focus(x=0.0, y=0.5))
    assert corners(left) == [left_top, left_top, left_bottom, left_bottom]
    right = shown(path, profile=high, focus=Focus(x=1.0, y=0.5))
    assert corners(right) == [right_top, right_top, right_bottom, right_bottom]


@pytest.mark.parametrize(
    ("focus", "wanted"),
    [(Focus(x=0, y=0.5), "red"), (Focus(x=1, y=0.5), "green"), (Focus(x=0.3, y=0.5), "red")],
)
def test_what_is_cut_off_is_away_from_the_focus(tmp_path: Path, focus: Focus, wanted: str) -> None:
    path = write_clip(tmp_path / "clip.mp4", [quarters((640, 96))])
    assert set(corners(shown(path, focus=focus))[:2]) == {wanted}


@pytest.mark.parametrize("size", [(2, 2), (161, 97), (1200, 16), (33, 300)])
@pytest.mark.parametrize("fit", list(Fit))
def test_a_clip_of_any_size_fills_its_frame(
    tmp_path: Path, size: tuple[int, int], fit: Fit
) -> None:
    path = write_clip(
        tmp_path / "clip.mov", [flat(200, size)], codec="mjpeg", options={},
        pix_fmt="yuvj420p", tags={"color_range": FULL},
    )  # fmt: skip
    assert np.abs(shown(path, fit=fit, surround="#c8c8c8").astype(int) - 200).max() <= 6


def test_a_clip_may_change_its_size_half_way(tmp_path: Path) -> None:
    # As recordings of video calls do.
    path = tmp_path / "call.webm"
    with av.open(path, "w") as out:
        stream: Any = out.add_stream("libvpx-vp9", 30, options={"lossless": "1"})
        stream.width, stream.height = 160, 96
        other: Any = av.CodecContext.create("libvpx-vp9", "w")
        other.width, other.height, other.pix_fmt = 320, 192, "yuv420p"
        other.time_base, other.options = Fraction(1, 30), {"lossless": "1"}
        tags = {"colorspace": BT709, "color_range": LIMITED}
        for coder, first, size in ((stream, 0, (160, 96)), (other, 3, (320, 192))):
            packets: list[Any] = []
            for index in range(first, first + 3):
                frame = coded(flat(level(index), size), "yuv420p", tags)
                frame.pts, frame.time_base = index, Fraction(1, 30)
                packets += coder.encode(frame)
            for packet in [*packets, *coder.encode(None)]:
                packet.stream = stream
                out.mux(packet)
    assert indices(path, range(7)) == [0, 1, 2, 3, 4, 5, 5]


def test_a_clip_shown_whole_stands_in_the_middle_of_its_surround(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.mp4", [flat(255, (96, 96))])
    picture = shown(path, fit=Fit.CONTAIN, surround="#14213d")
    assert picture[:, 34:126].min() > 250
    for border in (picture[:, :31], picture[:, 129:]):
        assert np.abs(border.astype(int) - (0x14, 0x21, 0x3D)).max() <= 3


def test_pixels_that_are_not_square_are_made_square(tmp_path: Path) -> None:
    # 90 × 96 pixels, each twice as wide as high: 180 × 96.
    path = write_clip(tmp_path / "clip.mp4", [flat(255, (90, 96))], aspect=Fraction(2))
    profile = Profile(name="own", width=240, height=96)
    picture = shown(path, profile=profile, fit=Fit.CONTAIN)[..., 0]
    assert picture[:, 34:206].min() > 250
    assert picture[:, :26].max() < 5
    assert picture[:, 214:].max() < 5


def smooth(size: tuple[int, int], *, turned: bool = False) -> av.VideoFrame:
    """I420 by a formula, each sample at its own site; turned, as it lies before the quarter."""
    width, height = size

    def plane(columns: np.ndarray, rows: np.ndarray, phase: float) -> np.ndarray:
        u, v = np.meshgrid(columns / width, rows / height)
        if turned:
            u, v = 1 - v, u
        return np.rint(125 + 60 * np.sin(2 * np.pi * (u + v / 2) + phase)).astype(np.uint8)

    columns, rows = np.arange(width), np.arange(height)
    # Chroma is sited left: on every second column, between two rows.
    sites = columns[::2] + 0.5, rows[::2] + 1.0
    planes = [plane(columns + 0.5, rows + 0.5, 0), plane(*sites, 1), plane(*sites, 2)]
    return av.VideoFrame.from_ndarray(
        np.concatenate([part.ravel() for part in planes]).reshape(-1, width), "yuv420p"
    )


@pytest.mark.parametrize("size", [(160, 96), (320, 192), (400, 240), (80, 48)])
@pytest.mark.parametrize("turned", [False, True])
def test_every_sample_of_a_scaled_clip_shows_its_place(
    tmp_path: Path, size: tuple[int, int], turned: bool
) -> None:
    matrix = display(MATRICES["turned to the right" if turned else "upright"])
    path = write_clip(tmp_path / "clip.mp4", [smooth(size, turned=turned)], matrix=matrix)
    profile = Profile(name="own", width=96, height=160) if turned else PROFILE
    canvas = Canvas(profile)
    with open_clip(stretch(path), profile, fps=30, scene="1") as footage:
        footage.film(0, canvas)
    wanted = smooth((profile.width, profile.height)).to_ndarray().astype(int)
    difference = canvas.pixels - wanted
    for plane in (
        difference[: profile.height],
        *difference[profile.height :].reshape(2, profile.height // 2, profile.width // 2),
    ):
        assert np.abs(plane[3:-3, 3:-3]).max() <= 2
        assert abs(plane[3:-3, 3:-3].mean()) < 0.3, "no drift of colour or place"


def playlist(place: Path) -> Path:
    place.write_text("#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1/secret\n")
    return place


def sound_alone(place: Path) -> Path:
    with av.open(place, "w") as out:
        stream: Any = out.add_stream("aac", 48_000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 4800), np.float32), "fltp", "mono")
        frame.sample_rate = 48_000
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return place


def raw(place: Path) -> Path:
    return write_clip(place, [flat(9)], codec="ffv1", options={}, container="matroska")


def unheard_of(place: Path) -> Path:
    raw(place).write_bytes(place.read_bytes().replace(b"V_FFV1", b"V_WHAT"))
    return place


def still(place: Path) -> Path:
    av.VideoFrame.from_ndarray(flat(9), "rgb24").to_image().save(place, "PNG")
    return place


def empty(place: Path) -> Path:
    place.touch()
    return place


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (empty, "is not a readable MP4, MOV or WebM file"),
        (playlist, "is not a readable MP4, MOV or WebM file"),
        (still, "is not a readable MP4, MOV or WebM file"),
        (sound_alone, "holds no moving picture"),
        (raw, "is coded as ffv1, which is not read here"),
        (unheard_of, "is coded as something unknown, which is not read here"),
    ],
)
def test_what_is_no_clip_is_refused_by_its_scene(tmp_path: Path, make: Any, reason: str) -> None:
    path = make(tmp_path / "clip.mp4")
    with pytest.raises(MediaError, match=f"Scene 7: the clip {reason}") as caught:
        check_clip(path, scene="7")
    assert caught.value.params == {"scene": "7"}


def test_a_missing_clip_is_said(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="Scene 7: the clip is missing"):
        check_clip(tmp_path / "none.mp4", scene="7")


def test_a_clip_is_told_by_its_content(tmp_path: Path) -> None:
    written = write_clip(tmp_path / "clip.mkv", numbered(2))
    renamed = written.rename(tmp_path / "clip.mp4")
    assert check_clip(renamed, scene="1").seconds > 0


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (ClipLimits(max_pixels=160 * 96 - 1), "more than 0.015359 million pixels"),
        (ClipLimits(max_seconds=1), "at most 1 seconds long"),
        (ClipLimits(max_streams=0), "hold 0 streams at most"),
    ],
)
def test_every_limit_is_named(tmp_path: Path, limits: ClipLimits, reason: str) -> None:
    path = write_clip(tmp_path / "clip.mp4", numbered(40))
    with pytest.raises(MediaError, match=f"Scene 2: .*{reason}"):
        check_clip(path, scene="2", limits=limits)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
@pytest.mark.parametrize("part", [0.05, 0.5, 0.8])
def test_a_truncated_clip_is_damaged(tmp_path: Path, suffix: str, part: float) -> None:
    random = np.random.default_rng(3)
    pictures = [random.integers(0, 255, (96, 160, 3), dtype=np.uint8) for _ in range(90)]
    options = {"crf": "30", "preset": "ultrafast"}
    path = write_clip(tmp_path / f"whole{suffix}", pictures, options=options)
    with (
        av.open(path) as source,
        av.open(
            tmp_path / f"cut{suffix}",
            "w",
            options={"movflags": "faststart"} if suffix == ".mp4" else {},
        ) as out,
    ):
        stream = out.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                out.mux(packet)
    cut = tmp_path / f"cut{suffix}"
    data = cut.read_bytes()
    cut.write_bytes(data[: int(len(data) * part)])
    with pytest.raises(MediaError, match=r"Scene 5: the clip is (damaged|not a readable)"):
        check_clip(cut, scene="5")


def test_damage_inside_is_said_when_it_is_met(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.mp4", numbered(30), options={"crf": "20"})
    whole = stretch(path)
    data = path.read_bytes()
    begin = data.index(b"mdat") + 4
    path.write_bytes(data[:begin] + b"\xff" * 400 + data[begin + 400 :])
    with (
        pytest.raises(MediaError, match="Scene 5: the clip is damaged"),
        open_clip(whole, PROFILE, fps=30, scene="5") as footage,
    ):
        footage.film(0, Canvas(PROFILE))


def test_what_is_progressive_goes_past_the_filter(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.mp4", [quarters((160, 96))] * 3)
    with av.open(path) as container:
        frames = list(container.decode(container.streams.video[0]))
        assert [id(frame) for frame in deinterlace(frames)] == [id(frame) for frame in frames]
