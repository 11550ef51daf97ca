"""Columns: how wide text is for a reader, in widths of a Latin letter.

A full-width character takes 42/16 of one, so that 42 columns are the longest
caption line in either: 42 letters of Latin, Cyrillic or Arabic, 16 of Chinese or
Korean (Netflix Timed Text Style Guides). What joins the letter before it takes
nothing: marks, joined emoji, the vowels of a spelt-out Hangul syllable.
"""

import unicodedata

LINE = 42
"""Columns of a caption line at the most."""
_FULL_WIDTH = LINE / 16
_JOINER = "\u200d"
_NO_WIDTH = frozenset({"Mn", "Mc", "Me", "Cf", "Cc"})


def columns(text: str) -> float:
    """Return the width of a text in columns; exact, for they are multiples of an eighth."""
    wide = 0.0
    before = ""
    for char in text:
        if before != _JOINER and not _joins(char):
            wide += _FULL_WIDTH if unicodedata.east_asian_width(char) in "WF" else 1
        before = char
    return wide


def _joins(char: str) -> bool:
    return (
        unicodedata.category(char) in _NO_WIDTH
        or "\u1160" <= char <= "\u11ff"  # Hangul vowels and finals
        or "\U0001f3fb" <= char <= "\U0001f3ff"  # skin tones
    )
