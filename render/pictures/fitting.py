"""Fitting: a clip's pictures brought to a canvas's size, shape and colours.

One filter graph does all of it, with one thread and no picture held back:

    crop ─► scale ─► (16-bit R'G'B' where colours change ─► table for HDR and wide gamut)
         ─► (mirror, turn) ─► I420, BT.709, limited

Matrix and range come from the clip's tags; without any, 720 lines and more are
BT.709 and fewer BT.601, limited, as players have it. BT.601's own primaries are
taken for BT.709's, which they nearly are. What no filter converts, other
matrices and linear light, is brought to R'G'B' between two graphs, at the size that
is seen.
Pictures are set upright at full chroma, since to mirror or turn 4:2:0 would move
its samples.
"""

from fractions import Fraction
from tempfile import NamedTemporaryFile
from typing import NamedTuple, cast

import numpy as np
from av.filter import Graph
from av.filter.context import FilterContext
from av.video.format import VideoFormat
from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, ColorRange, ColorTrc

from render.pictures import hdr, matrices
from render.pictures.canvas import Canvas
from render.pictures.colour import Plane
from render.pictures.crop import cover
from render.pictures.orientation import Orientation
from render.rendition import Profile
from render.storyboard import Fit, Focus
from render.timeline import Moving

_SCALING = "bicubic+accurate_rnd"
_TURNS: tuple[tuple[tuple[str, str], ...], ...] = (
    (),
    (("transpose", "clock"),),
    (("hflip", ""), ("vflip", "")),
    (("transpose", "cclock"),),
)
"""The filters for so many quarters of a turn, clockwise."""

_MOST = 65_535
_Part = tuple[int, int, int, int]
"""Left, top, width and height."""


class FrameFormat(NamedTuple):
    """All of a picture that decides how it is fitted; a clip may change it half-way."""

    width: int
    height: int
    format: str
    matrix: int
    range: int
    transfer: int
    primaries: int
    orientation: Orientation

    @classmethod
    def of(cls, frame: VideoFrame) -> "FrameFormat":
        """Describe a decoded picture."""
        return cls(
            width=frame.width,
            height=frame.height,
            format=frame.format.name,
            matrix=matrices.matrix_of(
                frame.colorspace, lines=frame.height, rgb=frame.format.is_rgb
            ),
            range=frame.color_range or ColorRange.MPEG,
            transfer=frame.color_trc,
            primaries=frame.color_primaries,
            orientation=Orientation.of(frame),
        )


class Fitting:
    """The way from one kind of picture to one profile's canvas."""

    def __init__(
        self, frame_format: FrameFormat, source: Moving, profile: Profile, *, aspect: Fraction
    ) -> None:
        """Prepare the way; `aspect` is the width of a pixel against its height.

        Raises `render.decoding.Unread` for colours that are not read.
        """
        self.frame_format = frame_format
        self._surround = source.surround
        # Everything before it is set upright is measured as the picture lies in its file.
        shape, focus = (profile.width, profile.height), source.focus
        for _ in range(frame_format.orientation.turns):
            shape, focus = _swap(shape), Focus(x=focus.y, y=1 - focus.x)
        if frame_format.orientation.mirrored:
            focus = Focus(x=1 - focus.x, y=focus.y)
        stored = (float(frame_format.width * aspect), float(frame_format.height))
        part, size = (0, 0, frame_format.width, frame_format.height), shape
        if source.fit is Fit.COVER:
            crop = cover(stored, shape, focus)
            part = (
                round(crop.left / aspect),
                round(crop.top),
                # One sample of halved chroma at the least.
                max(min(2, frame_format.width), round(crop.width / aspect)),
                max(min(2, frame_format.height), round(crop.height)),
            )
        else:
            scale = min(shape[0] / stored[0], shape[1] / stored[1])
            size = (_to_even(stored[0] * scale, shape[0]), _to_even(stored[1] * scale, shape[1]))
        self._by_hand: _ByHand | None = None
        coming = frame_format
        if _is_linear(frame_format) or not matrices.is_swscales(frame_format.matrix):
            self._by_hand = _ByHand(frame_format, part, size)
            coming, part = self._by_hand.made, (0, 0, *size)
        self._matrix, self._range = coming.matrix, coming.range
        self._graph = _graph(coming, part, size)
        width, height = _swap(size) if frame_format.orientation.turns % 2 else size
        self._left = (profile.width - width) // 4 * 2
        self._top = (profile.height - height) // 4 * 2
        self._whole = (width, height) == (profile.width, profile.height)

    def paint(self, frame: VideoFrame, canvas: Canvas) -> None:
        """Fill a canvas with a picture of this format."""
        if self._by_hand is not None:
            frame = self._by_hand.convert(frame)
        frame.colorspace, frame.color_range = self._matrix, self._range
        self._graph.vpush(frame)
        fitted = self._graph.vpull()
        if not self._whole:
            canvas.fill(self._surround)
        for index, (plane, target) in enumerate(zip(fitted.planes, canvas.planes, strict=True)):
            left, top = (self._left, self._top) if not index else (self._left // 2, self._top // 2)
            # What PyAV's stubs do not say of its planes: they are buffers.
            samples: Plane = np.asarray(memoryview(cast("bytes", plane)), np.uint8)
            rows = samples.reshape(-1, plane.line_size)[: plane.height, : plane.width]
            target[top : top + plane.height, left : left + plane.width] = rows


class _ByHand:
    """The way to R'G'B' for what no filter converts, already cut and scaled."""

    def __init__(self, frame_format: FrameFormat, part: _Part, size: tuple[int, int]) -> None:
        matrices.check(frame_format.matrix)
        self._from = frame_format
        self._own = not matrices.is_swscales(frame_format.matrix)
        # What is scaled between two formats of one matrix is not converted.
        self._as = frame_format._replace(matrix=matrices.BT709) if self._own else frame_format
        full_range = frame_format.range == ColorRange.JPEG or not self._own
        self._graph = Graph()
        self._graph.threads = 1
        self._graph.link_nodes(
            *_sources(self._graph, self._as, part),
            _scale(self._graph, size, full_range=full_range),
            self._graph.add("format", "yuv444p16le" if self._own else "rgb48le"),
            self._graph.add("buffersink"),
        ).configure()
        self.made = frame_format._replace(
            width=size[0],
            height=size[1],
            format="rgb48le",
            matrix=matrices.IDENTITY,
            range=ColorRange.JPEG,
        )
        if _is_linear(frame_format):
            self.made = self.made._replace(transfer=ColorTrc.BT709, primaries=ColorPrimaries.BT709)

    def convert(self, frame: VideoFrame) -> VideoFrame:
        """Return a picture as `made` says."""
        frame.colorspace, frame.color_range = self._as.matrix, self._as.range
        self._graph.vpush(frame)
        samples = self._graph.vpull().to_ndarray()
        known = self._from
        if self._own:
            rgb = matrices.convert(
                samples,
                known.matrix,
                primaries=known.primaries,
                bits=max(part.bits for part in VideoFormat(known.format).components),
                full_range=known.range == ColorRange.JPEG,
            )
        else:
            rgb = samples.astype(np.float32) / np.float32(_MOST)
        if _is_linear(known):
            rgb = hdr.to_bt709(rgb, transfer=known.transfer, primaries=known.primaries)
        return VideoFrame.from_ndarray(
            np.rint(rgb * np.float32(_MOST)).astype(np.uint16), "rgb48le"
        )


def _is_linear(frame_format: FrameFormat) -> bool:
    # A table's lattice is too coarse for what is dark in it.
    return frame_format.transfer == ColorTrc.LINEAR


def _swap(size: tuple[int, int]) -> tuple[int, int]:
    return size[1], size[0]


def _to_even(length: float, most: int) -> int:
    return min(most, max(2, round(length / 2) * 2))


def _sources(graph: Graph, frame_format: FrameFormat, part: _Part) -> list[FilterContext]:
    left, top, width, height = part
    steps = [
        graph.add(
            "buffer",
            video_size=f"{frame_format.width}x{frame_format.height}",
            pix_fmt=frame_format.format,
            # Pictures go through one by one: what their times are is no matter here.
            time_base="1/1000",
            colorspace=str(frame_format.matrix),
            range=str(frame_format.range),
        )
    ]
    if (width, height) != (frame_format.width, frame_format.height):
        steps.append(graph.add("crop", w=str(width), h=str(height), x=str(left), y=str(top)))
    return steps


def _graph(frame_format: FrameFormat, part: _Part, size: tuple[int, int]) -> Graph:
    graph = Graph()
    graph.threads = 1
    steps = _sources(graph, frame_format, part)
    mapped = hdr.is_beyond_bt709(transfer=frame_format.transfer, primaries=frame_format.primaries)
    # From one matrix straight to another, swscale is a level off, even in greys.
    recoloured = mapped or frame_format.matrix != matrices.BT709
    if recoloured or frame_format.orientation != Orientation():
        steps.append(_scale(graph, size, full_range=recoloured))
        steps.append(graph.add("format", "gbrp16le" if recoloured else "yuv444p"))
    if mapped:
        steps.append(_table(graph, frame_format))
    if frame_format.orientation.mirrored:
        steps.append(graph.add("hflip"))
    steps += [
        graph.add(name, arguments) for name, arguments in _TURNS[frame_format.orientation.turns]
    ]
    steps.append(_scale(graph, _swap(size) if frame_format.orientation.turns % 2 else size))
    steps.append(graph.add("format", "yuv420p"))
    steps.append(graph.add("buffersink"))
    graph.link_nodes(*steps).configure()
    return graph


def _scale(graph: Graph, size: tuple[int, int], *, full_range: bool = False) -> FilterContext:
    return graph.add(
        "scale",
        w=str(size[0]),
        h=str(size[1]),
        flags=_SCALING,
        out_color_matrix="bt709",
        out_range="pc" if full_range else "tv",
        # Said on both sides, or the samples drift by half a pixel.
        in_chroma_loc="left",
        out_chroma_loc="left",
    )


def _table(graph: Graph, frame_format: FrameFormat) -> FilterContext:
    # The filter reads the file when it is made, and never again.
    with NamedTemporaryFile("w", suffix=".cube", encoding="ascii") as file:
        file.write(hdr.table(transfer=frame_format.transfer, primaries=frame_format.primaries))
        file.flush()
        return graph.add("lut3d", file=file.name, interp="tetrahedral")
