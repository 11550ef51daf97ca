"""WebM and Matroska (RFC 8794 and 9559), walked from element to element.

A recorder that writes as it goes knows no lengths: then the elements inside are
walked until one comes that belongs further out.
"""

import struct

from render.containers.reader import Medium, Reader, Use, contradicts
from render.errors import UnknownContainer

_EBML, _SEGMENT, _CLUSTER = 0x1A45DFA3, 0x18538067, 0x1F43B675
_DOCTYPE = 0x4282
_INFO, _SCALE, _DURATION = 0x1549A966, 0x2AD7B1, 0x4489
_TRACKS, _TRACK, _TYPE, _VIDEO, _WIDTH, _HEIGHT = 0x1654AE6B, 0xAE, 0x83, 0xE0, 0xB0, 0xBA
_MASTERS = frozenset({_INFO, _TRACKS, _TRACK, _VIDEO})
_CLIP_PIXELS = 8192 * 4320
_LONGEST_NUMBER = 8
_MOVING, _SOUND = 1, 2


def webm(reader: Reader) -> Medium:
    """Walk a WebM or another Matroska file."""
    reader.at = 0
    kind, length = _element(reader)
    if kind != _EBML or length is None:
        raise contradicts()
    doctype = _doctype(reader, reader.at + length)
    if doctype not in {b"webm", b"matroska"}:
        raise UnknownContainer("This is no medium that is taken here.")
    kind, length = _element(reader)
    if kind != _SEGMENT:
        raise contradicts()
    end = reader.size if length is None else reader.at + length
    if end < reader.size:
        reader.at = end
        reader.finish()
    values = _walk(reader, end)
    seconds = values.duration * values.scale / 1_000_000_000
    reader.check_seconds(seconds)
    extension = "webm" if doctype == b"webm" else "mkv"
    if _MOVING in values.types:
        reader.check_size(values.width, values.height, most=_CLIP_PIXELS)
        return Medium(
            extension=extension,
            use=Use.CLIP,
            width=values.width,
            height=values.height,
            seconds=seconds,
        )
    if _SOUND in values.types:
        return Medium(extension=extension, use=Use.SOUND, seconds=seconds)
    raise UnknownContainer("There is neither a moving picture nor sound in this file.")


class _Values:
    def __init__(self) -> None:
        self.types: set[int] = set()
        self.scale = 1_000_000
        self.duration = 0.0
        self.width = self.height = 0


def _walk(reader: Reader, end: int) -> _Values:
    values = _Values()
    while reader.at < end:
        kind, length = _element(reader)
        if length is None:
            if kind != _CLUSTER:
                raise contradicts()
            continue
        if kind in _MASTERS:
            continue
        start = reader.at
        reader.skip(length)
        after = reader.at
        if length <= _LONGEST_NUMBER and kind in {_SCALE, _DURATION, _TYPE, _WIDTH, _HEIGHT}:
            _note(values, kind, reader.take(length, at=start))
            reader.at = after
    return values


def _note(values: _Values, kind: int, data: bytes) -> None:
    number = int.from_bytes(data)
    if kind == _TYPE:
        values.types.add(number)
    elif kind == _SCALE:
        values.scale = number
    elif kind == _WIDTH:
        values.width = max(values.width, number)
    elif kind == _HEIGHT:
        values.height = max(values.height, number)
    elif len(data) in {4, 8}:
        (values.duration,) = struct.unpack(">f" if len(data) == 4 else ">d", data)  # noqa: PLR2004
        if not 0 <= values.duration < 2**63:
            raise contradicts()


def _element(reader: Reader) -> tuple[int, int | None]:
    """Return the next element's id, and its length where it is known."""
    first = reader.number(1)
    size = 9 - first.bit_length()
    if size > 4:  # noqa: PLR2004 - the longest id
        raise contradicts()
    kind = int.from_bytes(bytes([first]) + (reader.take(size - 1) if size > 1 else b""))
    first = reader.number(1)
    size = 9 - first.bit_length()
    if size > _LONGEST_NUMBER:
        raise contradicts()
    known = first & ((1 << (8 - size)) - 1)
    length = int.from_bytes(bytes([known]) + (reader.take(size - 1) if size > 1 else b""))
    return kind, None if length == (1 << (7 * size)) - 1 else length


def _doctype(reader: Reader, end: int) -> bytes:
    found = b""
    while reader.at < end:
        kind, length = _element(reader)
        if length is None:
            raise contradicts()
        start = reader.at
        reader.skip(length)
        if kind == _DOCTYPE:
            after = reader.at
            found = reader.take(min(length, 16), at=start).rstrip(b"\x00")
            reader.at = after
    if reader.at != end:
        raise contradicts()
    return found
