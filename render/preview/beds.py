"""Beds: the built-in music as players in a browser have it, written by `tools/beds.py`."""

from pathlib import Path

from render.storyboard import Mood

MEDIA_TYPE = "audio/ogg"

_FOLDER = Path(__file__).parents[1] / "beds"


def bed_url(mood: Mood) -> str:
    """Return where the bridge has a mood's bed."""
    return f"/api/v1/beds?mood={mood}"


def bed_file(mood: Mood) -> Path:
    """Return a mood's bed: Opus, which repeats without a seam."""
    return _FOLDER / f"{mood}.ogg"
