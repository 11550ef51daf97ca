"""Outputs: where what is ordered goes, looked at before any work: nobody loses a file by it.

An output may take the place of what an earlier run made, and of nothing that this one
reads, nothing else that it writes, and nothing that is no regular file.
"""

import os
import stat
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from render.errors import OutputRefused


def check_outputs(
    files: Sequence[Path], *, folders: Sequence[Path], inputs: Iterable[Path]
) -> None:
    """Raise `OutputRefused` unless files can be written without loss.

    `folders` are those that are replaced as a whole.
    """
    read = [_Named(path) for path in inputs]
    written: list[_Named] = []
    for place in [_Named(path) for path in (*files, *folders)]:
        check_place(place.path)
        if any(place.is_same(other) for other in read):
            raise _refused(place.path, "it is one of the inputs")
        if any(place.is_same(other) for other in written):
            raise _refused(place.path, "something else is to be written there")
        written.append(place)
    for folder in [_Named(path) for path in folders]:
        if any(folder.holds(other) for other in read):
            raise _refused(folder.path, "it holds one of the inputs")
        if any(folder.holds(other) for other in written):
            raise _refused(folder.path, "something else is to be written into it")


def check_place(place: Path) -> None:
    """Raise `OutputRefused` where something stands that is neither a file nor a folder."""
    with suppress(OSError):
        mode = place.stat().st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            raise _refused(place, "it is no regular file")


class _Named:
    """A name in a folder, whichever way leads there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        # Of the name itself: a link is replaced, not what it leads to.
        self.real = Path(os.path.realpath(path.parent)) / path.name
        self.status: os.stat_result | None = None
        with suppress(OSError):
            self.status = path.lstat()

    def is_same(self, other: "_Named") -> bool:
        """Whether both are one file; also by another spelling, where capitals are no difference."""
        if self.real == other.real:
            return True
        if self.status is None or other.status is None:
            return False
        return os.path.samestat(self.status, other.status)

    def holds(self, other: "_Named") -> bool:
        return self.real != other.real and other.real.is_relative_to(self.real)


def _refused(place: Path, reason: str) -> OutputRefused:
    return OutputRefused(f"{place.name} is not written: {reason}.", file=place.name, reason=reason)
