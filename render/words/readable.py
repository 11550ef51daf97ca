"""What can be read: text without the characters that no font has."""

import unicodedata

from render.words.fonts import missing_characters

_MOST_MARKS = 3


def readable(text: str) -> str:
    """Return text as one paragraph of what can be shown.

    Without the characters that no font has, and without more marks stacked on a
    letter than any script stacks.
    """
    lacking = missing_characters(text)
    characters: list[str] = []
    marks = 0
    for char in text:
        marks = marks + 1 if unicodedata.category(char) == "Mn" else 0
        if marks <= _MOST_MARKS and char not in lacking:
            characters.append(char)
    return " ".join("".join(characters).split())
