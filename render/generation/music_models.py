"""What each model that composes takes: where it is told a length, and which lengths it makes.

As for clips (`render.generation.clip_models`): everything that is sent is
written down here, and a model without a row is not asked. Read in October and
November 2026; configuration replaces and adds rows
(`render.generation.models.ModelsConfig.songs`).
"""

import math
from collections.abc import Mapping

import msgspec


class SongModel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one model is asked for a piece of music."""

    shortest: int = 1
    """Seconds."""
    longest: int
    """Seconds. A film that is longer hears it again."""
    length_field: str = ""
    """Where the length is told, in whole seconds; empty where words have to say it."""
    prompt_field: str = "prompt"
    inputs: Mapping[str, str | int | float | bool] = {}
    """What is sent beside, by its field."""

    def legal_seconds(self, wanted: float) -> int:
        """Return the shortest length that covers what is wanted, or the longest there is."""
        return min(max(math.ceil(wanted), self.shortest), self.longest)

    def faults(self, name: str) -> list[str]:
        """Return everything that is wrong with a row, in sentences."""
        found: list[str] = []
        if not 1 <= self.shortest <= self.longest <= _LONGEST:
            found.append(f"The music of “{name}” must last from 1 to {_LONGEST} seconds, rising.")
        if not self.prompt_field:
            found.append(f"The model “{name}” needs a field for the words.")
        return found


_LONGEST = 3_600

SONG_MODELS: Mapping[str, SongModel] = {
    # "A couple of minutes", which words may ask for.
    "lyria-3.5": SongModel(longest=180),
    "stability-ai/stable-audio-2.5": SongModel(longest=190, length_field="duration"),
}
