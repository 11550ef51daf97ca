"""Assets: what a project already has, and the one place where a new one is written down.

The same request, made before anywhere in the project, costs nothing again.
"""

from collections.abc import Collection
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
from piccolo.custom_types import Combinable

from cms_bridge.tables import Asset
from render.problem import Problem

Row = dict[str, Any]

PLACEHOLDERS = ("offline", "stock")
"""Providers whose work stands in for a model's."""

EXTENSIONS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp", "audio/wav": "wav"}
"""By media type, for every one that a provider may hand over."""


class Metadata(msgspec.Struct, frozen=True, kw_only=True):
    """How an asset came to be."""

    attempt: int
    calls: int
    """Made for it, failed ones included."""
    seconds: float
    """All in all, waits and failed calls included."""
    latency: float
    """Seconds that the call which made it took."""
    warnings: tuple[Problem, ...]
    video_id: str
    version: str
    """The CMS document's, as it was when the video was submitted."""


class Medium(msgspec.Struct, frozen=True, kw_only=True, tag="medium"):
    """A picture or a narration, but for its bytes: where they belong and how they came to be."""

    key: str
    media_type: str
    bytes: int
    provider: str
    model_intended: str
    model_used: str
    cost: Decimal
    """US dollars actually charged."""
    metadata: Metadata


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """What an asset is for."""

    job: UUID
    scene_id: str
    kind: str
    """`picture` or `narration`."""


async def record(asset: UUID, place: Place, digest: str, medium: Medium) -> None:
    """Write an asset down, once its bytes are in the object store; doing it twice is doing it once.

    An asset that was paid for bears the id of its charge.
    """
    # In one statement, since whoever fetched a late answer and whoever recovers it may meet.
    await Asset.raw(
        "INSERT INTO asset (id, job, scene_id, kind, request_digest, key, media_type, bytes,"
        " provider, model_intended, model_used, cost, generation_metadata, created_at)"
        " VALUES ({}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {})"
        " ON CONFLICT (id) DO NOTHING",
        asset,
        place.job,
        place.scene_id,
        place.kind,
        digest,
        medium.key,
        medium.media_type,
        medium.bytes,
        medium.provider,
        medium.model_intended,
        medium.model_used,
        medium.cost,
        msgspec.json.encode(medium.metadata).decode(),
        datetime.now(UTC),
    )


async def at(place: Place, request_digests: Collection[str]) -> Row | None:
    """Return the newest asset that a scene has for a request by any of its names, or None."""
    return (
        await Asset.select(*Asset.all_columns())
        .where(
            Asset.job == place.job,
            Asset.scene_id == place.scene_id,
            Asset.kind == place.kind,
            Asset.request_digest.is_in(list(request_digests)),
        )
        .order_by(Asset.created_at, ascending=False)
        .first()
    )


async def find_asset(project: str, request_digests: Collection[str]) -> Row | None:
    """Return the newest asset made for a request, by any of its names, in a project, or None."""
    return (
        await Asset.select(*Asset.all_columns())
        .where(_reusable(project, list(request_digests)))
        .order_by(Asset.created_at, ascending=False)
        .first()
    )


async def existing(project: str, request_digests: Collection[str]) -> frozenset[str]:
    """Return those of the requests that a project has an asset for."""
    rows = await Asset.select(Asset.request_digest).where(_reusable(project, list(request_digests)))
    return frozenset(row["request_digest"] for row in rows)


def _reusable(project: str, request_digests: list[str]) -> Combinable:
    # A placeholder made because the model was away must not keep the model away for good.
    genuine = Asset.provider.not_in(list(PLACEHOLDERS)) | (Asset.model_used == Asset.model_intended)
    return (Asset.job.project == project) & Asset.request_digest.is_in(request_digests) & genuine
