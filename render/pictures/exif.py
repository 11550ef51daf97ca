"""EXIF: the one word of it that decides what is seen, the orientation of a still.

It is read from EXIF alone, as browsers and viewers do, and not from what an editor noted beside
it in XMP. What cannot be read is as if it were not there: a picture is no worse for the
malformed notes of a camera.
"""

import struct
from os import SEEK_CUR
from typing import IO, cast

from PIL import ExifTags, Image

UPRIGHT = 1
_SIDEWAYS = 5
"""The first of the orientations in which width and height change places."""
_RAW_PROFILE = "Raw profile type exif"
"""A text chunk in which ImageMagick keeps EXIF in a PNG: three lines of head, then hexadecimals."""
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEAD = struct.Struct(">I4s")
"""Of each chunk of a PNG: how many bytes it has, and its type; a checksum follows on them."""
_CHECKSUM = 4
_TELLING = frozenset({b"eXIf", b"tEXt", b"zTXt", b"iTXt"})
_TRANSPOSES = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def orientation(image: Image.Image) -> int:
    """Return an open picture's orientation, 1 to 8."""
    if image.format == "PNG" and "exif" not in image.info and _tells_more(image):
        image.load()
    try:
        content = image.info.get("exif")
        if content is None and _RAW_PROFILE in image.info:
            content = bytes.fromhex("".join(image.info[_RAW_PROFILE].split("\n")[3:]))
        held = Image.Exif()
        held.load(content or b"")
        number = held.get(ExifTags.Base.Orientation)
    except Exception:  # noqa: BLE001  Pillow raises what it likes over a stranger's bytes
        return UPRIGHT
    return number if isinstance(number, int) and number in _TRANSPOSES else UPRIGHT


def _tells_more(image: Image.Image) -> bool:
    """Whether an open PNG has chunks behind its pixels that may hold EXIF.

    Pillow comes to them by decoding all pixels, which takes as long as all else together.
    """
    file = cast("IO[bytes] | None", getattr(image, "fp", None))
    if file is None:
        return False
    place = file.tell()
    try:
        file.seek(len(_SIGNATURE))
        behind = False
        while len(head := file.read(_HEAD.size)) == _HEAD.size:
            length, kind = _HEAD.unpack(head)
            behind = behind or kind == b"IDAT"
            if behind and kind in _TELLING:
                return True
            file.seek(length + _CHECKSUM, SEEK_CUR)
        return False
    finally:
        file.seek(place)


def is_sideways(number: int) -> bool:
    """Whether width and height change places."""
    return number >= _SIDEWAYS


def set_upright(image: Image.Image, number: int) -> Image.Image:
    """Return a picture of an orientation as it is to be seen."""
    method = _TRANSPOSES.get(number)
    return image if method is None else image.transpose(method)
