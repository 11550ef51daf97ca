"""Inspection of finished videos by their headers, before anything is decoded.

The file is opened by one named demuxer over one protocol, so that it can be
neither a playlist nor an address; size and duration are bounded.
"""

from pathlib import Path
from typing import cast

import av
import msgspec
from av.audio.codeccontext import AudioCodecContext
from av.audio.stream import AudioStream
from av.codec.context import CodecContext
from av.container import InputContainer
from av.error import FFmpegError
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from render.errors import MediaError

_BT709 = 1
_LIMITED = 1
UNKNOWN = "unknown"
"""A codec that this FFmpeg does not know."""


class MediaInfo(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What the headers of a video file say."""

    duration: float
    """Seconds; 0 where the file does not say."""
    bytes: int
    fast_start: bool
    video_codec: str = ""
    """Empty where there is no picture, as the next three are 0."""
    width: int = 0
    height: int = 0
    frames: int = 0
    fps: float = 0
    colour: str = ""
    """`bt709`, or `other`."""
    audio_codec: str = ""
    """Empty where there is no sound."""
    sample_rate: int = 0
    channels: int = 0
    audio_duration: float = 0
    captions: str = ""
    """The language of the caption track as ISO 639-2 names it; empty where there is none."""
    chapters: int = 0


def inspect(path: Path, *, max_pixels: int = 8192 * 4320, max_seconds: float = 14_400) -> MediaInfo:
    """Read an MP4's headers; raise `MediaError` where they are unreadable or out of bounds."""
    try:
        with open_mp4(path) as container:
            info = _read_headers(container, path)
    except FileNotFoundError as error:
        raise MediaError("The video is missing.") from error
    except (FFmpegError, OSError) as error:
        raise MediaError("The video is not a readable MP4 file.") from error
    if info.width * info.height > max_pixels:
        raise MediaError(f"The video has more than {max_pixels} pixels.", limit=max_pixels)
    if info.duration > max_seconds:
        raise MediaError(f"The video is longer than {max_seconds:g} seconds.", limit=max_seconds)
    return info


def open_mp4(path: Path, *, by_header: bool = False) -> InputContainer:
    """Open an MP4 for reading, and nothing but an MP4 in a local file.

    FFmpeg decodes a picture to learn what headers may leave out, which takes
    longer than joining a segment; `by_header` spares it for files made here.
    """
    options = {"protocol_whitelist": "file"} | ({"skip_frame": "all"} if by_header else {})
    return av.open(f"file:{path}", format="mp4", options=options, metadata_errors="replace")


def _read_headers(container: InputContainer, path: Path) -> MediaInfo:
    info = MediaInfo(
        duration=(container.duration or 0) / av.time_base,
        bytes=path.stat().st_size,
        fast_start=_fast_start(path),
        chapters=len(container.chapters()),
    )
    for video in container.streams.video[:1]:
        context = cast("VideoCodecContext | None", codec_context(video))
        info = msgspec.structs.replace(info, video_codec=UNKNOWN, colour="other")
        if context is None:
            continue
        tags = (context.colorspace, context.color_primaries, context.color_trc)
        matched = set(tags) == {_BT709} and context.color_range == _LIMITED
        info = msgspec.structs.replace(
            info,
            video_codec=context.codec.canonical_name,
            width=video.width,
            height=video.height,
            frames=video.frames,
            fps=float(video.average_rate or 0),
            colour="bt709" if matched else "other",
        )
    for audio in container.streams.audio[:1]:
        context = cast("AudioCodecContext | None", codec_context(audio))
        info = msgspec.structs.replace(info, audio_codec=UNKNOWN)
        if context is None:
            continue
        length = (audio.duration or 0) * (audio.time_base or 0)
        info = msgspec.structs.replace(
            info,
            audio_codec=context.codec.canonical_name,
            sample_rate=context.sample_rate,
            channels=context.layout.nb_channels,
            audio_duration=float(length),
        )
    for reading in container.streams.subtitles[:1]:
        info = msgspec.structs.replace(info, captions=reading.metadata.get("language", "und"))
    return info


def codec_context(stream: VideoStream | AudioStream) -> CodecContext | None:
    """Return what decodes a stream; None for a codec that this FFmpeg does not know."""
    # PyAV has none then, and its types do not say so.
    return cast("CodecContext | None", stream.codec_context)


def _fast_start(path: Path) -> bool:
    # ISO/IEC 14496-12: boxes of a 32-bit size and a four-letter type; size 1
    # means that a 64-bit size follows, size 0 that the box reaches to the end.
    with path.open("rb") as file:
        while len(header := file.read(8)) == 8:  # noqa: PLR2004
            size, kind = int.from_bytes(header[:4]), header[4:]
            if kind in {b"moov", b"mdat"}:
                return kind == b"moov"
            header_size = 8
            if size == 1:
                size, header_size = int.from_bytes(file.read(8)), 16
            if size < header_size:
                return False
            file.seek(size - header_size, 1)
    return False
