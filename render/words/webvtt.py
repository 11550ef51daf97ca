"""WebVTT: captions as a file that players load beside a video (W3C WebVTT)."""

from collections.abc import Iterable, Iterator
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
            rows[0] = _voice(cue) + rows[0]
            blocks.append("\n".join([f"{clock(cue.start)} --> {clock(cue.end)}", *rows]))
    return "\n\n".join(blocks) + "\n"


def word_webvtt(captions: Iterable[Cue], *, locale: str) -> str:
    """Return captions with a time before each word, by which players light what is just said.

    Times within a cue lie between its own and never go back, as the format asks; a word that is
    said when another is has none.
    """
    leftwards = is_leftwards(locale)
    blocks = ["WEBVTT"]
    for cue in captions:
        lines = cue.text.split("\n")
        rows = "".join(_timed_words(cue)).split("\n")
        shown = [
            _direction(line, leftwards=leftwards) + row.strip()
            for line, row in zip(lines, rows, strict=True)
            if line.strip()
        ]
        if shown:
            shown[0] = _voice(cue) + shown[0]
            blocks.append("\n".join([f"{clock(cue.start)} --> {clock(cue.end)}", *shown]))
    return "\n\n".join(blocks) + "\n"


def _voice(cue: Cue) -> str:
    """Return the span that says who speaks, to the cue's end: players need not show it."""
    return f"<v {' '.join(cue.speaker.split()).translate(_ESCAPES)}>" if cue.speaker else ""


def _timed_words(cue: Cue) -> Iterator[str]:
    told, last = milliseconds(cue.start), milliseconds(cue.end)
    for word in cue.words:
        start = milliseconds(word.start)
        if told < start < last:
            yield f"<{clock(word.start)}>"
            told = start
        yield word.text.translate(_ESCAPES)
    if not cue.words:
        yield cue.text.translate(_ESCAPES)


def is_leftwards(locale: str) -> bool:
    """Tell whether a locale's language is read from right to left."""
    return locale.replace("_", "-").lower().partition("-")[0] in _LEFTWARDS


def milliseconds(seconds: Fraction) -> int:
    """Return a time as WebVTT tells it."""
    return round(seconds * 1000)


def _line(line: str, *, leftwards: bool) -> str:
    return _direction(line, leftwards=leftwards) + line.translate(_ESCAPES)


def _direction(line: str, *, leftwards: bool) -> str:
    return "&rlm;" if leftwards and not reads_leftwards(line) else ""


def clock(seconds: Fraction, *, mark: str = ".") -> str:
    """Return a time as `00:01:02.003`; `mark` stands before the milliseconds."""
    minutes, rest = divmod(milliseconds(seconds), 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02}{mark}{rest % 1000:03}"
