"""Offline pictures: a designed card for each scene, set with Typst in the fonts shipped here.

A card shows the scene's words, the video's title and "2 / 6" over art that is
drawn in the project's colours. Neighbouring scenes get different compositions,
and details follow from the words, so the same request always gives the same
bytes, on every machine: only the fonts of `render/fonts` are used. PNG, twice
1280×720 points (2560×1440, 1440×2560 or 1440×1440 pixels), which leaves the
camera room to zoom at 1080p.
"""

import functools
import hashlib
import re
import unicodedata
from decimal import Decimal
from pathlib import Path

import anyio
import anyio.to_thread
import msgspec
import typst
from fontTools.ttLib import TTFont

from render.errors import RefusedGeneration
from render.generation.base import Generated, ImageRequest
from render.generation.colours import roles
from render.generation.languages import scripts
from render.problem import Problem
from render.sentences import clusters, phrase, shorten
from render.storyboard import AspectRatio, clean_text

PROVIDER = "offline"
MODEL = "card-1"
"""Goes up whenever the same request no longer gives the same bytes."""

FONTS = Path(__file__).parents[1] / "fonts"
TEMPLATE = Path(__file__).with_name("card.typ")

SIZES = {
    AspectRatio.LANDSCAPE: (1280, 720),
    AspectRatio.PORTRAIT: (720, 1280),
    AspectRatio.SQUARE: (720, 720),
}
"""In points."""
PIXELS_PER_INCH = 144
"""Two pixels a point."""

_MOST_WORDS = 150
"""Code points of text shown; what is longer is represented by its most telling phrase."""
_MOST_TITLE = 56
_LONGEST_WORD = 22
_LISTED = 8
_ZERO_WIDTH_SPACE = "\u200b"
_SOFT_HYPHEN = "\u00ad"
_MOST_MARKS = 3
_NAME_PART = re.compile(r"[^/?&=._-]+[/?&=._-]*|[/?&=._-]+")

_PLAIN_SCRIPTS = {"LATIN", "GREEK", "CYRILLIC", "ARMENIAN", "GEORGIAN", "HEBREW"}
_DENSE_SCRIPTS = {"CJK", "HIRAGANA", "HANGUL"}
_UNSPACED_SCRIPTS = {"CJK", "HIRAGANA", "THAI", "LAO", "KHMER", "MYANMAR"}
_REGION = re.compile(r"[-_](?P<region>[A-Za-z]{2})(?:[-_]|$)")


class Card(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What the template is given."""

    width: int
    height: int
    colours: dict[str, str]
    words: str
    pieces: list[str]
    """The parts of the words that are not broken across lines."""
    length: int
    """Characters as a reader counts them."""
    title: str
    number: int
    count: int
    language: str
    region: str | None
    mirrored: bool
    """Reads from right to left."""
    roomy: bool
    """Has marks above and below its letters."""
    dense: bool
    """Fills the whole square of each character."""
    fallbacks: list[str]
    turn: int
    seed: list[float]


class OfflineImages:
    """An `ImageModel` that needs neither network nor key."""

    def __init__(self, *, at_once: int = 2) -> None:
        """Take how many cards may be set at the same time; each takes a core and some 50 MB."""
        self._at_once = anyio.CapacityLimiter(at_once)

    def price(self, request: ImageRequest) -> Decimal:  # noqa: ARG002 - the port asks for it
        """Return nothing: a card costs only time."""
        return Decimal(0)

    async def draw(self, request: ImageRequest) -> Generated:
        """Return a request's words as a designed card."""
        return await anyio.to_thread.run_sync(_draw, request, limiter=self._at_once)


def card(request: ImageRequest) -> Card:
    """Return what the card of a request shows."""
    words, _ = _showable(phrase(_calm(clean_text(request.text)), _MOST_WORDS))
    title, _ = _showable(shorten(_calm(clean_text(request.title)), _MOST_TITLE))
    if not words:
        words, title = title, ""
    width, height = SIZES[request.aspect_ratio]
    found = scripts(words)
    script = found.most_common(1)[0][0] if found else "LATIN"
    breakable, pieces = _breakable(words, unspaced=script in _UNSPACED_SCRIPTS)
    seed = hashlib.sha256(f"{words}\n{title}\n{request.scene_number}".encode()).digest()
    language, _, _ = request.locale.replace("_", "-").lower().partition("-")
    return Card(
        width=width,
        height=height,
        colours=roles(request.palette),
        words=breakable,
        pieces=pieces,
        length=len(clusters(words)),
        title=title,
        number=request.scene_number,
        count=request.scene_count,
        language=language if re.fullmatch("[a-z]{2,3}", language) else "en",
        region=_region(request.locale),
        mirrored=_reads_leftwards(words),
        roomy=script not in _PLAIN_SCRIPTS | _DENSE_SCRIPTS,
        dense=script in _DENSE_SCRIPTS,
        fallbacks=fallbacks(),
        turn=request.scene_number - 1 + hashlib.sha256(title.encode()).digest()[0],
        seed=[byte / 256 for byte in seed],
    )


def typeset(card: Card, pixels_per_inch: int) -> bytes:
    """Return a card as PNG; raise `RefusedGeneration`."""
    try:
        return typst.compile(
            TEMPLATE,
            root=TEMPLATE.parent,
            font_paths=fonts(),
            format="png",
            ppi=pixels_per_inch,
            sys_inputs={"card": msgspec.json.encode(card).decode()},
        )
    except typst.TypstError as error:
        raise RefusedGeneration("The card could not be set.", reason=error.message) from error


def _draw(request: ImageRequest) -> Generated:
    _, missing = _showable(clean_text(f"{request.text} {request.title}"))
    return Generated(
        data=typeset(card(request), PIXELS_PER_INCH),
        media_type="image/png",
        provider=PROVIDER,
        model=MODEL,
        warnings=_warnings(missing),
    )


def _region(locale: str) -> str | None:
    """Return the region that chooses between a font's regional shapes of Chinese characters."""
    if found := _REGION.search(locale):
        return found["region"].upper()
    return "TW" if "hant" in locale.lower() else None


def _reads_leftwards(text: str) -> bool:
    directions = (unicodedata.bidirectional(char) for char in text)
    return next((way != "L" for way in directions if way in {"L", "R", "AL"}), False)


def _breakable(words: str, *, unspaced: bool) -> tuple[str, list[str]]:
    """Return the words and their unbreakable pieces.

    A word too long for any line may be broken after its punctuation, and
    where there is none between any two characters.
    """
    if unspaced:
        return words, sorted(set(clusters(words)))
    whole: list[str] = []
    pieces: set[str] = {""}
    for word in words.split():
        parts = [word]
        if len(word) > _LONGEST_WORD:
            named = _NAME_PART.findall(word)
            parts = [
                piece
                for part in named
                for piece in (clusters(part) if len(part) > _LONGEST_WORD else [part])
            ]
        pieces.update(parts)
        whole.append((_SOFT_HYPHEN if word.isalpha() else _ZERO_WIDTH_SPACE).join(parts))
    return " ".join(whole), sorted(pieces)


def _calm(text: str) -> str:
    """Return text with no more marks stacked on a letter than any script stacks."""
    kept: list[str] = []
    marks = 0
    for char in text:
        marks = marks + 1 if unicodedata.category(char) == "Mn" else 0
        if marks <= _MOST_MARKS:
            kept.append(char)
    return "".join(kept)


def _showable(text: str) -> tuple[str, frozenset[str]]:
    """Return text without the characters that no font has, and these characters."""
    missing = frozenset(
        char
        for char in text
        if ord(char) not in _glyphs() and unicodedata.category(char) not in {"Cf", "Zs"}
    )
    return " ".join("".join(char for char in text if char not in missing).split()), missing


def _warnings(missing: frozenset[str]) -> tuple[Problem, ...]:
    if not missing:
        return ()
    listed = " ".join(sorted(missing)[:_LISTED]) + (" …" if len(missing) > _LISTED else "")
    return (
        Problem(
            code="glyphs_missing",
            message=f"The picture leaves out {listed}: the offline provider has no glyphs for it.",
            params={"characters": listed},
        ),
    )


@functools.cache
def fonts() -> typst.Fonts:
    """Return the shipped fonts and no others."""
    return typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)]
    )


@functools.cache
def fallbacks() -> list[str]:
    """Return the families to fall back to; emoji and symbols come last, after every script."""
    families = set(fonts().families())
    pictures = ["Noto Emoji", "Noto Sans Symbols2"]
    return [*sorted(families - set(pictures)), *pictures]


@functools.cache
def _glyphs() -> frozenset[int]:
    """Return the code points that the shipped fonts have glyphs for."""
    found: set[int] = set()
    for path in sorted(FONTS.glob("*.[ot]tf")):
        with TTFont(path, lazy=True) as font:
            found.update(font.getBestCmap() or ())
    return frozenset(found)
