"""A backup: a folder with a dump of the database, the objects, and a manifest of both.

    DIRECTORY/
      manifest.json             what belongs to it, written last; its own digest stands in it
      database-DIGEST           the dump
      objects-DIGEST.jsonl      what objects there are, by key and size
      objects/KEY               each under its key, which holds its digest

The database is dumped first. Objects are never changed, so those of a later moment hold all that
the dump names, but for what was deleted meanwhile, which is told. Asked again, what is there with
its digest is not copied again, and the manifest of before is good until the new one replaces it.
Left out are pieces (`cms_bridge.storage.pieces`), which can be made again.
"""

import contextlib
import errno
import fcntl
import hashlib
import importlib.metadata
import os
from collections.abc import Callable, Generator
from datetime import datetime
from pathlib import Path
from typing import cast

import anyio
import anyio.to_thread
import msgspec

from cms_bridge import clock
from cms_bridge.database import known_migrations
from cms_bridge.operations import dumps
from cms_bridge.operations.dumps import BackupError, Dumped, Engine
from cms_bridge.operations.reconciliation import Amount
from cms_bridge.storage.base import (
    ListedObject,
    ObjectNotFound,
    ObjectStore,
    StorageError,
    scope_of,
)

FORMAT = 1
_MANIFEST = "manifest.json"
_OURS = {_MANIFEST, ".lock", "objects"}
_AT_ONCE = 8
_LISTED = 1_000
"""So many of what is missing are named; all are counted."""
_CHUNK = 1024 * 1024

OnProgress = Callable[[Amount], None]


class File(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a backup."""

    name: str
    bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What belongs to a backup."""

    format: int = FORMAT
    made_at: datetime
    """When the database was dumped."""
    version: str
    """Reelwright's."""
    engine: Engine
    dumped: Dumped
    database: File
    listing: File
    objects: int
    bytes: int
    """Of all objects together."""
    missing: tuple[str, ...] = ()
    """Keys that the database names and the store did not have, or not as their names say: some."""
    missing_count: int = 0


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """An object of a backup."""

    key: str
    size: int


class _Signed(msgspec.Struct, frozen=True, kw_only=True):
    sha256: str
    manifest: msgspec.Raw


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """A backup that was made."""

    manifest: Manifest
    copied: Amount
    """Of its objects those that were not there before."""
    damaged: tuple[str, ...]
    """Keys of objects that the store has otherwise than their names say; they are left out."""


async def back_up(
    url: str, store: ObjectStore, directory: Path, *, on_progress: OnProgress = lambda _: None
) -> Made:
    """Back database and store up into a new folder, or one with a backup, begun or whole.

    Memory grows by some 100 bytes an object. Raises `BackupError` and `StorageError`.
    """
    with in_words(directory), _held(directory):
        made_at, part = clock.now(), directory / "database.part"
        part.unlink(missing_ok=True)
        keys = directory / "keys.part"
        dumped = await dumps.dump(url, part, keys)
        if list(dumped.migrations) != known_migrations():
            raise BackupError(
                "The database's schema is not this version's: back it up by the version that works"
                " with it, or run `reelwright migrate` first."
            )
        database = await _settled(part, "database-{}")
        copy = _Copy(store, directory, dumped, on_progress)
        listing = await copy.run()
        missing, missing_count = await anyio.to_thread.run_sync(_missing, copy.seen, keys)
        manifest = Manifest(
            made_at=made_at,
            version=importlib.metadata.version("reelwright"),
            engine=dumps.engine_of(url),
            dumped=dumped,
            database=database,
            listing=listing,
            objects=copy.held.objects,
            bytes=copy.held.bytes,
            missing=missing,
            missing_count=missing_count,
        )
        _write(directory, manifest)
        keys.unlink()
        await anyio.to_thread.run_sync(_forget_others, directory, manifest, copy.seen)
    return Made(manifest=manifest, copied=copy.copied, damaged=tuple(copy.damaged))


def read_manifest(directory: Path) -> Manifest:
    """Return a backup's manifest; raise `BackupError` if there is none, or another."""
    try:
        signed = msgspec.json.decode((directory / _MANIFEST).read_bytes(), type=_Signed)
        if hashlib.sha256(signed.manifest).hexdigest() != signed.sha256:
            raise BackupError(f"{directory / _MANIFEST} is damaged.")
        return msgspec.json.decode(signed.manifest, type=Manifest)
    except FileNotFoundError as error:
        raise BackupError(f"{directory} holds no whole backup.") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BackupError(f"{directory / _MANIFEST} is damaged.") from error


def read_listing(directory: Path, manifest: Manifest) -> Generator[Listed]:
    """Yield the objects of a backup, whose listing was checked."""
    with (directory / manifest.listing.name).open("rb") as file:
        for line in file:
            yield msgspec.json.decode(line, type=Listed)


def object_file(directory: Path, key: str) -> Path:
    """Return where an object of a backup lies."""
    return directory / "objects" / key


def check_file(directory: Path, file: File) -> None:
    """Raise `BackupError` unless a file is there as the manifest says."""
    path = directory / file.name
    if not path.is_file() or path.stat().st_size != file.bytes or digest_of(path) != file.sha256:
        raise BackupError(f"{path} is damaged, or not there.")


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class _Copy:
    """The copying of a store's objects."""

    def __init__(
        self, store: ObjectStore, directory: Path, dumped: Dumped, on_progress: OnProgress
    ) -> None:
        self._store = store
        self._directory = directory
        self._scopes = {scope_of(project) for project in dumped.projects}
        self._on_progress = on_progress
        self.held, self.copied = Amount(), Amount()
        self.damaged: list[str] = []
        self.seen: set[bytes] = set()

    async def run(self) -> File:
        """Copy what is not there yet; return the listing of all."""
        part = self._directory / "objects.part"
        send, receive = anyio.create_memory_object_stream[ListedObject](_AT_ONCE)
        with part.open("wb") as self._listing:
            async with anyio.create_task_group() as group, send:
                for _ in range(_AT_ONCE):
                    group.start_soon(self._take, receive.clone())
                receive.close()
                async for one in self._store.list_objects():
                    # What is no project's of this database may be another's.
                    if one.key.removeprefix("uploads/").partition("/")[0] in self._scopes:
                        await send.send(one)
                send.close()
        return await _settled(part, "objects-{}.jsonl")

    async def _take(self, receive: "anyio.abc.ObjectReceiveStream[ListedObject]") -> None:
        async with receive:
            async for one in receive:
                # It may be deleted meanwhile; whether it is missed is seen at the end.
                with contextlib.suppress(ObjectNotFound):
                    await self._one(one)

    async def _one(self, one: ListedObject) -> None:
        place, name = object_file(self._directory, one.key), Path(one.key).stem
        if not await anyio.to_thread.run_sync(is_there, place, one.size, name):
            if await self._copied(one.key, place) != name:
                self.damaged.append(one.key)
                return
            self.copied.add(one.size)
        self._listing.write(msgspec.json.encode(Listed(key=one.key, size=one.size)) + b"\n")
        self.seen.add(_short(one.key))
        self.held.add(one.size)
        self._on_progress(self.held)

    async def _copied(self, key: str, place: Path) -> str:
        """Copy an object, if it is what its key says; return the digest of what it is."""
        digest = hashlib.sha256()
        place.parent.mkdir(parents=True, exist_ok=True)
        part = place.with_name(f"{place.name}.part")
        async with await anyio.open_file(part, "wb") as file:
            async for chunk in self._store.read(key):
                digest.update(chunk)
                await file.write(chunk)
            await file.flush()
            await anyio.to_thread.run_sync(os.fsync, file.wrapped.fileno())
        if digest.hexdigest() == place.stem:
            part.replace(place)
        else:
            part.unlink()
        return digest.hexdigest()


def is_there(place: Path, size: int, digest: str) -> bool:
    """Tell whether a file is what it should be."""
    return place.is_file() and place.stat().st_size == size and digest_of(place) == digest


async def _settled(part: Path, name: str) -> File:
    """Name a finished file by its digest, and have it last."""

    def settle() -> File:
        digest = digest_of(part)
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        place = part.with_name(name.format(digest[:16]))
        part.replace(place)
        return File(name=place.name, bytes=place.stat().st_size, sha256=digest)

    return await anyio.to_thread.run_sync(settle)


def _missing(seen: set[bytes], keys: Path) -> tuple[tuple[str, ...], int]:
    named, count = list[str](), 0
    with keys.open() as file:
        for line in file:
            if _short(line.strip()) not in seen:
                count += 1
                if count <= _LISTED:
                    named.append(line.strip())
    return tuple(named), count


def _write(directory: Path, manifest: Manifest) -> None:
    content = msgspec.json.encode(manifest)
    signed = _Signed(sha256=hashlib.sha256(content).hexdigest(), manifest=msgspec.Raw(content))
    part = directory / "manifest.part"
    with part.open("wb") as file:
        file.write(msgspec.json.encode(signed))
        file.flush()
        os.fsync(file.fileno())
    part.replace(directory / _MANIFEST)
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _forget_others(directory: Path, manifest: Manifest, seen: set[bytes]) -> None:
    """Delete what an earlier backup had and this one has not: what was erased goes here as well."""
    kept = {manifest.database.name, manifest.listing.name}
    for pattern in ("database-*", "objects-*.jsonl"):
        for one in directory.glob(pattern):
            if one.name not in kept:
                one.unlink()
    objects = directory / "objects"
    for folder, _, names in os.walk(objects):
        for name in names:
            path = Path(folder, name)
            if _short(path.relative_to(objects).as_posix()) not in seen:
                path.unlink()


def _short(key: str) -> bytes:
    return hashlib.blake2b(key.encode(), digest_size=16).digest()


@contextlib.contextmanager
def _held(directory: Path) -> Generator[None]:
    """Have a folder for this process alone; raise `BackupError` if that cannot be."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    there = {one.name for one in directory.iterdir()}
    if there and not there & _OURS:
        raise BackupError(f"{directory} is not empty, and holds no backup.")
    with (directory / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BackupError(f"Another backup writes into {directory}.") from error
        yield


@contextlib.contextmanager
def in_words(place: Path) -> Generator[None]:
    """Raise what a disk or a store says as `BackupError`."""
    try:
        yield
    except (OSError, StorageError, ExceptionGroup) as error:
        first: Exception = error
        while isinstance(first, ExceptionGroup):
            first = cast("Exception", first.exceptions[0])
        if isinstance(first, StorageError | BackupError):
            raise BackupError(f"{first}") from error
        if not isinstance(first, OSError):
            raise
        full = first.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
        why = "The disk is full" if full else f"{first}"
        raise BackupError(f"{place}: {why}. Asked again, it goes on.") from error
