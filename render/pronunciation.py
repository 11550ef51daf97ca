"""Pronunciations: how words are said that a voice would say otherwise.

They are for the voice alone: captions, and all else that is read, keep the words as written.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Annotated

import msgspec

from render.languages import script_of, tags_of
from render.schema import END
from render.storyboard import Locale

_ONE_LINE = rf"^[^\u0000-\u001f\u007f]*{END}"
_UNSPACED = frozenset({"CJK", "HIRAGANA", "THAI", "KHMER", "LAO", "MYANMAR"})
"""Scripts that are written without spaces: a word of theirs stands within others."""

Pair = tuple[str, str]
"""A word as it is written, and as it is said."""


class Pronunciation(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """A word, or a few, and how they are said."""

    word: Annotated[str, msgspec.Meta(min_length=1, max_length=100, pattern=_ONE_LINE)]
    """As it is written; in whatever case it stands."""
    spoken: Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=_ONE_LINE)]
    """As it is to be read out, spelt so that a voice says it right."""
    language: Locale | None = None
    """What it is for, with its dialects; null for every language."""


def occurring(lexicon: Iterable[Pronunciation], text: str, locale: str) -> tuple[Pair, ...]:
    """Return what a lexicon says of a text in a language, sorted; of one word, the closest."""
    tags = [*tags_of(locale), ""]
    found: dict[str, tuple[int, Pair]] = {}
    for one in lexicon:
        tag = tags_of(one.language)[0] if one.language else ""
        if tag not in tags or not _pattern([one.word]).search(text):
            continue
        near, key = tags.index(tag), one.word.casefold()
        if key not in found or near < found[key][0]:
            found[key] = (near, (one.word, one.spoken))
    return tuple(sorted(pair for _, pair in found.values()))


def pronounced(text: str, pairs: Sequence[Pair]) -> str:
    """Return a text as it is said: each word once, the longest first."""
    if not pairs:
        return text
    spoken = {word.casefold(): said for word, said in pairs}
    words = sorted((word for word, _ in pairs), key=len, reverse=True)
    return _pattern(words).sub(lambda match: spoken.get(match[0].casefold(), match[0]), text)


def _pattern(words: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(map(_alone, words)), re.IGNORECASE)


def _alone(word: str) -> str:
    """Return what finds a word where it is no part of another."""
    first, last = (script_of(char) not in _UNSPACED for char in (word[0], word[-1]))
    return (
        (r"(?<!\w)" if first and word[0].isalnum() else "")
        + re.escape(word)
        + (r"(?!\w)" if last and word[-1].isalnum() else "")
    )
