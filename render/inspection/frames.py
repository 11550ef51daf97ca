"""Looking: what is seen of pictures as they are decoded, one after another, to their end.

A segment that has just been encoded is decoded without the pictures that no other refers to:
half of them, and half of the work. What is wrong with any other is carried on until the next
picture that stands alone, and so it is seen; of those that are passed over, only a fault of the
encoder's own could be missed, for nobody else has had them in hand.

It judges nothing: how bright, how much they change, and how far they are from
what was painted, for `render.inspection.validation` to hold against what was promised.
"""

from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
from av.error import FFmpegError
from av.video.frame import VideoFrame

from render.inspection.probe import open_mp4
from render.pictures.canvas import Canvas, Plane
from render.rendition import Rate

GRID = 8
"""Every eighth pixel each way is enough to tell black and frozen."""
_PAINTED_GRID = 2 * GRID
LOOKS_A_SECOND = 5
"""Pictures looked at in a second."""
BLACK = 32.0
"""Luma, 16–235, that the brightest hundredth of a black picture stays under."""
MOVED = 8.0
"""Change of luma, in its busiest hundredth, that is beyond doubt movement."""


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """What was seen of a segment when it was decoded; luma from 16 to 235."""

    frames: int
    """Frames that are there before the end, or before what cannot be decoded."""
    brightest: float
    """The brightest hundredth of the brightest picture."""
    moved: float
    """How much the busiest hundredth of a picture differs from the first one."""
    drift: float = 0
    """The greatest mean difference of a picture from what was painted."""


class PaintedPictures:
    """The pictures of a segment as they were painted, to compare the decoded ones with.

    All of them, and coarsely: which of them no other will refer to is the encoder's to choose.
    """

    def __init__(self, fps: Rate) -> None:
        """Take pictures of which there are so many a second."""
        self.fps = fps
        self.planes: list[Plane] = []

    def take(self, canvas: Canvas) -> None:
        """Be shown the next frame."""
        self.planes.append(canvas.y[::_PAINTED_GRID, ::_PAINTED_GRID].copy())


def look(
    piece: Path, *, painted: PaintedPictures, check: Callable[[], None] = lambda: None
) -> Look:
    """Decode a segment to its end; `check` is called often, and stops the work by raising."""
    meter = ActivityMeter()
    frames, drift = 0, 0.0
    every, due = max(1, painted.fps // LOOKS_A_SECOND), 0
    # Deblocking finds no damage and costs a tenth of decoding and more.
    fast = {"err_detect": "explode", "skip_loop_filter": "all", "skip_frame": "noref"}
    try:
        with open_mp4(piece, by_header=True) as container:
            stream = container.streams.video[0]
            stream.codec_context.thread_count = 1
            stream.codec_context.options = fast
            first = stream.start_time or 0
            for packet in container.demux(stream):
                check()
                for frame in packet.decode():
                    since = ((frame.pts or 0) - first) * (frame.time_base or 0)
                    number = round(since * painted.fps)
                    if number < due or number >= len(painted.planes):
                        continue
                    due = number - number % every + every
                    plane = luma(frame)
                    meter.measure(plane)
                    drift = max(drift, _difference(plane, painted.planes[number]))
                frames += bool(packet.size)
    except (FFmpegError, IndexError):
        # Fewer frames than there should be: `judge` says so.
        pass
    return Look(frames=frames, brightest=meter.brightest, moved=meter.moved, drift=drift)


class ActivityMeter:
    """What a run of pictures amounts to: how bright, and how much they change."""

    def __init__(self) -> None:
        self._first: Plane | None = None
        self.brightest = 0.0
        self.moved = 0.0

    def measure(self, luma: Plane) -> None:
        """Be shown the luma of the next picture, every eighth pixel each way."""
        self.brightest = max(self.brightest, float(np.percentile(luma, 99)))
        if self._first is None:
            self._first = luma.copy()
        change = np.abs(self._first.astype(np.int16) - luma)
        self.moved = max(self.moved, float(np.percentile(change, 99)))


def _difference(plane: Plane, painted: Plane) -> float:
    coarse = plane[:: _PAINTED_GRID // GRID, :: _PAINTED_GRID // GRID]
    return float(np.abs(coarse.astype(np.int16) - painted).mean())


def luma(frame: VideoFrame) -> Plane:
    """Return a picture's luma, on a coarse grid and in eight bits, however many it has."""
    plane = frame.planes[0]
    bits = frame.format.components[0].bits
    samples, grid = memoryview(plane), np.s_[: frame.height : GRID, : frame.width : GRID]
    if bits <= 8:  # noqa: PLR2004  a byte
        return np.frombuffer(samples, np.uint8).reshape(-1, plane.line_size)[grid]
    deep = np.frombuffer(samples, np.uint16).reshape(-1, plane.line_size // 2)[grid]
    return (deep >> (bits - 8)).astype(np.uint8)
