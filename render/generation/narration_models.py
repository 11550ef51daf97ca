"""What each model that speaks takes of a text in one call: so many seconds of it, and characters.

What is longer is asked for in passages (`render.generation.passages`). A model without a row is
held to a minute. Written down in November 2026 without a key to try them by; configuration
replaces and adds rows (`render.generation.models.ModelsConfig.narrations`).
"""

from collections.abc import Collection, Mapping

import msgspec


class NarrationModel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much one model says in one call."""

    longest: int = 60
    """Seconds as a calm narrator takes them; a model may take twice as long over it."""
    most_characters: int = 0
    """As the model is given them; 0 for as many as the seconds hold."""

    def faults(self, name: str) -> list[str]:
        """Return everything that is wrong with a row, in sentences."""
        found: list[str] = []
        if not 1 <= self.longest <= _LONGEST:
            found.append(f"What “{name}” says in a call must last from 1 to {_LONGEST} seconds.")
        if self.most_characters < 0:
            found.append(f"What “{name}” is given in a call cannot be fewer than 0 characters.")
        return found


_LONGEST = 200
"""At half the pace that is as much as can be set against its text (`render.sound.alignment`)."""

UNKNOWN = NarrationModel()

NARRATION_MODELS: Mapping[str, NarrationModel] = {
    # Said to lose its articulation after a minute and to break off. Past 262 seconds an answer is
    # longer than an answer may be, and takes longer before that than an answer is waited for.
    "gemini-3.8-flash-lite-tts": NarrationModel(longest=60),
    "gemini-3.8-flash-tts": NarrationModel(longest=60),
    "minimax/speech-2.6-turbo": NarrationModel(longest=180, most_characters=10_000),
    "minimax/speech-2.6-hd": NarrationModel(longest=180, most_characters=10_000),
}


def strictest(models: Collection[NarrationModel]) -> NarrationModel | None:
    """Return what each of several models takes, whichever is asked; None for none."""
    if not models:
        return None
    counts = [model.most_characters for model in models if model.most_characters]
    return NarrationModel(
        longest=min(model.longest for model in models), most_characters=min(counts, default=0)
    )
