"""Pictures: PNG, JPEG, GIF and WebP, walked from their first part to their last.

PNG: W3C, Portable Network Graphics; JPEG: ITU-T T.81 and CIPA DC-007 (pictures behind
the first); GIF: GIF89a; WebP: RFC 9649.
"""

import re
import zlib

from render.containers.reader import Medium, Reader, Use, contradicts, truncated

_CHUNK = 64 * 1024
_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
"""In compressed data, what is no data: neither a stuffed byte nor a restart."""
_SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""The markers of a JPEG's frame."""
_BARE = frozenset({0x01, *range(0xD0, 0xD9)})
_EOI, _SOS, _APP2 = 0xD9, 0xDA, 0xE2


def png(reader: Reader) -> Medium:
    """Walk a PNG, each part's checksum included."""
    reader.take(8, at=0)
    width = height = 0
    shows = False
    while True:
        length, kind = reader.number(), reader.take(4)
        if kind == b"IHDR":
            if width or length != 13:  # noqa: PLR2004 - as the standard has it
                raise contradicts()
            header = reader.take(length)
            width, height = int.from_bytes(header[:4]), int.from_bytes(header[4:8])
            reader.check_size(width, height)
            checksum = zlib.crc32(header, zlib.crc32(kind))
        elif not width:
            raise contradicts()
        else:
            checksum = zlib.crc32(kind)
            left = length
            while left:
                data = reader.take(min(left, _CHUNK))
                checksum, left = zlib.crc32(data, checksum), left - len(data)
        if reader.number() != checksum:
            raise contradicts()
        shows = shows or kind == b"IDAT"
        if kind == b"IEND":
            break
    reader.finish()
    if not shows:
        raise truncated()
    return Medium(extension="png", use=Use.PICTURE, width=width, height=height)


def jpeg(reader: Reader) -> Medium:
    """Walk a JPEG to its end, and those that it says stand behind it."""
    reader.at = 0
    width, height, several = _one_jpeg(reader)
    while not reader.ended:
        start = reader.at
        beginning = reader.take(min(3, reader.size - start))
        reader.at = start
        if several and beginning == b"\xff\xd8\xff":
            _one_jpeg(reader)
        elif not _padding(reader):
            reader.at = start
            reader.finish()
    return Medium(extension="jpg", use=Use.PICTURE, width=width, height=height)


def _one_jpeg(reader: Reader) -> tuple[int, int, bool]:  # noqa: C901 - a marker after the other
    if reader.take(2) != b"\xff\xd8":
        raise contradicts()
    width = height = 0
    several = shown = False
    while True:
        if reader.take(1) != b"\xff":
            raise contradicts()
        while (marker := reader.number(1)) == 0xFF:  # noqa: PLR2004 - filled up
            pass
        if marker == _EOI:
            break
        if marker in _BARE:
            continue
        length = reader.number(2) - 2
        if length < 0:
            raise contradicts()
        start = reader.at
        if marker in _SIZES:
            frame = reader.take(5)
            height, width = int.from_bytes(frame[1:3]), int.from_bytes(frame[3:5])
            reader.check_size(width, height)
        elif marker == _APP2 and length >= 4:  # noqa: PLR2004 - of the name
            several = several or reader.take(4) == b"MPF\x00"
        reader.at = start
        reader.skip(length)
        if marker == _SOS:
            if not width:
                raise contradicts()
            shown = True
            _pass_compressed(reader)
    if not shown:
        raise truncated()
    return width, height, several


def _pass_compressed(reader: Reader) -> None:
    """Go to the next marker."""
    while True:
        start = reader.at
        data = reader.take(min(_CHUNK, reader.size - start))
        if found := _MARKER.search(data):
            reader.at = start + found.start()
            return
        if reader.ended:
            raise truncated()
        # A marker may lie on the border.
        reader.at -= 1


def _padding(reader: Reader) -> bool:
    """Tell whether only zeros are left, as some cameras write."""
    while not reader.ended:
        if reader.take(min(_CHUNK, reader.size - reader.at)).strip(b"\x00"):
            return False
    return True


def gif(reader: Reader) -> Medium:
    """Walk a GIF, each block of each picture."""
    header = reader.take(13, at=0)
    width, height = (int.from_bytes(header[at : at + 2], "little") for at in (6, 8))
    reader.check_size(width, height)
    _pass_colours(reader, header[10])
    shows = False
    while (block := reader.take(1)) != b"\x3b":
        if block == b"\x2c":
            described = reader.take(9)
            reader.check_size(*(int.from_bytes(described[at : at + 2], "little") for at in (4, 6)))
            _pass_colours(reader, described[8])
            shows = True
        elif block != b"\x21":
            raise contradicts()
        reader.skip(1)
        while length := reader.number(1):
            reader.skip(length)
    reader.finish()
    if not shows:
        raise truncated()
    return Medium(extension="gif", use=Use.PICTURE, width=width, height=height)


def _pass_colours(reader: Reader, flags: int) -> None:
    if flags & 0x80:
        reader.skip(3 * 2 ** ((flags & 7) + 1))


def webp(reader: Reader) -> Medium:
    """Walk a WebP's chunks."""
    length = int.from_bytes(reader.take(12, at=0)[4:8], "little")
    if length + 8 != reader.size:
        raise truncated() if length + 8 > reader.size else contradicts()
    width = height = 0
    shows = False
    while not reader.ended:
        kind, length = reader.take(4), int.from_bytes(reader.take(4), "little")
        start = reader.at
        size = (0, 0)
        if kind == b"VP8X":
            flags = reader.take(10)
            size = tuple(int.from_bytes(flags[at : at + 3], "little") + 1 for at in (4, 7))
        elif kind == b"VP8 ":
            frame = reader.take(10)
            size = tuple(int.from_bytes(frame[at : at + 2], "little") & 0x3FFF for at in (6, 8))
        elif kind == b"VP8L":
            bits = int.from_bytes(reader.take(5)[1:], "little")
            size = (bits & 0x3FFF) + 1, ((bits >> 14) & 0x3FFF) + 1
        if kind in {b"VP8X", b"VP8 ", b"VP8L"}:
            reader.check_size(*size)
            if not width:
                width, height = size
        shows = shows or kind in {b"VP8 ", b"VP8L", b"ANMF"}
        reader.at = start
        reader.skip(length + length % 2)
    if not shows:
        raise truncated()
    return Medium(extension="webp", use=Use.PICTURE, width=width, height=height)
