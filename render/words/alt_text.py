"""The alternative text: a film in a sentence or two, for those who do not see it."""

from render.storyboard import Storyboard, clean_text

_ENDS = tuple(".!?…:。！？؟।")
"""What a sentence ends with, in whatever script."""


def alt_text(storyboard: Storyboard, *, longest: int) -> str:
    """Return the title and what is written in the pictures, in their order and language.

    Prompts are left out: they are instructions to a model, and often in another language. What does
    not fit whole into `longest` characters is left out too, and a longer title is cut at a word.
    """
    told = _cut(_line(storyboard.title), longest)
    seen = {told.casefold()}
    for scene in storyboard.scenes:
        words = _line(scene.on_screen_text)
        if not words or words.casefold() in seen:
            continue
        seen.add(words.casefold())
        more = f"{_ended(told)} {words}" if told else words
        if len(more) > longest:
            break
        told = more
    return told


def _line(text: str) -> str:
    return " ".join(clean_text(text).split())


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith(_ENDS) else f"{sentence}."


def _cut(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    whole, _, rest = text[:longest].rpartition(" ")
    return f"{whole or rest[:-1]}…"
