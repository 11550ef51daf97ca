"""A wording: some words and what Typst has to be told to set them well in their script.

Words come from editors and are data: the templates show them and never run
them. Nothing here depends on a size or a style, and no font is opened: what they lack is
left out before (`render.words.readable`).
"""

import re

import msgspec

from render.languages import reads_leftwards, scripts
from render.sentences import clusters
from render.words import line_breaks
from render.words.line_breaks import SOFT_HYPHEN
from render.words.phrases import phrases

_LONGEST_WORD = 22
_LONGEST_DENSE = 12
"""The same for characters as wide as high."""
_ZERO_WIDTH_SPACE = "\u200b"
_WORD_JOINER = "\u2060"
_NAME_PART = re.compile(r"[^/?&=._-]+[/?&=._-]*|[/?&=._-]+")

_PLAIN_SCRIPTS = {"LATIN", "GREEK", "CYRILLIC", "ARMENIAN", "GEORGIAN", "HEBREW"}
_DENSE_SCRIPTS = {"CJK", "HIRAGANA", "HANGUL"}
_UNSPACED_SCRIPTS = {"CJK", "HIRAGANA", "THAI", "LAO", "KHMER", "MYANMAR"}
_BY_DICTIONARY = {"THAI", "LAO", "KHMER", "MYANMAR"}
_SCALES = {"ARABIC": 1.18}
_REGION = re.compile(r"[-_](?P<region>[A-Za-z]{2})(?:[-_]|$)")


class Wording(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Words, and how they are to be set; what the templates are given."""

    words: str
    whole: list[str]
    """The words one by one, spaces included, where Typst would break inside them; else empty."""
    pieces: list[str]
    """The parts of the words that are not broken across lines."""
    length: int
    """Characters as a reader counts them."""
    language: str
    region: str | None
    """Chooses between a font's regional shapes of Chinese characters."""
    mirrored: bool
    """Reads from right to left."""
    roomy: bool
    """Has marks above and below its letters."""
    dense: bool
    """Fills the whole square of each character."""
    scale: float
    """What a size is multiplied by, for scripts whose letters are small in their square."""


def wording(words: str, locale: str) -> Wording:
    """Return one paragraph ready to be set."""
    counts = scripts(words)
    script = counts.most_common(1)[0][0] if counts else "LATIN"
    breakable, pieces = _breakable(words, locale, unspaced=script in _UNSPACED_SCRIPTS)
    language, _, _ = locale.replace("_", "-").lower().partition("-")
    return Wording(
        words=breakable,
        whole=_unbroken(words, locale) if script in _BY_DICTIONARY else [],
        pieces=pieces,
        length=len(clusters(words)),
        language=language if re.fullmatch("[a-z]{2,3}", language) else "en",
        region=_region(locale),
        mirrored=reads_leftwards(words),
        roomy=script not in _PLAIN_SCRIPTS | _DENSE_SCRIPTS,
        dense=script in _DENSE_SCRIPTS,
        scale=_SCALES.get(script, 1.0),
    )


def _region(locale: str) -> str | None:
    if match := _REGION.search(locale):
        return match["region"].upper()
    return "TW" if "hant" in locale.lower() else None


def _breakable(words: str, locale: str, *, unspaced: bool) -> tuple[str, list[str]]:
    """Return the words and their unbreakable pieces.

    A word too long for any line may be broken between syllables or after its
    punctuation, and where there is neither between any two characters. Korean is
    not broken inside a word, nor Khmer and its like.
    """
    if unspaced:
        parts = _unbroken(words, locale)
        # In a box of its own, a mark at a phrase's end would lose half its width.
        kept = "".join(_WORD_JOINER.join(clusters(part)) for part in parts)
        return kept, sorted({part.strip() for part in parts})
    joined: list[str] = []
    pieces: set[str] = {""}
    for word in words.split():
        parts = _parts(word, locale)
        pieces.update(parts)
        mark = SOFT_HYPHEN if line_breaks.hyphenates(word) else _ZERO_WIDTH_SPACE
        whole = mark.join(parts)
        joined.append(_WORD_JOINER.join(clusters(word)) if _is_korean(parts) else whole)
    return " ".join(joined), sorted(pieces)


def _unbroken(words: str, locale: str) -> list[str]:
    """Cut words without spaces where a reader's breath does, and what is too long for a line."""
    return [part for phrase in phrases(words, locale) for part in _parts(phrase, locale)]


def _is_korean(parts: list[str]) -> bool:
    return len(parts) == 1 and "HANGUL" in scripts(parts[0])


def _parts(word: str, locale: str) -> list[str]:
    """Return a word, in pieces that a line has room for."""
    longest = _LONGEST_DENSE if scripts(word).keys() & _DENSE_SCRIPTS else _LONGEST_WORD
    if len(word) <= longest:
        return [word.replace(SOFT_HYPHEN, "")]
    named = line_breaks.syllables(word, locale)
    if len(named) == 1:
        named = _NAME_PART.findall(word)
    return [
        piece for part in named for piece in (clusters(part) if len(part) > longest else [part])
    ]
