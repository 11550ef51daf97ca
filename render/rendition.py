"""Output profiles: the sizes a video is made in, and the record of a finished one.

Sizes are in pixels: widths even, heights divisible by four, so that a frame with
its halved chroma is one rectangle of bytes. Rates are in frames per second, and exact:
television's 29.97 is 30000/1001. Light: no media library is loaded.
"""

import enum
from fractions import Fraction
from typing import TypeAlias

import msgspec

from render.errors import InvalidStoryboard
from render.storyboard import AspectRatio


class Quality(enum.StrEnum):
    """How large a video is made."""

    FULL = "full"
    """1080 lines on the short side: what is published."""
    HD = "hd"
    """720 lines, fewer than half the pixels: slow lines and small windows."""
    PREVIEW = "preview"
    """360 lines on the short side: quick looks and tests."""


class Codec(enum.StrEnum):
    """How pictures are compressed."""

    H264 = "h264"
    """Plays everywhere."""
    HEVC = "hevc"
    """Smaller; plays on Apple's devices, televisions and most telephones."""
    AV1 = "av1"
    """Smaller still; plays in current browsers."""


class Grade(enum.StrEnum):
    """How much of a picture compression keeps, and how long it may take for that."""

    DRAFT = "draft"
    """Two thirds of the bytes, and no slower: to be looked at and thrown away."""
    STANDARD = "standard"
    """What is published."""
    HIGH = "high"
    """Nearly twice the bytes, and twice as slow or more: to be edited or compressed once more."""


Rate: TypeAlias = Fraction | int
"""Frames a second."""


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """The size, rate and codec of one rendition."""

    name: str
    width: int
    height: int
    fps: Fraction = Fraction(30)
    codec: Codec = Codec.H264
    crf: int = 21
    """The codec's own constant rate factor; lower is better and larger."""
    grade: Grade = Grade.STANDARD
    """Of which `crf` is a part; how hard the encoder tries is the other."""


FRAME_RATES = (
    Fraction(24000, 1001),
    Fraction(24),
    Fraction(25),
    Fraction(30000, 1001),
    Fraction(30),
    Fraction(50),
    Fraction(60000, 1001),
    Fraction(60),
)
"""Frames a second that a video can be made at."""

USUAL_RATE = 30
_SHAPES = {
    AspectRatio.LANDSCAPE: ("landscape", 16, 9),
    AspectRatio.PORTRAIT: ("portrait", 9, 16),
    AspectRatio.SQUARE: ("square", 1, 1),
}
_LINES = {Quality.FULL: 1080, Quality.HD: 720, Quality.PREVIEW: 360}
# Measured on three seconds of a moving photograph at 720p: HEVC came out 0.8 dB better than
# H.264 in 83 % of its bits, AV1 0.7 dB better in 49 %.
_CRF = {Codec.H264: 21, Codec.HEVC: 24, Codec.AV1: 34}
# Measured on a second of a moving photograph at 1080p: a draft has 60 to 70 % of the bytes, 3 to
# 6 dB worse; high 130 to 170 %, 4 to 5 dB better, in 1.6 to 2.4 times the time.
# AV1's factors go to 63, the others' to 51.
_COARSER = {Grade.DRAFT: 5, Grade.STANDARD: 0, Grade.HIGH: -4}
_COARSER_AV1 = {Grade.DRAFT: 8, Grade.STANDARD: 0, Grade.HIGH: -7}


def profile_for(
    aspect_ratio: AspectRatio,
    quality: Quality = Quality.FULL,
    *,
    codec: Codec = Codec.H264,
    grade: Grade = Grade.STANDARD,
    fps: Rate = USUAL_RATE,
) -> Profile:
    """Return the profile a storyboard of this shape is rendered with.

    Raises `InvalidStoryboard` for a rate that is none of `FRAME_RATES`.
    """
    fps = Fraction(fps)
    if fps not in FRAME_RATES:
        raise _no_rate(rate_name(fps))
    shape, across, down = _SHAPES[aspect_ratio]
    unit = _LINES[quality] // min(across, down)
    parts = (
        shape,
        quality.value if quality is not Quality.FULL else "",
        codec.value if codec is not Codec.H264 else "",
        grade.value if grade is not Grade.STANDARD else "",
        f"{rate_name(fps)}fps" if fps != USUAL_RATE else "",
    )
    return Profile(
        name="-".join(filter(None, parts)),
        width=across * unit,
        height=down * unit,
        fps=fps,
        codec=codec,
        crf=_CRF[codec] + (_COARSER_AV1 if codec is Codec.AV1 else _COARSER)[grade],
        grade=grade,
    )


def frame_rate(told: str) -> Fraction:
    """Return the rate that people call `23.976`, `23.98` or `24000/1001`, exactly.

    Raises `InvalidStoryboard` for what names none of `FRAME_RATES`.
    """
    for rate in FRAME_RATES:
        if told in {rate_name(rate), f"{float(rate):.2f}", str(rate)}:
            return rate
    raise _no_rate(told)


def rate_name(fps: Fraction) -> str:
    """Return what people call a rate: `30`, `29.97`, `23.976`."""
    return f"{float(fps):.3f}".rstrip("0").removesuffix(".")


def rate_digested(fps: Fraction) -> int | str:
    """Return a rate as digests have it: a whole one is the number that it has always been."""
    return fps.numerator if fps.denominator == 1 else str(fps)


def _no_rate(told: str) -> InvalidStoryboard:
    *most, last = map(rate_name, FRAME_RATES)
    return InvalidStoryboard(
        f"A video has {', '.join(most)} or {last} frames a second; not {told}.", fps=told
    )


class SegmentTime(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """When a segment was encoded."""

    digest: str
    began: float
    """Seconds since composing began."""
    seconds: float


class Timings(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Where composing spent its wall-clock seconds; nowhere, where the whole file was there."""

    encode: float = 0
    """Pictures and sound, side by side, until the last segment stood."""
    join: float = 0
    """Joining, and moving the index to the front."""
    validate: float = 0
    """Judging the joined file; its pieces are decoded as they are made."""
    total: float = 0
    segments: tuple[SegmentTime, ...] = ()
    """Those that were not there already, as they ended; several were encoded at a time."""


class Rendition(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A finished video file and what it is made of."""

    path: str
    duration: float
    """Seconds."""
    width: int
    height: int
    frames: int
    bytes: int
    sha256: str
    encoder: str
    segments: tuple[str, ...]
    """The digest of each segment, in order."""
    reused: int
    """How many of them were found in the cache."""
    timings: Timings
    signed: bool = False
    """Whether it holds a C2PA manifest."""
