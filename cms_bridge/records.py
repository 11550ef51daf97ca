"""Records: rows that many modules read, decoded once, as they leave the database."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Self, TypeVar
from uuid import UUID

import msgspec

from cms_bridge.states import JobKind, Status
from render.problem import Problem
from render.storyboard import Brief, Storyboard

T = TypeVar("T")


class JobRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A job as it was when it was read; `cms_bridge.tables.Job` explains each field."""

    id: UUID
    kind: JobKind
    project: str
    video_id: str
    field: str
    submission: int
    version: str
    title: str
    brief: Brief
    status: Status
    progress: int
    scenes_done: int
    scenes_total: int
    sequence: int
    storyboard: Storyboard | None
    """None until it is drafted."""
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
            brief=msgspec.json.decode(row["brief"], type=Brief),
            status=Status(row["status"]),
            storyboard=_optional(row["storyboard_data"], Storyboard),
            storyboard_past=msgspec.json.decode(row["storyboard_past"], type=tuple[str, ...]),
            generation_warnings=_problems(row["generation_warnings"]),
            charge_warnings=_problems(row["charge_warnings"]),
            error=_optional(row["error"], Problem),
        )

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What its ledger and its worker have to say; the ledger, which asks, first."""
        return (*self.charge_warnings, *self.generation_warnings)


_DECODED = {
    "kind",
    "brief",
    "status",
    "storyboard",
    "storyboard_past",
    "generation_warnings",
    "charge_warnings",
    "error",
}


class StoredVideo(msgspec.Struct, frozen=True, kw_only=True):
    """A finished video and its poster, by their keys in the object store."""

    key: str
    poster_key: str
    duration: float
    """Seconds."""
    width: int
    height: int
    bytes: int

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """Decode a row that holds all columns."""
        return cls(**{name: row[name] for name in cls.__struct_fields__})


def _optional(text: str | None, kind: type[T]) -> T | None:
    return msgspec.json.decode(text, type=kind) if text else None


def _problems(text: str) -> tuple[Problem, ...]:
    return msgspec.json.decode(text, type=tuple[Problem, ...])
