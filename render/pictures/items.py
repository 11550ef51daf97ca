"""The primary item of an AVIF or HEIF file: how large it is stored, and which part is shown.

Both are ISO base media files (ISO/IEC 23008-12): the box `meta` names a primary item (`pitm`)
and gives it properties (`iprp`), among them its size (`ispe`) and its clean aperture (`clap`),
the part that is left once an encoder's padding or an editor's crop is cut off. Pillow's AVIF
decoder leaves the aperture to its callers; libheif cuts HEIF by itself, but then tells the size
of what is left, which says nothing of how much is decoded.

Only what is needed of the boxes is read, and nothing is believed: what does not add up is as
if it were not there.
"""

import struct
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

Box = tuple[int, int, int, int]
"""Left, top, right and bottom, in pixels as they are stored."""

_MOST = 4 * 1024 * 1024
"""Bytes of `meta` that are read: an item a tile and some words about the camera take less."""
_DEEPEST = 1_000
"""Boxes of one kind that are looked through."""


class Item(NamedTuple):
    """What is said of a picture before it is decoded."""

    width: int = 0
    """Pixels as they are stored, as is `height`; 0 where it is not said."""
    height: int = 0
    shown: Box | None = None
    """The clean aperture; None for all of it."""


def primary(path: Path) -> Item:
    """Return the primary item of a file; one that says nothing where there is none."""
    try:
        return _item(_meta(path))
    except (struct.error, IndexError, ArithmeticError, ValueError, OSError):
        return Item()


def _meta(path: Path) -> bytes:
    with path.open("rb") as file:
        for _ in range(_DEEPEST):
            header = file.read(8)
            if len(header) < 8:  # noqa: PLR2004
                break
            size, kind = struct.unpack(">I4s", header)
            start = 8
            if size == 1:
                (size,) = struct.unpack(">Q", file.read(8))
                start = 16
            if kind == b"meta":
                return file.read(max(0, min(size - start, _MOST)) if size else _MOST)
            if size < start:
                break
            file.seek(size - start, 1)
    return b""


def _item(meta: bytes) -> Item:
    boxes = dict(_boxes(meta[4:]))
    named, properties = boxes.get(b"pitm", b""), dict(_boxes(boxes.get(b"iprp", b"")))
    if not named or not properties:
        return Item()
    (number,) = struct.unpack_from(">I" if named[0] else ">H", named, 4)
    boxes = list(_boxes(properties.get(b"ipco", b"")))
    width = height = 0
    aperture: Box | None = None
    for index in _property_numbers(properties.get(b"ipma", b""), number):
        if not 0 < index <= len(boxes):
            continue
        kind, content = boxes[index - 1]
        if kind == b"ispe":
            width, height = struct.unpack_from(">II", content, 4)
        elif kind == b"clap":
            aperture = _aperture(struct.unpack_from(">IIIIiIiI", content), (width, height))
    return Item(width, height, aperture)


def _boxes(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = 0
    for _ in range(_DEEPEST):
        if place + 8 > len(content):
            return
        size, kind = struct.unpack_from(">I4s", content, place)
        start = 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", content, place + 8)
            start = 16
        end = place + size if size else len(content)
        if size and size < start:
            return
        yield kind, content[place + start : end]
        place = end


def _property_numbers(ipma: bytes, number: int) -> Iterator[int]:
    """Yield the properties of an item, counted from 1, in the order in which they apply."""
    if not ipma:
        return
    version, wide = ipma[0], ipma[3] & 1
    (entries,) = struct.unpack_from(">I", ipma, 4)
    place = 8
    for _ in range(min(entries, _DEEPEST)):
        item, count = struct.unpack_from(">IB" if version else ">HB", ipma, place)
        place += 5 if version else 3
        for _ in range(count):
            # The highest bit says whether a reader must know the property.
            (index,) = struct.unpack_from(">H" if wide else ">B", ipma, place)
            place += 1 + wide
            if item == number:
                yield index & (0x7FFF if wide else 0x7F)


def _aperture(clap: tuple[int, ...], stored: tuple[int, int]) -> Box | None:
    """Return a clean aperture: its size, and how far its centre lies from the picture's."""
    edges: list[int] = []
    for whole, length, offset in zip(
        stored,
        (Fraction(clap[0], clap[1]), Fraction(clap[2], clap[3])),
        (Fraction(clap[4], clap[5]), Fraction(clap[6], clap[7])),
        strict=True,
    ):
        start = round(offset + (whole - length) / 2)
        edges += [start, start + round(length)]
    left, right, top, bottom = edges
    if not (0 <= left < right <= stored[0] and 0 <= top < bottom <= stored[1]):
        return None
    return (left, top, right, bottom) if (left, top, right, bottom) != (0, 0, *stored) else None
