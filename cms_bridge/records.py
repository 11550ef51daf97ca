"""Records: rows that many modules read, decoded once, as they leave the database."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any, Self
from uuid import UUID

import msgspec

from cms_bridge.states import FileKind, JobKind, Origin, Priority, StageName, Status
from render.problem import Problem
from render.rendition import USUAL_RATE, Codec, Quality
from render.storyboard import AspectRatio, Brief, Storyboard


class PageEnd(msgspec.Struct, frozen=True):
    """The last of a page of a list, newest first: behind it the next page begins."""

    created_at: datetime
    """In UTC."""
    id: UUID


class Output(msgspec.Struct, frozen=True, kw_only=True):
    """The form that a film is made in; its shape is the storyboard's."""

    quality: Quality = Quality.FULL
    format: Codec = Codec.H264
    fps: int | str = USUAL_RATE
    """As digests have it (`render.rendition.rate_digested`): 30, or 30000/1001."""
    picture_shape: AspectRatio | None = None
    """The shape for which pictures are asked, to be cropped; None for the film's own."""
    hls: bool | None = None
    """Whether it is made as an HLS stream too; None for as the daemon makes films."""
    previews: bool = False
    """Whether small moving previews are made of it too: a WebM and a GIF."""

    @property
    def rate(self) -> Fraction:
        """Frames a second."""
        return Fraction(self.fps)

    def asked(self, storyboard: Storyboard) -> Storyboard:
        """Return a storyboard in the shape that its pictures are asked for."""
        shape = self.picture_shape
        return msgspec.structs.replace(storyboard, aspect_ratio=shape) if shape else storyboard


class ApprovalPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody decided beforehand of a storyboard that is not written yet."""

    up_to: Decimal
    """US dollars: it is approved by itself if it may cost no more than this."""
    by: str
    """Who decided it."""


class Stage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a worker is just doing to a job; of several things the last that it began."""

    name: StageName
    scene_id: str = ""
    scene: int = 0
    """Its number, from 1; 0 for what is done to the whole video."""
    provider: str = ""
    model: str = ""
    """Empty where no model is asked."""


class JobRecord(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """A job as it was when it was read; `cms_bridge.tables.Job` explains each field.

    Brief and storyboard are decoded when they are first asked for: what no longer can be
    is no reason not to tell where a job stands.
    """

    id: UUID
    kind: JobKind
    parent: UUID | None
    output: Output
    project: str
    video_id: str
    field: str
    submission: int
    version: str
    origin: Origin
    approval_policy: ApprovalPolicy | None
    priority: Priority | None
    title: str
    brief_data: str
    status: Status
    progress: int
    scenes_done: int
    scenes_total: int
    sequence: int
    stage: Stage | None
    storyboard_data: str | None
    storyboard_digest: str
    storyboard_revision: int
    storyboard_past: tuple[str, ...]
    approved: bool
    approved_digest: str
    approved_cost: Decimal | None
    approved_by: str
    estimated_cost: Decimal
    actual_cost: Decimal
    model_fallback_occurred: bool
    generation_warnings: tuple[Problem, ...]
    charge_warnings: tuple[Problem, ...]
    error: Problem | None
    video_url: str | None
    attempt: int
    retry_count: int
    lease_owner: str
    lease_expires_at: datetime | None
    wake_at: datetime | None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """Decode a row that holds all columns."""
        return cls(
            **{name: row[name] for name in cls.__struct_fields__ if name not in _DECODED},
            kind=JobKind(row["kind"]),
            origin=Origin(row["origin"]),
            approval_policy=msgspec.json.decode(row["approval_policy"], type=ApprovalPolicy)
            if row["approval_policy"]
            else None,
            priority=None if row["priority"] is None else Priority.of(row["priority"]),
            output=msgspec.json.decode(row["output"] or "{}", type=Output),
            brief_data=row["brief"],
            status=Status(row["status"]),
            stage=stage_in(row["stage"]),
            storyboard_past=msgspec.json.decode(row["storyboard_past"], type=tuple[str, ...]),
            generation_warnings=problems_in(row["generation_warnings"]),
            charge_warnings=problems_in(row["charge_warnings"]),
            error=problem_in(row["error"]),
        )

    @cached_property
    def brief(self) -> Brief:
        """What was asked for; raise `msgspec.ValidationError` if it can no longer be read."""
        return msgspec.json.decode(self.brief_data, type=Brief)

    @cached_property
    def storyboard(self) -> Storyboard | None:
        """None until it is drafted; raises as `brief` does."""
        data = self.storyboard_data
        return msgspec.json.decode(data, type=Storyboard) if data else None

    @property
    def filmed(self) -> bool:
        """Whether there is a film of it, or of what it exports: what it makes is one more."""
        return self.video_url is not None or self.kind is JobKind.EXPORT

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What its ledger and its worker have to say; the ledger, which asks, first."""
        return (*self.charge_warnings, *self.generation_warnings)


_DECODED = {
    "kind",
    "origin",
    "approval_policy",
    "priority",
    "output",
    "brief_data",
    "status",
    "stage",
    "storyboard_past",
    "generation_warnings",
    "charge_warnings",
    "error",
}


class StoredFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a rendition, by its key in the object store."""

    kind: FileKind
    name: str
    """Its path among the rendition's files, such as `captions.vtt` or `hls/720p/0000.m4s`."""
    language: str = ""
    """Of what is said or read in it, as BCP 47; empty where it has none."""
    key: str
    media_type: str
    bytes: int | None
    """None for the poster of an older rendition, where nobody wrote it down."""
    sha256: str

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """Decode a row that holds all columns."""
        fields = {name: row[name] for name in cls.__struct_fields__ if name != "kind"}
        return cls(kind=FileKind(row["kind"]), **fields)


class StoredVideo(msgspec.Struct, frozen=True, kw_only=True):
    """A finished video and its poster, by their keys in the object store, with all its files."""

    key: str
    poster_key: str
    duration: float
    """Seconds."""
    width: int
    height: int
    bytes: int
    files: tuple[StoredFile, ...] = ()
    """Those two and everything beside them; none where they were not asked for."""


class Film(StoredVideo, frozen=True, kw_only=True):
    """One of a job's videos; `cms_bridge.tables.GeneratedVideo` explains each field."""

    id: UUID
    job: UUID
    export_job: UUID | None
    number: int
    storyboard_revision: int
    storyboard_digest: str
    storyboard_data: str | None
    aspect_ratio: AspectRatio
    format: Codec
    fps: Fraction
    warnings: tuple[Problem, ...]
    created_at: datetime

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """Decode a row that holds all columns."""
        decoded: dict[str, Any] = {
            "aspect_ratio": AspectRatio(row["aspect_ratio"]),
            "format": Codec(row["format"]),
            "fps": Fraction(row["fps"], row["fps_divisor"]),
            "warnings": problems_in(row["warnings"]),
        }
        # Its files are read where they are needed: `cms_bridge.jobs.renditions`.
        told = {name: row[name] for name in cls.__struct_fields__ if name != "files"}
        return cls(**told | decoded)

    @property
    def storyboard(self) -> Storyboard | None:
        """What was filmed; None where nobody wrote it down."""
        data = self.storyboard_data
        return msgspec.json.decode(data, type=Storyboard) if data else None


def problems_in(text: str) -> tuple[Problem, ...]:
    """Return the problems that a column holds."""
    return msgspec.json.decode(text, type=tuple[Problem, ...])


def problem_in(text: str | None) -> Problem | None:
    """Return the problem that a column holds, if any."""
    return msgspec.json.decode(text, type=Problem) if text else None


def stage_in(text: str | None) -> Stage | None:
    """Return the stage that a column holds, if any."""
    return msgspec.json.decode(text, type=Stage) if text else None
