"""The reception: takes uploads in, a few at a time, has each looked at, and keeps it."""

from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Self
from uuid import UUID

import anyio
import msgspec
import structlog
from anyio import CapacityLimiter, to_thread

from cms_bridge.errors import StoreFull, StoreUnavailable, UploadsBusy
from cms_bridge.settings import BridgeSettings
from cms_bridge.storage.base import (
    ObjectStore,
    StorageError,
    StorageFull,
    StorageRefused,
    StorageUnavailable,
)
from cms_bridge.uploads import registry
from cms_bridge.uploads.receiving import Received
from cms_bridge.uploads.registry import Room, Upload, UploadRecord, UploadState
from cms_bridge.uploads.scanning import Scanner
from render.containers.reader import Bounds, Medium
from render.containers.recognition import recognise

log = structlog.get_logger()

_LOOKED_AT_ONCE = 2


class UploadBounds(msgspec.Struct, frozen=True, kw_only=True):
    """The limits of uploads; sizes in bytes."""

    max_bytes: int
    max_pixels: int
    max_seconds: float
    room: Room
    at_once: int
    bytes_per_second: int
    directory: Path | None

    @classmethod
    def of(cls, settings: BridgeSettings) -> Self:
        """Return those that the settings name."""
        return cls(
            max_bytes=settings.upload_max_bytes,
            max_pixels=settings.upload_max_pixels,
            max_seconds=settings.upload_max_seconds,
            room=Room(project=settings.upload_project_bytes, total=settings.upload_total_bytes),
            at_once=settings.uploads_at_once,
            bytes_per_second=settings.upload_bytes_per_second,
            directory=settings.upload_directory,
        )


class Reception:
    """Where uploads arrive in one process."""

    def __init__(self, bounds: UploadBounds, store: ObjectStore, scanner: Scanner | None) -> None:
        self.bounds = bounds
        self._store = store
        self._scanner = scanner
        self._arriving = 0
        self._looked_at = CapacityLimiter(_LOOKED_AT_ONCE)

    @contextmanager
    def place(self) -> Generator[None]:
        """Take one of the places for as long as an upload arrives; raise `UploadsBusy`."""
        if self._arriving >= self.bounds.at_once:
            raise UploadsBusy
        self._arriving += 1
        try:
            yield
        finally:
            self._arriving -= 1

    async def keep(
        self, received: Received, *, project: str, name: str, by: str
    ) -> tuple[UploadRecord, bool]:
        """Look at what arrived and keep it; tell whether it is new to its project.

        Raises `ContainerError`, `InfectedMedia`, `ScannerUnavailable`, what
        `registry.reserve` raises, `StoreFull` and `StoreUnavailable`.
        """
        limits = Bounds(max_pixels=self.bounds.max_pixels, max_seconds=self.bounds.max_seconds)
        medium: Medium = await to_thread.run_sync(
            partial(recognise, received.file, limits), limiter=self._looked_at
        )
        if self._scanner:
            await self._scanner.check(received.file)
        upload = Upload(
            project=project,
            name=name,
            sha256=received.sha256,
            bytes=received.size,
            medium=medium,
            scanned=self._scanner is not None,
            uploaded_by=by,
        )
        reserved = await registry.reserve(upload, room=self.bounds.room)
        if reserved.state is UploadState.READY:
            return reserved, False
        try:
            await self._store.put(reserved.key, received.path, media_type=reserved.media_type)
        except StorageError as error:
            if not isinstance(error, StorageUnavailable | StorageRefused):
                await self._give_up(reserved.id)
            # A store that is away deletes nothing either: the row stays as it is, so that the file
            # can be sent again at once, and the sweep takes what nobody sends again.
            raise (StoreFull() if isinstance(error, StorageFull) else _unavailable()) from error
        return await registry.confirm(reserved.id), True

    async def remove(self, asset: UUID) -> None:
        """Delete an asset, or go on with that.

        Raises `MediumNotFound`, `AssetUnderWay` while another does, or `StoreUnavailable`.
        """
        await registry.check_removable(asset)
        try:
            await registry.remove(asset, self._store)
        except StorageError as error:
            raise _unavailable() from error

    async def _give_up(self, asset: UUID) -> None:
        with anyio.CancelScope(shield=True):
            try:
                await registry.remove(asset, self._store)
            except Exception as error:  # noqa: BLE001 - the sweep comes past; the first error counts
                log.warning("upload.left_to_sweep", reason=type(error).__name__)


def _unavailable() -> StoreUnavailable:
    return StoreUnavailable("The object store does not answer; ask again.")
