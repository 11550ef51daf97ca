"""The port of the object store, and the names objects go by.

Objects are content-addressed: a key holds the project and the SHA-256 of the
bytes, so that a retry overwrites an object with itself and no project can name
another's.

    StorageError
    ├── ObjectNotFound       no object has this key
    ├── StorageUnavailable   no answer, or not in time: the same call may succeed later
    ├── StorageFull          the disk or the quota is used up
    ├── StorageRefused       credentials, bucket, rights or set-up: the same call will fail again
    └── DigestMismatch       a file's bytes are not those that its key names

Every error's text is one sentence without secrets or paths.
"""

import hashlib
import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

import msgspec

from cms_bridge.errors import BridgeError

UPLOADS = "uploads/"
"""Before the key of what was not made here."""
_PIECES = "pieces/"
_KEY = re.compile(
    rf"^(?:{UPLOADS}|{_PIECES})?[A-Za-z0-9_-]{{1,128}}/[0-9a-f]{{64}}\.[a-z0-9]{{1,8}}$"
)

FRESH = timedelta(hours=1)
"""How exactly a store tells when an object was last put."""


class StorageError(BridgeError):
    """The base of every error a store raises."""


class ObjectNotFound(StorageError):
    """No object has this key."""


class StorageUnavailable(StorageError):
    """The store did not answer, or not in time: try again later."""


class StorageFull(StorageError):
    """The disk or the quota is used up."""


class StorageRefused(StorageError):
    """The store refuses this, and would again: wrong credentials, bucket, rights or set-up."""


class DigestMismatch(StorageError):
    """A file's bytes are not those that its key names."""


class StoredObject(msgspec.Struct, frozen=True, kw_only=True):
    """What the store knows of an object."""

    key: str
    size: int
    """Bytes."""
    media_type: str
    sha256: str


class ListedObject(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a store's inventory."""

    key: str
    size: int
    """Bytes."""
    modified: datetime
    """When it was last put, found whole by a further put included."""


def object_key(*, project: str, sha256: str, extension: str) -> str:
    """Return the key of content in a project; raise ValueError on a name no key may hold."""
    return check_key(f"{scope_of(project)}/{sha256}.{extension}")


def scope_of(project: str) -> str:
    """Return what stands for a project in its keys.

    A CMS may name its projects as it likes; a key only ever holds this digest of the name.
    """
    return hashlib.sha256(project.encode()).hexdigest()[:32]


def upload_key(*, project: str, sha256: str, extension: str) -> str:
    """Return the key of what was uploaded to a project: apart from what was made here."""
    return check_key(f"{UPLOADS}{object_key(project=project, sha256=sha256, extension=extension)}")


def is_owned(name: str) -> bool:
    """Tell whether a name is the key of some project's object; a piece is no project's."""
    return not name.startswith(_PIECES) and _KEY.fullmatch(name) is not None


def piece_key(*, sha256: str, extension: str) -> str:
    """Return the key of a piece of films, which is no project's, and which no link is made to."""
    return check_key(f"{_PIECES}{sha256[:2]}/{sha256}.{extension}")


def check_linkable(key: str) -> str:
    """Return the key unchanged; raise ValueError unless it is one that links may be made to."""
    if key.startswith(_PIECES):
        raise ValueError(f"a piece is nobody's to see: {key!r}")
    return check_key(key)


def check_key(key: str) -> str:
    """Return the key unchanged; raise ValueError unless it has a key's form."""
    if not _KEY.fullmatch(key):
        raise ValueError(f"not an object key: {key!r}")
    return key


class ObjectStore(Protocol):
    """Keeps finished files and hands out links to them."""

    async def put(self, key: str, path: Path, *, media_type: str) -> StoredObject:
        """Store a file under its key, whole or not at all; raise `StorageError`.

        What is there already is not written again, but counts as modified within the last `FRESH`:
        whoever clears up by age does not take away what has just been found.
        """
        ...

    async def head(self, key: str) -> StoredObject:
        """Describe an object; raise `ObjectNotFound`."""
        ...

    def read(self, key: str) -> AsyncIterator[bytes]:
        """Yield an object's bytes in chunks; raise `ObjectNotFound`."""
        ...

    async def delete(self, key: str) -> None:
        """Forget an object; deleting what is not there is no error."""
        ...

    async def sweep(self, *, older_than: timedelta) -> int:
        """Remove what killed writers left unfinished for so long; return how much. It is no object.

        Until then whoever puts the same again may go on with it. Raises `StorageError`.
        """
        ...

    def list_objects(self, project: str | None = None) -> AsyncIterator[ListedObject]:
        """Yield every object there is, or a project's; in no order.

        What has no key's name is passed over, as are pieces, which have a sweep of their own.
        """
        ...

    async def signed_url(
        self, key: str, *, expires_in: timedelta, download_name: str | None = None
    ) -> str:
        """Return a link that anyone may follow until it expires.

        With `download_name` a browser saves the file under that name rather than playing it.
        """
        ...
