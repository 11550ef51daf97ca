"""Clips are made here picture by picture, and what they should show is worked out from the formula
they were made by: flat pictures tell which one is seen, quarters tell where each corner went."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.video.reformatter import Interpolation

from render.errors import MediaError
from render.pictures import hdr
from render.pictures.canvas import Canvas
from render.pictures.clip import ClipLimits, check_clip, open_clip
from render.pictures.deinterlacing import deinterlace
from render.rendition import Profile
from render.storyboard import Fit, Focus
from render.timeline import Moving

PROFILE = Profile(name="tiny", width=160, height=96)
LOSSLESS = {"qp": "0", "preset": "ultrafast"}
BT709, BT601, BT2020, PQ = 1, 6, 9, 16
LIMITED, FULL = 1, 2


def write_clip(
    place: Path,
    pictures: Iterable[np.ndarray | av.VideoFrame],
    *,
    times: Sequence[Fraction] | None = None,
    fps: int = 30,
    codec: str = "libx264",
    options: dict[str, str] | None = None,
    pix_fmt: str = "yuv420p",
    matrix: Sequence[int] | None = None,
    aspect: Fraction | None = None,
    tags: dict[str, int] | None = None,
    container: str | None = None,
) -> Path:
    """Write pictures, H × W × 3 of RGB or frames as they are, shown from `times` on."""
    tags = {"colorspace": BT709, "color_range": LIMITED} | (tags or {})
    with av.open(place, "w", format=container) as out:
        stream: Any = None
        for index, picture in enumerate(pictures):
            if stream is None:
                stream = out.add_stream(codec, fps)
                stream.height, stream.width = (
                    (picture.height, picture.width)
                    if isinstance(picture, av.VideoFrame)
                    else picture.shape[:2]
                )
                stream.pix_fmt = pix_fmt
                stream.options = LOSSLESS if options is None else options
                stream.codec_context.time_base = Fraction(1, 15_360)
                for name, value in tags.items():
                    setattr(stream.codec_context, name, value)
                if aspect:
                    stream.sample_aspect_ratio = aspect
                if matrix:
                    stream.set_display_matrix(matrix)
            frame = picture if isinstance(picture, av.VideoFrame) else coded(picture, pix_fmt, tags)
            time = times[index] if times else Fraction(index, fps)
            frame.time_base = Fraction(1, 15_360)
            frame.pts = round(time / frame.time_base)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return place


def coded(picture: np.ndarray, pix_fmt: str, tags: dict[str, int]) -> av.VideoFrame:
    deep = picture.dtype == np.uint16
    return av.VideoFrame.from_ndarray(picture, "rgb48le" if deep else "rgb24").reformat(
        format=pix_fmt,
        dst_colorspace={BT709: 1, BT601: 5, BT2020: 9}[tags["colorspace"]],
        dst_color_range=tags["color_range"],
        interpolation=Interpolation.BILINEAR | Interpolation.ACCURATE_RND,
    )


def flat(level: int, size: tuple[int, int] = (160, 96)) -> np.ndarray:
    return np.full((size[1], size[0], 3), level, np.uint8)


def level(index: int) -> int:
    return 10 + 5 * index


def numbered(count: int) -> list[np.ndarray]:
    """Flat pictures, each brighter than the one before."""
    return [flat(level(index)) for index in range(count)]


def quarters(size: tuple[int, int]) -> np.ndarray:
    """Red, green; blue, white."""
    width, height = size
    picture = np.zeros((height, width, 3), np.uint8)
    picture[: height // 2, : width // 2] = (255, 0, 0)
    picture[: height // 2, width // 2 :] = (0, 255, 0)
    picture[height // 2 :, : width // 2] = (0, 0, 255)
    picture[height // 2 :, width // 2 :] = (255, 255, 255)
    return picture


def stretch(path: Path, **how: Any) -> Moving:
    how = {
        "start": Fraction(0),
        "seconds": check_clip(path, scene="1").seconds,
        "fit": Fit.COVER,
        "focus": Focus(),
        "surround": "#000000",
    } | how
    return Moving(path=path, **how)


def seen(canvas: Canvas) -> np.ndarray:
    return canvas.frame().reformat(format="rgb24", src_colorspace="itu709").to_ndarray()


def shown(path: Path, *, frame: int = 0, profile: Profile = PROFILE, **how: Any) -> np.ndarray:
    """A frame of the clip as a player shows it: RGB, H × W × 3."""
    canvas = Canvas(profile)
    with open_clip(stretch(path, **how), profile, fps=profile.fps, scene="1") as footage:
        assert footage.film(frame, canvas)
    return seen(canvas)


def indices(path: Path, frames: Iterable[int], *, fps: int = 30, **how: Any) -> list[int]:
    """Which of the numbered pictures is seen in each frame."""
    canvas = Canvas(PROFILE)
    found: list[int] = []
    with open_clip(stretch(path, **how), PROFILE, fps=fps, scene="1") as footage:
        for frame in frames:
            footage.film(frame, canvas)
            found.append(round((seen(canvas).mean() - 10) / 5))
    return found


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


def corners(picture: np.ndarray) -> list[str]:
    """The colours of the upper left, upper right, lower left and lower right."""
    names = {(1, 0, 0): "red", (0, 1, 0): "green", (0, 0, 1): "blue", (1, 1, 1): "white"}
    height, width, _ = picture.shape
    places = [(y, x) for y in (height // 8, -height // 8) for x in (width // 8, -width // 8)]
    return [names[tuple((picture[place] > 128).astype(int).tolist())] for place in places]


ONE = 65_536
TURNS = {
    0: ([ONE, 0, 0, 0, ONE, 0, 0, 0, 1 << 30], ["red", "green", "blue", "white"]),
    # What every telephone writes when it is held upright: a quarter clockwise.
    90: ([0, ONE, 0, -ONE, 0, 0, 0, 0, 1 << 30], ["blue", "red", "white", "green"]),
    180: ([-ONE, 0, 0, 0, -ONE, 0, 0, 0, 1 << 30], ["white", "blue", "green", "red"]),
    270: ([0, -ONE, 0, ONE, 0, 0, 0, 0, 1 << 30], ["green", "white", "red", "blue"]),
}


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("fit", list(Fit))
def test_a_turned_clip_stands_upright(tmp_path: Path, turn: int, fit: Fit) -> None:
    matrix, wanted = TURNS[turn]
    path = write_clip(tmp_path / "clip.mp4", [quarters((160, 96))], matrix=matrix)
    upright = (96, 160) if turn in {90, 270} else (160, 96)
    profile = Profile(name="own", width=upright[0], height=upright[1])
    assert corners(shown(path, profile=profile, fit=fit)) == wanted


UNIT = 1 << 16
MATRICES: dict[str, tuple[int, int, int, int]] = {
    "upright": (1, 0, 0, 1),
    "mirrored": (-1, 0, 0, 1),
    "upside down": (-1, 0, 0, -1),
    "mirrored, upside down": (1, 0, 0, -1),
    "along the falling diagonal": (0, 1, 1, 0),
    "turned to the right": (0, 1, -1, 0),
    "along the rising diagonal": (0, -1, -1, 0),
    "turned to the left": (0, -1, 1, 0),
}
"""Where the display matrix sends the unit of each axis: EXIF's eight orientations, in order."""


def placed(matrix: tuple[int, int, int, int]) -> list[str]:
    """The corners of `quarters`, each where the matrix sends it; by the formula of ISO 14496-12."""
    a, b, c, d = matrix
    held = {(-1, -1): "red", (1, -1): "green", (-1, 1): "blue", (1, 1): "white"}
    sent = {(a * x + c * y, b * x + d * y): colour for (x, y), colour in held.items()}
    return [sent[place] for place in ((-1, -1), (1, -1), (-1, 1), (1, 1))]


def display(matrix: tuple[int, int, int, int]) -> tuple[int, ...]:
    a, b, c, d = (UNIT * value for value in matrix)
    return (a, b, 0, c, d, 0, 0, 0, 1 << 30)


@pytest.mark.parametrize("fit", list(Fit))
@pytest.mark.parametrize("name", MATRICES)
def test_a_clip_of_every_orientation_is_set_upright(tmp_path: Path, name: str, fit: Fit) -> None:
    matrix = MATRICES[name]
    path = write_clip(tmp_path / "clip.mp4", [quarters((160, 96))], matrix=display(matrix))
    size = (160, 96) if matrix[0] else (96, 160)
    profile = Profile(name="own", width=size[0], height=size[1])
    assert corners(shown(path, profile=profile, fit=fit)) == placed(matrix)


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_a_clip_that_ffmpeg_flips_is_seen_as_players_show_it(tmp_path: Path, codec: str) -> None:
    # What `ffmpeg -display_hflip` writes: the axis turned over, and moved back by the width.
    matrix = (-UNIT, 0, 0, 0, UNIT, 0, 160 * UNIT, 0, 1 << 30)
    # x265 reads the decoding times of B-frames from unwritten memory where there are fewer
    # pictures than it may hold back, and the container refuses what comes of it.
    x265 = {"x265-params": "lossless=1:bframes=0:log-level=none"}
    options = None if codec == "libx264" else x265
    path = write_clip(
        tmp_path / "selfie.mov",
        [quarters((160, 96))],
        codec=codec,
        options=options,
        matrix=matrix,
    )
    assert corners(shown(path)) == ["green", "red", "white", "blue"]


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


def test_a_matrix_of_nothing_leaves_a_clip_as_it_is(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.mp4", [quarters((160, 96))], matrix=display((0, 0, 0, 0)))
    assert corners(shown(path)) == placed(MATRICES["upright"])


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


@pytest.mark.parametrize(
    ("matrix", "limits"),
    [(BT709, LIMITED), (BT709, FULL), (BT601, LIMITED), (BT601, FULL), (BT2020, LIMITED)],
)
@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv422p10le", "yuv444p"])
def test_colours_come_out_as_they_went_in(
    tmp_path: Path, matrix: int, limits: int, pix_fmt: str
) -> None:
    tags = {"colorspace": matrix, "color_range": limits}
    path = write_clip(tmp_path / "clip.mp4", [quarters((320, 192))], pix_fmt=pix_fmt, tags=tags)
    wanted = quarters((160, 96)).astype(int)
    inner = np.abs(shown(path).astype(int) - wanted)
    inner[:, 72:88] = inner[40:56] = 0
    assert inner.max() <= 4


@pytest.mark.parametrize(("size", "matrix"), [((160, 96), BT601), ((1280, 720), BT709)])
def test_a_clip_that_does_not_say_has_the_matrix_of_its_size(
    tmp_path: Path, size: tuple[int, int], matrix: int
) -> None:
    green = np.full((size[1], size[0], 3), (30, 180, 60), np.uint8)
    tagged = coded(green, "yuv420p", {"colorspace": matrix, "color_range": LIMITED})
    with av.open(tmp_path / "clip.mp4", "w") as out:
        video = out.add_stream("libx264", 30)
        video.width, video.height = size
        video.options = LOSSLESS
        untagged = av.VideoFrame.from_ndarray(tagged.to_ndarray(), "yuv420p")
        untagged.pts = 0
        out.mux(video.encode(untagged))
        out.mux(video.encode(None))
    assert np.abs(shown(tmp_path / "clip.mp4").astype(int) - (30, 180, 60)).max() <= 5


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
    matrix, _ = TURNS[90 if turned else 0]
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


def test_hdr_is_brought_to_sdr_by_its_curve(tmp_path: Path) -> None:
    signal = np.linspace(0.05, 0.75, 160, dtype=np.float32)
    ramp = np.repeat(np.repeat(signal[None, :, None], 96, axis=0), 3, axis=2)
    tags = {"colorspace": BT2020, "color_primaries": BT2020, "color_trc": PQ}
    path = write_clip(
        tmp_path / "clip.mp4",
        [np.rint(ramp * 65535).astype(np.uint16)],
        pix_fmt="yuv420p10le",
        tags=tags,
    )
    wanted = hdr.to_bt709(ramp[48], transfer=PQ, primaries=BT2020) * 255
    assert np.abs(shown(path)[48] - wanted).max() <= 4


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


def fields(count: int, order: str) -> list[av.VideoFrame]:
    """Pictures of two flat fields, each brighter than the one before in the order of time."""
    graph = av.filter.Graph()
    source = graph.add(
        "buffer", video_size="160x96", pix_fmt="yuv420p", time_base="1/25", colorspace="1",
        range="1",
    )  # fmt: skip
    flag = graph.add("setfield", mode=order)
    graph.link_nodes(source, flag, graph.add("buffersink")).configure()
    made: list[av.VideoFrame] = []
    first = int(order == "bff")
    for index in range(count):
        samples = np.full((144, 160), 128, np.uint8)
        samples[first:96:2], samples[1 - first : 96 : 2] = 30 + 8 * index, 34 + 8 * index
        frame = av.VideoFrame.from_ndarray(samples, "yuv420p")
        frame.pts, frame.colorspace, frame.color_range = index, BT709, LIMITED
        graph.vpush(frame)
        made.append(graph.vpull())
    return made


@pytest.mark.parametrize("order", ["tff", "bff"])
@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
@pytest.mark.parametrize("fps", [25, 30, 50])
def test_an_interlaced_clip_shows_its_fields_one_by_one(
    tmp_path: Path, fps: int, suffix: str, order: str
) -> None:
    options = LOSSLESS | {"x264-params": f"{order}=1"}
    path = write_clip(tmp_path / f"clip{suffix}", fields(20, order), fps=25, options=options)
    canvas = Canvas(PROFILE)
    assert check_clip(path, scene="1").seconds == pytest.approx(20 / 25, abs=0.002)
    with open_clip(stretch(path), PROFILE, fps=fps, scene="1") as footage:
        for frame in range(2, 12):
            footage.film(frame, canvas)
            field = int(Fraction(frame, fps) * 50)
            assert np.ptp(canvas.y[8:-8]) <= 1, "no combs"
            assert abs(int(canvas.y[40, 80]) - (30 + 4 * field)) <= 1


def test_what_is_progressive_goes_past_the_filter(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.mp4", [quarters((160, 96))] * 3)
    with av.open(path) as container:
        frames = list(container.decode(container.streams.video[0]))
        assert [id(frame) for frame in deinterlace(frames)] == [id(frame) for frame in frames]


@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_an_encrypted_clip_is_said_to_be(tmp_path: Path, suffix: str) -> None:
    plain = write_clip(tmp_path / f"plain{suffix}", numbered(5))
    options = {
        "encryption_scheme": "cenc-aes-ctr",
        "encryption_key": "00112233445566778899aabbccddeeff",
        "encryption_kid": "00112233445566778899aabbccddeeff",
    }
    locked = tmp_path / f"locked{suffix}"
    with av.open(plain) as source, av.open(locked, "w", format="mp4", options=options) as out:
        stream = out.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                out.mux(packet)
    with pytest.raises(MediaError, match=r"Scene 5: the clip is encrypted\."):
        check_clip(locked, scene="5")
