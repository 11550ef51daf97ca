"""Pictures and narrations for every scene: made once, stored at once, found again after a crash."""

import hashlib
import time
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import anyio
import msgspec

from cms_bridge.assets import PLACEHOLDERS, find_asset
from cms_bridge.leases import Lease
from cms_bridge.ledger import open_ledger
from cms_bridge.storage.base import StorageError, object_key
from cms_bridge.tables import Asset
from daemon.progress import GENERATING, Reporter
from daemon.services import Services
from render.errors import RenderError
from render.generation.base import Generated, ImageRequest, Kind, SpeechRequest
from render.generation.providers import Providers
from render.generation.requests import answer_digest, digests, image_request, speech_request
from render.problem import Problem
from render.storyboard import Scene, Storyboard

PLACEHOLDER_PROVIDER = "offline"
"""The rung whose pictures and voices stand in for a model's."""


_MADE = (Kind.PICTURE, Kind.NARRATION)
"""What a scene is made of."""


class GeneratedAssets(msgspec.Struct, frozen=True, kw_only=True):
    """What lies in the assets directory once every scene has its media."""

    fallback: bool
    """Whether a model other than the one intended made any of it."""
    warnings: tuple[Problem, ...]


class _Metadata(msgspec.Struct, frozen=True, kw_only=True):
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


_EXTENSIONS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp", "audio/wav": "wav"}


async def generate_assets(
    lease: Lease,
    storyboard: Storyboard,
    directory: Path,
    *,
    services: Services,
    reporter: Reporter,
) -> GeneratedAssets:
    """Fill a directory with `<scene id>.png` and `<scene id>.wav`, as the engine reads them.

    Every paid call goes through the job's ledger. Raises `GenerationError` or
    `SpendCapReached`; what was made until then is kept and found again.
    """
    ledger = await open_ledger(lease, caps=services.settings.caps)
    wanted = [
        (scene, kind)
        for scene in storyboard.scenes
        for kind in _MADE
        if kind is Kind.PICTURE or scene.narration.strip()
    ]
    rows: list[dict[str, Any]] = []
    left = {scene.id: sum(1 for other, _ in wanted if other is scene) for scene, _ in wanted}

    failures: list[Exception] = []

    async def one(scene: Scene, kind: Kind) -> None:
        async with services.generations:
            if failures:
                return
            providers = services.providers.metered(ledger.scene(scene.id))
            try:
                row = await _asset(lease, storyboard, scene, kind, directory, services, providers)
            except (RenderError, StorageError) as error:
                # Calls that are under way may be paid for already: they finish, none begins.
                failures.append(error)
                return
        rows.append(row)
        left[scene.id] -= 1
        done = sum(1 for count in left.values() if count == 0)
        await reporter.report(GENERATING, len(rows) / len(wanted), scenes_done=done)

    async with anyio.create_task_group() as group:
        for scene, kind in wanted:
            group.start_soon(one, scene, kind)
    if failures:
        raise failures[0]
    return GeneratedAssets(
        fallback=any(row["model_used"] != row["model_intended"] for row in rows),
        warnings=_warnings(storyboard, rows),
    )


async def _asset(  # noqa: PLR0913, PLR0917 - one step of `generate_assets`
    lease: Lease,
    storyboard: Storyboard,
    scene: Scene,
    kind: Kind,
    directory: Path,
    services: Services,
    providers: Providers,
) -> dict[str, Any]:
    request: ImageRequest | SpeechRequest = (
        image_request(storyboard, scene)
        if kind is Kind.PICTURE
        else speech_request(storyboard, scene)
    )
    names = digests(request)
    row = (
        await Asset.select(*Asset.all_columns())
        .where(
            Asset.job == lease.job_id,
            Asset.scene_id == scene.id,
            Asset.kind == kind,
            Asset.request_digest.is_in(list(names)),
        )
        .order_by(Asset.created_at, ascending=False)
        .first()
    )
    if row:
        path = directory / f"{scene.id}.{_EXTENSIONS[row['media_type']]}"
        await _fetch(services, row["key"], path)
        return row
    if known := await find_asset(lease.project, names):
        return await _reuse(lease, scene, kind, known, directory=directory, services=services)
    started = time.monotonic()
    try:
        made = (
            await providers.images.draw(request)
            if isinstance(request, ImageRequest)
            else await providers.speech.speak(request)
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
        digest=answer_digest(request, placeholder=made.provider in PLACEHOLDERS),
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
        "model_intended": made.model_intended or made.model,
        "model_used": made.model,
        "cost": made.cost,
        "generation_metadata": msgspec.json.encode(
            _Metadata(
                attempt=lease.attempt,
                calls=made.attempts,
                seconds=round(seconds, 3),
                latency=round(made.latency, 3),
                warnings=made.warnings,
                video_id=lease.video_id,
                version=lease.version,
            )
        ).decode(),
        "created_at": datetime.now(UTC),
    }
    await Asset.insert(Asset(**row))
    return row


async def _reuse(  # noqa: PLR0913 - one step of `generate_assets`
    lease: Lease,
    scene: Scene,
    kind: Kind,
    known: dict[str, Any],
    *,
    directory: Path,
    services: Services,
) -> dict[str, Any]:
    """Take what the project has had made for the very same request: it costs nothing again."""
    await _fetch(
        services, known["key"], directory / f"{scene.id}.{_EXTENSIONS[known['media_type']]}"
    )
    row: dict[str, Any] = {
        **known,
        "id": uuid4(),
        "job": lease.job_id,
        "scene_id": scene.id,
        "kind": kind,
        "cost": Decimal(0),
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
