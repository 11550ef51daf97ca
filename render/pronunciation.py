"""Pronunciations: how words are said that a voice would say otherwise.

They are for the voice alone: captions, and all else that is read, keep the words as written.
"""

from collections.abc import Iterable, Sequence
from typing import Annotated

import msgspec

from render.languages import tags_of
from render.schema import END
from render.storyboard import Locale
from render.whole_words import whole_words

_ONE_LINE = rf"^[^\u0000-\u001f\u007f]*{END}"

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
        if tag not in tags or not whole_words([one.word]).search(text):
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
    return whole_words(words).sub(lambda match: spoken.get(match[0].casefold(), match[0]), text)
