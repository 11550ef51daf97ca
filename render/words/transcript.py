"""The transcript: what a film says, as text to be read, a paragraph a scene."""

from render.storyboard import Storyboard, clean_text


def transcript(storyboard: Storyboard) -> str:
    """Return the title and what is spoken, scene by scene; scenes without words are left out."""
    spoken = (" ".join(clean_text(storyboard.spoken(scene)).split()) for scene in storyboard.scenes)
    title = " ".join(clean_text(storyboard.title).split())
    return "\n\n".join(filter(None, (title, *spoken))) + "\n"


def is_silent(storyboard: Storyboard) -> bool:
    """Tell whether nothing is spoken in any scene."""
    return not any(clean_text(storyboard.spoken(scene)) for scene in storyboard.scenes)
