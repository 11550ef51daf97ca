"""The offline composer: the built-in music of the mood that is nearest to what was asked for."""

import tempfile
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

import anyio.to_thread

from render.generation.base import Generated, MusicRequest
from render.generation.offline.beds import write_bed
from render.moods import built_in_music, nearest_mood
from render.source import Source
from render.storyboard import Mood

PROVIDER = "offline"


class OfflineMusic:
    """A `MusicModel` that needs neither network nor key: one of six pieces."""

    def price(self, request: MusicRequest) -> Decimal:  # noqa: ARG002 - the port asks for it
        """Return nothing: it costs only time."""
        return Decimal(0)

    async def compose(self, request: MusicRequest) -> Generated:
        """Return a bed, whole as it repeats, and say that it is one."""
        mood = nearest_mood(request.prompt)
        return Generated(
            data=await anyio.to_thread.run_sync(_bed, mood),
            media_type="audio/wav",
            provider=PROVIDER,
            model=PROVIDER,
            source=Source.RULE,
            warnings=(built_in_music(mood),),
        )


@lru_cache(maxsize=1)  # eight megabytes, and seconds of work
def _bed(mood: Mood) -> bytes:
    with tempfile.TemporaryDirectory(prefix="reelwright-") as folder:
        return write_bed(mood, Path(folder)).read_bytes()
