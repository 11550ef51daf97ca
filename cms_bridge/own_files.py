"""Own files: what people gave a project, as a storyboard may name it, and whether it may.

The bridge asks before a storyboard comes to stand, and the daemon once more before it films:
in between a file may be deleted. What is another project's is as what there is not.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

import msgspec
from piccolo.custom_types import Combinable

from cms_bridge import references
from cms_bridge.storage.media_types import media_type_of
from cms_bridge.tables import FetchedFile, UploadedAsset
from render.containers.reader import Use
from render.errors import LimitExceeded, OwnFileMissing, OwnFileUnfit
from render.own import CmsFile, OwnFile, Upload, reference_of
from render.storyboard import Limits, Role, Storyboard

_USES = {
    Role.PICTURE: Use.PICTURE,
    Role.CLIP: Use.CLIP,
    Role.NARRATION: Use.SOUND,
    Role.MUSIC: Use.SOUND,
    Role.LOGO: Use.PICTURE,
    Role.REFERENCE: Use.PICTURE,
}
FIELDS = {
    Role.PICTURE: "picture",
    Role.CLIP: "clip.own",
    Role.NARRATION: "narrationFile",
    Role.MUSIC: "music.own",
    Role.LOGO: "logo.own",
    Role.REFERENCE: "cast.references",
}
"""Where a storyboard, or a scene, names a file of one's own, by the wire's names."""


class UploadState(StrEnum):
    """Where an upload stands."""

    STORING = "storing"
    """Its object is being written, or its writer has died."""
    READY = "ready"
    """It is there, whole."""
    DELETING = "deleting"
    """Its object is being deleted, or the store was away, or who did that has died."""


class UploadRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An uploaded asset as it is written down."""

    id: UUID
    project: str
    name: str
    key: str
    sha256: str
    use: Use
    bytes: int
    width: int
    height: int
    seconds: float
    scanned: bool
    uploaded_by: str
    state: UploadState
    created_at: datetime

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """Decode a row that holds all columns."""
        return cls(
            **{
                name: row[name]
                for name in cls.__struct_fields__
                if name not in {"use", "state", "scanned"}
            },
            use=Use(row["use"]),
            state=UploadState(row["state"]),
            scanned=bool(row["scanned"]),
        )

    @property
    def media_type(self) -> str:
        """As its content says."""
        return media_type_of(self.key)


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """One place of a storyboard that names a file of one's own."""

    file: OwnFile
    role: Role
    scene: int | None = None
    """The scene's number; None for what belongs to the whole."""
    member: str = ""
    """Whom of the cast it shows; empty for what is no reference."""

    @property
    def field(self) -> str:
        """Where the storyboard names it, by the wire's names."""
        return FIELDS[self.role]


def named_in(storyboard: Storyboard) -> Iterator[Named]:
    """Yield every place of a storyboard that names a file of one's own."""
    for number, scene in enumerate(storyboard.scenes, start=1):
        for role, file in (
            (Role.PICTURE, scene.picture),
            (Role.CLIP, scene.clip.own if scene.clip else None),
            (Role.NARRATION, scene.narration_file),
        ):
            if file:
                yield Named(file=file, role=role, scene=number)
    if storyboard.music and storyboard.music.own:
        yield Named(file=storyboard.music.own, role=Role.MUSIC)
    if storyboard.logo and storyboard.logo.own:
        yield Named(file=storyboard.logo.own, role=Role.LOGO)
    for member in storyboard.cast:
        for file in member.references:
            yield Named(file=file, role=Role.REFERENCE, member=member.name)


async def check(project: str, storyboard: Storyboard, *, limits: Limits) -> None:
    """Raise `InvalidStoryboard`, naming the field, unless a project has all that is named here.

    Of a file of the CMS nothing is known yet but what that believes.
    """
    for one in named_in(storyboard):
        if isinstance(one.file, CmsFile):
            _check_type(one, one.file.media_type)
        else:
            await find(project, one, one.file, limits=limits)


async def find(project: str, named: Named, file: Upload, *, limits: Limits) -> UploadRecord:
    """Return a file that was uploaded; raise `InvalidStoryboard` unless it can serve there."""
    upload = await _one(project, UploadedAsset.id == file.asset_id)
    if upload is None:
        where, told = fault(named)
        raise OwnFileMissing(f"{where}: the project has no such file for the {named.role}.", **told)
    check_use(named, upload, limits)
    return upload


async def fetched(project: str, file: CmsFile) -> UploadRecord | None:
    """Return what a project was given when a file of the CMS was asked for; None before that."""
    known = await references.assets_of(project, [reference_of(file)])
    return await _one(project, UploadedAsset.id.is_in(list(known.values()))) if known else None


async def note(upload: UploadRecord, file: CmsFile) -> None:
    """Write down that this is what a file of the CMS was, whatever else is the same."""
    await FetchedFile.raw(
        "INSERT INTO fetched_file (id, asset) VALUES ({}, {})"
        " ON CONFLICT (id) DO UPDATE SET asset = excluded.asset",
        references.row_of(upload.project, reference_of(file)),
        upload.id,
    )


def check_use(named: Named, upload: UploadRecord, limits: Limits) -> None:
    """Raise `OwnFileUnfit` or `LimitExceeded` unless a file can serve where it is named."""
    if upload.use is not _USES[named.role]:
        raise _unfit(named, upload.media_type)
    _check_length(named, upload.seconds, limits)


async def brought(project: str, storyboard: Storyboard) -> dict[OwnFile | None, UploadRecord]:
    """Return what a project has of the files that a storyboard names."""
    files = {one.file for one in named_in(storyboard)}
    fetched = {reference_of(file): file for file in files if isinstance(file, CmsFile)}
    assets = {file: file.asset_id for file in files if isinstance(file, Upload)} | {
        fetched[reference]: asset
        for reference, asset in (await references.assets_of(project, fetched.keys())).items()
    }
    if not assets:
        # Of nothing at all there is no list to ask by.
        return {}
    rows = await UploadedAsset.select(*UploadedAsset.all_columns()).where(
        UploadedAsset.id.is_in(list(set(assets.values()))),
        UploadedAsset.project == project,
        UploadedAsset.state == UploadState.READY.value,
    )
    records = {row["id"]: UploadRecord.of(row) for row in rows}
    return {file: records[asset] for file, asset in assets.items() if asset in records}


async def _one(project: str, which: Combinable) -> UploadRecord | None:
    row = (
        await UploadedAsset.select(*UploadedAsset.all_columns())
        .where(
            which,
            UploadedAsset.project == project,
            UploadedAsset.state == UploadState.READY.value,
        )
        .first()
    )
    return UploadRecord.of(row) if row else None


def _check_type(named: Named, media_type: str) -> None:
    believed = media_type.partition("/")[0]
    fitting = {Use.PICTURE: {"image"}, Use.CLIP: {"video"}, Use.SOUND: {"audio"}}
    # A recording may lie in a container for films, which only its content tells.
    if believed in {"image", "video", "audio"} and believed not in (
        fitting[_USES[named.role]] | ({"video"} if _USES[named.role] is Use.SOUND else set())
    ):
        raise _unfit(named, media_type)


def _unfit(named: Named, media_type: str) -> OwnFileUnfit:
    where, told = fault(named)
    return OwnFileUnfit(
        f"{where}: a file of the type {media_type} cannot be the {named.role}.",
        **told,
        type=media_type,
    )


def _check_length(named: Named, seconds: float, limits: Limits) -> None:
    longest = {
        Role.NARRATION: limits.max_scene_seconds,
        Role.MUSIC: limits.max_video_seconds,
    }.get(named.role)
    if longest is not None and seconds > longest:
        raise LimitExceeded(
            f"the {named.role}",
            limit=longest,
            value=seconds,
            unit="seconds",
            scene=str(named.scene) if named.scene else None,
        )


def fault(named: Named) -> tuple[str, dict[str, str]]:
    """Return where it is, for a sentence and for programs."""
    told = {"role": named.role.value, "field": named.field}
    if named.member:
        return f"“{named.member}” of the cast", {**told, "member": named.member}
    if named.scene is None:
        return "The whole film", told
    return f"Scene {named.scene}", {**told, "scene": str(named.scene)}
