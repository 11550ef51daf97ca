"""Boxes: MP4, MOV, M4A, HEIC and AVIF (ISO/IEC 14496-12 and 23008-12; QuickTime File Format).

The boxes must fill the file to its last byte. Of a film, the tables are read that say how
long and how large it is, where its pictures lie, and whether that is this file: a reader
would follow a reference to another, or to an address.
"""

from collections.abc import Iterator

import msgspec

from render.containers.reader import Medium, Reader, Use, contradicts, truncated
from render.errors import BrokenContainer, OutwardReference, OversizedMedium, UnknownContainer

_MOST_TRACKS = 32
_CLIP_PIXELS = 8192 * 4320
_AVIF = frozenset({b"avif", b"avis"})
_HEIC = frozenset({b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"})
_INSIDE = {
    b"moov": frozenset({b"mvhd", b"trak", b"rmra", b"cmov"}),
    b"trak": frozenset({b"mdia"}),
    b"mdia": frozenset({b"mdhd", b"hdlr", b"minf"}),
    b"minf": frozenset({b"dinf", b"stbl"}),
    b"dinf": frozenset({b"dref"}),
    b"stbl": frozenset({b"stsd", b"stsz", b"stco", b"co64"}),
    b"meta": frozenset({b"dinf", b"iprp"}),
    b"iprp": frozenset({b"ipco"}),
    b"ipco": frozenset({b"ispe"}),
}
"""What is looked into, and for what."""


class _Box(msgspec.Struct, frozen=True, kw_only=True):
    kind: bytes
    start: int
    """Of what it holds."""
    end: int

    @property
    def length(self) -> int:
        return self.end - self.start


class _Found:
    """What the tables say."""

    def __init__(self) -> None:
        self.handlers: list[bytes] = []
        self.seconds = 0.0
        self.film: tuple[int, int] = (0, 0)
        self.items: tuple[int, int] = (0, 0)


def film_or_picture(reader: Reader) -> Medium:
    """Walk a file of boxes."""
    found = _Found()
    brands: frozenset[bytes] = frozenset()
    kinds: set[bytes] = set()
    for box in _boxes(reader, 0, reader.size):
        if not kinds and box.kind == b"ftyp":
            reader.at = box.start
            named = reader.take(min(box.length, 1024))
            brands = frozenset(named[at : at + 4] for at in (0, *range(8, len(named) - 3, 4)))
        kinds.add(box.kind)
        if box.kind in {b"moov", b"meta"}:
            _look_into(reader, box, found)
    picture = brands & (_AVIF | _HEIC)
    if b"moov" in kinds and not (picture and b"meta" in kinds):
        return _film(reader, found, quicktime=not brands or b"qt  " in brands)
    if picture and found.items != (0, 0):
        return Medium(
            extension="avif" if brands & _AVIF else "heic",
            use=Use.PICTURE,
            width=found.items[0],
            height=found.items[1],
        )
    if b"mdat" in kinds:
        raise truncated()  # a film whose tables were to come at the end
    raise UnknownContainer("This is no medium that is taken here.")


def _film(reader: Reader, found: _Found, *, quicktime: bool) -> Medium:
    if len(found.handlers) > _MOST_TRACKS:
        raise OversizedMedium("The film has too many tracks.", limit=_MOST_TRACKS)
    reader.check_seconds(found.seconds)
    if b"vide" in found.handlers:
        width, height = found.film
        reader.check_size(width, height, most=_CLIP_PIXELS)
        return Medium(
            extension="mov" if quicktime else "mp4",
            use=Use.CLIP,
            width=width,
            height=height,
            seconds=found.seconds,
        )
    if b"soun" in found.handlers:
        return Medium(extension="m4a", use=Use.SOUND, seconds=found.seconds)
    raise UnknownContainer("There is neither a moving picture nor sound in this file.")


def _boxes(reader: Reader, start: int, end: int) -> Iterator[_Box]:
    """Yield the boxes that a stretch is made of, without a byte left over."""
    while start < end:
        length, kind = int.from_bytes(reader.take(4, at=start)), reader.take(4)
        head = 8
        if length == 1:
            length, head = reader.number(8), 16
        elif length == 0 and end == reader.size:
            length = end - start
        if length < head or not _is_name(kind):
            raise contradicts()
        if start + length > end:
            raise truncated() if end == reader.size else contradicts()
        yield _Box(kind=kind, start=start + head, end=start + length)
        start += length


def _is_name(kind: bytes) -> bool:
    return all(0x20 <= letter <= 0x7E or letter == 0xA9 for letter in kind)  # noqa: PLR2004 - ASCII and ©


def _look_into(reader: Reader, box: _Box, found: _Found) -> None:
    start = box.start
    if box.kind == b"meta" and reader.take(8, at=start)[4:] != b"hdlr":
        start += 4  # a version, which QuickTime's has not
    for inner in _boxes(reader, start, box.end):
        if inner.kind not in _INSIDE[box.kind]:
            continue
        if inner.kind in _INSIDE:
            _look_into(reader, inner, found)
        else:
            reader.at = inner.start
            _READ[inner.kind](reader, inner, found)


def _duration(reader: Reader, _box: _Box, found: _Found) -> None:
    """`mvhd` and `mdhd`."""
    wide = reader.number(4) >> 24 == 1
    reader.skip(16 if wide else 8)
    scale, length = reader.number(4), reader.number(8 if wide else 4)
    unknown = 2**64 - 1 if wide else 2**32 - 1
    if length not in {0, unknown}:
        if not scale:
            raise contradicts()
        found.seconds = max(found.seconds, length / scale)
        reader.check_seconds(found.seconds)


def _handler(reader: Reader, _box: _Box, found: _Found) -> None:
    reader.skip(8)
    found.handlers.append(reader.take(4))


def _references(reader: Reader, _box: _Box, _found: _Found) -> None:
    """`dref`: where a track's bytes lie; a flag says that it is this file."""
    reader.skip(4)
    count = reader.number(4)
    for _ in range(count):
        length, _kind = reader.number(4), reader.take(4)
        if length < 12:  # noqa: PLR2004 - head and flags
            raise contradicts()
        if not reader.number(4) & 1:
            raise OutwardReference("The file refers to media outside of itself.")
        reader.skip(length - 12)


def _samples(reader: Reader, _box: _Box, found: _Found) -> None:
    """`stsd`: how what is in a track is coded."""
    reader.skip(4)
    count = reader.number(4)
    moving = found.handlers[-1:] == [b"vide"]
    for _ in range(count):
        start = reader.at
        length = reader.number(4)
        if length < 16:  # noqa: PLR2004 - head and reference
            raise contradicts()
        if moving:
            reader.skip(28)
            width, height = reader.number(2), reader.number(2)
            reader.check_size(width, height, most=_CLIP_PIXELS)
            found.film = max(found.film, (width, height), key=lambda size: size[0] * size[1])
        reader.at = start
        reader.skip(length)


def _sample_sizes(reader: Reader, box: _Box, _found: _Found) -> None:
    """`stsz`: readers make room for as many samples as it promises."""
    reader.skip(4)
    each, count = reader.number(4), reader.number(4)
    if each * count > reader.size or (not each and 4 * count > box.length - 12):
        raise contradicts()


def _chunks(reader: Reader, box: _Box, _found: _Found) -> None:
    """`stco` and `co64`: where samples lie."""
    each = 8 if box.kind == b"co64" else 4
    reader.skip(4)
    count = reader.number(4)
    if each * count > box.length - 8:
        raise contradicts()
    if count:
        reader.skip(each * (count - 1))
        if reader.number(each) >= reader.size:
            raise truncated()


def _extent(reader: Reader, _box: _Box, found: _Found) -> None:
    """`ispe`: how large a picture is, or one of those that it is made of."""
    reader.skip(4)
    width, height = reader.number(4), reader.number(4)
    reader.check_size(width, height)
    found.items = max(found.items, (width, height), key=lambda size: size[0] * size[1])


def _outward(_reader: Reader, _box: _Box, _found: _Found) -> None:
    """`rmra`: another file in place of this one."""
    raise OutwardReference("The file refers to media outside of itself.")


def _compressed(_reader: Reader, _box: _Box, _found: _Found) -> None:
    """`cmov`: tables that would have to be unpacked to be looked at."""
    raise BrokenContainer("The tables of this file are compressed, which is not read here.")


_READ = {
    b"mvhd": _duration,
    b"mdhd": _duration,
    b"hdlr": _handler,
    b"dref": _references,
    b"stsd": _samples,
    b"stsz": _sample_sizes,
    b"stco": _chunks,
    b"co64": _chunks,
    b"ispe": _extent,
    b"rmra": _outward,
    b"cmov": _compressed,
}
