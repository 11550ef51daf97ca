"""Volumes: how much room there is where a process keeps things."""

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

from cms_bridge.settings import BridgeSettings


class Volume(msgspec.Struct, frozen=True, kw_only=True):
    """The disk that something lies on."""

    name: str
    """What lies on it."""
    free: int
    """Bytes, for whoever is not root."""
    size: int


def places(settings: BridgeSettings) -> dict[str, Path]:
    """Return where bridge and daemon keep things on a disk, by name."""
    kept = {"temporary": settings.upload_directory or Path(tempfile.gettempdir())}
    if settings.storage == "local":
        kept["objects"] = settings.storage_directory
    if settings.database_url.startswith("sqlite:///"):
        kept["database"] = Path(settings.database_url.removeprefix("sqlite:///")).parent
    return kept


def look(at: Mapping[str, Path]) -> list[Volume]:
    """Return the disks of some places; one that cannot be looked at is left out."""
    return list(_looked(at.items()))


def _looked(at: Iterable[tuple[str, Path]]) -> Iterator[Volume]:
    for name, path in at:
        # What is not made yet will lie where its folder is.
        there = next((one for one in (path, *path.absolute().parents) if one.exists()), None)
        if there is None:
            continue
        try:
            size, _, free = shutil.disk_usage(there)
        except OSError:
            continue
        yield Volume(name=name, free=free, size=size)
