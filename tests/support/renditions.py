"""Renditions of finished jobs, as a daemon leaves them: rows, and objects in a store."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from uuid import UUID, uuid4

import anyio

from cms_bridge.database import transaction
from cms_bridge.jobs import renditions
from cms_bridge.records import StoredFile
from cms_bridge.states import FileKind
from cms_bridge.storage.base import ObjectStore, object_key
from cms_bridge.storage.media_types import media_type_of
from cms_bridge.tables import GeneratedVideo


async def record(
    video: UUID,
    store: ObjectStore,
    *,
    film: bytes,
    poster: bytes,
    files: Mapping[str, tuple[FileKind, bytes]],
    at: datetime,
) -> UUID:
    """Store a film of a finished job and all beside it, by their names; return the rendition."""
    rendition = uuid4()
    await GeneratedVideo.insert(
        GeneratedVideo(
            id=rendition,
            job=video,
            number=await GeneratedVideo.count().where(GeneratedVideo.job == video) + 1,
            key=await stored(store, film, "mp4", "video/mp4"),
            poster_key=await stored(store, poster, "jpg", "image/jpeg"),
            duration=30.5,
            width=1920,
            height=1080,
            bytes=len(film),
            created_at=at,
        )
    )
    rows: list[StoredFile] = []
    own = {"video.mp4": (FileKind.VIDEO, film), "poster.jpg": (FileKind.POSTER, poster)}
    for name, (kind, data) in (own | dict(files)).items():
        extension = name.rpartition(".")[2]
        media_type = media_type_of(name)
        key = await stored(store, data, extension, media_type)
        digest = hashlib.sha256(data).hexdigest()
        rows.append(
            StoredFile(
                kind=kind,
                name=name,
                language="fr" if kind is FileKind.CAPTIONS else "",
                key=key,
                media_type=media_type,
                bytes=len(data),
                sha256=digest,
            )
        )
    async with transaction():
        await renditions.record_files(rendition, rows, at=at)
    return rendition


async def stored(store: ObjectStore, data: bytes, extension: str, media_type: str) -> str:
    """Store an object of the bakery's; return its key."""
    async with anyio.TemporaryDirectory() as folder:
        path = Path(folder) / f"file.{extension}"
        path.write_bytes(data)
        digest = hashlib.sha256(data).hexdigest()
        key = object_key(project="bakery", sha256=digest, extension=extension)
        await store.put(key, path, media_type=media_type)
        return key
