"""Output profiles: the sizes a video is made in, and the record of a finished one.

Sizes are in pixels: widths even, heights divisible by four, so that a frame with
its halved chroma is one rectangle of bytes. Rates are in frames per second.
Light: no media library is loaded.
"""

import enum

import msgspec

from render.storyboard import AspectRatio


class Quality(enum.StrEnum):
    """How large a video is made."""

    FULL = "full"
    """1080 lines on the short side: what is published."""
    PREVIEW = "preview"
    """360 lines on the short side: quick looks and tests."""


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """The size and rate of one rendition."""

    name: str
    width: int
    height: int
    fps: int = 30
    crf: int = 21
    """x264's constant rate factor; lower is better and larger."""


_PROFILES = {
    (AspectRatio.LANDSCAPE, Quality.FULL): Profile(name="landscape", width=1920, height=1080),
    (AspectRatio.PORTRAIT, Quality.FULL): Profile(name="portrait", width=1080, height=1920),
    (AspectRatio.SQUARE, Quality.FULL): Profile(name="square", width=1080, height=1080),
    (AspectRatio.LANDSCAPE, Quality.PREVIEW): Profile(
        name="landscape-preview", width=640, height=360
    ),
    (AspectRatio.PORTRAIT, Quality.PREVIEW): Profile(
        name="portrait-preview", width=360, height=640
    ),
    (AspectRatio.SQUARE, Quality.PREVIEW): Profile(name="square-preview", width=360, height=360),
}


def profile_for(aspect_ratio: AspectRatio, quality: Quality = Quality.FULL) -> Profile:
    """Return the profile a storyboard of this shape is rendered with."""
    return _PROFILES[aspect_ratio, quality]


class Timings(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Where composing spent its wall-clock seconds."""

    encode: float
    """Pictures and sound, side by side, until the last segment stood."""
    join: float
    """Joining, moving the index to the front, hashing and syncing to disk."""
    total: float


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
