"""WebVTT: captions as a file that players load beside a video (W3C WebVTT)."""

from collections.abc import Iterable
from fractions import Fraction

from render.languages import reads_leftwards
from render.storyboard import clean_text
from render.timeline import Cue

_LEFTWARDS = frozenset({"ar", "fa", "he", "iw", "ur", "ps", "sd", "ug", "yi", "dv", "ckb", "ks"})
"""Languages that are read from right to left."""
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def webvtt(captions: Iterable[Cue], *, locale: str) -> str:
    """Return captions as a WebVTT file; cues without words are left out.

    Times are rounded to milliseconds. A player takes a line's direction from its
    first letter, so a line of a language that runs from right to left gets a mark
    where its first letter is of a name that does not.
    """
    leftwards = is_leftwards(locale)
    blocks = ["WEBVTT"]
    for cue in captions:
        lines = [line.strip() for line in clean_text(cue.text).splitlines()]
        rows = [_line(line, leftwards=leftwards) for line in lines if line]
        if rows:
            blocks.append("\n".join([f"{clock(cue.start)} --> {clock(cue.end)}", *rows]))
    return "\n\n".join(blocks) + "\n"


def is_leftwards(locale: str) -> bool:
    """Tell whether a locale's language is read from right to left."""
    return locale.replace("_", "-").lower().partition("-")[0] in _LEFTWARDS


def milliseconds(seconds: Fraction) -> int:
    """Return a time as WebVTT tells it."""
    return round(seconds * 1000)


def _line(line: str, *, leftwards: bool) -> str:
    mark = "&rlm;" if leftwards and not reads_leftwards(line) else ""
    return mark + line.translate(_ESCAPES)


def clock(seconds: Fraction, *, mark: str = ".") -> str:
    """Return a time as `00:01:02.003`; `mark` stands before the milliseconds."""
    minutes, rest = divmod(milliseconds(seconds), 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02}{mark}{rest % 1000:03}"
