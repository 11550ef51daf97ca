"""A film's music: composed by a model once the voices are there, or the built-in music instead.

It is asked for at the length that the film is about to have, and never at more than was priced.
What is refused, fails, is too dear or does not come ends no film: the built-in music of the
nearest mood plays, and the film says so.
"""

from collections.abc import Mapping

from msgspec.structs import replace

from cms_bridge.errors import ApprovedCostReached, SpendCapReached
from render.errors import GenerationError, RunningGeneration
from render.generation.base import MusicRequest
from render.generation.prices import SLOWEST
from render.generation.requests import film_seconds, heard_seconds, music_request
from render.measures import Measures, SpeechMeasures
from render.moods import nearest_mood
from render.problem import Problem
from render.storyboard import Storyboard


def film_music(
    storyboard: Storyboard, spoken: Mapping[str, Measures | None]
) -> MusicRequest | None:
    """Return what to ask for a film's music; None where none is to be composed.

    `spoken` are the narrations' measures, by scene id.
    """
    seconds = 0.0
    for scene in storyboard.scenes:
        measured = spoken.get(scene.id)
        narration = float(measured.seconds) if isinstance(measured, SpeechMeasures) else None
        seconds += heard_seconds(scene, narration)
    most = film_seconds(storyboard, times=SLOWEST)
    return music_request(storyboard, seconds=min(seconds, most))


def with_music(storyboard: Storyboard, file: str | None) -> Storyboard:
    """Return a storyboard that names the music there is: a file, or a mood where none was made."""
    music = storyboard.music
    if music is None or not music.prompt:
        return storyboard
    mood = None if file else nearest_mood(music.prompt)
    return replace(storyboard, music=replace(music, prompt="", file=file, mood=mood))


def built_in_instead(error: Exception, *, last_try: bool) -> Problem | None:
    """Return the warning that built-in music plays; None for what may yet come, as for clips."""
    if isinstance(error, RunningGeneration) and not last_try:
        return None
    if not isinstance(error, GenerationError | ApprovedCostReached | SpendCapReached):
        return None
    # A sentence on money sets amounts in; what a provider says of itself is not told.
    amounts = {} if isinstance(error, GenerationError) else error.params
    return Problem(
        code="music_not_generated",
        message="The built-in music that is nearest to what was asked for plays, as no model"
        f" composed any. {error.message}",
        params={**amounts, "reason": error.code},
    )
