"""Renditions: the finished films of a video, and every file that each of them consists of.

A video is named by its job. Its newest rendition that no export made is the one that is
meant where none is named; the others stay as they are.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from pathlib import PurePath
from typing import Any
from uuid import UUID, uuid4

import msgspec

from cms_bridge.errors import (
    RenditionFileNotFound,
    RenditionNotFound,
    RenditionRetired,
    VideoNotFound,
    VideoNotReady,
)
from cms_bridge.jobs.revisions import Difference, differences
from cms_bridge.records import JobRecord, StoredFile
from cms_bridge.states import FileKind, JobKind
from cms_bridge.tables import GeneratedVideo, Job, RenditionFile
from render.rendition import Codec
from render.storyboard import Storyboard

HLS_MAIN = "hls/main.m3u8"
"""The name of the playlist that a player is given."""

_BATCH = 200
"""Rows of one statement: a long film has a thousand pieces."""
_KINDS = list(FileKind)


class Rendition(msgspec.Struct, frozen=True, kw_only=True):
    """One finished film of a video."""

    id: UUID
    export: UUID | None
    """The export that made it; None of a film itself."""
    number: int
    """Counts a video's renditions, from 1."""
    storyboard_revision: int
    changes: tuple[Difference, ...]
    """What it shows or says otherwise than the film before it."""
    format: Codec
    fps: Fraction
    """Frames a second."""
    duration: float
    """Seconds."""
    width: int
    height: int
    bytes: int
    """The film's own."""
    files: tuple[StoredFile, ...]
    """By kind; of those for streaming the main playlist alone. None once it is retired."""
    retired_at: datetime | None
    """Since when it is no longer kept; None while it is."""
    created_at: datetime

    def file(self, kind: FileKind) -> StoredFile | None:
        """Return the file of a kind, if there is one."""
        return next((one for one in self.files if one.kind is kind), None)

    @property
    def film(self) -> StoredFile:
        """The video, which every rendition has that is kept."""
        return next(one for one in self.files if one.kind is FileKind.VIDEO)

    @property
    def poster(self) -> StoredFile:
        """Its poster, which every one of those has as well."""
        return next(one for one in self.files if one.kind is FileKind.POSTER)


class FoundFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file, with what is told of it where it is served."""

    file: StoredFile
    rendition: UUID
    title: str
    """The film's."""
    created_at: datetime


async def record_files(rendition: UUID, files: Sequence[StoredFile], *, at: datetime) -> None:
    """Write down what a new rendition consists of; call inside its transaction."""
    for first in range(0, len(files), _BATCH):
        await RenditionFile.insert(
            *(
                RenditionFile(
                    id=uuid4(),
                    rendition=rendition,
                    created_at=at,
                    **msgspec.structs.asdict(one),
                )
                for one in files[first : first + _BATCH]
            )
        )


async def of_video(video: UUID) -> tuple[JobRecord, tuple[Rendition, ...]]:
    """Return a video's job and its renditions, the newest first; raise `VideoNotFound`."""
    job, rows = await find_video(video), await _rows(video)
    files = await _files([row["id"] for row in rows])
    changes = _changes(rows)
    return job, tuple(
        _rendition(row, files.get(row["id"], ()), changes.get(row["id"], ())) for row in rows
    )


async def find(video: UUID, rendition: UUID) -> Rendition:
    """Return a rendition of a video; raise `VideoNotFound` or `RenditionNotFound`."""
    _, renditions = await of_video(video)
    for one in renditions:
        if one.id == rendition:
            return one
    raise RenditionNotFound("This video has no such rendition.")


async def find_file(video: UUID, rendition: UUID | None, name: str) -> FoundFile:
    """Return a file by its name among those of a rendition; of the newest where that is None.

    Raises `VideoNotFound`, `VideoNotReady` while there is no rendition,
    `RenditionNotFound`, `RenditionRetired` or `RenditionFileNotFound`.
    """
    job = await find_video(video)
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
    if rows[0]["retired_at"]:
        raise RenditionRetired
    found = await files_named(rows[0]["id"], [name])
    own = {one.name: one for one in _own_files(rows[0])}
    if (file := found.get(name) or own.get(name)) is None:
        raise RenditionFileNotFound("This rendition has no such file.")
    return FoundFile(
        file=file, rendition=rows[0]["id"], title=job.title, created_at=rows[0]["created_at"]
    )


async def files_named(rendition: UUID, names: Collection[str]) -> dict[str, StoredFile]:
    """Return those of a rendition's files that have these names, by name."""
    known = sorted(names)
    found: dict[str, StoredFile] = {}
    for first in range(0, len(known), _BATCH):
        rows = await RenditionFile.select(*RenditionFile.all_columns()).where(
            RenditionFile.rendition == rendition,
            RenditionFile.name.is_in(known[first : first + _BATCH]),
        )
        found |= {row["name"]: StoredFile.of(row) for row in rows}
    return found


async def find_video(video: UUID) -> JobRecord:
    """Return a video's job; raise `VideoNotFound`."""
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


async def _files(renditions: Collection[UUID]) -> dict[UUID, list[StoredFile]]:
    if not renditions:
        return {}
    no_piece = (RenditionFile.kind != FileKind.HLS) | (RenditionFile.name == HLS_MAIN)
    found: dict[UUID, list[StoredFile]] = {}
    for row in await RenditionFile.select(*RenditionFile.all_columns()).where(
        RenditionFile.rendition.is_in(list(renditions)), no_piece
    ):
        found.setdefault(row["rendition"], []).append(StoredFile.of(row))
    return found


def _changes(rows: Sequence[Mapping[str, Any]]) -> dict[UUID, tuple[Difference, ...]]:
    """Return of each film what differs from the one before; an export differs in form alone."""
    told: dict[UUID, tuple[Difference, ...]] = {}
    before: Storyboard | None = None
    for row in reversed(rows):
        if row["export_job"]:
            continue
        data = row["storyboard_data"]
        board = msgspec.json.decode(data, type=Storyboard) if data else None
        if before and board:
            told[row["id"]] = differences(before, board)
        before = board
    return told


def _rendition(
    row: Mapping[str, Any], files: Sequence[StoredFile], changes: tuple[Difference, ...]
) -> Rendition:
    retired = row["retired_at"]
    known = {} if retired else {one.name: one for one in (*_own_files(row), *files)}
    return Rendition(
        id=row["id"],
        export=row["export_job"],
        number=row["number"],
        storyboard_revision=row["storyboard_revision"],
        changes=changes,
        format=Codec(row["format"]),
        fps=Fraction(row["fps"], row["fps_divisor"]),
        duration=row["duration"],
        width=row["width"],
        height=row["height"],
        bytes=row["bytes"],
        files=tuple(sorted(known.values(), key=lambda one: _KINDS.index(one.kind))),
        retired_at=retired,
        created_at=row["created_at"],
    )


def _own_files(row: Mapping[str, Any]) -> tuple[StoredFile, StoredFile]:
    """Return what a rendition has by its own row: all there is of one from before files had any."""
    video, poster = row["key"], row["poster_key"]
    # A key holds the digest of what it names.
    return (
        StoredFile(
            kind=FileKind.VIDEO,
            name="video.mp4",
            key=video,
            media_type="video/mp4",
            bytes=row["bytes"],
            sha256=PurePath(video).stem,
        ),
        StoredFile(
            kind=FileKind.POSTER,
            name="poster.jpg",
            key=poster,
            media_type="image/jpeg",
            bytes=None,
            sha256=PurePath(poster).stem,
        ),
    )
