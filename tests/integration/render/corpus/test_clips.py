"""The corpus of clips: one of every orientation, matrix, depth, curve and quirk that people have.

No file is anybody's: each is made here, and what is to be seen is worked out from the formula it
was made by, or by the standard that it is written by.
"""

import shutil
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
import pytest

from render.errors import MediaError
from render.pictures import hdr
from render.pictures.canvas import Canvas
from render.pictures.clip import check_clip, open_clip
from render.rendition import Profile
from render.storyboard import Fit
from tests.support.clips import (
    BT601,
    BT709,
    BT2020,
    DERIVED,
    FULL,
    HLG,
    ICTCP,
    LIMITED,
    LINEAR,
    LOSSLESS,
    MATRICES,
    P3,
    PQ,
    PROFILE,
    SRGB,
    UNIT,
    YCGCO,
    coded,
    corners,
    display,
    edit,
    fields,
    indices,
    lock,
    mixed,
    numbered,
    packets,
    placed,
    quarters,
    shown,
    stretch,
    without_first,
    write_clip,
)

X265 = "lossless=1:bframes=0:log-level=none"
"""x265 reads the decoding times of B-frames from unwritten memory where there are fewer pictures
than it may hold back, and the container refuses what comes of it."""
CODECS: dict[str, dict[str, str]] = {
    "libx264": LOSSLESS,
    "libx265": {"x265-params": X265},
    "libvpx-vp9": {"lossless": "1"},
    "libsvtav1": {"preset": "10", "crf": "1"},
}

# Orientations.


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
    path = write_clip(
        tmp_path / "selfie.mov",
        [quarters((160, 96))],
        codec=codec,
        options=CODECS[codec],
        matrix=matrix,
    )
    assert corners(shown(path)) == ["green", "red", "white", "blue"]


def test_a_matrix_of_nothing_leaves_a_clip_as_it_is(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.mp4", [quarters((160, 96))], matrix=display((0, 0, 0, 0)))
    assert corners(shown(path)) == placed(MATRICES["upright"])


# Matrices, ranges and depths.


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


COLOUR = (0.5, 0.43, 0.46)
CODED: dict[str, tuple[str, int, dict[str, int]]] = {
    # Name: codec, bits, and primaries, curve, matrix and range.
    f"{words}, {bits} bits, {'full' if limits == FULL else 'limited'}": (
        codec,
        bits,
        {
            "color_primaries": primaries,
            "color_trc": curve,
            "colorspace": matrix,
            "color_range": limits,
        },
    )
    for words, codec, depths, primaries, curve, matrix in (
        ("H.264 in BT.709", "libx264", (8, 10), BT709, BT709, BT709),
        ("HEVC in BT.709", "libx265", (8, 10, 12), BT709, BT709, BT709),
        ("VP9 in BT.601", "libvpx-vp9", (8,), BT601, BT601, BT601),
        ("AV1 in BT.601", "libsvtav1", (10,), BT601, BT601, BT601),
        ("YCgCo of sRGB", "libx264", (8, 10), BT709, SRGB, YCGCO),
        ("YCgCo of P3 in PQ", "libx265", (12,), P3, PQ, YCGCO),
        ("P3's own matrix", "libx264", (8, 10), P3, SRGB, DERIVED),
        ("P3's own matrix in PQ", "libx265", (10,), P3, PQ, DERIVED),
        ("PQ", "libx265", (10, 12), BT2020, PQ, BT2020),
        ("HLG", "libx265", (10,), BT2020, HLG, BT2020),
        ("linear light", "libx264", (10,), BT709, LINEAR, BT709),
        ("linear light of P3 by its own matrix", "libx265", (12,), P3, LINEAR, DERIVED),
    )
    for bits in depths
    for limits in (LIMITED, FULL)
}


@pytest.mark.parametrize("name", CODED)
def test_a_colour_is_seen_as_it_was_coded(tmp_path: Path, name: str) -> None:
    codec, bits, tags = CODED[name]
    path = write_clip(
        tmp_path / "clip.mp4",
        [mixed(COLOUR, tags, bits=bits)],
        codec=codec,
        options=CODECS[codec],
        pix_fmt="yuv420p" if bits == 8 else f"yuv420p{bits}le",
        tags=tags,
    )
    curve, primaries = tags["color_trc"], tags["color_primaries"]
    wanted = np.array(COLOUR)
    if hdr.is_beyond_bt709(transfer=curve, primaries=primaries):
        signal = np.array([[COLOUR]], np.float32)
        wanted = hdr.to_bt709(signal, transfer=curve, primaries=primaries)[0, 0]
    seen = shown(path)
    assert np.ptp(seen, axis=(0, 1)).max() <= 8, "but for grain"
    assert np.abs(seen.mean(axis=(0, 1)) - wanted * 255).max() <= 3


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


# Fields.


def fields_seen(path: Path, fps: int) -> list[int]:
    """The field of each frame from the third to the twelfth, each without a comb."""
    canvas = Canvas(PROFILE)
    found: list[int] = []
    with open_clip(stretch(path), PROFILE, fps=fps, scene="1") as footage:
        for frame in range(2, 12):
            footage.film(frame, canvas)
            inner = canvas.y[8:-8].astype(float)
            assert abs(inner[::2].mean() - inner[1::2].mean()) < 1, "no combs"
            found.append(round((inner.mean() - 30) / 4))
    return found


@pytest.mark.parametrize("order", ["tff", "bff"])
@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
@pytest.mark.parametrize("fps", [25, 30, 50])
def test_an_interlaced_clip_shows_its_fields_one_by_one(
    tmp_path: Path, fps: int, suffix: str, order: str
) -> None:
    options = LOSSLESS | {"x264-params": f"{order}=1"}
    path = write_clip(tmp_path / f"clip{suffix}", fields(20, order), fps=25, options=options)
    assert check_clip(path, scene="1").seconds == pytest.approx(20 / 25, abs=0.002)
    assert fields_seen(path, fps) == [int(Fraction(frame, fps) * 50) for frame in range(2, 12)]


BY_CONTAINER: dict[str, tuple[str, dict[str, str]]] = {
    "clip.mov": ("mjpeg", {"qscale": "1", "flags": "+qscale"}),
    "clip.mkv": ("libx264", LOSSLESS),
    "clip.mp4": ("libx265", CODECS["libx265"]),
}
ORDERS = {2: "tff", 3: "bff", 4: "tff", 5: "bff"}


@pytest.mark.parametrize("said", ORDERS)
@pytest.mark.parametrize("name", BY_CONTAINER)
def test_a_clip_whose_container_alone_says_so_is_interlaced(
    tmp_path: Path, name: str, said: int
) -> None:
    codec, options = BY_CONTAINER[name]
    made = fields(20, ORDERS[said], flagged=False)
    tags, pix_fmt = {"field_order": said}, "yuv420p"
    if codec == "mjpeg":
        tags["color_range"], pix_fmt = FULL, "yuvj420p"
        made = [frame.reformat(format=pix_fmt) for frame in made]
    path = write_clip(
        tmp_path / name, made, fps=25, codec=codec, pix_fmt=pix_fmt, options=options, tags=tags
    )
    assert fields_seen(path, 50) == list(range(2, 12))


# Edit lists.

OPEN: dict[str, dict[str, str]] = {
    # Key frames that are followed by pictures which are seen before them.
    "mpeg4": {"qscale": "1", "g": "18", "bf": "2", "flags": "+qscale"},
    "libx264": {
        "crf": "1",
        "bf": "2",
        "x264-params": "open-gop=1:scenecut=0:b-adapt=0:keyint=20:min-keyint=10:b-pyramid=0",
    },
    "libx265": {
        "x265-params": "lossless=1:log-level=none:keyint=20:min-keyint=20:bframes=2:b-adapt=0"
        ":open-gop=1:scenecut=0:b-pyramid=0"
    },
}
FRAME = Fraction(1, 30)


class Whole(NamedTuple):
    """A clip of 48 pictures whose second key frame is seen after what follows it."""

    path: Path
    packet: int
    """The key frame's place among the packets."""
    picture: int
    """Which picture it is."""


@pytest.fixture(scope="module", params=OPEN)
def whole(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Whole:
    codec = request.param
    path = tmp_path_factory.mktemp("whole") / "whole.mp4"
    write_clip(path, numbered(48), codec=codec, options=OPEN[codec])
    sent = packets(path)
    key = next(place for place, (_, _, is_key) in enumerate(sent) if place and is_key)
    assert sent[key + 1][0] < sent[key][0], "what follows is seen before it"
    return Whole(path, key, round(sent[key][0] * 30 / 15_360))


@pytest.mark.parametrize("before", [4, 1, 0, -3])
def test_an_edit_list_may_begin_anywhere(tmp_path: Path, whole: Whole, before: int) -> None:
    # Among pictures that stand before a key frame, too: they need the one before that.
    path = Path(shutil.copy(whole.path, tmp_path / "edited.mp4"))
    first = whole.picture - before
    edit(path, first * FRAME, 20 * FRAME)
    wanted = list(range(first, first + 20))
    assert indices(path, range(20)) == wanted
    assert [indices(path, [frame])[0] for frame in range(20)] == wanted
    assert check_clip(path, scene="1").seconds == pytest.approx(2 / 3, abs=1 / 25)


@pytest.mark.parametrize("missing", [0, 4])
@pytest.mark.parametrize("start", [0, 2])
def test_what_cannot_be_decoded_any_more_gives_way_to_what_can(
    tmp_path: Path, whole: Whole, missing: int, start: int
) -> None:
    # Cut without being decoded, at a key frame or before one: players show nothing until it comes.
    cut = without_first(whole.path, tmp_path / "cut.mp4", whole.packet - missing)
    sent = packets(cut)
    comes = round(next(time for time, _, is_key in sent if is_key) * 30 / 15_360)
    assert comes > 0
    edit(cut, start * FRAME, 20 * FRAME)
    wanted = [whole.picture + max(0, start + frame - comes) for frame in range(20)]
    assert indices(cut, range(20)) == wanted
    assert [indices(cut, [frame])[0] for frame in range(20)] == wanted


# Encryption, and colours that are not read.


def encrypted(folder: Path, suffix: str) -> Path:
    if suffix == ".mkv":
        return lock(write_clip(folder / "clip.mkv", numbered(5), name="x" * 80))
    plain = write_clip(folder / f"plain{suffix}", numbered(5))
    options = {
        "encryption_scheme": "cenc-aes-ctr",
        "encryption_key": "00112233445566778899aabbccddeeff",
        "encryption_kid": "00112233445566778899aabbccddeeff",
    }
    locked = folder / f"locked{suffix}"
    with av.open(plain) as source, av.open(locked, "w", format="mp4", options=options) as out:
        stream = out.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                out.mux(packet)
    return locked


def in_other_colours(folder: Path) -> Path:
    tags = {"color_primaries": P3, "color_trc": PQ, "colorspace": ICTCP, "color_range": FULL}
    return write_clip(folder / "clip.mp4", [mixed(COLOUR, tags, bits=8)], tags=tags)


REFUSED: dict[str, tuple[Callable[[Path], Path], str]] = {
    "encrypted MP4": (lambda folder: encrypted(folder, ".mp4"), "is encrypted."),
    "encrypted MOV": (lambda folder: encrypted(folder, ".mov"), "is encrypted."),
    "encrypted Matroska": (lambda folder: encrypted(folder, ".mkv"), "is encrypted."),
    "ICtCp": (in_other_colours, "is stored in colours that are not read here: ICtCp."),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_says_what_it_is(tmp_path: Path, name: str) -> None:
    make, words = REFUSED[name]
    with pytest.raises(MediaError) as caught:
        check_clip(make(tmp_path), scene="5")
    assert caught.value.message == f"Scene 5: the clip {words}"
    assert caught.value.params == {"scene": "5"}
