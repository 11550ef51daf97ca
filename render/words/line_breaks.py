"""Line breaks: where a line may end, in every script.

By the Unicode line breaking algorithm (UAX 14) as ICU has it: no line begins with a closing
mark or ends with an opening one, and Khmer, Lao, Burmese and Thai, which put no spaces between
words, are cut by its dictionaries. Korean, which does, is kept whole between them. What is too
long for any line is cut between syllables where the language has a dictionary of them
(`pyphen`), and shows a hyphen if its script knows one.
"""

import functools
import re
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

from render.languages import script_of, scripts, tags_of

if TYPE_CHECKING:
    from pyphen import Pyphen

SOFT_HYPHEN = "\u00ad"
HYPHEN = "\u2010"
"""What is shown where a word was cut; never the key on a keyboard, so it can be told apart."""

_HYPHENATING = {"LATIN", "GREEK", "CYRILLIC", "ARMENIAN", "GEORGIAN"}
_CLOSE = re.compile(
    r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]"
)
"""What stands beside its like without a space."""


def pieces(text: str, locale: str) -> list[str]:
    """Cut a text wherever a line may end; joined, the pieces are the text."""
    # Loaded where words are set or cut alone: its data are 30 MB.
    from icu4py.breakers import LineBreaker  # noqa: PLC0415

    found: list[str] = []
    for piece in LineBreaker(text, tags_of(locale)[-1]):
        if found and _of_one_word(found[-1][-1], piece[0]):
            found[-1] += piece
        else:
            found.append(piece)
    return found


def ends(text: str, locale: str) -> frozenset[int]:
    """Return the positions in a text that a line may end at."""
    return frozenset(accumulate(map(len, pieces(text, locale))))


def word_ends(text: str, locale: str) -> frozenset[int]:
    """Return the positions in a text at which no word is cut: Chinese ones by a dictionary."""
    from icu4py.breakers import WordBreaker  # noqa: PLC0415 - as above

    return frozenset(accumulate(map(len, WordBreaker(text, tags_of(locale)[-1]))))


def syllables(word: str, locale: str) -> list[str]:
    """Cut a word of letters where its language allows a hyphen; whole where none is known."""
    if SOFT_HYPHEN in word:
        return [part for part in word.split(SOFT_HYPHEN) if part]
    dictionary = _dictionary(locale) if hyphenates(word) else None
    if dictionary is None:
        return [word]
    cuts = [0, *dictionary.positions(word), len(word)]
    return [word[start:end] for start, end in pairwise(cuts)]


def hyphenates(word: str) -> bool:
    """Tell whether a word shows a hyphen where it is cut: a name of a file, or Hangul, does not."""
    bare = word.replace(SOFT_HYPHEN, "")
    return bare.isalpha() and scripts(bare).keys() <= _HYPHENATING


def shown(line: str) -> str:
    """Return a line with a hyphen where it ends within a word, and with no other trace of cuts."""
    line = line.strip()
    return line.replace(SOFT_HYPHEN, "") + (HYPHEN if line.endswith(SOFT_HYPHEN) else "")


def unbroken(lines: Sequence[str]) -> str:
    """Return lines as one text again, as it was before they were cut."""
    text = ""
    for line in lines:
        if text.endswith(HYPHEN):
            text = text[:-1] + SOFT_HYPHEN
        elif text and line and not (_CLOSE.match(text[-1]) and _CLOSE.match(line[0])):
            text += " "
        text += line
    return text


def _of_one_word(before: str, after: str) -> bool:
    sides = script_of(before), script_of(after)
    return "HANGUL" in sides and before.isalnum() and after.isalnum()


@functools.cache
def _dictionary(locale: str) -> "Pyphen | None":
    import pyphen  # noqa: PLC0415

    name = pyphen.language_fallback(locale.replace("-", "_"))
    return pyphen.Pyphen(lang=name) if name else None
