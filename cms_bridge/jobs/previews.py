"""Previews: a job's film as a player shows it before it exists, laid out by the engine's own laws.

The engine is asked for no more than numbers; no file is opened, here or in the object store.
"""

import functools
import hashlib
from collections.abc import Mapping
from fractions import Fraction
from functools import partial
from uuid import UUID

import anyio.to_thread
import msgspec
from anyio import CapacityLimiter
from anyio.lowlevel import RunVar

from cms_bridge import assets, lexicons, own_files, references
from cms_bridge.assets import WHOLE, AssetRecord
from cms_bridge.errors import JobNotFound, StoryboardNotReady
from cms_bridge.jobs import readings
from cms_bridge.jobs.moves import find
from cms_bridge.own_files import UploadRecord
from cms_bridge.pricing.estimates import Prices
from cms_bridge.pricing.made import brought_for, made_for
from cms_bridge.records import JobRecord
from cms_bridge.states import JobKind
from render.generation.base import ClipRequest, ImageRequest, Kind, SpeechRequest
from render.generation.requests import (
    clip_request,
    digests,
    image_request,
    music_request,
    own_digest,
    own_file,
    speech_request,
)
from render.measures import ClipMeasures
from render.own import OwnFile
from render.placing import Pacing
from render.preview.document import ExistingAsset
from render.preview.known import KnownClip, KnownMedium, SceneAssets
from render.preview.planning import plan_preview
from render.source import Source
from render.storyboard import AspectRatio, Limits, Scene, Storyboard

_KEPT = 32
"""Previews remembered by a process: players ask again and again for the same."""
_PACING = Pacing()
_at_once: RunVar[CapacityLimiter] = RunVar("previews")
"""One is laid out at a time: captions of a long film take seconds of a processor."""


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """A `render.preview.document.TimelinePreview` as JSON."""

    body: bytes
    digest: str
    """SHA-256, in hex, of the body."""


async def preview(
    job_id: UUID,
    *,
    aspect_ratio: AspectRatio | None,
    limits: Limits,
    prices: Prices,
    edited: Storyboard | None = None,
) -> Preview:
    """Return a job's film in a shape, None for the storyboard's own, as far as it is known.

    `edited` is shown in place of its storyboard, and kept nowhere.

    Raises `JobNotFound` for what is no video, `StoryboardNotReady`, and what `Storyboard.check` and
    `render.preview.planning.plan_preview` raise.
    """
    job = await find(job_id)
    if job.kind is not JobKind.VIDEO:
        raise JobNotFound("Only a video has a timeline.")
    if (storyboard := edited or job.storyboard) is None:
        raise StoryboardNotReady("This job has no storyboard yet.", status=job.status.value)
    # Before anything is asked for: of no scenes at all there is nothing to ask.
    storyboard.check(limits)
    brought = await own_files.brought(job.project, storyboard)
    known, composed = await _assets(job, storyboard, brought, prices)
    music = storyboard.music and storyboard.music.own
    logo = storyboard.logo and storyboard.logo.own
    if (limiter := _at_once.get(None)) is None:
        _at_once.set(limiter := CapacityLimiter(1))
    shape = aspect_ratio or storyboard.aspect_ratio
    return await anyio.to_thread.run_sync(
        partial(
            _encode,
            storyboard,
            known,
            shape,
            limits,
            (
                _uploaded(brought[music]) if music in brought else composed,
                _uploaded(brought[logo]) if logo in brought else None,
            ),
        ),
        limiter=limiter,
    )


async def _assets(
    job: JobRecord,
    storyboard: Storyboard,
    brought: Mapping[OwnFile | None, UploadRecord],
    prices: Prices,
) -> tuple[tuple[tuple[str, SceneAssets], ...], ExistingAsset | None]:
    """Return what there is of each scene, and the music that a model has composed."""
    lexicon = await lexicons.of_project(job.project)
    settled = await references.settled(job.project, storyboard)

    def request(scene: Scene, kind: Kind) -> ImageRequest | SpeechRequest | ClipRequest:
        match kind:
            case Kind.PICTURE:
                return image_request(settled, scene)
            case Kind.CLIP:  # what is kept is not known by its length
                return clip_request(
                    settled,
                    scene,
                    seconds=0,
                    ends_with_next=prices.clips_end_with_next,
                    sounds=prices.clips_sound,
                )
            case _:
                return speech_request(storyboard, scene, lexicon)

    asked = {
        (scene.id, kind): digests(request(scene, kind))
        for scene in storyboard.scenes
        for kind in made_for(scene)
    } | {
        (scene.id, kind): {own_digest(storyboard, scene, kind, lexicon)}
        for scene in storyboard.scenes
        for kind in brought_for(scene)
    }
    if (music := music_request(storyboard, seconds=0)) is not None:
        asked[WHOLE, Kind.MUSIC] = digests(music)
    found = await assets.of_scenes(job.project, job.id, asked)
    composed = found.get((WHOLE, Kind.MUSIC))

    unspoken = [
        scene
        for scene in storyboard.scenes
        if Kind.NARRATION in made_for(scene) and (scene.id, Kind.NARRATION) not in found
    ]
    read = await readings.found(job, storyboard, unspoken, lexicon)

    def medium(scene: Scene, kind: Kind) -> KnownMedium | None:
        # What has been filmed was measured.
        if asset := found.get((scene.id, kind)):
            return KnownMedium(asset=_existing(asset), measures=asset.medium.metadata.measures)
        if kind is Kind.NARRATION and (asset := read.get(scene.id)):
            measures = asset.medium.metadata.measures
            return KnownMedium(asset=_existing(asset), measures=measures, reading=True)
        upload = brought.get(own_file(scene, kind))
        if upload is None:
            return None
        return KnownMedium(asset=_uploaded(upload), seconds=_as_told(upload))

    known = tuple(
        (
            scene.id,
            SceneAssets(
                picture=medium(scene, Kind.PICTURE),
                narration=medium(scene, Kind.NARRATION),
                clip=_clip(medium(scene, Kind.CLIP)),
            ),
        )
        for scene in storyboard.scenes
    )
    return known, None if composed is None or _is_bed(composed) else _existing(composed)


def _is_bed(composed: AssetRecord) -> bool:
    """Tell whether the built-in music stands in for a model's."""
    return composed.medium.source is Source.RULE


def _clip(known: KnownMedium | None) -> KnownClip | None:
    if known is None:
        return None
    measures = known.measures
    if isinstance(measures, ClipMeasures):
        seconds, sounds = Fraction(measures.milliseconds, 1000), measures.sounds
    else:
        seconds, sounds = known.seconds or _PACING.silent_scene, True
    return KnownClip(asset=known.asset, seconds=seconds, sounds=sounds)


def _as_told(upload: UploadRecord) -> Fraction:
    return Fraction(round(upload.seconds * 1000), 1000)


def _existing(asset: AssetRecord) -> ExistingAsset:
    return ExistingAsset(
        id=str(asset.id),
        content_url=f"/api/v1/media/assets/{asset.id}/content",
        media_type=asset.medium.media_type,
        placeholder=asset.medium.source.placeholder,
        source=asset.medium.source,
    )


def _uploaded(upload: UploadRecord) -> ExistingAsset:
    return ExistingAsset(
        id=str(upload.id),
        content_url=f"/api/v1/assets/{upload.id}/content",
        media_type=upload.media_type,
        placeholder=False,
        source=Source.UPLOAD,
    )


@functools.lru_cache(maxsize=_KEPT)
def _encode(
    storyboard: Storyboard,
    known: tuple[tuple[str, SceneAssets], ...],
    shape: AspectRatio,
    limits: Limits,
    own: tuple[ExistingAsset | None, ExistingAsset | None],
) -> Preview:
    music, logo = own
    body = msgspec.json.encode(
        plan_preview(
            storyboard, dict(known), aspect_ratio=shape, limits=limits, music=music, logo=logo
        )
    )
    return Preview(body=body, digest=hashlib.sha256(body).hexdigest())
