"""Moods by words: which of the built-in music is nearest to what was asked of a model.

Beginnings of words, in the languages that editors see; what is not understood is calm, which
disturbs nobody.
"""

import re
from collections.abc import Mapping

from render.problem import Problem
from render.storyboard import Mood

_WORDS: Mapping[Mood, tuple[str, ...]] = {
    Mood.DRIVING: (
        "driv", "energ", "énerg", "beat", "techno", "electr", "élect", "elektr", "rock", "fast",
        "schnell", "treib", "dynam", "rapid", "rapide", "rápid", "sport", "dance", "action",
    ),
    Mood.TENSE: (
        "tens", "suspens", "thrill", "dark", "dunkel", "düster", "spann", "sombr", "oscur",
        "myster", "mystér", "mister", "drama", "threat", "bedroh", "inqui",
    ),
    Mood.SOLEMN: (
        "solemn", "feierlich", "solenn", "orchest", "orquest", "epic", "episch", "épiqu", "épic",
        "majest", "cinemat", "sad", "traur", "trist", "memor", "requiem", "hymn", "himn",
    ),
    Mood.BRIGHT: (
        "bright", "happy", "joy", "fröhlich", "heiter", "froh", "joyeu", "gai", "aleg", "feliz",
        "upbeat", "uplift", "cheer", "hope", "hoffnung", "espoir", "esper", "optimis", "fun",
        "playful", "verspielt", "sunny", "sonn",
    ),
    Mood.WARM: (
        "warm", "guitar", "gitarr", "guitare", "folk", "acoustic", "akust", "acoust", "acúst",
        "cosy", "cozy", "gemütlich", "chaleur", "cálid", "calid", "jazz", "soul", "romant",
        "love", "liebe", "amour", "amor",
    ),
    Mood.CALM: (
        "calm", "ruhig", "calme", "tranquil", "ambient", "peace", "fried", "paisib", "pacíf",
        "soft", "sanft", "doux", "douce", "suave", "slow", "langsam", "lent", "piano", "klavier",
        "relax", "sleep", "medit", "natur",
    ),
}  # fmt: skip


def nearest_mood(prompt: str) -> Mood:
    """Return the mood that most words speak for, the earlier of two; calm where none does."""
    words = re.findall(r"\w+", prompt.casefold())
    votes = {
        mood: sum(word.startswith(beginnings) for word in words)
        for mood, beginnings in _WORDS.items()
    }
    most = max(votes, key=lambda mood: votes[mood])
    return most if votes[most] else Mood.CALM


def built_in_music(mood: Mood) -> Problem:
    """Return the warning that a mood's built-in music plays in place of a model's."""
    return Problem(
        code="built_in_music",
        message=f"The built-in music “{mood}” plays, which is nearest to what was asked for: no"
        " model composed any.",
        params={"mood": mood.value},
    )
