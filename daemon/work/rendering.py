"""The second phase: an approved storyboard becomes a stored, checked video."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import anyio
import anyio.to_thread
import msgspec
import structlog
from msgspec.structs import replace

from cms_bridge.jobs import leases
from cms_bridge.jobs.leases import Lease
from cms_bridge.records import StoredVideo
from cms_bridge.states import Status
from cms_bridge.storage.base import object_key
from daemon.work.engine import run_engine
from daemon.work.generation import generate_assets
from daemon.work.progress import COMPOSING, UPLOADING, Reporter
from daemon.work.services import Services
from daemon.work.workspace import attempt_directory, cache_directory
from render.errors import InvalidStoryboard
from render.problem import Problem
from render.rendition import Rendition
from render.storyboard import Ingredient, Role, Storyboard

log = structlog.get_logger()

_FOR_OPERATORS = frozenset({"cache_refused"})
"""What the engine warns of that is nothing to an editor."""


async def render_video(lease: Lease, services: Services) -> None:
    """Generate, compose, validate, store and complete a claimed job."""
    storyboard = lease.storyboard
    if storyboard is None:
        raise InvalidStoryboard("There is no storyboard to render.")
    directory = attempt_directory(services.settings.work_directory, lease)
    assets = directory / "assets"
    await anyio.Path(assets).mkdir(parents=True, exist_ok=True)
    reporter = Reporter(lease, every=services.settings.progress_seconds)

    generated = await generate_assets(
        lease, storyboard, assets, services=services, reporter=reporter
    )
    warnings = _merge(lease.warnings, generated.warnings)
    await leases.advance(
        lease,
        to=Status.COMPOSING,
        scenes_done=len(storyboard.scenes),
        fallback=generated.fallback,
        warnings=warnings,
    )

    manifest_board = msgspec.json.encode(
        _with_ingredients(storyboard, generated.ingredients, lease)
    )
    await anyio.Path(directory / "storyboard.json").write_bytes(manifest_board)
    limits = msgspec.json.encode(services.settings.limits)
    await anyio.Path(directory / "limits.json").write_bytes(limits)
    async with services.renders:
        rendered = await run_engine(
            _arguments(directory, services),
            on_progress=lambda fraction: reporter.report(COMPOSING, fraction),
            stderr_file=directory / "engine.log",
        )

    for warning in rendered.warnings:
        log.warning("engine.warned", code=warning.code, message=warning.message)
    shown = tuple(warning for warning in rendered.warnings if warning.code not in _FOR_OPERATORS)
    await leases.advance(
        lease, to=Status.UPLOADING, progress=UPLOADING, warnings=_merge(warnings, shown)
    )
    video = await _store(lease, directory, rendered.rendition, services)
    await leases.complete(lease, video)


def _merge(known: tuple[Problem, ...], new: tuple[Problem, ...]) -> tuple[Problem, ...]:
    # An earlier attempt may have said the same already.
    return (*known, *(problem for problem in new if problem not in known))


def _arguments(directory: Path, services: Services) -> list[str]:
    settings = services.settings
    signer = (
        ["--certificate", str(settings.signing_certificate), "--key", str(settings.signing_key)]
        if settings.signing_certificate and settings.signing_key
        else ["--credentials", str(settings.work_directory.absolute() / "credentials")]
    )
    return [
        str(directory / "storyboard.json"),
        "--out",
        str(directory / "video.mp4"),
        "--poster",
        str(directory / "poster.jpg"),
        "--assets",
        str(directory / "assets"),
        "--cache",
        str(cache_directory(settings.work_directory)),
        "--cache-size",
        str(settings.render_cache_mebibytes),
        "--workers",
        str(settings.render_threads),
        "--quality",
        settings.render_quality.value,
        "--limits",
        str(directory / "limits.json"),
        *signer,
    ]


def _with_ingredients(
    storyboard: Storyboard, ingredients: Mapping[str, tuple[Ingredient, ...]], lease: Lease
) -> Storyboard:
    """Return the storyboard as the video's manifest will tell of it."""
    text = (
        Ingredient(
            role=Role.TEXT, document=lease.video_id, field="storyboard", version=lease.version
        ),
    )
    return replace(
        storyboard,
        ingredients=(*storyboard.ingredients, *text),
        scenes=tuple(
            replace(scene, ingredients=ingredients[scene.id]) for scene in storyboard.scenes
        ),
    )


async def _store(
    lease: Lease, directory: Path, rendition: Rendition, services: Services
) -> StoredVideo:
    keys: dict[str, str] = {}
    for name, media_type in (("video.mp4", "video/mp4"), ("poster.jpg", "image/jpeg")):
        path = directory / name
        digest = await anyio.to_thread.run_sync(_sha256, path)
        keys[name] = object_key(
            project=lease.project, sha256=digest, extension=path.suffix.removeprefix(".")
        )
        await services.store.put(keys[name], path, media_type=media_type)
    return StoredVideo(
        key=keys["video.mp4"],
        poster_key=keys["poster.jpg"],
        duration=rendition.duration,
        width=rendition.width,
        height=rendition.height,
        bytes=rendition.bytes,
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
