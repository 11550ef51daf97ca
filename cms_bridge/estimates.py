"""Estimates: what a storyboard may cost, scene by scene, before anything is spent."""

from collections.abc import Callable
from decimal import Decimal

import msgspec

from cms_bridge import assets
from cms_bridge.money import ceiling
from render.generation.base import ImageRequest, SpeechRequest
from render.generation.models import ModelsConfig
from render.generation.prices import image_price, speech_price
from render.generation.prompts import picture_prompt
from render.generation.requests import image_request, request_digest, speech_request
from render.storyboard import Scene, Storyboard, clean_text


class Prices(msgspec.Struct, frozen=True, kw_only=True):
    """What the configured providers are expected to charge, in US dollars."""

    picture: Callable[[ImageRequest], Decimal]
    narration: Callable[[SpeechRequest], Decimal]


OFFLINE = Prices(picture=lambda _: Decimal(0), narration=lambda _: Decimal(0))
"""The offline provider's, which charges nothing."""


def prices_of(models: ModelsConfig, *, gemini: bool, replicate: bool) -> Prices:
    """Return what the chains of a configuration charge at most, by the providers with a key.

    The dearest model counts, as in the chains themselves: what was approved
    holds whichever of them steps in.
    """
    pictures: list[str] = []
    voices: list[str] = []
    if gemini:
        pictures += (models.gemini.primary, models.gemini.fallback)
        voices.append(models.gemini_speech)
    if replicate:
        pictures.append(models.replicate_images)
        voices.append(models.replicate_speech)
    drawing = [models.price(model) for model in pictures if model]
    speaking = [models.price(model) for model in voices if model]

    def picture(request: ImageRequest) -> Decimal:
        prompt = picture_prompt(request)
        return max((image_price(price, prompt) for price in drawing), default=Decimal(0))

    def narration(request: SpeechRequest) -> Decimal:
        text = clean_text(request.text)
        return max(
            (speech_price(price, text, request.locale) for price in speaking), default=Decimal(0)
        )

    return Prices(picture=picture, narration=narration)


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
