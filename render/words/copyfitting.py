"""Copyfitting: what of a text is set, in which paragraphs, and how large at the most.

Pure: the type itself decides, in `render.words.typesetting`, by how much less than that.
"""

from render.sentences import shorten
from render.storyboard import CaptionStyle, TextStyle, clean_text
from render.words.columns import columns
from render.words.line_breaks import unbroken

MOST = {
    TextStyle.TITLE: 120,
    TextStyle.LOWER_THIRD: 160,
    CaptionStyle.OUTLINE: 220,
    CaptionStyle.BOX: 220,
    CaptionStyle.HIGHLIGHT: 220,
    CaptionStyle.LIT: 220,
}
"""Columns shown of a paragraph: at this length it is still large enough to be read."""

SECOND_SIZE: dict[TextStyle | CaptionStyle, float] = {
    TextStyle.TITLE: 0.46,
    TextStyle.LOWER_THIRD: 0.62,
}
"""The size of what stands below a head, as a share of the head's, at the most."""

LABEL_STYLE = CaptionStyle.BOX
"""What the label looks like: legible on any picture, whatever a project's colours."""
LABEL_SIZE = 3.4
"""The label's, in hundredths of the frame's shorter side, at the most."""


def paragraphs(style: TextStyle | CaptionStyle, text: str) -> list[str]:
    """Return what is set as one each: a caption, or a head and what stands below it."""
    lines = [line for line in clean_text(text).splitlines() if line.strip()] or [""]
    if isinstance(style, CaptionStyle):
        return [unbroken(lines)]
    return [lines[0], " ".join(lines[1:])] if len(lines) > 1 else lines


def cut(text: str, most: int) -> str:
    """Return a paragraph, shortened where it has more columns than that."""
    wide = columns(text)
    return text if wide <= most else shorten(text, int(len(text) * most / wide))


def largest_size(style: TextStyle | CaptionStyle, length: int) -> float:
    """Return the size of a head or a caption at the most, in hundredths of the shorter side.

    A short text may be larger; a sentence is set as one. `length` is in characters as a
    reader counts them.
    """
    match style:
        case TextStyle.TITLE:
            return 13 if length <= 16 else 9.5 if length <= 48 else 7  # noqa: PLR2004
        case TextStyle.LOWER_THIRD:
            return 5.6 if length <= 60 else 4.2  # noqa: PLR2004
        case CaptionStyle.LIT:
            return 6.2
        case _:
            return 4.7
