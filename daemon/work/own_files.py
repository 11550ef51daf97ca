"""Own files: what people bring for a film, laid beside what is made for it, and never charged.

Its bytes stay where the store has them; a record of its own says what the scene shows, and
what was measured of it. A file that is not there any more, or cannot be read, ends the film
with a word on which: nothing stands in for what somebody chose.
"""

from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import anyio
from msgspec.structs import replace

from cms_bridge import assets, clock, own_files
from cms_bridge.assets import AssetRecord, Condition, Metadata, Place, StoredMedium
from cms_bridge.jobs.leases import Lease
from cms_bridge.own_files import Named, UploadRecord, fault
from cms_bridge.storage.base import UPLOADS, ObjectNotFound
from daemon.work import cms_files
from daemon.work.reuse import read_whole
from daemon.work.services import Services
from render.errors import MediaError, OwnFileMissing, OwnFileUnfit
from render.generation.base import ClipRequest, ImageRequest, Kind, SpeechRequest
from render.generation.requests import own_file
from render.own import CmsFile
from render.source import Source
from render.storyboard import Ingredient, Role, Scene, Storyboard

_MUSIC, _LOGO = "own.music", "own.logo"
"""Their files' names but for the type: no scene's id has a dot."""


def named(storyboard: Storyboard, scene: Scene, kind: Kind) -> Named | None:
    """Return where a storyboard names what people bring for a scene; None where they do not."""
    file = own_file(scene, kind)
    if file is None:
        return None
    return Named(file=file, role=Role(kind.value), scene=storyboard.scenes.index(scene) + 1)


async def check(lease: Lease, storyboard: Storyboard, services: Services) -> None:
    """Raise as `find` does unless everything that is named here may still be used.

    What is the CMS's is fetched: from then on it lies in the store.
    """
    for one in own_files.named_in(storyboard):
        await find(lease, one, services)


async def find(lease: Lease, own: Named, services: Services) -> UploadRecord:
    """Return a file that is named, if it still may be used.

    Raises `InvalidStoryboard`, or `OwnFileUnavailable` for a file of the CMS that does not come.
    """
    settings, file = services.settings, own.file
    if isinstance(file, CmsFile):
        upload = await cms_files.fetch(lease, own, file, services)
    else:
        upload = await own_files.find(lease.project, own, file, limits=settings.limits)
    if settings.clamd_url and not upload.scanned:
        where, told = fault(own)
        raise OwnFileUnfit(
            f"{where}: the file for the {own.role} was never scanned; upload it again.",
            **told,
            type=upload.media_type,
        )
    return upload


async def bring(  # noqa: PLR0913  keyword-only past the fifth
    own: Named,
    upload: UploadRecord,
    place: Place,
    directory: Path,
    request: ImageRequest | SpeechRequest | ClipRequest,
    *,
    lease: Lease,
    digest: str,
    services: Services,
) -> AssetRecord:
    """Lay a file into the directory, look at it and write down that the scene has it.

    `request` is what would have been asked for, had it not been there. Raises `MediaError`,
    `OwnFileMissing` or `StorageError`.
    """
    path = directory / f"{place.scene_id}{Path(upload.key).suffix}"
    await _fetch(own, upload, path, services)
    findings = await services.providers.inspector.inspect_own(request, path, scene=str(own.scene))
    provider, model = await _made_by(upload)
    record = AssetRecord(
        id=uuid4(),
        job=place.job,
        scene_id=place.scene_id,
        kind=place.kind,
        request_digest=digest,
        medium=StoredMedium(
            key=upload.key,
            media_type=upload.media_type,
            bytes=upload.bytes,
            provider=provider,
            model_intended=model,
            model_used=model,
            cost=Decimal(0),
            source=Source.UPLOAD,
            condition=Condition.USABLE,
            metadata=Metadata(
                attempt=lease.attempt,
                calls=0,
                seconds=0,
                latency=0,
                warnings=findings.warnings,
                video_id=lease.video_id,
                version=lease.version,
                measures=findings.measures,
            ),
        ),
        created_at=clock.now(),
    )
    await assets.record(record)
    return record


async def with_music(
    lease: Lease, storyboard: Storyboard, directory: Path, services: Services
) -> Storyboard:
    """Lay a film's own music into the directory, and return the storyboard as it names the file.

    One without any is returned as it is. Raises as `find` and `bring` do.
    """
    music = storyboard.music
    if music is None or music.own is None:
        return storyboard
    own = Named(file=music.own, role=Role.MUSIC)
    name, _, told = await _lay(lease, own, _MUSIC, directory, services)
    return replace(
        storyboard,
        music=replace(music, own=None, file=name),
        ingredients=(*storyboard.ingredients, told),
    )


async def with_logo(
    lease: Lease, storyboard: Storyboard, directory: Path, services: Services
) -> tuple[Storyboard, str]:
    """Do with a film's own logo as with its music; also return its key in the store.

    Of a storyboard without any the key is empty.
    """
    logo = storyboard.logo
    if logo is None or logo.own is None:
        return storyboard, ""
    own = Named(file=logo.own, role=Role.LOGO)
    name, key, told = await _lay(lease, own, _LOGO, directory, services)
    shown = replace(
        storyboard,
        logo=replace(logo, own=None, file=name),
        ingredients=(*storyboard.ingredients, told),
    )
    return shown, key


async def _lay(
    lease: Lease, own: Named, stem: str, directory: Path, services: Services
) -> tuple[str, str, Ingredient]:
    """Lay what is the whole film's into the directory: its name there, its key, its origin."""
    upload = await find(lease, own, services)
    name = f"{stem}{Path(upload.key).suffix}"
    await _fetch(own, upload, directory / name, services)
    provider, model = await _made_by(upload)
    ingredient = Ingredient(
        role=own.role,
        provider=provider,
        model=model,
        document=lease.video_id,
        field=own.field,
        version=lease.version,
        source=Source.MODEL if provider else Source.UPLOAD,
    )
    return name, upload.key, ingredient


async def _made_by(upload: UploadRecord) -> tuple[str, str]:
    """Return the provider and the model that had made a file, as far as it was made here.

    What a model drew for the cast goes into the CMS's library, and comes back as people's own.
    """
    # Keys hold digests: the same bytes lie under the same name, but for where people's own lie.
    made = await assets.made_by_model(upload.key.removeprefix(UPLOADS))
    return (made.medium.provider, made.medium.model_used) if made else ("", "")


async def _fetch(own: Named, upload: UploadRecord, path: Path, services: Services) -> None:
    try:
        await read_whole(upload.key, path, services.store)
    except (ObjectNotFound, MediaError) as error:
        await anyio.Path(path).unlink(missing_ok=True)
        where, told = fault(own)
        raise OwnFileMissing(
            f"{where}: the store no longer has the file for the {own.role}.", **told
        ) from error
