"""What this machine can really encode with, and how one segment is encoded.

A listed hardware encoder proves nothing (without its driver it fails on open),
so every candidate is asked to encode a short clip; the answer is kept for the
life of the process.

Segments are encoded apart and joined as packets, which works because each is
written with the same settings, a global header and a closed first group of
pictures. One encoder has one thread: on few cores, whole segments side by side
beat one encoder with many threads.
"""

from collections.abc import Iterable
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import av
import msgspec
import numpy as np
from av.codec.codec import UnknownCodecError
from av.error import FFmpegError
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from av.video.stream import VideoStream

from render.errors import CompositionError
from render.pictures.canvas import Canvas
from render.rendition import Profile

REORDER_DELAY = 2
"""Frames by which x264, with these settings, decodes ahead of showing at most."""

KEYFRAME_SECONDS = 5
"""The longest way to a frame that can be sought."""


class Encoder(msgspec.Struct, frozen=True, kw_only=True):
    """One H.264 encoder and the settings that decide its output."""

    name: str
    options: dict[str, str]


X264 = Encoder(
    name="libx264",
    options={
        "preset": "veryfast",
        "bf": "3",
        "x264-params": "open-gop=0:b-pyramid=normal",
    },
)
_NAMES = ("libx264", "h264_nvenc", "h264_qsv", "h264_vaapi")


@cache
def available_encoders() -> tuple[str, ...]:
    """Return the names of the H.264 encoders that have just encoded a test clip."""
    return tuple(name for name in _NAMES if _encodes(name))


@cache
def choose_encoder() -> Encoder:
    """Return the encoder to compose with; raise `CompositionError` where none works."""
    if X264.name not in available_encoders():
        raise CompositionError("This machine has no working H.264 encoder.")
    return X264


def _encodes(name: str) -> bool:
    try:
        context = av.CodecContext.create(name, "w")
        if not isinstance(context, VideoCodecContext):
            return False
        context.width = context.height = 256
        context.pix_fmt = "yuv420p"
        context.time_base = Fraction(1, 30)
        clip = [np.full((384, 256), level, np.uint8) for level in (16, 128, 235)]
        packets: list[Packet[Any]] = []
        for pts, pixels in enumerate(clip):
            frame = av.VideoFrame.from_numpy_buffer(pixels, "yuv420p")
            frame.pts = pts
            packets += context.encode(frame)
        packets += context.encode(None)
    except (FFmpegError, UnknownCodecError):
        # Not built in, no driver, no device: whichever, it does not encode.
        return False
    return len(packets) == len(clip)


def encode_segment(
    pictures: Iterable[Canvas], place: Path, *, profile: Profile, encoder: Encoder
) -> None:
    """Write a run of pictures as a small MP4 that `render.delivery.joiner` can join.

    A canvas may be used again as soon as the next one is asked for.
    """
    with av.open(place, "w", format="mp4") as container:
        stream = container.add_stream(encoder.name, profile.fps)
        if not isinstance(stream, VideoStream):
            raise CompositionError(f"{encoder.name} is no video encoder.")
        _set_up(stream, profile, encoder)
        for pts, canvas in enumerate(pictures):
            frame = canvas.frame()
            frame.pts = pts
            frame.time_base = Fraction(1, profile.fps)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _set_up(stream: VideoStream, profile: Profile, encoder: Encoder) -> None:
    stream.width, stream.height, stream.pix_fmt = profile.width, profile.height, "yuv420p"
    stream.options = {**encoder.options, "crf": str(profile.crf)}
    context = stream.codec_context
    context.thread_count = 1
    context.time_base = Fraction(1, profile.fps)
    context.gop_size = profile.fps * KEYFRAME_SECONDS
    context.colorspace = Colorspace.ITU709
    context.color_range = ColorRange.MPEG
    context.color_primaries = ColorPrimaries.BT709
    context.color_trc = ColorTrc.BT709
