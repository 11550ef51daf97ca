"""A media order: one medium that is asked for by itself, made under the same ledger.

A reading is one too: the narrations of a film, by a free voice (`cms_bridge.jobs.readings`).
"""

from contextlib import aclosing
from decimal import Decimal
from pathlib import Path
from uuid import UUID, uuid5

import anyio
import anyio.to_thread
import msgspec
from msgspec.structs import replace

from cms_bridge import assets, clock
from cms_bridge.assets import Condition, Place
from cms_bridge.jobs import leases, media
from cms_bridge.jobs.leases import Lease
from cms_bridge.pricing.made import made_by
from cms_bridge.states import JobKind
from cms_bridge.storage.base import object_key
from daemon.work.engine import mix_sound
from daemon.work.generation import generate_assets
from daemon.work.progress import Reporter
from daemon.work.services import Services
from daemon.work.workspace import attempt_directory
from render.errors import InvalidStoryboard, MediaError
from render.files import sha256_of
from render.generation.base import Kind
from render.storyboard import Storyboard


async def fulfil_media_order(lease: Lease, services: Services) -> None:
    """Generate and keep what a claimed job asks for; its bytes stay in the object store."""
    storyboard = lease.storyboard
    if storyboard is None:
        raise InvalidStoryboard("It is not said what is to be made.")
    directory = attempt_directory(services.settings.work_directory, lease) / "assets"
    await anyio.Path(directory).mkdir(parents=True, exist_ok=True)
    every = services.settings.progress_seconds
    async with aclosing(Reporter(lease, every=every)) as reporter:
        generated = await generate_assets(
            lease,
            storyboard,
            directory,
            services=services,
            reporter=reporter,
            kinds=made_by(lease.kind),
            strict=True,
        )
    if storyboard.music and lease.kind is JobKind.SPEECH:
        await _mix(lease, storyboard, directory, services)
    await leases.complete_medium(lease, fallback=generated.fallback)


async def _mix(lease: Lease, storyboard: Storyboard, directory: Path, services: Services) -> None:
    """Lay the narration over its music, in a file of its own, and write that down.

    It is told of as the narration is: by whom that was spoken, and whether it is a placeholder.
    """
    if storyboard.music is None:
        return
    if storyboard.music.file:
        await _fetch_music(lease, storyboard.music.file, directory, services)
    work = directory.parent
    await anyio.Path(work / "storyboard.json").write_bytes(msgspec.json.encode(storyboard))
    limits = msgspec.json.encode(services.settings.limits)
    await anyio.Path(work / "limits.json").write_bytes(limits)
    out = work / "mix.m4a"
    async with services.renders:
        mixed = await mix_sound(
            [
                str(work / "storyboard.json"),
                *("--out", str(out), "--assets", str(directory)),
                *("--limits", str(work / "limits.json"), "--strict"),
            ],
            stderr_file=work / "engine.log",
        )
    (scene,) = storyboard.scenes
    spoken = await assets.newest_at(Place(job=lease.job_id, scene_id=scene.id, kind=Kind.NARRATION))
    if spoken is None:
        raise MediaError("The narration that was to be mixed is not there.")
    digest = await anyio.to_thread.run_sync(sha256_of, out)
    key = object_key(project=lease.project, sha256=digest, extension="m4a")
    await services.store.put(key, out, media_type="audio/mp4")
    metadata = replace(
        spoken.medium.metadata,
        warnings=(*spoken.medium.metadata.warnings, *mixed.warnings),
        measures=None,
    )
    medium = replace(
        spoken.medium,
        key=key,
        media_type="audio/mp4",
        bytes=mixed.bytes,
        metadata=metadata,
        condition=Condition.USABLE,
    )
    # Made again after a crash, it is the one that there is.
    await assets.record(
        replace(
            spoken.copied_to(replace(spoken.place, scene_id=media.MIX)),
            id=uuid5(lease.job_id, media.MIX),
            request_digest=storyboard.digest,
            medium=replace(medium, cost=Decimal(0)),
            created_at=clock.now(),
        )
    )


async def _fetch_music(lease: Lease, name: str, directory: Path, services: Services) -> None:
    """Lay the music into the folder, under the name by which the storyboard knows it."""
    music = await media.find_sound(lease.project, UUID(Path(name).stem))
    async with await anyio.open_file(directory / name, "wb") as file:
        async for chunk in services.store.read(music.key):
            await file.write(chunk)
