"""Clips: moving pictures of any rate, shape and colour, shown frame by frame.

A clip's time counts from its first picture. What is seen at a moment is the
last picture whose time has come, so that a variable frame rate needs no special
care; before the first it is the first, and after a stretch's end the last of it
stands.

Interlaced pictures come as two each, one for every field (`render.pictures.deinterlacing`).

Edit lists are FFmpeg's to follow. Where one begins with pictures that need others from before
its beginning, those are decoded and not shown; where those are not in the file, the first
picture that can be decoded is seen until its time has come, as before any first picture.

Only MP4, MOV and WebM/Matroska are opened, by the demuxer that the content asks
for, over the one protocol of local files, and only codecs that cameras and
editors write. Sizes are checked before a picture is decoded. Every refusal is a
`MediaError` that names the scene.
"""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from fractions import Fraction
from itertools import dropwhile
from math import floor
from pathlib import Path
from typing import cast

import av
import msgspec
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Disposition, Stream
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from render.decoding import decoding
from render.errors import MediaError
from render.pictures import matrices
from render.pictures.canvas import Canvas
from render.pictures.deinterlacing import deinterlace, first_field
from render.pictures.fitting import Fitting, FrameFormat
from render.pictures.orientation import Orientation
from render.rendition import Profile, Rate
from render.timeline import Moving

_CODECS = frozenset({"av1", "dnxhd", "h264", "hevc", "mjpeg", "mpeg4", "prores", "vp8", "vp9"})
_QUICKTIME = frozenset({b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"})
_MATROSKA = b"\x1aE\xdf\xa3"
_SQUARE = Fraction(1)
_BEGINNING = -(1 << 40)
"""A tick before everything that a file holds, and before what its edit list passes over."""
_LOST = Fraction(1, 2)
"""Seconds by which a whole clip may be shorter than its header says."""


class ClipLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What a clip may be at most."""

    max_pixels: int = 8192 * 4320
    """In one picture."""
    max_seconds: int = 14_400
    max_streams: int = 32


class ClipInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What a clip's headers and packets say."""

    seconds: Fraction
    """From its first picture to the end of its last."""
    width: int
    """Pixels, as is `height`, before they are turned upright."""
    height: int
    sounds: bool
    """Whether it has sound."""


_LIMITS = ClipLimits()


def check_clip(path: Path, *, scene: str, limits: ClipLimits = _LIMITS) -> ClipInfo:
    """Read a clip's headers and count its packets; raise `MediaError` unless it can be shown."""
    with _open(path, scene, limits) as (container, stream), _refuse_damage(scene):
        return ClipInfo(
            seconds=_measure(container, stream, scene, limits),
            width=stream.width,
            height=stream.height,
            sounds=bool(container.streams.audio),
        )


def measure_clip(path: Path, *, scene: str) -> tuple[int, int]:
    """Return the pixels, across and down, of a clip's first picture as it is seen."""
    with _open(path, scene, _LIMITS) as (container, stream), _refuse_damage(scene):
        picture = next(container.decode(stream), None)
        if picture is None:
            raise _damage_error(scene)
        width, height = picture.width, picture.height
        if Orientation.of(picture).turns % 2:
            width, height = height, width
        return width, height


@contextmanager
def open_clip(
    source: Moving, profile: Profile, *, fps: Rate, scene: str
) -> Generator["ClipFootage"]:
    """Open a stretch of a clip, to be filmed `fps` times a second."""
    with _open(source.path, scene, _LIMITS) as (container, stream):
        yield ClipFootage(container, stream, source, profile, fps=fps, scene=scene)


class ClipFootage:
    """One stretch of a clip as a shot shows it; made by `open_clip`."""

    def __init__(  # noqa: PLR0913  keyword-only past the fourth
        self,
        container: InputContainer,
        stream: VideoStream,
        source: Moving,
        profile: Profile,
        *,
        fps: Rate,
        scene: str,
    ) -> None:
        """Take an open clip."""
        self._container = container
        self._stream = stream
        self._source = source
        self._profile = profile
        self._fps = fps
        self._scene = scene
        self._tick = stream.time_base or Fraction(1, 1000)
        self._first_field = first_field(stream.codec_context)
        self._coming: Iterator[VideoFrame] = iter(())
        self._now: VideoFrame | None = None
        self._next: VideoFrame | None = None
        self._fitting: Fitting | None = None
        self._painted: tuple[VideoFrame, Canvas] | None = None

    def film(self, frame: int, canvas: Canvas) -> bool:
        """Paint what frame `frame` of the shot shows; False where the last picture still stands.

        Frames are cheap in rising order, and may start anywhere.
        """
        with _refuse_damage(self._scene):
            picture = self._picture(self._latest(frame))
            if self._painted is not None and (
                picture is self._painted[0] and canvas is self._painted[1]
            ):
                return False
            frame_format = FrameFormat.of(picture)
            if self._fitting is None or self._fitting.frame_format != frame_format:
                aspect = self._stream.sample_aspect_ratio or _SQUARE
                self._fitting = Fitting(frame_format, self._source, self._profile, aspect=aspect)
            self._fitting.paint(picture, canvas)
        self._painted = picture, canvas
        return True

    def _latest(self, frame: int) -> int:
        """Return the last tick at which a picture can come and be seen in a frame."""
        # To the nearest tick: files round their times, to milliseconds in WebM.
        start = self._source.start
        tick = _nearest((start + Fraction(frame, self._fps)) / self._tick)
        last = _nearest((start + self._source.seconds) / self._tick) - 1
        return (self._stream.start_time or 0) + min(tick, last)

    def _picture(self, latest: int) -> VideoFrame:
        now = self._now
        if now is None or _time(now) > latest:
            now = self._sought(latest)
        while self._next is not None and _time(self._next) <= latest:
            now, self._next = self._next, next(self._coming, None)
        self._now = now
        return now

    def _sought(self, latest: int) -> VideoFrame:
        # A key frame may be followed by pictures that come before it and need the
        # one before that: then the second place is nearer the truth, or the third.
        # An edit list may begin among such pictures, and ahead of any key frame:
        # what is needed for them lies before the first moment, where no time leads.
        for place in (latest, latest - floor(10 / self._tick)):
            if place > (self._stream.start_time or 0) and self._sought_at(place):
                picture = next(self._coming, None)
                if picture is not None and _time(picture) <= latest:
                    self._next = next(self._coming, None)
                    return picture
        for keyed in (True, False):
            if self._sought_at(_BEGINNING, keyed=keyed):
                picture = next(self._coming, None)
                if picture is not None:
                    self._next = next(self._coming, None)
                    return picture
        raise _damage_error(self._scene)

    def _sought_at(self, place: int, *, keyed: bool = False) -> bool:
        """Go to a key frame; False where there is none. `keyed` passes over what precedes one."""
        try:
            self._container.seek(place, stream=self._stream)
        except FFmpegError:
            return False
        self._coming = deinterlace(self._decoded(keyed=keyed), first=self._first_field)
        return True

    def _decoded(self, *, keyed: bool) -> Iterator[VideoFrame]:
        packets = self._container.demux(self._stream)
        for packet in (
            dropwhile(lambda packet: not packet.is_keyframe, packets) if keyed else packets
        ):
            for frame in packet.decode():
                if frame.pts is not None:
                    yield frame


def _time(frame: VideoFrame) -> int:
    return frame.pts or 0


def _nearest(ticks: Fraction) -> int:
    return floor(ticks + Fraction(1, 2))


@contextmanager
def _open(
    path: Path, scene: str, limits: ClipLimits
) -> Generator[tuple[InputContainer, VideoStream]]:
    options = {"protocol_whitelist": "file", "max_pixels": str(limits.max_pixels)}
    try:
        container = av.open(
            f"file:{path}", format=_demuxer(path, scene), options=options, metadata_errors="replace"
        )
    except FileNotFoundError as error:
        raise _clip_error("the clip is missing", scene) from error
    except MediaError:
        raise
    except Exception as error:
        raise _unreadable_error(scene) from error
    with container:
        with _refuse_damage(scene):
            stream = _picture_stream(container, scene, limits)
        yield container, stream


def _demuxer(path: Path, scene: str) -> str:
    with path.open("rb") as file:
        head = file.read(8)
    if head.startswith(_MATROSKA):
        return "matroska"
    if head[4:] in _QUICKTIME:
        return "mov"
    raise _unreadable_error(scene)


def _picture_stream(container: InputContainer, scene: str, limits: ClipLimits) -> VideoStream:
    if len(container.streams) > limits.max_streams:
        raise _clip_error(
            f"the clip may hold {limits.max_streams} streams at most; "
            f"this holds {len(container.streams)}",
            scene,
        )
    # A cover is a picture, but none that moves.
    streams = [
        stream
        for stream in container.streams.video
        if not stream.disposition & Disposition.attached_pic
    ]
    if not streams:
        raise _clip_error("the clip holds no moving picture", scene)
    stream = streams[0]
    # PyAV has no context for a codec that this FFmpeg does not know.
    context = cast("VideoCodecContext | None", stream.codec_context)
    codec = context.codec.canonical_name if context else "something unknown"
    # MP4 says so of every packet, Matroska of the track.
    if "enc_key_id" in stream.metadata:
        raise _clip_error("the clip is encrypted", scene)
    if context is None or codec not in _CODECS:
        raise _clip_error(f"the clip is coded as {codec}, which is not read here", scene)
    matrices.check(matrices.matrix_of(context.colorspace, lines=stream.height, rgb=True))
    if stream.width * stream.height > limits.max_pixels:
        raise _clip_error(
            f"the clip's pictures have more than {limits.max_pixels / 1_000_000:g} million pixels",
            scene,
        )
    if not stream.width or not stream.height:
        raise _unreadable_error(scene)
    # Threads are given to whole segments.
    stream.thread_count = 1
    return stream


def _measure(
    container: InputContainer, stream: VideoStream, scene: str, limits: ClipLimits
) -> Fraction:
    rate = stream.average_rate or Fraction(25)
    origin = (stream.start_time or 0) * (stream.time_base or 0)
    shown_seconds = stored_seconds = Fraction(0)
    for packet in container.demux():
        if packet.pts is None or not packet.size:
            continue
        if packet.has_sidedata("encryption_info"):
            raise _clip_error("the clip is encrypted", scene)
        end = _end(packet, rate)
        stored_seconds = max(stored_seconds, end)
        if packet.stream is stream and not packet.is_discard:
            shown_seconds = max(shown_seconds, end - origin)
        if stored_seconds - origin > limits.max_seconds:
            raise _clip_error(
                f"the clip may be at most {limits.max_seconds} seconds long; this is longer", scene
            )
    promised = Fraction(container.duration or 0, av.time_base)
    if not shown_seconds or stored_seconds < promised - _LOST:
        raise _damage_error(scene)
    return shown_seconds


def _end(packet: "Packet[Stream]", rate: Fraction) -> Fraction:
    tick = packet.time_base
    return (packet.pts or 0) * tick + (packet.duration * tick if packet.duration else 1 / rate)


@contextmanager
def _refuse_damage(scene: str) -> Generator[None]:
    with decoding(lambda reason: _clip_error(f"the clip {reason}", scene), "is damaged"):
        yield


def _damage_error(scene: str) -> MediaError:
    return _clip_error("the clip is damaged", scene)


def _unreadable_error(scene: str) -> MediaError:
    return _clip_error("the clip is not a readable MP4, MOV or WebM file", scene)


def _clip_error(reason: str, scene: str) -> MediaError:
    return MediaError(f"Scene {scene}: {reason}.", scene=scene)
