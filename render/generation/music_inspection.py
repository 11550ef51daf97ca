"""Music as models hand it over: heard to its end before it counts as made.

A piece is of no use that cannot be decoded, lasts no second, or is silent. Longer or
shorter than asked for does no harm: it is repeated, or fades out sooner.
"""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from render.errors import MediaError
from render.measures import MusicMeasures
from render.sound.arrangement import RATE
from render.sound.graph import Block
from render.sound.loudness import integrated_loudness
from render.sound.music import MAX_SECONDS, check_music, music_file
from render.sound.track import blocks

_FAINTEST = -60.0
"""LUFS of a piece that is heard."""


def inspect_music(path: Path) -> MusicMeasures:
    """Decode music to its end and return its measures; raise `MediaError`."""
    check_music(path)
    samples = 0

    def heard() -> Iterator[Block]:
        nonlocal samples
        for block in blocks(music_file(path)):
            samples += block.shape[1]
            if samples > MAX_SECONDS * RATE:  # whatever its header said
                raise MediaError(f"The music lasts more than {MAX_SECONDS} seconds.")
            yield block

    loudness = integrated_loudness(heard())
    if samples < RATE:
        raise MediaError(f"The music lasts only {samples / RATE:.1f} seconds.")
    if loudness < _FAINTEST:
        raise MediaError("The music is silent.")
    return MusicMeasures(milliseconds=samples * 1000 // RATE)


def delivered_seconds(data: bytes) -> float | None:
    """Return how long music is, as its header tells; None for what cannot be read."""
    with TemporaryDirectory(prefix="reelwright-") as folder:
        path = Path(folder) / "music"
        path.write_bytes(data)
        try:
            return float(check_music(path))
        except MediaError:
            return None
