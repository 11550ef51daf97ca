"""SubRip (.srt): captions as a file that editing suites and social networks take."""

import re
from collections.abc import Iterable
from fractions import Fraction

from render.languages import reads_leftwards
from render.storyboard import clean_text
from render.timeline import Cue
from render.words.webvtt import is_leftwards, milliseconds

_MARK = "\u200f"
_READ_AS_TAG = re.compile(r"<(?=[A-Za-z/])|\{(?=[\\A-Za-z])")
"""SubRip has no escapes, and players take these for the beginning of a tag."""
_WORD_JOINER = "\u2060"


def subrip(captions: Iterable[Cue], *, locale: str) -> str:
    """Return captions as a SubRip file, to be written as UTF-8; cues without words are left out.

    Times and directions are those of `render.words.webvtt`. What would be read as a tag, and so
    hidden, is shown: something invisible stands behind its bracket.
    """
    leftwards = is_leftwards(locale)
    blocks: list[str] = []
    for cue in captions:
        lines = [line.strip() for line in clean_text(cue.text).splitlines()]
        rows = [_line(line, leftwards=leftwards) for line in lines if line]
        if rows:
            span = f"{_time(cue.start)} --> {_time(cue.end)}"
            blocks.append("\n".join([str(len(blocks) + 1), span, *rows]) + "\n")
    return "\n".join(blocks)


def _line(line: str, *, leftwards: bool) -> str:
    mark = _MARK if leftwards and not reads_leftwards(line) else ""
    # An arrow would be taken for a time by those who look for nothing else.
    shown = line.replace("-->", f"--{_WORD_JOINER}>")
    return mark + _READ_AS_TAG.sub(lambda found: found[0] + _WORD_JOINER, shown)


def _time(seconds: Fraction) -> str:
    whole, thousandths = divmod(milliseconds(seconds), 1000)
    minutes, rest = divmod(whole, 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest:02},{thousandths:03}"
