"""A wording: some words and what Typst has to be told to set them well in their script.

Words come from editors and are data: the templates show them and never run
them. Nothing here depends on a size or a style.
"""

import re
import unicodedata

import msgspec

from render.languages import reads_leftwards, scripts
from render.sentences import clusters
from render.words.fonts import fallbacks, missing_characters

_LONGEST_WORD = 22
_LONGEST_DENSE = 12
"""Characters of a word, Latin or as wide as high, that is broken rather than set small."""
_ZERO_WIDTH_SPACE = "\u200b"
_WORD_JOINER = "\u2060"
_SOFT_HYPHEN = "\u00ad"
_MOST_MARKS = 3
_NAME_PART = re.compile(r"[^/?&=._-]+[/?&=._-]*|[/?&=._-]+")

_PLAIN_SCRIPTS = {"LATIN", "GREEK", "CYRILLIC", "ARMENIAN", "GEORGIAN", "HEBREW"}
_DENSE_SCRIPTS = {"CJK", "HIRAGANA", "HANGUL"}
_UNSPACED_SCRIPTS = {"CJK", "HIRAGANA", "THAI", "LAO", "KHMER", "MYANMAR"}
_SCALES = {"ARABIC": 1.18}
_REGION = re.compile(r"[-_](?P<region>[A-Za-z]{2})(?:[-_]|$)")


class Wording(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Words, and how they are to be set; what the templates are given."""

    words: str
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
    fallbacks: list[str]


def wording(words: str, locale: str) -> Wording:
    """Return one paragraph, as `readable` gives it, ready to be set."""
    counts = scripts(words)
    script = counts.most_common(1)[0][0] if counts else "LATIN"
    breakable, pieces = _breakable(words, unspaced=script in _UNSPACED_SCRIPTS)
    language, _, _ = locale.replace("_", "-").lower().partition("-")
    return Wording(
        words=breakable,
        pieces=pieces,
        length=len(clusters(words)),
        language=language if re.fullmatch("[a-z]{2,3}", language) else "en",
        region=_region(locale),
        mirrored=reads_leftwards(words),
        roomy=script not in _PLAIN_SCRIPTS | _DENSE_SCRIPTS,
        dense=script in _DENSE_SCRIPTS,
        scale=_SCALES.get(script, 1.0),
        fallbacks=fallbacks(),
    )


def readable(text: str) -> str:
    """Return text as one paragraph of what can be shown.

    Without the characters that no font has, and without more marks stacked on a
    letter than any script stacks.
    """
    lacking = missing_characters(text)
    characters: list[str] = []
    marks = 0
    for char in text:
        marks = marks + 1 if unicodedata.category(char) == "Mn" else 0
        if marks <= _MOST_MARKS and char not in lacking:
            characters.append(char)
    return " ".join("".join(characters).split())


def _region(locale: str) -> str | None:
    if match := _REGION.search(locale):
        return match["region"].upper()
    return "TW" if "hant" in locale.lower() else None


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
        longest = _LONGEST_DENSE if scripts(word)["HANGUL"] else _LONGEST_WORD
        if len(word) > longest:
            named = _NAME_PART.findall(word)
            parts = [
                piece
                for part in named
                for piece in (clusters(part) if len(part) > longest else [part])
            ]
        pieces.update(parts)
        if len(parts) == 1 and scripts(word)["HANGUL"]:
            # Korean breaks at its spaces; Unicode's rules, which Typst follows, anywhere.
            whole.append(_WORD_JOINER.join(clusters(word)))
            continue
        hyphenated = word.isalpha() and not scripts(word)["HANGUL"]
        whole.append((_SOFT_HYPHEN if hyphenated else _ZERO_WIDTH_SPACE).join(parts))
    return " ".join(whole), sorted(pieces)
