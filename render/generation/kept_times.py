"""Word times kept: what a narration was found to say, by its bytes, its text, language and speed.

Setting a narration against its text takes a hundredth of its length or more. An edit of
something else never does so again, nor does the engine for what the daemon has heard already.
"""

import hashlib
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from render.cache import Cache
from render.files import sha256_of
from render.generation.reading import WordTimes, word_times

_METHOD = 3
"""Counts the ways in which words are found; another one finds them elsewhere."""


class KeptTimes:
    """The word times that a cache holds, and the finding of those that it does not."""

    def __init__(self, cache: Cache) -> None:
        """Keep them where segments are kept."""
        self._cache = cache

    def find(self, path: Path, text: str, locale: str, speed: float = 1.0) -> WordTimes | None:
        """Return what `render.generation.reading.word_times` does, once for each narration."""
        sha256 = sha256_of(path)
        note = self._cache.note(_name(sha256, text, locale, speed))
        if note is not None:
            return msgspec.json.decode(note, type=WordTimes | None)
        told = word_times(path, text, locale, speed)
        self.keep(told, sha256=sha256, text=text, locale=locale, speed=speed)
        return told

    def keep(
        self, told: WordTimes | None, *, sha256: str, text: str, locale: str, speed: float = 1.0
    ) -> None:
        """Keep what is known of a narration by the digest of its bytes.

        It takes the place of what was known before: whoever heard it later may know more of how
        its words are said.
        """
        name = _name(sha256, text, locale, speed)
        note = msgspec.json.encode(told)
        if self._cache.note(name) == note:
            return
        # What cannot be kept, on a disk that is full, is found again.
        with suppress(OSError), TemporaryDirectory(prefix="reelwright-") as folder:
            piece = Path(folder) / name
            piece.write_bytes(note)  # the record's note is read; this is what it weighs
            self._cache.keep(name, piece, note)


def _name(sha256: str, text: str, locale: str, speed: float) -> str:
    content = msgspec.json.encode([_METHOD, sha256, text, locale, float(speed)])
    return f"{hashlib.sha256(content).hexdigest()}.words"
