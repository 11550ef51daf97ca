"""Phrases: what is read in one go, in scripts that put no spaces between words.

Chinese, Japanese and Thai are cut where BudouX finds phrases, Khmer, Lao and Burmese
between words; a line that ends anywhere else makes a reader stumble, though the rules of
line breaking allow it.
"""

import functools
import re
from typing import TYPE_CHECKING

from render.languages import scripts
from render.sentences import words
from render.words import line_breaks

if TYPE_CHECKING:
    from budoux import Parser

_BY_DICTIONARY = {"KHMER", "LAO", "MYANMAR"}
_TRADITIONAL = re.compile(r"zh.*hant|zh-(tw|hk|mo)|yue", re.IGNORECASE)
_INSIDE_WORD = re.compile(r"[0-9A-Za-z]{2}")


def phrases(text: str, locale: str) -> list[str]:
    """Cut a text between phrases wherever a line may end too; joined, they are the text.

    Never inside a word, which BudouX does in Chinese: it takes 面 from 面包.
    """
    line_ends = line_breaks.ends(text, locale) & line_breaks.word_ends(text, locale)
    found: list[str] = []
    reached, held = 0, ""
    for word in words(text):
        for phrase in unspaced(word, locale):
            held += phrase
            reached += len(phrase)
            if reached in line_ends:
                found.append(held)
                held = ""
    return [*found, held] if held else found


def unspaced(word: str, locale: str) -> list[str]:
    """Cut what is written without spaces between its phrases."""
    names = scripts(word)
    if names.keys() & _BY_DICTIONARY:
        return line_breaks.pieces(word, locale)
    script = next((script for script in ("HIRAGANA", "THAI", "CJK") if script in names), None)
    if script is None:
        # Any script may mark where a line can break.
        return [piece for piece in re.split("(?<=\u200b)", word) if piece]
    if script == "CJK" and locale.lower().startswith("ja"):
        script = "HIRAGANA"
    found: list[str] = []
    for phrase in _phraser(script, traditional=bool(_TRADITIONAL.match(locale))).parse(word):
        if found and _INSIDE_WORD.fullmatch(found[-1][-1] + phrase[0]):
            found[-1] += phrase
        else:
            found.append(phrase)
    return found


@functools.cache
def _phraser(script: str, *, traditional: bool) -> "Parser":
    # Its models are loaded for those who write without spaces alone.
    import budoux  # noqa: PLC0415

    if script == "HIRAGANA":
        return budoux.load_default_japanese_parser()
    if script == "THAI":
        return budoux.load_default_thai_parser()
    if traditional:
        return budoux.load_default_traditional_chinese_parser()
    return budoux.load_default_simplified_chinese_parser()
