"""Assets: what a project already has, and the one place where a new one is written down.

The same request, made before anywhere in the project, costs nothing again.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Self
from uuid import UUID, uuid4

import msgspec
from msgspec.structs import replace
from piccolo.custom_types import Combinable

from cms_bridge import clock
from cms_bridge.tables import Asset
from render.generation.base import Kind
from render.generation.piper import library as piper
from render.measures import Measures
from render.problem import Problem
from render.source import Credit, Source

_PLACEHOLDERS = [source.value for source in Source if source.placeholder]
_FREE_MODELS = [piper.PROVIDER]
"""Providers whose trained models cost nothing, and stand in for those that do."""

EXTENSIONS = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/webp": "webp",
    "audio/wav": "wav",
    "audio/mp4": "m4a",
    "audio/mpeg": "mp3",
    "audio/flac": "flac",
    "audio/ogg": "ogg",
    "video/mp4": "mp4",
    "video/webm": "webm",
}
"""By media type, for every one that a provider may hand over or that is mixed of those."""


class Condition(StrEnum):
    """What is known of an asset's bytes."""

    UNCHECKED = "unchecked"
    """Kept before media were decoded first. Whoever uses it looks at it before."""
    USABLE = "usable"
    """It was decoded to its end, and is what it claims to be."""
    UNUSABLE = "unusable"
    """It does not decode, or the store no longer has it as it was. It is never used again; what
    it cost stays in the ledger."""


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
    credit: Credit = Credit()
    measures: Measures | None = None
    """What was measured of it; None of what was made before anything was."""


class StoredMedium(msgspec.Struct, frozen=True, kw_only=True, tag="medium"):
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
    source: Source = Source.MODEL
    condition: Condition = Condition.UNCHECKED

    @property
    def fallback(self) -> bool:
        """Whether a model other than the one intended made it."""
        return self.model_used != self.model_intended


WHOLE = ""
"""In place of a scene's id: what belongs to the whole film."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """What an asset is for."""

    job: UUID
    scene_id: str
    kind: Kind


class AssetRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An asset as it is written down."""

    id: UUID
    """Of one that was paid for: its charge's."""
    job: UUID
    scene_id: str
    kind: Kind
    request_digest: str
    """What a provider was asked."""
    medium: StoredMedium
    created_at: datetime

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """Decode a row that holds all columns."""
        metadata = msgspec.json.decode(row["generation_metadata"], type=Metadata)
        return cls(
            id=row["id"],
            job=row["job"],
            scene_id=row["scene_id"],
            kind=Kind(row["kind"]),
            request_digest=row["request_digest"],
            medium=msgspec.convert({**row, "type": "medium", "metadata": metadata}, StoredMedium),
            created_at=row["created_at"],
        )

    @property
    def place(self) -> Place:
        """What it is for."""
        return Place(job=self.job, scene_id=self.scene_id, kind=self.kind)

    def copied_to(self, place: Place) -> "AssetRecord":
        """Return the same bytes as another scene's own, where they cost nothing again."""
        return AssetRecord(
            id=uuid4(),
            job=place.job,
            scene_id=place.scene_id,
            kind=place.kind,
            request_digest=self.request_digest,
            medium=replace(self.medium, cost=Decimal(0)),
            created_at=clock.now(),
        )


async def record(asset: AssetRecord) -> None:
    """Write an asset down, once its bytes are in the object store; doing it twice is doing it once.

    An asset that was paid for bears the id of its charge.
    """
    medium = asset.medium
    # In one statement, since whoever fetched a late answer and whoever recovers it may meet.
    await Asset.raw(
        "INSERT INTO asset (id, job, scene_id, kind, request_digest, source, condition, key,"
        " media_type, bytes, provider, model_intended, model_used, cost, generation_metadata,"
        " created_at) VALUES ({}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {})"
        " ON CONFLICT (id) DO NOTHING",
        asset.id,
        asset.job,
        asset.scene_id,
        asset.kind.value,
        asset.request_digest,
        medium.source.value,
        medium.condition.value,
        medium.key,
        medium.media_type,
        medium.bytes,
        medium.provider,
        medium.model_intended,
        medium.model_used,
        medium.cost,
        msgspec.json.encode(medium.metadata).decode(),
        asset.created_at,
    )


async def describe(asset: UUID, metadata: Metadata) -> None:
    """Write down anew how an asset came to be."""
    written = msgspec.json.encode(metadata).decode()
    await Asset.update({Asset.generation_metadata: written}).where(Asset.id == asset)


async def newest(which: Combinable) -> AssetRecord | None:
    """Return the newest asset of those that a condition names, or None."""
    row = (
        await Asset.select(*Asset.all_columns())
        .where(which)
        .order_by(Asset.created_at, ascending=False)
        .first()
    )
    return AssetRecord.of(row) if row else None


async def at(place: Place, request_digests: Collection[str]) -> AssetRecord | None:
    """Return the newest usable asset that a scene has for a request by any of its names."""
    return await newest(
        (Asset.job == place.job)
        & (Asset.scene_id == place.scene_id)
        & (Asset.kind == place.kind)
        & Asset.request_digest.is_in(list(request_digests))
        & (Asset.condition != Condition.UNUSABLE)
    )


async def newest_at(place: Place) -> AssetRecord | None:
    """Return the newest usable asset that a scene has, whatever was asked for."""
    return await newest(
        (Asset.job == place.job)
        & (Asset.scene_id == place.scene_id)
        & (Asset.kind == place.kind)
        & (Asset.condition != Condition.UNUSABLE)
    )


async def find_asset(
    project: str, request_digests: Collection[str], *, checked: bool = False
) -> AssetRecord | None:
    """Return the newest asset made for a request, by any of its names, in a project, or None.

    `checked` leaves out those that nobody has decoded yet: for whoever cannot.
    """
    seen = Asset.condition == Condition.USABLE if checked else Asset.id.is_not_null()
    return await newest(_reusable(project, list(request_digests)) & seen)


async def of_scenes(
    project: str, job: UUID, wanted: Mapping[tuple[str, Kind], Collection[str]]
) -> dict[tuple[str, Kind], AssetRecord]:
    """Return what there is of each scene's media, by the names of what was asked for them.

    What `at` or else `find_asset` would find, in two questions for all scenes together.
    """
    names = sorted({name for names_of_scene in wanted.values() for name in names_of_scene})
    found: dict[tuple[str, Kind], AssetRecord] = {}
    if not names:  # a film of colours alone, without a word: there is no list to ask by
        return found
    own = (
        (Asset.job == job)
        & Asset.request_digest.is_in(names)
        & (Asset.condition != Condition.UNUSABLE)
    )
    for record in await _oldest_first(own):
        place = (record.scene_id, record.kind)
        if record.request_digest in wanted.get(place, ()):
            found[place] = record
    shared = {
        record.request_digest: record for record in await _oldest_first(_reusable(project, names))
    }
    for place, names_of_scene in wanted.items():
        records = [shared[name] for name in names_of_scene if name in shared]
        if place not in found and records:
            found[place] = max(records, key=lambda record: record.created_at)
    return found


async def of_requests(request_digests: Collection[str]) -> list[AssetRecord]:
    """Return what was made for requests in any project, oldest first.

    Only for requests that hold nothing of a project's.
    """
    if not request_digests:
        return []
    return await _oldest_first(Asset.request_digest.is_in(list(request_digests)))


async def _oldest_first(which: Combinable) -> list[AssetRecord]:
    rows = await Asset.select(*Asset.all_columns()).where(which).order_by(Asset.created_at)
    return [AssetRecord.of(row) for row in rows]


async def made_by_model(key: str) -> AssetRecord | None:
    """Return what a model made here and is kept under a key; None where there is none."""
    return await newest((Asset.key == key) & (Asset.source == Source.MODEL))


async def judge(key: str, condition: Condition) -> None:
    """Note what became known of an asset's bytes, wherever in its project they are used."""
    await Asset.update({Asset.condition: condition}).where(Asset.key == key)


async def existing(project: str, request_digests: Collection[str]) -> frozenset[str]:
    """Return those of the requests that a project has an asset for."""
    if not request_digests:
        return frozenset()
    rows = await Asset.select(Asset.request_digest).where(_reusable(project, list(request_digests)))
    return frozenset(row["request_digest"] for row in rows)


async def owned(
    jobs: Collection[UUID], request_digests: Collection[str]
) -> frozenset[tuple[str, str]]:
    """Return for which scenes any of these jobs has which of the requests, be it a placeholder.

    As `at` finds them: a placeholder is its own scene's alone, whoever asks for the same.
    """
    if not jobs or not request_digests:
        return frozenset()
    rows = await Asset.select(Asset.scene_id, Asset.request_digest).where(
        Asset.job.is_in(list(jobs)),
        Asset.request_digest.is_in(list(request_digests)),
        Asset.condition != Condition.UNUSABLE,
    )
    return frozenset((row["scene_id"], row["request_digest"]) for row in rows)


def _reusable(project: str, request_digests: list[str]) -> Combinable:
    # A placeholder made because the model was away must not keep the model away for good.
    # No more may a free voice.
    bought = Asset.source.not_in(_PLACEHOLDERS) & (Asset.provider.not_in(_FREE_MODELS))
    genuine = bought | (Asset.model_used == Asset.model_intended)
    usable = Asset.condition != Condition.UNUSABLE
    matching = Asset.request_digest.is_in(request_digests)
    return (Asset.job.project == project) & matching & genuine & usable
