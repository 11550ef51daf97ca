"""Recognition: which medium a file is, by how it begins and whether the rest agrees.

Neither name nor header is asked. What is no medium that the engine reads, SVG and HTML
among it, is not known here; a file that is two things at once is refused, since whoever
takes it for the other would run it.
"""

import os
import re
from collections.abc import Callable
from typing import BinaryIO

from render.containers import boxes, matroska, sounds, stills
from render.containers.reader import Bounds, Medium, Reader
from render.errors import BrokenContainer, UnknownContainer

_BEGINNINGS: tuple[tuple[int, bytes, Callable[[Reader], Medium]], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", stills.png),
    (0, b"\xff\xd8\xff", stills.jpeg),
    (0, b"GIF87a", stills.gif),
    (0, b"GIF89a", stills.gif),
    (8, b"WEBP", stills.webp),
    (8, b"WAVE", sounds.wav),
    (0, b"fLaC", sounds.flac),
    (0, b"OggS", sounds.ogg),
    (0, b"ID3", sounds.mp3),
    (0, b"\x1aE\xdf\xa3", matroska.webm),
    *((4, kind, boxes.film_or_picture) for kind in (b"ftyp", b"moov", b"wide", b"mdat", b"skip")),
)
_MP3 = re.compile(rb"\xff[\xe2\xe3\xf2\xf3\xfa\xfb]")
_HEAD = 1024
"""Within which readers of documents look for their beginning."""
_DOCUMENT = re.compile(rb"%PDF-|<(?:!doctype|html|script|svg|\?php|body|iframe)", re.IGNORECASE)
_ARCHIVE = re.compile(rb"PK\x05\x06\x00\x00\x00\x00.{12}(..)", re.DOTALL)
"""The end of a ZIP, and the length of the comment behind it."""
_ARCHIVE_TAIL = 22 + 65_535
_SHORTEST = 16


def recognise(file: BinaryIO, bounds: Bounds | None = None) -> Medium:
    """Return what a file is; raise `ContainerError`.

    Nothing is decoded: that it can be is found out by whoever uses it.
    """
    size = file.seek(0, os.SEEK_END)
    reader = Reader(file, size, bounds or Bounds())
    if size < _SHORTEST:
        raise UnknownContainer("This is no medium that is taken here.")
    head = reader.take(min(size, _HEAD), at=0)
    walk = next(
        (walk for start, mark, walk in _BEGINNINGS if head[start : start + len(mark)] == mark),
        sounds.mp3 if _MP3.match(head) else None,
    )
    if walk is None:
        raise UnknownContainer("This is no medium that is taken here.")
    medium = walk(reader)
    _check_single(reader, head)
    return medium


def _check_single(reader: Reader, head: bytes) -> None:
    tail_size = min(reader.size, _ARCHIVE_TAIL)
    tail = reader.take(tail_size, at=reader.size - tail_size)
    archive = any(
        found.end() + int.from_bytes(found[1], "little") <= tail_size
        for found in _ARCHIVE.finditer(tail)
    )
    if archive or _DOCUMENT.search(head):
        raise BrokenContainer("The file is two in one: a medium, and a document or an archive.")
