"""Pictures and narrations for every scene: made once, stored at once, found again after a crash."""

import hashlib
import time
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import uuid4

import anyio
import msgspec

from cms_bridge.leases import Lease
from cms_bridge.storage.base import object_key
from cms_bridge.tables import Asset
from daemon.progress import GENERATING, Reporter
from daemon.services import Services
from render.errors import RenderError
from render.generation.base import Generated, ImageRequest, SpeechRequest
from render.generation.requests import image_request, request_digest, speech_request
from render.problem import Problem
from render.storyboard import Scene, Storyboard

PLACEHOLDER_PROVIDER = "offline"
"""The rung whose pictures and voices stand in for a model's."""


class Kind(StrEnum):
    """What an asset is."""

    PICTURE = "picture"
    """A still for the whole scene."""
    NARRATION = "narration"
    """The scene's words, spoken."""


class GeneratedAssets(msgspec.Struct, frozen=True, kw_only=True):
    """What lies in the assets directory once every scene has its media."""

    cost: Decimal
    warnings: tuple[Problem, ...]


class _Metadata(msgspec.Struct, frozen=True, kw_only=True):
    """How an asset came to be."""

    attempt: int
    seconds: float
    """What the provider took."""
    warnings: tuple[Problem, ...]
    video_id: str
    version: str
    """The CMS document's, as it was when the video was submitted."""


_EXTENSIONS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp", "audio/wav": "wav"}


async def generate_assets(
    lease: Lease,
    storyboard: Storyboard,
    directory: Path,
    *,
    services: Services,
    reporter: Reporter,
) -> GeneratedAssets:
    """Fill a directory with `<scene id>.png` and `<scene id>.wav`, as the engine reads them."""
    wanted = [
        (scene, kind)
        for scene in storyboard.scenes
        for kind in Kind
        if kind is Kind.PICTURE or scene.narration.strip()
    ]
    rows: list[dict[str, Any]] = []
    left = {scene.id: sum(1 for other, _ in wanted if other is scene) for scene, _ in wanted}

    async def one(scene: Scene, kind: Kind) -> None:
        async with services.generations:
            row = await _asset(lease, storyboard, scene, kind, directory, services)
        rows.append(row)
        left[scene.id] -= 1
        done = sum(1 for count in left.values() if count == 0)
        await reporter.report(GENERATING, len(rows) / len(wanted), scenes_done=done)

    async with anyio.create_task_group() as group:
        for scene, kind in wanted:
            group.start_soon(one, scene, kind)
    return GeneratedAssets(
        cost=sum((row["cost"] for row in rows), Decimal(0)), warnings=_warnings(storyboard, rows)
    )


async def _asset(  # noqa: PLR0913, PLR0917 - one step of `generate_assets`
    lease: Lease,
    storyboard: Storyboard,
    scene: Scene,
    kind: Kind,
    directory: Path,
    services: Services,
) -> dict[str, Any]:
    request: ImageRequest | SpeechRequest = (
        image_request(storyboard, scene)
        if kind is Kind.PICTURE
        else speech_request(storyboard, scene)
    )
    digest = request_digest(request)
    row = (
        await Asset.select(*Asset.all_columns())
        .where(
            Asset.job == lease.job_id,
            Asset.scene_id == scene.id,
            Asset.kind == kind,
            Asset.request_digest == digest,
        )
        .first()
    )
    if row:
        path = directory / f"{scene.id}.{_EXTENSIONS[row['media_type']]}"
        await _fetch(services, row["key"], path)
        return row
    started = time.monotonic()
    try:
        made = (
            await services.images.draw(request)
            if isinstance(request, ImageRequest)
            else await services.speech.speak(request)
        )
    except RenderError as error:
        error.params.setdefault("scene", str(storyboard.scenes.index(scene) + 1))
        raise
    return await _keep(
        lease,
        scene,
        kind,
        made,
        directory=directory,
        digest=digest,
        seconds=time.monotonic() - started,
        services=services,
    )


async def _keep(  # noqa: PLR0913 - one step of `generate_assets`
    lease: Lease,
    scene: Scene,
    kind: Kind,
    made: Generated,
    *,
    directory: Path,
    digest: str,
    seconds: float,
    services: Services,
) -> dict[str, Any]:
    extension = _EXTENSIONS[made.media_type]
    path = directory / f"{scene.id}.{extension}"
    await anyio.Path(path).write_bytes(made.data)
    key = object_key(
        project=lease.project,
        sha256=hashlib.sha256(made.data).hexdigest(),
        extension=extension,
    )
    await services.store.put(key, path, media_type=made.media_type)
    row: dict[str, Any] = {
        "id": uuid4(),
        "job": lease.job_id,
        "scene_id": scene.id,
        "kind": kind,
        "request_digest": digest,
        "key": key,
        "media_type": made.media_type,
        "bytes": len(made.data),
        "provider": made.provider,
        "model_intended": made.model,
        "model_used": made.model,
        "cost": made.cost,
        "generation_metadata": msgspec.json.encode(
            _Metadata(
                attempt=lease.attempt,
                seconds=round(seconds, 3),
                warnings=made.warnings,
                video_id=lease.video_id,
                version=lease.version,
            )
        ).decode(),
        "created_at": datetime.now(UTC),
    }
    await Asset.insert(Asset(**row))
    return row


async def _fetch(services: Services, key: str, path: Path) -> None:
    partial = path.with_name(path.name + ".partial")
    async with await anyio.open_file(partial, "wb") as file:
        async for chunk in services.store.read(key):
            await file.write(chunk)
    await anyio.Path(partial).rename(path)


def _warnings(storyboard: Storyboard, rows: list[dict[str, Any]]) -> tuple[Problem, ...]:
    numbers = {scene.id: number for number, scene in enumerate(storyboard.scenes, start=1)}
    said = [
        warning.of_scene(numbers[row["scene_id"]])
        for row in sorted(rows, key=lambda row: (numbers[row["scene_id"]], row["kind"]))
        for warning in msgspec.json.decode(row["generation_metadata"], type=_Metadata).warnings
    ]
    placeholders = [row for row in rows if row["provider"] == PLACEHOLDER_PROVIDER]
    if placeholders:
        pictures = sum(1 for row in placeholders if row["kind"] == Kind.PICTURE)
        narrations = len(placeholders) - pictures
        said.insert(
            0,
            Problem(
                code="placeholder_used",
                message=f"{pictures} pictures and {narrations} narrations were made offline,"
                " without a generation service.",
                params={"pictures": pictures, "narrations": narrations},
            ),
        )
    return tuple(said)
