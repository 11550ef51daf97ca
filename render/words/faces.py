"""Faces: the families that words are set in, told by their scripts without opening a font.

`render.words.fonts` has the files. Weights are CSS's.
"""

import unicodedata
from collections.abc import Iterable
from pathlib import Path

import msgspec

from render.languages import scripts
from render.storyboard import CaptionStyle, TextStyle

FOLDER = Path(__file__).parents[1] / "fonts"

HEAVY, MEDIUM = 800, 500
"""Inter's two weights: of heads, and of what is read for longer."""
BOLD = frozenset({CaptionStyle.OUTLINE, CaptionStyle.LIT})
"""Captions that are set as heavy as heads."""

_BASE = "Inter"
_BY_SCRIPT = {
    "ARABIC": "Noto Naskh Arabic",
    "ARMENIAN": "Noto Sans Armenian",
    "BENGALI": "Noto Sans Bengali",
    "CJK": "Noto Sans CJK SC",
    "DEVANAGARI": "Noto Sans Devanagari",
    "ETHIOPIC": "Noto Sans Ethiopic",
    "GEORGIAN": "Noto Sans Georgian",
    "GUJARATI": "Noto Sans Gujarati",
    "GURMUKHI": "Noto Sans Gurmukhi",
    "HANGUL": "Noto Sans CJK SC",
    "HEBREW": "Noto Serif Hebrew",
    "HIRAGANA": "Noto Sans CJK SC",
    "KANNADA": "Noto Sans Kannada",
    "KHMER": "Noto Sans Khmer",
    "LAO": "Noto Sans Lao",
    "MALAYALAM": "Noto Sans Malayalam",
    "MYANMAR": "Noto Sans Myanmar",
    "SINHALA": "Noto Sans Sinhala",
    "TAMIL": "Noto Sans Tamil",
    "TELUGU": "Noto Sans Telugu",
    "THAI": "Noto Sans Thai",
}
_WEIGHT = 700
_NAMES = {400: "Regular", 500: "Medium", 700: "Bold", 800: "ExtraBold"}
_PICTURES = {"Noto Color Emoji": 400, "Noto Sans Symbols2": 400}


class Face(msgspec.Struct, frozen=True, kw_only=True):
    """A family in one weight."""

    family: str
    weight: int
    file: str
    """Its file, in `render/fonts`."""


def weights(style: TextStyle | CaptionStyle) -> tuple[int, ...]:
    """Return the weight of a style's head or caption, and of what stands below a head."""
    if isinstance(style, CaptionStyle):
        return (HEAVY if style in BOLD else MEDIUM,)
    return HEAVY, MEDIUM


def faces_for(texts: Iterable[tuple[TextStyle | CaptionStyle, str]]) -> tuple[Face, ...]:
    """Return the faces that texts in their styles are set in, in the order to fall back by."""
    base: set[int] = set()
    families: set[str] = set()
    pictures = False
    for style, text in texts:
        base.update(weights(style))
        families.update(_BY_SCRIPT[script] for script in scripts(text) if script in _BY_SCRIPT)
        pictures = pictures or any(unicodedata.category(char) == "So" for char in text)
    return (
        *(_face(_BASE, weight) for weight in sorted(base, reverse=True)),
        *(_face(family, _WEIGHT) for family in sorted(families)),
        *(_face(family, weight) for family, weight in _PICTURES.items() if pictures),
    )


def _face(family: str, weight: int) -> Face:
    named = family.replace("CJK SC", "CJKsc").replace(" ", "")
    ending = "otf" if "CJK" in family else "ttf"
    return Face(family=family, weight=weight, file=f"{named}-{_NAMES[weight]}.{ending}")
