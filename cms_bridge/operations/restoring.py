"""The way back of a backup: into another installation, or the same one.

Everything that can be wrong with a backup is looked for before the database is touched: its
manifest, its dump and its listing by their digests, its schema by this version's, and each object
by its key. Objects are put first and the database last: cut off in the middle, nothing names what
is not there, and asked again, what is there with its digest is passed over.
"""

import hashlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import anyio
import anyio.to_thread
import msgspec

from cms_bridge.database import connected, known_migrations
from cms_bridge.operations import backups, dumps, reconciliation
from cms_bridge.operations.backups import FORMAT, Listed, Manifest
from cms_bridge.operations.dumps import BackupError
from cms_bridge.operations.reconciliation import Amount, Missing
from cms_bridge.storage.base import ObjectNotFound, ObjectStore
from cms_bridge.storage.media_types import media_type_of

_AT_ONCE = 8
_SHOWN = 3
_DAY = timedelta(days=1)


class Restored(msgspec.Struct, frozen=True, kw_only=True):
    """What came back."""

    manifest: Manifest
    put: Amount
    """Of its objects those that were not there before."""
    migrated: tuple[str, ...]
    """Migrations that the database was brought up by."""
    missing: tuple[Missing, ...]
    """What the restored database names and the store has not."""


async def restore(  # noqa: PLR0913 - what of, and two permissions
    url: str,
    store: ObjectStore,
    directory: Path,
    *,
    replace: bool = False,
    incomplete: bool = False,
    on_progress: Callable[[Amount], None] = lambda _: None,
) -> Restored:
    """Restore database and store from a backup.

    With `replace` a database that was worked with gives way, and other objects may be in the store;
    with `incomplete` objects of the backup may be damaged or gone. Raises `BackupError`.
    """
    with backups.in_words(directory):
        manifest = backups.read_manifest(directory)
        _check_versions(manifest, url)
        await anyio.to_thread.run_sync(backups.check_file, directory, manifest.database)
        await anyio.to_thread.run_sync(backups.check_file, directory, manifest.listing)
        await dumps.check_alone(url)
        if not replace:
            await _check_unused(url, store, directory)
        back = _Return(store, directory, on_progress)
        await back.run(backups.read_listing(directory, manifest))
        if back.damaged and not incomplete:
            raise BackupError(
                f"{len(back.damaged)} objects of the backup are damaged or not there, such as"
                f" {', '.join(back.damaged[:_SHOWN])}. The database was left as it is."
            )
        await dumps.load(url, directory / manifest.database.name, manifest.dumped)
        async with connected(url):
            compared = await reconciliation.compare(store, older_than=_DAY)
    run = set(manifest.dumped.migrations)
    return Restored(
        manifest=manifest,
        put=back.put,
        migrated=tuple(one for one in known_migrations() if one not in run),
        missing=tuple(compared.missing),
    )


def _check_versions(manifest: Manifest, url: str) -> None:
    if manifest.format > FORMAT or set(manifest.dumped.migrations) - set(known_migrations()):
        raise BackupError(
            f"The backup is of a newer version, {manifest.version}: restore it by that version."
        )
    if manifest.engine is not dumps.engine_of(url):
        raise BackupError(
            f"The backup is of {manifest.engine}, and REELWRIGHT_DATABASE_URL names a database of"
            f" {dumps.engine_of(url)}."
        )


async def _check_unused(url: str, store: ObjectStore, directory: Path) -> None:
    """Raise `BackupError` if there is anything that no restoring of this backup has put there."""
    if await dumps.is_used(url):
        raise BackupError("The database is not empty. To put the backup in its place: --replace.")
    async for one in store.list_objects():
        if not backups.object_file(directory, one.key).is_file():
            raise BackupError(
                "The store is not empty: it holds objects that are not of the backup. If they may"
                " stay there: --replace."
            )


class _Return:
    """The putting back of objects."""

    def __init__(
        self, store: ObjectStore, directory: Path, on_progress: Callable[[Amount], None]
    ) -> None:
        self._store = store
        self._directory = directory
        self._on_progress = on_progress
        self.done, self.put = Amount(), Amount()
        self.damaged: list[str] = []

    async def run(self, listing: Iterator[Listed]) -> None:
        """Put each object that is not there as its key says, and look at each that is."""
        places = anyio.CapacityLimiter(_AT_ONCE)
        async with anyio.create_task_group() as group:
            for one in listing:
                await places.acquire_on_behalf_of(one)
                group.start_soon(self._one, one, places)

    async def _one(self, one: Listed, places: anyio.CapacityLimiter) -> None:
        try:
            path = backups.object_file(self._directory, one.key)
            if not await anyio.to_thread.run_sync(backups.is_there, path, one.size, path.stem):
                self.damaged.append(one.key)
            elif not await self._stands(one):
                await self._store.put(one.key, path, media_type=media_type_of(one.key))
                self.put.add(one.size)
            self.done.add(one.size)
            self._on_progress(self.done)
        finally:
            places.release_on_behalf_of(one)

    async def _stands(self, one: Listed) -> bool:
        """Tell whether the store has an object as its key says; what is otherwise goes."""
        digest = hashlib.sha256()
        try:
            if (await self._store.head(one.key)).size == one.size:
                async for chunk in self._store.read(one.key):
                    digest.update(chunk)
        except ObjectNotFound:
            return False
        if digest.hexdigest() == Path(one.key).stem:
            return True
        await self._store.delete(one.key)
        return False
