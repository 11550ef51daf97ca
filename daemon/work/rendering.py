"""The second phase: an approved storyboard becomes a stored, checked video."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from functools import partial
from pathlib import Path

import anyio
import anyio.to_thread
import msgspec
import structlog
from msgspec.structs import replace

from cms_bridge import clock
from cms_bridge.assets import WHOLE, AssetRecord
from cms_bridge.database import transaction
from cms_bridge.jobs import leases, turns
from cms_bridge.jobs.leases import Lease
from cms_bridge.records import Output, Stage, StoredFile, StoredVideo
from cms_bridge.states import FileKind, Lane, StageName, Status
from daemon.work import own_files
from daemon.work.claiming import Share
from daemon.work.delivery import COMPANIONS, store_files
from daemon.work.engine import run_engine
from daemon.work.findings import merge
from daemon.work.generation import generate_assets
from daemon.work.helping import Invitation, invite
from daemon.work.pools import NoEngineFree
from daemon.work.progress import COMPOSING, UPLOADING, Reporter
from daemon.work.services import Services
from daemon.work.words import keep_words
from daemon.work.workspace import attempt_directory, cache_directory
from render.errors import InvalidStoryboard
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
    await anyio.Path(directory / "assets").mkdir(parents=True, exist_ok=True)
    every = services.settings.progress_seconds
    async with aclosing(Reporter(lease, every=every)) as reporter:
        video = await _make(lease, storyboard, directory, services=services, reporter=reporter)
    await leases.complete(lease, video)


async def _make(
    lease: Lease, storyboard: Storyboard, directory: Path, *, services: Services, reporter: Reporter
) -> StoredVideo:
    generated = await generate_assets(
        lease,
        lease.output.asked(storyboard),
        directory / "assets",
        services=services,
        reporter=reporter,
    )
    warnings = merge(lease.warnings, generated.warnings)
    await reporter.move(
        Status.COMPOSING,
        stage=Stage(name=StageName.COMPOSITION),
        scenes_done=len(storyboard.scenes),
        fallback=generated.fallback,
        warnings=warnings,
    )

    await anyio.to_thread.run_sync(
        keep_words,
        storyboard,
        generated.records,
        cache_directory(services.settings.work_directory),
    )
    seen, logo = await own_files.with_logo(
        lease, generated.shown(storyboard), directory / "assets", services
    )
    shown_board = await own_files.with_music(lease, seen, directory / "assets", services)
    manifest_board = msgspec.json.encode(
        _with_ingredients(shown_board, generated.ingredients, lease)
    )
    await anyio.Path(directory / "storyboard.json").write_bytes(manifest_board)
    limits = msgspec.json.encode(services.settings.limits)
    await anyio.Path(directory / "limits.json").write_bytes(limits)
    await _enter_composition(lease, services)
    async with services.renders, _shared(lease, seen, logo, generated.records, services) as share:
        rendered = await run_engine(
            _arguments(directory, services, lease.output),
            on_progress=partial(_encoded, reporter=reporter, services=services),
            stderr_file=directory / "engine.log",
            pieces=share,
        )

    log.info(
        "engine.finished",
        segments=len(rendered.rendition.segments),
        reused=rendered.rendition.reused,
        seconds=rendered.rendition.timings.total,
    )
    for warning in rendered.warnings:
        log.warning("engine.warned", code=warning.code, message=warning.message)
    services.in_flight.nearly_done()
    # What is left waits for the store: the next film may be encoded meanwhile.
    services.composing.leave()
    shown = tuple(warning for warning in rendered.warnings if warning.code not in _FOR_OPERATORS)
    await reporter.move(
        Status.UPLOADING,
        stage=Stage(name=StageName.UPLOAD),
        progress=UPLOADING,
        warnings=merge(warnings, shown),
    )
    files = await store_files(
        directory,
        services.store,
        project=lease.project,
        language=storyboard.locale,
        side_by_side=services.settings.concurrent_uploads,
    )
    return _stored_video(rendered.rendition, files)


async def _encoded(fraction: float, *, reporter: Reporter, services: Services) -> None:
    if 100 * fraction >= services.settings.finish_percent:
        services.in_flight.nearly_done()
    await reporter.report(COMPOSING, fraction)


@asynccontextmanager
async def _shared(
    lease: Lease,
    shown: Storyboard,
    logo: str,
    records: tuple[AssetRecord, ...],
    services: Services,
) -> AsyncGenerator[Share | None]:
    """Give the engine what it asks of other daemons by, and them an invitation to help.

    `logo` is the key of one's own.
    """
    if services.pieces is None:
        yield None
        return

    async def missing(names: Sequence[str]) -> None:
        invitation = Invitation(
            job=lease.job_id,
            attempt=lease.attempt,
            host=services.worker,
            storyboard=shown,
            logo=logo,
            limits=services.settings.limits,
            output=lease.output,
            quality=services.settings.render_quality.value,
            records=records,
            wanted=tuple(names),
        )
        await invite(invitation, services)

    share = Share(services.pieces, finishes=str(lease.job_id), on_missing=missing)
    async with share.kept_alive():
        yield share


async def _enter_composition(lease: Lease, services: Services) -> None:
    """Pass on to the lane of composition: here, if there is room and nobody's turn before.

    Raises `NoEngineFree`: whoever has room claims it there, and finds what was made.
    """
    if lease.lane is Lane.COMPOSITION:
        return
    if await turns.next_in(Lane.COMPOSITION, limit=1) or not services.composing.enter():
        raise NoEngineFree("Its pictures and speech are there; it waits to be encoded.")
    services.generating.leave()
    async with transaction():
        await turns.note(Lane.COMPOSITION, lease.kind, lease.project, at=clock.now())


def _arguments(directory: Path, services: Services, output: Output) -> list[str]:
    settings = services.settings
    signer = (
        ["--certificate", str(settings.signing_certificate), "--key", str(settings.signing_key)]
        if settings.signing_certificate and settings.signing_key
        else ["--credentials", str(settings.work_directory.absolute() / "credentials")]
    )
    on_request = {
        "--hls": settings.hls if output.hls is None else output.hls,
        "--webm": output.previews,
        "--gif": output.previews,
    }
    beside = [
        part
        for option, name in COMPANIONS.items()
        if on_request.get(option, True)
        for part in (option, str(directory / name))
    ]
    return [
        str(directory / "storyboard.json"),
        "--out",
        str(directory / "video.mp4"),
        *beside,
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
        "--profile",
        output.quality.value,
        "--codec",
        output.format.value,
        "--fps",
        str(output.fps),
        *(["--claim"] if settings.fan_out_daemons else []),
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
        ingredients=(*storyboard.ingredients, *ingredients[WHOLE], *text),
        scenes=tuple(
            replace(scene, ingredients=ingredients[scene.id]) for scene in storyboard.scenes
        ),
    )


def _stored_video(rendition: Rendition, files: tuple[StoredFile, ...]) -> StoredVideo:
    keys = {one.kind: one.key for one in files}
    return StoredVideo(
        key=keys[FileKind.VIDEO],
        poster_key=keys[FileKind.POSTER],
        duration=rendition.duration,
        width=rendition.width,
        height=rendition.height,
        bytes=rendition.bytes,
        files=files,
    )
