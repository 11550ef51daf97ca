"""Which built-in music is nearest to what was asked of a model, in words of four languages."""

import pytest

from render.moods import nearest_mood
from render.storyboard import Mood


@pytest.mark.parametrize(
    ("prompt", "mood"),
    [
        ("Energetic electronic music with a steady beat", Mood.DRIVING),
        ("Düstere, spannungsvolle Klänge", Mood.TENSE),
        ("Musique orchestrale, solennelle et triste", Mood.SOLEMN),
        ("Algo alegre y feliz", Mood.BRIGHT),
        ("Ruhige Klaviermusik", Mood.CALM),
        ("A cosy folk guitar", Mood.WARM),
        ("Sad slow piano, very slow", Mood.CALM),
        ("Bagpipes", Mood.CALM),
        ("", Mood.CALM),
    ],
)
def test_the_mood_that_most_words_speak_for(prompt: str, mood: Mood) -> None:
    assert nearest_mood(prompt) is mood
