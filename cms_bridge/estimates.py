"""Estimates: what a storyboard may cost, scene by scene, before anything is spent."""

from collections.abc import Callable
from decimal import Decimal

import msgspec

from cms_bridge import assets
from cms_bridge.money import ceiling
from render.generation.base import ImageRequest, SpeechRequest
from render.generation.requests import image_request, request_digest, speech_request
from render.storyboard import Scene, Storyboard


class Prices(msgspec.Struct, frozen=True, kw_only=True):
    """What the configured providers are expected to charge, in US dollars."""

    picture: Callable[[ImageRequest], Decimal]
    narration: Callable[[SpeechRequest], Decimal]


OFFLINE = Prices(picture=lambda _: Decimal(0), narration=lambda _: Decimal(0))
"""The offline provider's, which charges nothing."""


class SceneEstimate(msgspec.Struct, frozen=True, kw_only=True):
    """What one scene may cost, in US dollars as text."""

    scene_id: str
    picture: Decimal
    narration: Decimal
    due: Decimal
    """What of it is still to be paid: nothing for what exists already."""


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """What a storyboard may cost, in US dollars as text."""

    storyboard_digest: str
    total: Decimal
    """With every scene made anew."""
    difference: Decimal
    """With everything reused that the project already has."""
    scenes: tuple[SceneEstimate, ...]


def estimate(
    storyboard: Storyboard, prices: Prices, *, existing: frozenset[str] = frozenset()
) -> Estimate:
    """Price a storyboard; `existing` holds the digests of requests that were answered before."""
    scenes = tuple(_scene(storyboard, scene, prices, existing) for scene in storyboard.scenes)
    return Estimate(
        storyboard_digest=storyboard.digest,
        total=sum((scene.picture + scene.narration for scene in scenes), Decimal(0)),
        difference=sum((scene.due for scene in scenes), Decimal(0)),
        scenes=scenes,
    )


async def estimate_in(project: str, storyboard: Storyboard, prices: Prices) -> Estimate:
    """Price a storyboard within a project, whose assets are reused."""
    digests = {
        request_digest(request)
        for scene in storyboard.scenes
        for request in (image_request(storyboard, scene), speech_request(storyboard, scene))
    }
    return estimate(storyboard, prices, existing=await assets.existing(project, digests))


def _scene(
    storyboard: Storyboard, scene: Scene, prices: Prices, existing: frozenset[str]
) -> SceneEstimate:
    drawn, spoken = image_request(storyboard, scene), speech_request(storyboard, scene)
    picture = ceiling(prices.picture(drawn))
    # A scene without words is not spoken.
    narration = ceiling(prices.narration(spoken)) if scene.narration.strip() else Decimal(0)
    return SceneEstimate(
        scene_id=scene.id,
        picture=picture,
        narration=narration,
        due=(Decimal(0) if request_digest(drawn) in existing else picture)
        + (Decimal(0) if request_digest(spoken) in existing else narration),
    )
