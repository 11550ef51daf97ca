"""Files that are either whole or not there.

Everything the engine leaves behind is written beside its place first, synced,
then renamed, so that neither a crash nor a full disk leaves half a file under a
name that somebody trusts.
"""

import errno
import hashlib
import os
import secrets
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from render.errors import CompositionError, DiskFull

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
"""What an operating system says of a disk without room."""


@contextmanager
def written_aside(
    place: Path, *, work: Path | None = None, lasting: bool = True
) -> Generator[Path]:
    """Yield a path to write to; on success it becomes `place`, else it is removed.

    `work`, on the same file system, is where the unfinished file lies; without
    it, a hidden name beside `place`. What need not outlive a power cut, since it
    is checked before it is used, is not `lasting` and costs no sync. Raises
    `CompositionError` where the disk refuses.
    """
    part = (work or place.parent) / f".{place.name}.{secrets.token_hex(4)}.part"
    try:
        yield part
        if lasting:
            publish(part, place)
        else:
            part.replace(place)
    except OSError as error:
        raise disk_error(error, place) from error
    finally:
        part.unlink(missing_ok=True)


def publish(part: Path, place: Path) -> None:
    """Give a finished file its name, for good; both on one file system."""
    _sync(part)
    part.replace(place)
    _sync(place.parent)


def disk_error(error: OSError, place: Path) -> CompositionError:
    """Say in plain words why a file could not be written."""
    kind = CompositionError
    if error.errno in FULL:
        kind, reason = DiskFull, "there is no space left on the disk"
    elif error.errno == errno.EFBIG:
        reason = "it would be larger than files may be here"
    elif error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        reason = "writing there is not permitted"
    elif error.errno == errno.ENOENT:
        reason = "the folder does not exist"
    elif error.errno in {errno.ENOTDIR, errno.EEXIST}:
        reason = "a file stands where its folder should be"
    elif error.errno in {errno.EISDIR, errno.ENOTEMPTY}:
        reason = "a folder of that name is there"
    elif error.errno == errno.ENAMETOOLONG:
        reason = "its name is too long"
    else:
        reason = error.strerror or "the disk refused"
    # The file's name alone: a folder of this machine is nothing to an editor.
    return kind(f"{place.name} could not be written: {reason}.", file=place.name, reason=reason)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's content, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
