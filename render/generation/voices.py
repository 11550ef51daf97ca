"""What is true of every voice: what it does not pronounce, and what to say when it could not."""

import re
import unicodedata

from render.languages import scripts
from render.problem import Problem

_EMOJI = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\ufe0f\u20e3\U000e0020-\U000e007f]+\u200d?")
_EMPHASIS = re.compile(r"[*`]+")
_FEW_LETTERS = 3
_SCRIPT_NAMES = {"CJK": "Chinese", "HIRAGANA": "Japanese"}


def pronounceable(text: str) -> str:
    """Return text without what a narrator would not say: emoji and marks of emphasis.

    Where nothing else is left they stay, and the voice names them.
    """
    bare = _EMPHASIS.sub(" ", _EMOJI.sub(" ", text))
    return bare if any(unicodedata.category(char)[0] in "LN" for char in bare) else text


def unknown_voice(name: str, wanted: str, used: str) -> tuple[Problem, ...]:
    """Return what to say about a voice that a provider does not have."""
    if wanted in {"", used}:
        return ()
    return (
        Problem(
            code="voice_unknown",
            message=f"{name} has no voice called “{wanted}”; “{used}” speaks instead.",
            params={"voice": wanted},
        ),
    )


def unread_letters(text: str, script: str) -> tuple[Problem, ...]:
    """Return what to say of letters that a voice made for another script may not read."""
    unread = {
        _SCRIPT_NAMES.get(found, found.title())
        for found, count in scripts(text).items()
        if found not in {"LATIN", script} and count >= _FEW_LETTERS
    }
    return tuple(
        Problem(
            code="letters_unread",
            message=f"The offline voice may not read the {name} letters in this text properly.",
            params={"script": name},
        )
        for name in sorted(unread)
    )


def unpronounced() -> Problem:
    """Return what to say of a line whose voice said nothing."""
    return Problem(
        code="nothing_pronounceable",
        message="This line holds nothing that can be pronounced, so it is silent.",
    )
