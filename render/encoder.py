"""What this machine can really encode with, and how one segment is encoded.

A listed hardware encoder proves nothing (without its driver it fails on open),
so every candidate is asked to encode a short clip with the very settings it
would be used with; the answer is kept for the life of the process.

Segments are encoded apart and joined as packets, which works because each is
written with the same settings, a global header and a closed first group of
pictures. One encoder has one thread: on few cores, whole segments side by side
beat one encoder with many threads. The same pictures make the same bytes, run
after run.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator
from fractions import Fraction
from functools import cache
from itertools import chain, count
from math import ceil
from pathlib import Path
from typing import Any, TypeAlias

import av
import cv2
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
from render.priority import without_realtime
from render.rendition import Codec, Grade, Profile

# SVT-AV1 otherwise tells the terminal about itself, segment by segment.
os.environ.setdefault("SVT_LOG", "1")

KEYFRAME_SECONDS = 5
"""The longest way to a frame that can be sought, rounded up to a whole frame."""

REORDER_DELAY = {"h264": 2, "hevc": 2, "av1": 0}
"""Frames by which a codec, with these settings, decodes ahead of showing at most."""

_TAGS = {Codec.HEVC: "hvc1"}
"""The sample entry Apple's players ask for; the muxer's own choice elsewhere."""


_CV_CPU_AVX2 = 11
"""OpenCV's number for the instruction set; its Python module has no name for it."""


class Encoder(msgspec.Struct, frozen=True, kw_only=True):
    """One encoder and all that decides its output but for the profile."""

    name: str
    options: dict[str, str]
    quality: str = "crf"
    """The option that takes the profile's `crf`."""
    presets: dict[Grade, str] = {}
    """Its own name for how hard it tries; a grade that is not here has the options' preset."""
    trial: str = ""
    """SHA-256, in hex, of what it made of a test clip: it tells builds and drivers apart."""


def _x264_parameters() -> str:
    # x264's AVX-512 code for the macroblock tree reads past the rows of a frame that is not a
    # multiple of 128 pixels wide, and what lies there decides a few bits: 1080 pixels wide, the
    # same pictures came out in different bytes from run to run. Its AVX2 code does not, and is
    # as fast (2.7 s of CPU each for 5 s at 1080p).
    avx2 = ":asm=AVX2" if cv2.checkHardwareSupport(_CV_CPU_AVX2) else ""
    return "open-gop=0:b-pyramid=normal" + avx2


def _nvenc(codec: Codec) -> Encoder:
    options = {"preset": "p5", "tune": "hq", "rc": "vbr", "b": "0", "spatial-aq": "1"}
    if codec is not Codec.AV1:
        options |= {"bf": "3", "b_ref_mode": "middle", "forced-idr": "1", "strict_gop": "1"}
    presets = {Grade.DRAFT: "p2", Grade.HIGH: "p7"}
    return Encoder(name=f"{codec}_nvenc", options=options, quality="cq", presets=presets)


X264 = Encoder(
    name="libx264",
    options={"preset": "veryfast", "bf": "3", "x264-params": _x264_parameters()},
    # Anything faster does without the tree of macroblocks: more bytes for less, and no sooner.
    presets={Grade.HIGH: "medium"},
)
_X265 = Encoder(
    name="libx265",
    options={
        "preset": "superfast",
        "x265-params": "open-gop=0:bframes=3:pools=none:frame-threads=1:wpp=0:info=0"
        ":log-level=error",
    },
    presets={Grade.DRAFT: "ultrafast", Grade.HIGH: "medium"},
)
_SVT_AV1 = Encoder(
    name="libsvtav1",
    options={"preset": "9", "svtav1-params": "lp=1"},
    presets={Grade.DRAFT: "11", Grade.HIGH: "6"},
)
_FINER = {X264.name: ("x264-params", 1.6), _X265.name: ("x265-params", 2.0)}
"""How many times the bits a slow gradient has, and the option that says so."""
_FINER_AV1 = 4
"""By how much its rate factor is lower."""
_CANDIDATES = {
    Codec.H264: (_nvenc(Codec.H264), X264),
    Codec.HEVC: (_nvenc(Codec.HEVC), _X265),
    Codec.AV1: (_nvenc(Codec.AV1), _SVT_AV1),
}
"""In order of preference: hardware where it works."""

_Packets: TypeAlias = "list[Packet[Any]]"


def available_encoders() -> tuple[str, ...]:
    """Return the names of the encoders that have just encoded a test clip."""
    return tuple(encoder.name for codec in Codec for encoder in _working_encoders(codec))


def choose_encoder(codec: Codec = Codec.H264, grade: Grade = Grade.STANDARD) -> Encoder:
    """Return the encoder to compose with, trying as hard as a grade asks.

    Raises `CompositionError` where none works.
    """
    working = _working_encoders(codec)
    if not working:
        raise CompositionError(f"This machine has no working {codec.upper()} encoder.", codec=codec)
    chosen = working[0]
    options = chosen.options | {"preset": chosen.presets.get(grade, chosen.options["preset"])}
    return msgspec.structs.replace(chosen, options=options)


@cache
def _working_encoders(codec: Codec) -> tuple[Encoder, ...]:
    tried = ((encoder, _trial(encoder)) for encoder in _CANDIDATES[codec])
    return tuple(msgspec.structs.replace(encoder, trial=trial) for encoder, trial in tried if trial)


def _trial(encoder: Encoder) -> str:
    """Return the digest of what an encoder makes of a short clip; empty if it fails."""
    profile = Profile(name="trial", width=256, height=256)
    levels = (16, 128, 235)
    try:
        context = av.CodecContext.create(encoder.name, "w")
        if not isinstance(context, VideoCodecContext):
            return ""
        set_up(context, profile, encoder)
        packets: _Packets = []
        for pts, level in enumerate(levels):
            frame = av.VideoFrame.from_numpy_buffer(np.full((384, 256), level, np.uint8), "yuv420p")
            frame.pts = pts
            packets += context.encode(frame)
        packets += context.encode(None)
    except (FFmpegError, UnknownCodecError):
        # Not built in, no driver, no device, no such setting: whichever, it does not encode.
        return ""
    if len(packets) != len(levels):
        return ""
    return hashlib.sha256(b"".join(bytes(packet) for packet in packets)).hexdigest()


def encode_segment(
    pictures: Iterable[Canvas],
    place: Path,
    *,
    profile: Profile,
    encoder: Encoder,
    smooth: bool = False,
) -> None:
    """Write a run of pictures as a small MP4 that `render.delivery.joiner` can join.

    Of `smooth` ones more is kept (`finer`). A canvas may be used again as soon as the next one is
    asked for.
    """
    if smooth:
        profile, encoder = finer(profile, encoder)
    with av.open(place, "w", format="mp4") as container:
        stream = container.add_stream(encoder.name, profile.fps)
        if not isinstance(stream, VideoStream):
            raise CompositionError(f"{encoder.name} is no video encoder.")
        set_up(stream.codec_context, profile, encoder)
        coded = count(-REORDER_DELAY[profile.codec])
        for packet in chain.from_iterable(_packets(stream, pictures, profile)):
            # x265 takes the decoding times of a run shorter than its reordering from memory that
            # it has not written; they count pictures, whatever the encoder says.
            packet.dts = next(coded)
            container.mux(packet)


def finer(profile: Profile, encoder: Encoder) -> tuple[Profile, Encoder]:
    """Return what keeps the dithering of a slow gradient, which is otherwise smoothed into bands.

    What is said in headers stays, so that its segments join the others. NVENC was never met, and
    stays as it is.
    """
    # Measured in `specs/decisions/0043-gradients-without-bands.md`.
    if encoder.name == _SVT_AV1.name:
        return msgspec.structs.replace(profile, crf=max(1, profile.crf - _FINER_AV1)), encoder
    if encoder.name not in _FINER:
        return profile, encoder
    # A lower factor would be told in the header; a zone of so many times the bits is not.
    option, times = _FINER[encoder.name]
    zone = {option: f"{encoder.options[option]}:zones=0,100000000,b={times}"}
    return profile, msgspec.structs.replace(encoder, options=encoder.options | zone)


def _packets(
    stream: VideoStream, pictures: Iterable[Canvas], profile: Profile
) -> Iterator[_Packets]:
    for pts, canvas in enumerate(pictures):
        frame = canvas.frame()
        frame.pts = pts
        frame.time_base = Fraction(1, profile.fps)
        yield stream.encode(frame)
    yield stream.encode(None)


def set_up(
    context: VideoCodecContext, profile: Profile, encoder: Encoder, *, threads: int = 1
) -> None:
    """Open a fresh encoder context for pictures of a profile."""
    context.width, context.height, context.pix_fmt = profile.width, profile.height, "yuv420p"
    context.options = {**encoder.options, encoder.quality: str(profile.crf)}
    context.thread_count = threads
    context.time_base = Fraction(1, profile.fps)
    context.framerate = profile.fps
    context.gop_size = ceil(profile.fps * KEYFRAME_SECONDS)
    context.colorspace = Colorspace.ITU709
    context.color_range = ColorRange.MPEG
    context.color_primaries = ColorPrimaries.BT709
    context.color_trc = ColorTrc.BT709
    if tag := _TAGS.get(profile.codec):
        context.codec_tag = tag
    with without_realtime():
        context.open()
