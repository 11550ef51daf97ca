"""Transcripts, as they are read."""

from render.storyboard import Scene, Storyboard
from render.words.transcript import transcript


def test_a_transcript_has_a_paragraph_a_scene_that_speaks() -> None:
    scenes = (
        Scene(id="a", narration="The first\nloaf."),
        Scene(id="b", picture_prompt="An oven"),
        Scene(id="c", narration="Noon."),
    )
    assert transcript(Storyboard(title="Bread", scenes=scenes)) == (
        "Bread\n\nThe first loaf.\n\nNoon.\n"
    )
