"""Whole words: names that are looked for in a text, and not found inside of other words.

Scripts without spaces have no borders to look for, and what such a script attaches to a word of
another one, or Korean to its own, is no part of that word.
"""

import re
from collections.abc import Iterable

from render.languages import script_of

_UNSPACED = frozenset({"CJK", "HIRAGANA", "THAI", "KHMER", "LAO", "MYANMAR"})
"""Scripts that are written without spaces: a word of theirs stands within others."""
_KATAKANA = "\u30a0-\u30ff"
_HANGUL = "\uac00-\ud7a3"
_ATTACHED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u309f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    + _KATAKANA
    + _HANGUL
)
"""Letters that may stand right beside a word of another script."""


def whole_words(words: Iterable[str]) -> re.Pattern[str]:
    """Return what finds any of these words, in whatever case; of two, the one listed first."""
    return re.compile("|".join(map(_alone, words)), re.IGNORECASE)


def _alone(word: str) -> str:
    return _border(word[0], "?<!") + re.escape(word) + _border(word[-1], "?!")


def _border(edge: str, look: str) -> str:
    """Return what may not stand beside the first (`?<!`) or the last (`?!`) letter of a word."""
    if not edge.isalnum():
        return ""
    if re.match(f"[{_KATAKANA}]", edge):
        return f"({look}[{_KATAKANA}])"
    if re.match(f"[{_HANGUL}]", edge):
        return f"({look}[{_HANGUL}])" if look == "?<!" else ""
    if script_of(edge) in _UNSPACED:
        return ""
    return rf"({look}[^\W{_ATTACHED}])"
