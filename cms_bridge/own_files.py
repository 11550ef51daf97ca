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

from cms_bridge.storage.media_types import media_type_of
from cms_bridge.tables import UploadedAsset
from render.containers.reader import Use
from render.errors import LimitExceeded, OwnFileMissing, OwnFileUnfit
from render.own import OwnFile
from render.storyboard import Limits, Role, Storyboard

_USES = {
    Role.PICTURE: Use.PICTURE,
    Role.CLIP: Use.CLIP,
    Role.NARRATION: Use.SOUND,
    Role.MUSIC: Use.SOUND,
}
FIELDS = {
    Role.PICTURE: "picture",
    Role.CLIP: "clip.own",
    Role.NARRATION: "narrationFile",
    Role.MUSIC: "music.own",
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


async def check(project: str, storyboard: Storyboard, *, limits: Limits) -> None:
    """Raise `InvalidStoryboard`, naming the field, unless a project has all that is named here."""
    for one in named_in(storyboard):
        await find(project, one, limits=limits)


async def find(project: str, named: Named, *, limits: Limits) -> UploadRecord:
    """Return the file that is named; raise `InvalidStoryboard` unless it can serve there."""
    asset = named.file.asset_id
    row = (
        await UploadedAsset.select(*UploadedAsset.all_columns())
        .where(
            UploadedAsset.id == asset,
            UploadedAsset.project == project,
            UploadedAsset.state == UploadState.READY.value,
        )
        .first()
    )
    where, told = _fault(named)
    if row is None:
        raise OwnFileMissing(f"{where}: the project has no such file for the {named.role}.", **told)
    upload = UploadRecord.of(row)
    if upload.use is not _USES[named.role]:
        raise OwnFileUnfit(
            f"{where}: a file of the type {upload.media_type} cannot be the {named.role}.",
            **told,
            type=upload.media_type,
        )
    _check_length(named, upload.seconds, limits)
    return upload


async def brought(project: str, storyboard: Storyboard) -> dict[OwnFile | None, UploadRecord]:
    """Return what a project has of the files that a storyboard names."""
    files = {one.file.asset_id: one.file for one in named_in(storyboard)}
    if not files:
        return {}
    rows = await UploadedAsset.select(*UploadedAsset.all_columns()).where(
        UploadedAsset.id.is_in(list(files)),
        UploadedAsset.project == project,
        UploadedAsset.state == UploadState.READY.value,
    )
    return {files[row["id"]]: UploadRecord.of(row) for row in rows}


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


def _fault(named: Named) -> tuple[str, dict[str, str]]:
    """Return where it is, for a sentence and for programs."""
    told = {"role": named.role.value, "field": named.field}
    if named.scene is None:
        return "The whole film", told
    return f"Scene {named.scene}", {**told, "scene": str(named.scene)}
