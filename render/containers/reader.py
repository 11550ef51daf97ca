"""A file read by its structure: exactly, within its end, and not for ever."""

from enum import StrEnum
from typing import BinaryIO

import msgspec

from render.errors import BrokenContainer, OversizedMedium

_MOST_STEPS = 1_000_000
"""Reads of one file: a second's work, and more than hours of media need."""


class Use(StrEnum):
    """What a medium can be in a film."""

    PICTURE = "picture"
    CLIP = "clip"
    SOUND = "sound"


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """What a medium may claim to be at most."""

    max_pixels: int = 50_000_000
    """Width times height of a picture, or of a clip's."""
    max_seconds: float = 14_400


class Medium(msgspec.Struct, frozen=True, kw_only=True):
    """What a file is, by what it says of itself."""

    extension: str
    use: Use
    width: int = 0
    """Pixels as stored, as is `height`; 0 of what shows nothing."""
    height: int = 0
    seconds: float = 0
    """0 where the file does not say, and of a picture."""


class Reader:
    """One file, read forwards and back."""

    def __init__(self, file: BinaryIO, size: int, bounds: Bounds) -> None:
        self._file = file
        self.size = size
        self.bounds = bounds
        self.at = 0
        self._steps = 0

    @property
    def ended(self) -> bool:
        """Whether everything has been read."""
        return self.at >= self.size

    def take(self, count: int, *, at: int | None = None) -> bytes:
        """Return the next bytes, or those at a place; raise `BrokenContainer` if there are none."""
        self._steps += 1
        if self._steps > _MOST_STEPS:
            raise OversizedMedium("The file is made of too many parts.", limit=_MOST_STEPS)
        if at is not None:
            self.at = at
        if self.at + count > self.size:
            raise truncated()
        self._file.seek(self.at)
        data = self._file.read(count)
        if len(data) < count:
            raise truncated()
        self.at += count
        return data

    def number(self, count: int = 4) -> int:
        """Return the next bytes as a whole number, the greatest first."""
        return int.from_bytes(self.take(count))

    def skip(self, count: int) -> None:
        """Pass over bytes that are there."""
        if self.at + count > self.size:
            raise truncated()
        self.at += count

    def finish(self) -> None:
        """Raise `BrokenContainer` unless this was the end."""
        if not self.ended:
            raise BrokenContainer("The file goes on after its end: it may be two in one.")

    def check_size(self, width: int, height: int, *, most: int | None = None) -> None:
        """Raise `OversizedMedium` for more pixels than may be decoded."""
        limit = min(self.bounds.max_pixels, most or self.bounds.max_pixels)
        if not width or not height:
            raise BrokenContainer("The file says that its picture has no size.")
        if width * height > limit:
            raise OversizedMedium(
                f"The picture has {width} × {height} pixels; it may have {limit} at most.",
                width=width,
                height=height,
                limit=limit,
            )

    def check_seconds(self, seconds: float) -> None:
        """Raise `OversizedMedium` for what says that it lasts too long."""
        if seconds > self.bounds.max_seconds:
            raise OversizedMedium(
                f"The file says that it lasts longer than {self.bounds.max_seconds:g} seconds.",
                limit=self.bounds.max_seconds,
            )


def truncated() -> BrokenContainer:
    """Return the error of a file that is not whole."""
    return BrokenContainer("The file ends before what it says it holds.")


def contradicts() -> BrokenContainer:
    """Return the error of a file whose parts do not fit."""
    return BrokenContainer("The parts of the file do not fit together.")
