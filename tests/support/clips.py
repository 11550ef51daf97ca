"""Clips, made picture by picture, so that what they should show is worked out from the formula they
were made by: flat pictures tell which one is seen, quarters tell where each corner went."""

import struct
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.reformatter import Interpolation

from render.pictures.canvas import Canvas
from render.pictures.clip import check_clip, open_clip
from render.rendition import Profile
from render.storyboard import Fit, Focus
from render.timeline import Moving

PROFILE = Profile(name="tiny", width=160, height=96)
LOSSLESS = {"qp": "0", "preset": "ultrafast"}
BT709, BT601, YCGCO, BT2020, DERIVED, ICTCP = 1, 6, 8, 9, 12, 14
P3 = 12
LINEAR, SRGB, PQ, HLG = 8, 13, 16, 18
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
    name: str | None = None,
    title: str | None = None,
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
                if title:
                    out.metadata["title"] = title
                if name:
                    stream.metadata["title"] = name
                stream.options = LOSSLESS if options is None else options
                stream.codec_context.time_base = Fraction(1, 15_360)
                for tag, value in tags.items():
                    setattr(stream.codec_context, tag, value)
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


def corners(picture: np.ndarray) -> list[str]:
    """The colours of the upper left, upper right, lower left and lower right."""
    names = {(1, 0, 0): "red", (0, 1, 0): "green", (0, 0, 1): "blue", (1, 1, 1): "white"}
    height, width, _ = picture.shape
    places = [(y, x) for y in (height // 8, -height // 8) for x in (width // 8, -width // 8)]
    return [names[tuple((picture[place] > 128).astype(int).tolist())] for place in places]


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


def fields(count: int, order: str, *, flagged: bool = True) -> list[av.VideoFrame]:
    """Pictures of two flat fields, each brighter than the one before in the order of time."""
    graph = av.filter.Graph()
    source = graph.add(
        "buffer", video_size="160x96", pix_fmt="yuv420p", time_base="1/25", colorspace="1",
        range="1",
    )  # fmt: skip
    flag = graph.add("setfield", mode=order if flagged else "prog")
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


LUMINANCES = {
    BT709: (0.2126, 0.0722),
    BT601: (0.299, 0.114),
    BT2020: (0.2627, 0.0593),
    DERIVED: (0.2290, 0.0793),
}
"""Of red and of blue; where they are derived, Display P3's."""


def unmixed(rgb: Sequence[float], matrix: int) -> tuple[float, float, float]:
    """Luma, 0–1, and two differences, ±½, by the formulas of ITU-T H.273."""
    red, green, blue = rgb
    if matrix == YCGCO:
        cg = -red / 4 + green / 2 - blue / 4
        return red / 4 + green / 2 + blue / 4, cg, (red - blue) / 2
    of_red, of_blue = LUMINANCES[matrix]
    luma = of_red * red + (1 - of_red - of_blue) * green + of_blue * blue
    return luma, (blue - luma) / 2 / (1 - of_blue), (red - luma) / 2 / (1 - of_red)


def mixed(rgb: Sequence[float], tags: dict[str, int], *, bits: int) -> av.VideoFrame:
    """One colour, R'G'B' 0–1, as Y'CbCr of 4:2:0 by a matrix that no library may know."""
    matrix = tags["colorspace"]
    signal = unmixed(rgb, DERIVED if matrix == ICTCP else matrix)
    step, top = 1 << (bits - 8), (1 << bits) - 1
    full = tags["color_range"] == FULL
    black, luma, chroma = (0, top, top) if full else (16 * step, 219 * step, 224 * step)
    codes = [
        round(black + luma * signal[0]),
        *(round((1 << bits - 1) + chroma * value) for value in signal[1:]),
    ]
    kind, form = (np.uint8, "yuv420p") if bits == 8 else (np.uint16, f"yuv420p{bits}le")
    planes = [
        np.full(96 * 160 >> (2 * bool(index)), code, kind) for index, code in enumerate(codes)
    ]
    if bits <= 10:
        return av.VideoFrame.from_ndarray(np.concatenate(planes).reshape(-1, 160), form)
    frame = av.VideoFrame(160, 96, form)
    for plane, samples in zip(frame.planes, planes, strict=True):
        rows = np.zeros((plane.height, plane.line_size // 2), np.uint16)
        rows[:, : plane.width] = samples.reshape(plane.height, plane.width)
        plane.update(rows.tobytes())
    return frame


def packets(path: Path) -> list[tuple[int, int, bool]]:
    """When each packet of a clip is seen and decoded, in its ticks, and whether it is a key."""
    with av.open(path) as container:
        return [
            (packet.pts or 0, packet.dts, packet.is_keyframe)
            for packet in container.demux(video=0)
            if packet.dts is not None
        ]


def without_first(whole: Path, place: Path, count: int) -> Path:
    """Copy a clip without so many of its packets: a cut that nobody decoded for."""
    with av.open(whole) as source, av.open(place, "w") as out:
        stream = out.add_stream_from_template(source.streams.video[0])
        kept = [packet for packet in source.demux(video=0) if packet.dts is not None][count:]
        earliest = min(packet.pts or 0 for packet in kept)
        for packet in kept:
            packet.pts = (packet.pts or 0) - earliest
            packet.dts = (packet.dts or 0) - earliest
            packet.stream = stream
            out.mux(packet)
    return place


def edit(path: Path, start: Fraction, seconds: Fraction) -> Path:
    """Give an MP4 or MOV an edit list that shows so many seconds of it, from `start` on."""
    raw = bytearray(path.read_bytes())

    def number(kind: bytes, offset: int) -> int:
        return int(struct.unpack_from(">I", raw, raw.index(kind) + offset)[0])

    # Both of version 0: the scale stands behind two times of four bytes.
    media_scale, movie_scale = number(b"mdhd", 16), number(b"mvhd", 16)
    # The muxer's own list passes over what the first picture's reordering takes.
    written = raw.index(b"elst") + 4
    _, ahead, _ = struct.unpack_from(">IiI", raw, written + 8)
    assert ahead >= 0
    assert number(b"elst", 8) == 1
    struct.pack_into(
        ">IiI",
        raw,
        written + 8,
        round(seconds * movie_scale),
        ahead + round(start * media_scale),
        1 << 16,
    )
    path.write_bytes(raw)
    return path


def _element(kind: bytes, body: bytes) -> bytes:
    return kind + bytes([0x80 | len(body)]) + body


def lock(path: Path) -> Path:
    """Have a Matroska file whose track is named with 80 letters say that it is encrypted.

    What is written in the name's place is what WebM's encryption has there; the pictures behind
    it are scrambled.
    """
    raw = path.read_bytes()
    name = _element(b"\x53\x6e", b"x" * 80)
    encryption = b"".join(
        (
            _element(b"\x47\xe1", b"\5"),  # AES
            _element(b"\x47\xe2", b"0123456789abcdef"),
            _element(b"\x47\xe7", _element(b"\x47\xe8", b"\1")),  # by a counter
        )
    )
    encoding = b"".join(
        (
            _element(b"\x50\x31", b"\0"),
            _element(b"\x50\x32", b"\1"),
            _element(b"\x50\x33", b"\1"),  # encryption, not compression
            _element(b"\x50\x35", encryption),
        )
    )
    said = _element(b"\x6d\x80", _element(b"\x62\x40", encoding))
    left = len(name) - len(said) - 2
    assert raw.count(name) == 1
    at = raw.index(b"\x1f\x43\xb6\x75") + 64
    scrambled = bytes(byte ^ 0x5A for byte in raw[at : at + 64])
    raw = raw[:at] + scrambled + raw[at + 64 :]
    path.write_bytes(raw.replace(name, said + _element(b"\xec", bytes(left))))
    return path
