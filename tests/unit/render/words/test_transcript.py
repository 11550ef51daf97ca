"""Transcripts, as they are read."""

from render.storyboard import Scene, Storyboard
from render.words.transcript import is_silent, transcript


def test_a_transcript_has_a_paragraph_a_scene_that_speaks() -> None:
    scenes = (
        Scene(id="a", narration="The first\nloaf."),
        Scene(id="b", picture_prompt="An oven"),
        Scene(id="c", narration="Noon."),
    )
    assert transcript(Storyboard(title="Bread", scenes=scenes)) == (
        "Bread\n\nThe first loaf.\n\nNoon.\n"
    )


def test_a_film_is_silent_in_which_nobody_says_a_word() -> None:
    silent = (Scene(id="a"), Scene(id="b", narration=" \n", on_screen_text="Noon"))
    assert is_silent(Storyboard(title="Bread", scenes=silent))
    assert not is_silent(Storyboard(title="", scenes=(*silent, Scene(id="c", narration="Noon."))))
