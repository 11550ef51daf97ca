"""Motion: a scene's picture set in motion by a model, or by the camera where that cannot be.

A clip is bought for a picture that is there, and begins with it. What stands in
for a model's picture is set in motion by nobody: there is nothing in it that
could move, and money is not spent on it. A clip that is refused, fails, is too
dear or does not come ends no film: the camera moves over the very same picture,
and the scene says so.
"""

from collections.abc import Mapping
from pathlib import Path

import anyio
import msgspec
from msgspec.structs import replace

from cms_bridge.assets import AssetRecord
from cms_bridge.errors import ApprovedCostReached, SpendCapReached
from cms_bridge.pricing.estimates import Prices
from daemon.work.contention import MAX_WAIT_SECONDS
from render.errors import GenerationError, RefusedGeneration, RunningGeneration
from render.generation.base import ClipRequest, Kind
from render.generation.chain import VideoChain
from render.generation.prices import SLOWEST
from render.generation.providers import Providers
from render.generation.requests import (
    clip_request,
    expected_seconds,
    heard_seconds,
    next_shown,
)
from render.measures import Measures, SpeechMeasures
from render.problem import Problem
from render.storyboard import Scene, Storyboard

WAIT_SECONDS = {
    kind: 900.0 if kind in {Kind.CLIP, Kind.MUSIC} else MAX_WAIT_SECONDS for kind in Kind
}
"""How long somebody waits for another who makes the very same: longer than a call takes."""


class NoClipModel(RefusedGeneration):
    """No model that makes clips is configured, or none has a key."""

    code = "no_clip_model"


class PlaceholderStill(RefusedGeneration):
    """A picture that stands in for a model's, which nobody sets in motion."""

    code = "placeholder_still"


class Still(msgspec.Struct, frozen=True, kw_only=True):
    """A picture that is there, and where."""

    record: AssetRecord
    path: Path


def clips_of(providers: Providers) -> VideoChain:
    """Return who makes clips; raise `NoClipModel`."""
    if providers.clips is None:
        raise NoClipModel("No model that makes clips is configured.")
    return providers.clips


async def motion_request(
    storyboard: Storyboard,
    scene: Scene,
    stills: Mapping[str, Still],
    spoken: Measures | None,
    *,
    prices: Prices,
) -> ClipRequest:
    """Return what to ask for a scene's motion, its still included; raise `PlaceholderStill`.

    It lasts as long as the scene, as its narration was measured; never longer
    than what was priced for it.
    """
    still = stills[scene.id]
    if still.record.medium.source.placeholder:
        raise PlaceholderStill("Its picture stands in for a model's, and is not set in motion.")
    narration = float(spoken.seconds) if isinstance(spoken, SpeechMeasures) else None
    most = expected_seconds(storyboard, scene, times=SLOWEST)
    request = clip_request(
        storyboard,
        scene,
        seconds=min(heard_seconds(scene, narration), most),
        ends_with_next=prices.clips_end_with_next,
        sounds=prices.clips_sound,
    )
    following = next_shown(storyboard, scene) if request.next_still else None
    last = stills.get(following.id) if following else None
    return replace(
        request,
        first=await anyio.Path(still.path).read_bytes(),
        last=await anyio.Path(last.path).read_bytes()
        if last and not last.record.medium.source.placeholder
        else b"",
    )


def camera_instead(error: Exception, *, last_try: bool) -> Problem | None:
    """Return the warning that the camera moves where no clip came; None for what may yet come.

    At the last try nothing may: what runs on at its provider keeps its charge, and a later film
    fetches it.
    """
    if isinstance(error, RunningGeneration) and not last_try:
        return None
    if not isinstance(error, GenerationError | ApprovedCostReached | SpendCapReached):
        return None
    # A sentence on money sets amounts in; what a provider says of itself is not told.
    amounts = {} if isinstance(error, GenerationError) else error.params
    return Problem(
        code="motion_not_generated",
        message=f"The camera moves over the picture, as no clip was made of it. {error.message}",
        params={**amounts, "reason": error.code},
    )
