"""Previews: a job's film as a player shows it before it exists, laid out by the engine's own laws.

The engine is asked for no more than numbers; no file is opened, here or in the object store.
"""

import functools
import hashlib
from functools import partial
from uuid import UUID

import anyio.to_thread
import msgspec
from anyio import CapacityLimiter
from anyio.lowlevel import RunVar

from cms_bridge import assets
from cms_bridge.assets import AssetRecord
from cms_bridge.errors import JobNotFound, StoryboardNotReady
from cms_bridge.jobs.moves import find
from cms_bridge.pricing.estimates import made_for
from cms_bridge.records import JobRecord
from cms_bridge.states import JobKind
from render.generation.base import Kind
from render.generation.requests import digests, image_request, speech_request
from render.preview.document import ExistingAsset
from render.preview.known import KnownMedium, SceneAssets
from render.preview.planning import plan_preview
from render.storyboard import AspectRatio, Limits, Storyboard

_KEPT = 32
"""Previews remembered by a process: players ask again and again for the same."""
_at_once: RunVar[CapacityLimiter] = RunVar("previews")
"""One is laid out at a time: captions of a long film take seconds of a processor."""


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """A `render.preview.document.TimelinePreview` as JSON."""

    body: bytes
    digest: str
    """SHA-256, in hex, of the body."""


async def preview(job_id: UUID, *, aspect_ratio: AspectRatio | None, limits: Limits) -> Preview:
    """Return a job's film in a shape, None for the storyboard's own, as far as it is known.

    Raises `JobNotFound` for what is no video, `StoryboardNotReady`, and what
    `render.preview.planning.plan_preview` raises.
    """
    job = await find(job_id)
    if job.kind is not JobKind.VIDEO:
        raise JobNotFound("Only a video has a timeline.")
    if job.storyboard is None:
        raise StoryboardNotReady("This job has no storyboard yet.", status=job.status.value)
    known = await _scene_assets(job, job.storyboard)
    if (limiter := _at_once.get(None)) is None:
        _at_once.set(limiter := CapacityLimiter(1))
    shape = aspect_ratio or job.storyboard.aspect_ratio
    return await anyio.to_thread.run_sync(
        partial(_encode, job.storyboard, known, shape, limits), limiter=limiter
    )


async def _scene_assets(
    job: JobRecord, storyboard: Storyboard
) -> tuple[tuple[str, SceneAssets], ...]:
    asked = {
        (scene.id, kind): digests(
            image_request(storyboard, scene)
            if kind is Kind.PICTURE
            else speech_request(storyboard, scene)
        )
        for scene in storyboard.scenes
        for kind in made_for(scene)
        if kind is not Kind.CLIP  # the animatic shows its still, as the film does where none came
    }
    found = await assets.of_scenes(job.project, job.id, asked)
    return tuple(
        (
            scene.id,
            SceneAssets(
                picture=_known(found.get((scene.id, Kind.PICTURE))),
                narration=_known(found.get((scene.id, Kind.NARRATION))),
            ),
        )
        for scene in storyboard.scenes
    )


def _known(asset: AssetRecord | None) -> KnownMedium | None:
    if asset is None:
        return None
    return KnownMedium(
        asset=ExistingAsset(
            id=str(asset.id),
            content_url=f"/api/v1/media/assets/{asset.id}/content",
            media_type=asset.medium.media_type,
            placeholder=asset.medium.source.placeholder,
        ),
        measures=asset.medium.metadata.measures,
    )


@functools.lru_cache(maxsize=_KEPT)
def _encode(
    storyboard: Storyboard,
    known: tuple[tuple[str, SceneAssets], ...],
    shape: AspectRatio,
    limits: Limits,
) -> Preview:
    body = msgspec.json.encode(
        plan_preview(storyboard, dict(known), aspect_ratio=shape, limits=limits)
    )
    return Preview(body=body, digest=hashlib.sha256(body).hexdigest())
