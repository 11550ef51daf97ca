"""What is true of every voice: how it is named and described, and what it does not pronounce.

A catalogue names a voice by its provider and the provider's own name for it, as
`gemini:Kore`: that provider is asked first, and a voice that costs nothing is
never replaced by one that does. A bare `Kore` is asked of whoever comes first.
"""

import enum
import re
import unicodedata

import msgspec

from render.languages import scripts
from render.problem import Problem

_EMOJI = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\ufe0f\u20e3\U000e0020-\U000e007f]+\u200d?")
_EMPHASIS = re.compile(r"[*`]+")
_FEW_LETTERS = 3
_SCRIPT_NAMES = {"CJK": "Chinese", "HIRAGANA": "Japanese"}


GEMINI, REPLICATE, PIPER, OFFLINE = "gemini", "replicate", "piper", "offline"
FREE = frozenset({PIPER, OFFLINE})
"""Providers whose voices cost nothing."""
ANY_FREE = f"{PIPER}:"
"""Asks for the best voice that costs nothing, by no name: Piper's usual one of the language or,
where it has none, espeak-ng's."""
_PROVIDERS = frozenset({GEMINI, REPLICATE}) | FREE


class Gender(enum.StrEnum):
    """How a provider says that a voice sounds."""

    FEMALE = "female"
    MALE = "male"


class Voice(msgspec.Struct, frozen=True, kw_only=True):
    """One voice of a catalogue."""

    provider: str
    name: str
    """The provider's own name for it."""
    languages: tuple[str, ...] = ()
    """Language tags in lower case; none where it speaks whatever its text is written in."""
    gender: Gender | None = None
    """None where the provider does not say."""
    description: str = ""
    """A word or two of its provider's, in English; empty for none."""

    @property
    def id(self) -> str:
        """Its name among all voices, which a brief asks for it by."""
        return f"{self.provider}:{self.name}"


def provider_of(voice: str) -> str:
    """Return the provider that a voice is named with; empty for none."""
    provider, found, _ = voice.partition(":")
    return provider if found and provider in _PROVIDERS else ""


def own_name(voice: str, provider: str) -> str:
    """Return a voice as its own provider calls it; another's name as it came."""
    return voice.removeprefix(f"{provider}:")


def pronounceable(text: str) -> str:
    """Return text without what a narrator would not say: emoji and marks of emphasis.

    Where nothing else is left they stay, and the voice names them.
    """
    bare = _EMPHASIS.sub(" ", _EMOJI.sub(" ", text))
    return bare if any(unicodedata.category(char)[0] in "LN" for char in bare) else text


def unknown_voice(name: str, wanted: str, used: str) -> tuple[Problem, ...]:
    """Return what to say about a voice that a provider does not have."""
    if wanted in {"", ANY_FREE, used}:
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
