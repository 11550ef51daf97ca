"""The words a model is given: what to draw, and an editor's text as mere material."""

from collections.abc import Mapping, Sequence

import msgspec

from render.cast import CastKind, Look
from render.generation.base import ClipRequest, Figure, ImageRequest, MusicRequest
from render.storyboard import clean_text

_NO_LETTERS = "No words, letters or captions in the picture."

_ONE_SHOT = "One continuous shot that begins with the picture given, without cuts or captions."

_ITS_SOUND = "Its sound is that of what is seen. Nobody speaks, and there is no music."

_NO_SINGING = "Instrumental only, no vocals: music to lie under a narrator's voice."

_REFERENCES = {
    CastKind.PERSON: "One person alone, the whole figure, facing the viewer, at rest,"
    " in even light before a plain light background.",
    CastKind.PLACE: "The whole place, seen from where somebody would enter it,"
    " in even daylight, with nobody in it.",
    CastKind.THING: "One thing alone, whole, seen from slightly above and to the side,"
    " in even light before a plain light background.",
}
"""What lets other pictures be drawn by a picture: all of it, and nothing beside it."""

OPENING = "<<<material>>>"
CLOSING = "<<<end of material>>>"


def picture_prompt(request: ImageRequest, *, shown: int | None = None) -> str:
    """Return what to ask a model to draw that is shown so many references, or all of them.

    The engine and the card set text over a picture in real fonts; letters that
    a model paints are misspelt, and in no viewer's language.
    """
    wanted = clean_text(request.prompt) or clean_text(request.text) or clean_text(request.title)
    numbers = {
        reference.name: number
        for number, reference in enumerate(
            request.references
            if shown is None
            else [one for one in request.references if one.data][:shown],
            start=1,
        )
    }
    parts = [wanted or "A calm, abstract background."]
    parts += _cast_lines(request.cast, numbers)
    parts += _look_lines(look_with(request.look, request.style), wanted)
    if _NO_LETTERS not in wanted:
        parts.append(_NO_LETTERS)
    return "\n".join(parts)


def reference_prompt(kind: CastKind, description: str) -> str:
    """Return what to ask for, so that a picture of somebody or something can serve as reference."""
    return f"{clean_text(description)}\n{_REFERENCES[kind]}"


def clip_prompt(request: ClipRequest) -> str:
    """Return what to ask a model to let happen in a still."""
    wanted = clean_text(request.prompt) or "It comes to life: small, natural movements."
    heard = (_ITS_SOUND,) if request.sound else ()
    return "\n".join((wanted, *_look_lines(request.look, wanted), _ONE_SHOT, *heard))


def look_with(look: Look, style: str) -> Look:
    """Return a look whose style is a film's own, where that has one."""
    style = clean_text(style)
    return msgspec.structs.replace(look, style=style) if style else look


def _look_lines(look: Look, wanted: str) -> list[str]:
    """Return what a look adds to the words of a scene, which may name some of it already."""
    named = (
        ("Style", clean_text(look.style)),
        ("Colour palette", clean_text(look.palette)),
        ("Lens", clean_text(look.lens)),
    )
    return [f"{what}: {words}." for what, words in named if words and words not in wanted]


def _cast_lines(cast: Sequence[Figure], numbers: Mapping[str, int]) -> list[str]:
    """Return how each figure looks: in words, and by the numbers of its reference pictures."""
    lines: list[str] = []
    for figure in cast:
        shown = sorted(numbers[one.name] for one in figure.references if one.name in numbers)
        where = ""
        if shown:
            pictures = "picture" if len(shown) == 1 else "pictures"
            where = f", exactly as in reference {pictures} {', '.join(map(str, shown))}"
        description = clean_text(figure.description)
        told = f": {description}" if description else ""
        if where or told:
            lines.append(f"{figure.name} ({figure.kind}){where}{told}.")
    return lines


def music_prompt(request: MusicRequest) -> str:
    """Return what to ask a model to compose."""
    wanted = clean_text(request.prompt) or "Calm, unobtrusive background music."
    return f"{wanted}\n{_NO_SINGING}"


def fenced(material: str) -> str:
    """Return an editor's words between marks that they cannot contain.

    Whatever is written inside, it is the thing to work on: the instructions say
    so, and name these marks. Text that imitates a mark loses its angle brackets.
    """
    inside = clean_text(material).replace("<<<", "‹‹‹").replace(">>>", "›››")
    return f"{OPENING}\n{inside}\n{CLOSING}"
