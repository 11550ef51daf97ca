"""Deinterlacing: pictures of two fields become two pictures, each at its own time.

A field lies half a picture after the one before it, so that what was filmed in 50 fields a second
moves 50 times a second in a film that is fast enough, and in a slower one is seen as it was at
each moment. Which pictures are interlaced, and which field comes first, the decoder says of every
one of them: what is progressive passes as it is, and nothing is guessed from what is seen. Codecs
that have no word for it leave it to the container, which speaks for the clip as a whole: it is
believed until the decoder calls a picture interlaced. The filter is FFmpeg's `bwdif` (BBC), one
thread.
"""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from math import floor

from av.filter import Graph
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

_FEWEST_LINES = 4
"""And columns: of fewer the filter makes nothing."""


_FIRST = {2: "tff", 3: "bff", 4: "tff", 5: "bff"}
"""The field that is seen first, by FFmpeg's field order of a stream: two orders for pictures that
are stored field by field, then two for those that are stored line by line."""


def first_field(context: VideoCodecContext) -> str | None:
    """Return what a container says of a clip that is not yet decoded: `tff` or `bff`."""
    return _FIRST.get(int(context.field_order))


def deinterlace(frames: Iterable[VideoFrame], *, first: str | None = None) -> Iterator[VideoFrame]:
    """Yield the pictures of a clip in order; their times stay in the clip's own ticks.

    `first` is what the container says of pictures that the decoder says nothing of.
    """
    graph: Graph | None = None
    kind: tuple[object, ...] = ()
    tick = Fraction(1)
    for frame in frames:
        if frame.interlaced_frame:
            first = None
        own = (
            *(frame.width, frame.height, frame.format.name, frame.colorspace, frame.color_range),
            first,
        )
        if graph is not None and own != kind:
            yield from _drain(graph, tick)
            graph = None
        small = min(frame.width, frame.height) < _FEWEST_LINES
        if graph is None and (frame.interlaced_frame or first) and not small:
            graph, kind, tick = _graph(frame, first), own, frame.time_base or tick
        if graph is None:
            yield frame
        else:
            graph.vpush(frame)
            yield from _pull(graph, tick)
    if graph is not None:
        yield from _drain(graph, tick)


def _graph(frame: VideoFrame, first: str | None) -> Graph:
    graph = Graph()
    graph.threads = 1
    steps = [
        graph.add(
            "buffer",
            video_size=f"{frame.width}x{frame.height}",
            pix_fmt=frame.format.name,
            time_base=str(frame.time_base),
            colorspace=str(frame.colorspace),
            range=str(frame.color_range),
        )
    ]
    if first:
        steps.append(graph.add("setfield", mode=first))
    # The progressive pictures of a clip of both kinds stay as they are.
    steps.append(graph.add("bwdif", mode="send_field", parity="auto", deint="interlaced"))
    graph.link_nodes(*steps, graph.add("buffersink")).configure()
    return graph


def _drain(graph: Graph, tick: Fraction) -> Iterator[VideoFrame]:
    graph.vpush(None)
    yield from _pull(graph, tick)


def _pull(graph: Graph, tick: Fraction) -> Iterator[VideoFrame]:
    while True:
        try:
            field = graph.vpull()
        except (BlockingIOError, EOFError):
            return
        # The filter counts in half ticks, so that a field may lie between two.
        field.pts = floor((field.pts or 0) * (field.time_base or tick) / tick)
        field.time_base = tick
        yield field
