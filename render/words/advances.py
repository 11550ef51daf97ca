"""Advances: how wide text is when it is set in one line, in ems, told without opening a font.

A character's advance is that of the face in which Typst sets it where a caption is heavy, from a
table that `tools/advances.py` makes of the fonts. Kerning and tracking are left out, and letters
that join count as they stand alone: what is set is a little narrower, and wider in Burmese alone.
"""

import functools
import json
import unicodedata
from pathlib import Path

from render.sentences import clusters

TABLE = Path(__file__).with_suffix(".json")
_THOUSAND = 1000
_FULL_WIDTH = 1000
"""Thousandths of an em of an ideograph; the table has what is wider."""
_PICTURE = 1245
"""Of an emoji."""
_UNKNOWN = 600
"""Of a character that no font has: it is left out of the picture, and told of."""
_NO_WIDTH = frozenset({"Mn", "Me", "Cf", "Cc"})
_SQUARES = (
    ("\u1100", "\u115f"),  # Hangul's leading letters
    ("\u2e80", "\ua4cf"),  # radicals, kana, ideographs, Yi
    ("\ua960", "\ua97f"),
    ("\uac00", "\ud7a3"),  # Hangul's syllables
    ("\uf900", "\ufaff"),
    ("\ufe30", "\ufe6f"),
    ("\uff01", "\uff60"),  # Latin in full width
    ("\uffe0", "\uffe6"),
    ("\U00020000", "\U0003fffd"),
)


def ems(text: str) -> float:
    """Return how wide a text is in ems, set in one line."""
    return sum(map(_of_cluster, clusters(text))) / _THOUSAND


def is_full_width(char: str) -> bool:
    """Tell whether a character is of the scripts that are set in squares.

    By blocks, and not by `unicodedata`, which knows more of them with each Python.
    """
    return any(first <= char <= last for first, last in _SQUARES)


def _of_cluster(cluster: str) -> int:
    first, *others = map(_of, cluster)
    # Emoji of several characters are one picture: joined ones, skin tones, flags.
    return first if first == _PICTURE else first + sum(others)


def _of(char: str) -> int:
    if (advance := _advances().get(char)) is not None:
        return advance
    if is_full_width(char):
        return _FULL_WIDTH
    return 0 if unicodedata.category(char) in _NO_WIDTH else _UNKNOWN


@functools.cache
def _advances() -> dict[str, int]:
    table: dict[str, str] = json.loads(TABLE.read_bytes())
    return {char: int(advance) for advance, chars in table.items() for char in chars}
