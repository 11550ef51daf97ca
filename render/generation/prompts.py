"""The words a model is given: what to draw, and an editor's text as mere material."""

from render.generation.base import ClipRequest, ImageRequest, MusicRequest
from render.storyboard import clean_text

_NO_LETTERS = "No words, letters or captions in the picture."

_ONE_SHOT = "One continuous shot that begins with the picture given, without cuts or captions."

_NO_SINGING = "Instrumental only, no vocals: music to lie under a narrator's voice."

OPENING = "<<<material>>>"
CLOSING = "<<<end of material>>>"


def picture_prompt(request: ImageRequest) -> str:
    """Return what to ask a model to draw.

    The engine and the card set text over a picture in real fonts; letters that
    a model paints are misspelt, and in no viewer's language.
    """
    wanted = clean_text(request.prompt) or clean_text(request.text) or clean_text(request.title)
    style = clean_text(request.style)
    parts = [wanted or "A calm, abstract background."]
    if style and style not in wanted:
        parts.append(f"Style: {style}.")
    if _NO_LETTERS not in wanted:
        parts.append(_NO_LETTERS)
    return "\n".join(parts)


def clip_prompt(request: ClipRequest) -> str:
    """Return what to ask a model to let happen in a still."""
    wanted = clean_text(request.prompt) or "It comes to life: small, natural movements."
    return f"{wanted}\n{_ONE_SHOT}"


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
