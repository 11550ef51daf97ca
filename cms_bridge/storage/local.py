"""Objects in a local directory, served by the bridge through signed links.

    root/
      {scope}/{sha256}.{extension}   whole objects, never written again
      uploads/{scope}/…              the same, of what was not made here
      .incoming/                     copies under way; swept once their writer is dead

An object is copied aside, compared with the digest its key names, synced, and
renamed into place: at any instant it is there whole or not at all. The media
type follows from the extension, so there is nothing beside the bytes to lose.
"""

import errno
import hashlib
import os
import shutil
import time
import uuid
from collections.abc import AsyncGenerator, Generator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Event
from types import TracebackType
from typing import Self

import anyio
from anyio import to_thread

from cms_bridge.storage.base import (
    DigestMismatch,
    ListedObject,
    ObjectNotFound,
    StorageFull,
    StorageRefused,
    StorageUnavailable,
    StoredObject,
    check_key,
    check_linkable,
    is_owned,
    scope_of,
)
from cms_bridge.storage.links import LinkSigner
from cms_bridge.storage.measured import measured
from cms_bridge.storage.media_types import check_media_type, media_type_of

_CHUNK = 1024 * 1024
_ABANDONED_AFTER = timedelta(hours=1)
"""A living writer touches its copy with every chunk."""


class LocalStore:
    """Keeps objects under a directory; open it with `async with`.

    `base_url` is where browsers reach the bridge, `secret` signs the links (see
    `LinkSigner`). `keep_free` bytes of the disk are left alone, since the
    database that must record a failure usually lives on the same one.
    """

    def __init__(
        self, root: Path, *, base_url: str, secret: str, keep_free: int = 64 * 1024 * 1024
    ) -> None:
        self._root = root.absolute()
        self._incoming = self._root / ".incoming"
        self._base_url = base_url.rstrip("/")
        self._keep_free = keep_free
        self.links = LinkSigner(secret)

    async def __aenter__(self) -> Self:
        with _port_errors():
            await anyio.Path(self._incoming).mkdir(parents=True, exist_ok=True)
        await self.sweep()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Nothing stays open between calls."""

    @measured
    async def put(self, key: str, path: Path, *, media_type: str) -> StoredObject:
        """Store a file under its key, whole or not at all.

        Raises `StorageFull`, `DigestMismatch`, or another `StorageError`;
        ValueError when the media type is not the one of the key's extension.
        """
        check_media_type(check_key(key), media_type)
        size = (await anyio.Path(path).stat()).st_size
        with suppress(ObjectNotFound):
            stored = await self.head(key)
            if stored.size == size:
                with _port_errors(key):
                    await to_thread.run_sync(os.utime, self.path(key))
                return stored
        cancelled = Event()
        try:
            with _port_errors():
                await to_thread.run_sync(
                    partial(self._copy, path, self.path(key), size=size, cancelled=cancelled),
                    # A cancelled task need not wait: the copy ends, and clears up, at its next
                    # chunk. Asked of anyio, it would not notice asyncio's own `Task.cancel`.
                    abandon_on_cancel=True,
                )
        finally:
            cancelled.set()
        return await self.head(key)

    @measured
    async def head(self, key: str) -> StoredObject:
        """Describe an object; raise `ObjectNotFound`."""
        with _port_errors(key):
            size = (await anyio.Path(self.path(key)).stat()).st_size
        return StoredObject(
            key=key, size=size, media_type=media_type_of(key), sha256=Path(key).stem
        )

    async def read(self, key: str) -> AsyncGenerator[bytes]:
        """Yield an object's bytes in chunks; raise `ObjectNotFound`."""
        with _port_errors(key):
            file = await anyio.open_file(self.path(key), "rb")
        async with file:
            while True:
                with _port_errors(key):
                    chunk = await file.read(_CHUNK)
                if not chunk:
                    return
                yield chunk

    @measured
    async def delete(self, key: str) -> None:
        """Forget an object; deleting what is not there is no error."""
        with _port_errors():
            await anyio.Path(self.path(key)).unlink(missing_ok=True)

    async def list_objects(self, project: str | None = None) -> AsyncGenerator[ListedObject]:
        """Yield every object there is, or a project's; a folder at a time is looked at."""
        uploads = self._root / "uploads"
        for parent in (self._root, uploads):
            for folder in await to_thread.run_sync(_folders, parent):
                wanted = project is None or folder.name == scope_of(project)
                if wanted and folder not in (self._incoming, uploads):
                    for one in await to_thread.run_sync(self._listed, folder):
                        yield one

    def _listed(self, folder: Path) -> list[ListedObject]:
        found: list[ListedObject] = []
        with _port_errors():
            for path in folder.iterdir():
                key = path.relative_to(self._root).as_posix()
                # It may be deleted meanwhile.
                with suppress(FileNotFoundError):
                    if is_owned(key) and path.is_file():
                        there = path.stat()
                        modified = datetime.fromtimestamp(there.st_mtime, UTC)
                        found.append(ListedObject(key=key, size=there.st_size, modified=modified))
        return found

    async def signed_url(
        self, key: str, *, expires_in: timedelta, download_name: str | None = None
    ) -> str:
        """Return a link to the bridge that anyone may follow until it expires."""
        query = self.links.query(check_linkable(key), expires_in=expires_in, name=download_name)
        return f"{self._base_url}/objects/{key}?{query}"

    def path(self, key: str) -> Path:
        """Return where an object lies, or would; a key's form keeps it inside the root."""
        return self._root / check_key(key)

    async def sweep(self, *, older_than: timedelta = _ABANDONED_AFTER) -> int:
        """Remove the copies that killed processes left behind; return how many."""
        with _port_errors():
            return await to_thread.run_sync(self._sweep, older_than)

    def _sweep(self, older_than: timedelta) -> int:
        limit = time.time() - older_than.total_seconds()
        swept = 0
        for copy in self._incoming.iterdir():
            # Its writer, or another process's sweep, may take it away meanwhile.
            with suppress(FileNotFoundError):
                if copy.stat().st_mtime <= limit:
                    copy.unlink()
                    swept += 1
        return swept

    def _copy(self, source: Path, target: Path, *, size: int, cancelled: Event) -> None:
        if shutil.disk_usage(self._root).free < size + self._keep_free:
            raise StorageFull("The disk that holds the objects is full.")
        target.parent.mkdir(parents=True, exist_ok=True)
        copy = self._incoming / uuid.uuid4().hex
        try:
            with source.open("rb") as file, copy.open("xb") as out:
                digest = hashlib.sha256()
                while chunk := file.read(_CHUNK):
                    if cancelled.is_set():
                        return
                    digest.update(chunk)
                    out.write(chunk)
                out.flush()
                os.fsync(out.fileno())
            if digest.hexdigest() != target.stem:
                raise DigestMismatch(f"{source.name} is not the content that its key names.")
            copy.replace(target)
        finally:
            copy.unlink(missing_ok=True)
        # The rename itself lasts only once both directories are on the disk.
        for directory in target.parents:
            _sync(directory)
            if directory == self._root:
                break


def _folders(parent: Path) -> list[Path]:
    with _port_errors():
        return [one for one in parent.iterdir() if one.is_dir()] if parent.is_dir() else []


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _port_errors(key: str | None = None) -> Generator[None]:
    """Raise the operating system's errors as the port's; `key` names what may be missing."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            raise StorageFull("The disk that holds the objects is full.") from error
        if isinstance(error, FileNotFoundError | NotADirectoryError) and key:
            raise ObjectNotFound(f"There is no object {key}.") from error
        if isinstance(error, PermissionError) or error.errno == errno.EROFS:
            raise StorageRefused("The directory of the objects may not be used.") from error
        raise StorageUnavailable("The directory of the objects does not answer.") from error
