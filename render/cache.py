"""The cache: finished pieces under the digest of all that decided them.

Several processes may share a folder, and any of them may be killed at any
instant: a piece is written aside and renamed, then its record, which holds its
SHA-256 and one of the note beside it, in the same way. Without a true record a
piece is not there, whatever became of it: half written, damaged, or lost with
the power. What is fetched is a hard link (a copy, between file systems), so
nothing that is in use can be taken away. Beyond its bound, and an age if it is
given one, the cache forgets what was longest unused.

A disk that is full, or gone, ends nothing: what cannot be kept is made again the
next time, and `refusal` says so.

Others may keep pieces too, behind an `Elsewhere`: they are asked for what is not here, and told of
what is. A cache alone asks nobody.
"""

import enum
import fcntl
import hashlib
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

import msgspec

from render.errors import CompositionError
from render.files import disk_error, sha256_of, written_aside

DEFAULT_MAX_BYTES = 8 * 1024**3
_RECORD = ".json"
_LOCK = ".lock"
_PIECE = re.compile(r"[0-9a-f]{64}(?:(?:\.result)?\.(?:mp4|m4a)|\.words|\.bed\.wav)")
_PART = re.compile(rf"\.{{1,2}}{_PIECE.pattern}(\.json)?(\.[0-9a-f]{{8}}\.part){{1,2}}")
"""What may be forgotten: whatever else lies in the folder is somebody else's."""
_ROOM = 0.9
"""What is left of the bound after forgetting, so that it is not done every time."""
_ABANDONED_AFTER = 3600
"""Seconds after which an unfinished file is nobody's any more."""


class Turn(enum.StrEnum):
    """Who makes a piece that is not there."""

    MINE = "m"
    """Whoever asks."""
    HERE = "h"
    """Nobody: it is in the cache's folder by now."""
    TAKEN = "t"
    """Another is making it."""
    STOP = "s"
    """Not whoever asks, who is to make nothing more."""


class Elsewhere(Protocol):
    """Others that keep the same pieces under the same names."""

    def lay(self, names: Sequence[str], *, check: Callable[[], None]) -> None:
        """Lay into the cache's folder what others have of these, and return when that is done.

        `check` is called often, and stops the waiting by raising.
        """
        ...

    def claim(self, name: str, *, check: Callable[[], None]) -> Turn:
        """Tell who makes a piece; from any thread. `check` as above."""
        ...

    def tell(self, names: Sequence[str]) -> None:
        """Hear which pieces are in the cache's folder now, and in use; from any thread."""
        ...


class _Record(msgspec.Struct, frozen=True, kw_only=True):
    sha256: str
    note: msgspec.Raw
    note_sha256: str


class Cache:
    """A bounded folder of files, found by name; a name stands for one content for ever."""

    def __init__(
        self,
        folder: Path,
        *,
        max_bytes: int = DEFAULT_MAX_BYTES,
        elsewhere: Elsewhere | None = None,
    ) -> None:
        """Use a folder, made if need be; raise `CompositionError` where one may not write to it."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / _LOCK).touch()
        except OSError as error:
            raise disk_error(error, folder) from error
        self._folder = folder
        self._max_bytes = max_bytes
        self._elsewhere = elsewhere
        self.refusal: str = ""
        """Why something could not be kept; empty if everything was."""

    def ask(self, names: Sequence[str], *, check: Callable[[], None]) -> None:
        """Have others lay into the folder what they have of these."""
        if self._elsewhere and names:
            self._elsewhere.lay(names, check=check)

    def claim(self, name: str, *, check: Callable[[], None]) -> Turn:
        """Tell whether to make a piece here, or leave it to others."""
        return self._elsewhere.claim(name, check=check) if self._elsewhere else Turn.MINE

    def tell(self, names: Sequence[str]) -> None:
        """Tell others of pieces that are here and in use."""
        if self._elsewhere and names:
            self._elsewhere.tell(names)

    @contextmanager
    def aside(self, name: str) -> Generator[Path]:
        """Yield where a piece may lie that is to be kept, or is to outlast its being forgotten."""
        part = self._folder / f".{name}.{secrets.token_hex(4)}.part"
        try:
            yield part
        finally:
            part.unlink(missing_ok=True)

    def note(self, name: str) -> bytes | None:
        """Return the JSON note kept with a piece, or None: a quick look that proves nothing."""
        record = self._record(name)
        return bytes(record.note) if record and (self._folder / name).exists() else None

    def fetch(self, name: str, place: Path) -> bytes | None:
        """Lay a whole piece at `place` and return its note; None where there is none.

        A damaged piece is forgotten.
        """
        record = self._record(name)
        if record is None:
            return None
        piece = self._folder / name
        try:
            _link(piece, place)
        except FileNotFoundError:
            return None
        if sha256_of(place) != record.sha256:
            place.unlink()
            self._forget(name)
            return None
        with suppress(FileNotFoundError):
            os.utime(piece)
        return bytes(record.note)

    def keep(self, name: str, piece: Path, note: bytes) -> None:
        """Keep a finished piece with a note in JSON; the piece must not be written to again."""
        record = _Record(sha256=sha256_of(piece), note=msgspec.Raw(note), note_sha256=_digest(note))
        content = msgspec.json.encode(record)
        try:
            with written_aside(self._folder / name, lasting=False) as part:
                _link(piece, part)
            with written_aside(self._folder / (name + _RECORD), lasting=False) as part:
                part.write_bytes(content)
        except CompositionError as error:
            self.refusal = str(error.params["reason"])

    def trim(self, *, unused_seconds: float | None = None) -> None:
        """Forget what was longest unused until the folder keeps to its bound.

        And whatever was unused for longer than that many seconds, if any are given.
        """
        try:
            self._trim(time.time() - unused_seconds if unused_seconds else 0)
        except OSError as error:
            self.refusal = str(disk_error(error, self._folder).params["reason"])

    def _trim(self, used_since: float) -> None:
        with self._lock() as locked:
            if not locked:
                return
            pieces: list[tuple[float, int, str]] = []
            for entry in os.scandir(self._folder):
                with suppress(FileNotFoundError):
                    info = entry.stat()
                    if _PART.fullmatch(entry.name):
                        if time.time() - info.st_mtime > _ABANDONED_AFTER:
                            Path(entry.path).unlink(missing_ok=True)
                    elif _PIECE.fullmatch(entry.name):
                        pieces.append((info.st_mtime, info.st_size, entry.name))
            size_in_use = sum(size for _, size, _ in pieces)
            bound = self._max_bytes * (_ROOM if size_in_use > self._max_bytes else 1)
            for used_at, size, name in sorted(pieces):
                if used_at >= used_since and size_in_use <= bound:
                    return
                self._forget(name)
                size_in_use -= size

    def _record(self, name: str) -> _Record | None:
        try:
            content = (self._folder / (name + _RECORD)).read_bytes()
            record = msgspec.json.decode(content, type=_Record)
        except (FileNotFoundError, msgspec.DecodeError, UnicodeDecodeError):
            return None
        return record if _digest(bytes(record.note)) == record.note_sha256 else None

    def _forget(self, name: str) -> None:
        # The record first: without it the piece is not there.
        (self._folder / (name + _RECORD)).unlink(missing_ok=True)
        (self._folder / name).unlink(missing_ok=True)

    @contextmanager
    def _lock(self) -> Generator[bool]:
        """Yield whether this process alone may tidy up."""
        with (self._folder / _LOCK).open("ab") as file:
            os.utime(file.fileno())
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True


def _digest(note: bytes) -> str:
    return hashlib.sha256(note).hexdigest()


def _link(source: Path, place: Path) -> None:
    aside = place.with_name(f".{place.name}.{secrets.token_hex(4)}.part")
    try:
        try:
            aside.hardlink_to(source)
        except FileNotFoundError:
            raise
        except OSError:
            # Another file system, or one without links.
            shutil.copyfile(source, aside)
        aside.replace(place)
    finally:
        aside.unlink(missing_ok=True)
