"""Small moving pictures of a finished video: a WebM with sound, and a GIF for where nothing plays.

Both are bounded in length, size and rate, however long the video is: the WebM
shows its beginning, the GIF a few moments from all of it. The same video makes
the same bytes.
"""

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from fractions import Fraction
from math import floor
from pathlib import Path

import av
from av.audio.frame import AudioFrame
from av.container import InputContainer, OutputContainer
from av.error import FFmpegError
from av.filter import Graph
from av.video.format import VideoFormat
from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc, Interpolation
from av.video.stream import VideoStream

from render.errors import MediaError
from render.files import written_aside
from render.inspection.probe import open_mp4

_WEBM_SIDE = 640
"""Pixels of the longer side at the most."""
_WEBM_SECONDS = 30
_WEBM_RATE = 400_000
"""Bits a second that its pictures take at most, on average."""
_WEBM_SOUND_RATE = 64_000

_GIF_SIDE = 320
_GIF_FPS = 10
_GIF_MOMENTS = 3
_GIF_MOMENT = Fraction(2)
"""Seconds of each moment."""


def webm(video: Path, place: Path, *, check: Callable[[], None] = lambda: None) -> None:
    """Write the first half minute of a video as VP9 and Opus.

    `check` is called for every frame, and stops the work by raising. Raises
    `MediaError` for a video that cannot be read.
    """
    with (
        _convert(video, place) as (source, part),
        # Otherwise the muxer names every file at random.
        av.open(part, "w", format="webm", options={"fflags": "+bitexact"}) as output,
    ):
        pictures, sound = source.streams.video[0], source.streams.audio[0]
        picture_stream = _vp9(output, pictures)
        sound_stream = output.add_stream("libopus", rate=48_000)
        sound_stream.codec_context.layout = "stereo"
        sound_stream.codec_context.bit_rate = _WEBM_SOUND_RATE
        tick = 1 / (pictures.average_rate or Fraction(30))
        for frame in source.decode(pictures, sound):
            check()
            if not isinstance(frame, VideoFrame | AudioFrame) or _start(frame) >= _WEBM_SECONDS:
                break
            if isinstance(frame, AudioFrame):
                output.mux(sound_stream.encode(frame))
                continue
            small = frame.reformat(
                picture_stream.width, picture_stream.height, interpolation=Interpolation.AREA
            )
            small.pts, small.time_base = round(_start(frame) / tick), tick
            output.mux(picture_stream.encode(small))
        output.mux(picture_stream.encode(None))
        output.mux(sound_stream.encode(None))


def gif(video: Path, place: Path, *, check: Callable[[], None] = lambda: None) -> None:
    """Write a few moments of a video as a GIF that repeats, in colours chosen for it.

    `check` and errors as with `webm`.
    """
    with (
        _convert(video, place) as (source, part),
        av.open(part, "w", format="gif", options={"loop": "0"}) as output,
    ):
        stream = output.add_stream("gif", _GIF_FPS)
        stream.width, stream.height = _within(source.streams.video[0], _GIF_SIDE)
        stream.pix_fmt = "pal8"
        stream.codec_context.time_base = Fraction(1, _GIF_FPS)
        for number, frame in enumerate(_palette_frames(source, stream.width, stream.height, check)):
            frame.pts, frame.time_base = number, Fraction(1, _GIF_FPS)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))


@contextmanager
def _convert(video: Path, place: Path) -> Generator[tuple[InputContainer, Path]]:
    try:
        with open_mp4(video) as source, written_aside(place) as part:
            yield source, part
    except (FFmpegError, IndexError) as error:
        raise MediaError("The video cannot be read for a preview.") from error


def _start(frame: VideoFrame | AudioFrame) -> Fraction:
    return Fraction(frame.pts or 0) * (frame.time_base or 0)


def _within(source: VideoStream, side: int) -> tuple[int, int]:
    scale = min(Fraction(1), Fraction(side, max(source.width, source.height)))
    return 2 * round(source.width * scale / 2), 2 * round(source.height * scale / 2)


def _vp9(output: OutputContainer, source: VideoStream) -> VideoStream:
    stream = output.add_stream("libvpx-vp9", source.average_rate)
    stream.width, stream.height = _within(source, _WEBM_SIDE)
    stream.pix_fmt = "yuv420p"
    # Constrained quality: as few bits as this quality needs, and never more than the rate. At the
    # encoder's unhurried pace a frame took 18 ms instead of 4, and three quarters of the bits.
    stream.options = {"crf": "36", "deadline": "realtime", "cpu-used": "5"}
    context = stream.codec_context
    context.bit_rate = _WEBM_RATE
    context.thread_count = 1
    context.gop_size = 150
    context.colorspace = Colorspace.ITU709
    context.color_range = ColorRange.MPEG
    context.color_primaries = ColorPrimaries.BT709
    context.color_trc = ColorTrc.BT709
    return stream


def _palette_frames(
    source: InputContainer, width: int, height: int, check: Callable[[], None]
) -> Iterator[VideoFrame]:
    """Yield the moments in 256 colours chosen for all of them together."""
    graph = Graph()
    entry = graph.add_buffer(
        width=width, height=height, format=VideoFormat("bgra"), time_base=Fraction(1, _GIF_FPS)
    )
    both, chosen = graph.add("split"), graph.add("palettegen", "stats_mode=full")
    # An ordered pattern stands still where the picture does, so that little has to be stored.
    used = graph.add("paletteuse", "dither=bayer:bayer_scale=4:diff_mode=rectangle")
    exit_ = graph.add("buffersink")
    entry.link_to(both)
    both.link_to(used, 0, 0)
    both.link_to(chosen, 1, 0)
    chosen.link_to(used, 0, 1)
    used.link_to(exit_)
    graph.configure()
    for number, frame in enumerate(_moments(source, check)):
        small = frame.reformat(width, height, format="bgra", interpolation=Interpolation.AREA)
        small.pts, small.time_base = number, Fraction(1, _GIF_FPS)
        graph.push(small)
    graph.push(None)
    while True:
        try:
            check()
            painted = graph.pull()
        except EOFError:
            return
        if isinstance(painted, VideoFrame):
            yield painted


def _moments(source: InputContainer, check: Callable[[], None]) -> Iterator[VideoFrame]:
    stream = source.streams.video[0]
    tick = stream.time_base or Fraction(1)
    duration = (stream.duration or 0) * tick
    # The middles of as many equal parts; all of a video that is no longer than they are.
    part = max(duration / _GIF_MOMENTS, _GIF_MOMENT)
    for number in range(_GIF_MOMENTS):
        start = part * number + (part - _GIF_MOMENT) / 2
        end = start + _GIF_MOMENT
        source.seek(floor(start / tick), stream=stream)
        latest = -1
        for frame in source.decode(stream):
            check()
            now = Fraction(frame.pts or 0) * tick
            if now >= end:
                break
            place = floor((now - start) * _GIF_FPS)
            if place > latest and now >= start:
                latest = place
                yield frame
