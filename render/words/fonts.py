"""The fonts of the text stack: those in `render/fonts`, and no others.

A machine's own fonts are never looked at, so the same words look the same, to
the byte, wherever they are set.
"""

import functools
import json
import unicodedata

import typst
from fontTools.ttLib import TTFont

from render.words.faces import FOLDER

_PICTURES = ("Noto Color Emoji", "Noto Sans Symbols2")
_NEEDS_NO_GLYPH = frozenset({"Cf", "Zs", "Zl", "Zp", "Cc"})
"""Joiners, direction marks, spaces and line breaks."""
_VARIATION_SELECTORS = frozenset(map(chr, range(0xFE00, 0xFE10)))
"""They choose among the glyphs of the character before them, and have none."""


@functools.cache
def fonts() -> typst.Fonts:
    """Return the shipped fonts, as Typst takes them."""
    return typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FOLDER)]
    )


@functools.cache
def fallbacks() -> list[str]:
    """Return the families to fall back to; emoji and symbols come last, after every script."""
    families = set(fonts().families())
    return [*sorted(families.difference(_PICTURES)), *_PICTURES]


@functools.cache
def fallbacks_told() -> str:
    """Return them as `type.typ` is told of them."""
    return json.dumps(fallbacks())


def missing_characters(text: str) -> frozenset[str]:
    """Return the characters of a text that no font has a glyph for."""
    return frozenset(
        char
        for char in set(text)
        if ord(char) not in _glyphs()
        and unicodedata.category(char) not in _NEEDS_NO_GLYPH
        and char not in _VARIATION_SELECTORS
    )


@functools.cache
def _glyphs() -> frozenset[int]:
    """Return the code points that the fonts have glyphs for."""
    characters: set[int] = set()
    for path in sorted(FOLDER.glob("*.[ot]tf")):
        with TTFont(path, lazy=True) as font:
            characters.update(font.getBestCmap() or ())
    return frozenset(characters)
