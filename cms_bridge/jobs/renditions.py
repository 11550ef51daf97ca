"""Renditions: the finished films of a video, and every file that each of them consists of.

A video is named by its job. Its newest rendition that no export made is the one that is
meant where none is named; the others stay as they are.
"""

from collections.abc import Mapping
from datetime import datetime
from pathlib import PurePath
from typing import Any
from uuid import UUID

import msgspec

from cms_bridge.errors import (
    RenditionFileNotFound,
    RenditionNotFound,
    VideoNotFound,
    VideoNotReady,
)
from cms_bridge.records import JobRecord, StoredFile
from cms_bridge.states import FileKind, JobKind
from cms_bridge.tables import GeneratedVideo, Job


class Rendition(msgspec.Struct, frozen=True, kw_only=True):
    """One finished film of a video."""

    id: UUID
    duration: float
    """Seconds."""
    width: int
    height: int
    files: tuple[StoredFile, ...]
    """Without the pieces for streaming."""
    created_at: datetime


class RenditionFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file, with what is told of it where it is served."""

    file: StoredFile
    rendition: UUID
    title: str
    """The film's."""
    created_at: datetime


async def of_video(video: UUID) -> tuple[JobRecord, tuple[Rendition, ...]]:
    """Return a video's job and its renditions, the newest first; raise `VideoNotFound`."""
    job = await _find(video)
    return job, tuple([_rendition(row) for row in await _rows(video)])


async def find(video: UUID, rendition: UUID) -> Rendition:
    """Return a rendition of a video; raise `VideoNotFound` or `RenditionNotFound`."""
    _, renditions = await of_video(video)
    for one in renditions:
        if one.id == rendition:
            return one
    raise RenditionNotFound("This video has no such rendition.")


async def find_file(video: UUID, rendition: UUID | None, name: str) -> RenditionFile:
    """Return a file by its name among those of a rendition; of the newest where that is None.

    Raises `VideoNotFound`, `VideoNotReady` while there is no rendition,
    `RenditionNotFound` or `RenditionFileNotFound`.
    """
    job = await _find(video)
    # An export is shown only to whoever names it: where none is named, the film itself is meant.
    rows = [
        one
        for one in await _rows(video)
        if (one["id"] == rendition if rendition else one["export_job"] is None)
    ]
    if not rows:
        if rendition:
            raise RenditionNotFound("This video has no such rendition.")
        raise VideoNotReady("This video is not finished yet.", status=job.status)
    newest = rows[0]
    for file in _files(newest):
        if file.name == name:
            return RenditionFile(
                file=file,
                rendition=newest["id"],
                title=job.title,
                created_at=newest["created_at"],
            )
    raise RenditionFileNotFound("This rendition has no such file.")


async def _find(video: UUID) -> JobRecord:
    row = await Job.select(*Job.all_columns()).where(Job.id == video).first()
    if row is None or row["kind"] != JobKind.VIDEO:
        raise VideoNotFound("There is no such video.")
    return JobRecord.of(row)


async def _rows(video: UUID) -> list[dict[str, Any]]:
    return (
        await GeneratedVideo.select(*GeneratedVideo.all_columns())
        .where(GeneratedVideo.job == video)
        .order_by(GeneratedVideo.number, ascending=False)
    )


def _rendition(row: Mapping[str, Any]) -> Rendition:
    return Rendition(
        id=row["id"],
        duration=row["duration"],
        width=row["width"],
        height=row["height"],
        files=_files(row),
        created_at=row["created_at"],
    )


def _files(row: Mapping[str, Any]) -> tuple[StoredFile, ...]:
    """Return what a rendition consists of by its own row."""
    return (
        _file(FileKind.VIDEO, "video.mp4", row["key"], "video/mp4", row["bytes"]),
        _file(FileKind.POSTER, "poster.jpg", row["poster_key"], "image/jpeg", None),
    )


def _file(kind: FileKind, name: str, key: str, media_type: str, size: int | None) -> StoredFile:
    # A key holds the digest of what it names.
    return StoredFile(
        kind=kind, name=name, key=key, media_type=media_type, bytes=size, sha256=PurePath(key).stem
    )
