"""Turns: who says what of a narration in which several people speak.

    Ada: How long does it rest?          by Ada's voice
    Ben: A night, in the cold.           by Ben's
                                         (an empty line ends a turn)
    And then it is baked.                by the film's own

A line that begins with the name of a speaker and a colon, of whatever script, is said by that
speaker's voice, and so is what follows in the same paragraph. The name is neither spoken nor
captioned. Any other word before a colon is text like the rest.
"""

import re
from collections.abc import Sequence
from typing import Annotated

import msgspec

from render.schema import BLANK, END

SpeakerName = Annotated[
    str,
    msgspec.Meta(pattern=rf"^[^{BLANK}:：﹕︓][^:：﹕︓\x00-\x1f\x7f]{{0,62}}{END}", max_length=63),
]
"""What a speaker's lines begin with, before the colon."""

_COLON = r"\s*[:：﹕︓]\s*"
"""In French a space stands before it; in Chinese and Japanese it is as wide as a letter."""


class Speaker(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """Somebody who speaks in a script by name."""

    name: SpeakerName
    voice: str = ""
    """Whose voice it is, as the film's own is named; empty for the film's own."""


class Turn(msgspec.Struct, frozen=True):
    """What one speaker says without another in between."""

    text: str
    speaker: Speaker | None = None
    """None for the film's own voice."""


def opening(line: str, speakers: Sequence[Speaker]) -> tuple[Speaker, str] | None:
    """Return whose turn a line opens, and what is said in it; None where it opens none.

    Names are known in capitals or not; of two that begin alike the longer one is meant.
    """
    for speaker in sorted(speakers, key=lambda one: -len(one.name)):
        name = r"\s+".join(map(re.escape, speaker.name.split()))
        if found := re.match(rf"\s*{name}{_COLON}", line, re.IGNORECASE):
            return speaker, line[found.end() :]
    return None


def turns(text: str, speakers: Sequence[Speaker]) -> tuple[Turn, ...]:
    """Return who says what of a text; a text that names no speaker is one turn, as it came.

    What one speaker says in several paragraphs is one turn. A name that nothing follows opens
    no turn, unless the text holds nothing else.
    """
    said: list[tuple[Speaker | None, list[str]]] = []
    speaker, between = None, False
    named = False
    for line in text.split("\n"):
        if not line.strip():
            between = True
            continue
        if opened := opening(line, speakers):
            (speaker, rest), named = opened, True
        else:
            rest = line
            speaker = None if between else speaker
        if rest.strip():
            if said and said[-1][0] == speaker:
                said[-1][1].append(f"\n{rest}" if between else rest)
            else:
                said.append((speaker, [rest]))
        between = False
    if not (named and said):
        return (Turn(text),)
    return tuple(Turn("\n".join(lines).strip(), who) for who, lines in said)


def spoken(of: Sequence[Turn]) -> str:
    """Return what is heard and captioned of turns, a paragraph each."""
    return "\n\n".join(turn.text for turn in of)


def beginnings(of: Sequence[Turn]) -> tuple[tuple[int, str], ...]:
    """Return where each turn begins in what is spoken, spaces in a row being one, and who speaks.

    Nothing where nobody speaks by name.
    """
    if not any(turn.speaker for turn in of):
        return ()
    begun: list[tuple[int, str]] = []
    character = 0
    for turn in of:
        begun.append((character, turn.speaker.name if turn.speaker else ""))
        character += len(" ".join(turn.text.split())) + 1
    return tuple(begun)
