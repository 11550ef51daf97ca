"""Estimates: what a storyboard may cost, scene by scene, before anything is spent.

Each price is told twice. `estimated_cost` is the bound: what the dearest model
of a chain would take. Approvals and caps go by it, because it holds whichever
model steps in. The *usual* price beside it is that of the model asked first,
which makes nearly everything.
"""

from collections.abc import Callable, Collection
from decimal import Decimal
from uuid import UUID

import msgspec

from cms_bridge import assets
from cms_bridge.pricing.amounts import ceiling
from cms_bridge.states import JobKind
from render.generation.base import ImageRequest, Kind, SpeechRequest
from render.generation.models import ModelsConfig
from render.generation.prices import Price, image_price, speech_price
from render.generation.prompts import picture_prompt
from render.generation.requests import digests, image_request, speech_request
from render.storyboard import Scene, Storyboard, clean_text


class Prices(msgspec.Struct, frozen=True, kw_only=True):
    """What the configured providers are expected to charge, in US dollars."""

    picture: Callable[[ImageRequest], Decimal]
    """At most, whichever model makes it."""
    narration: Callable[[SpeechRequest], Decimal]
    """At most, whichever model speaks it."""
    usual_picture: Callable[[ImageRequest], Decimal] | None = None
    """By the model asked first; None where there is but one price."""
    usual_narration: Callable[[SpeechRequest], Decimal] | None = None
    """By the model asked first; None where there is but one price."""


OFFLINE = Prices(picture=lambda _: Decimal(0), narration=lambda _: Decimal(0))
"""The offline provider's, which charges nothing."""


def prices_of(models: ModelsConfig, *, gemini: bool, replicate: bool) -> Prices:
    """Return what the chains of a configuration charge, by the providers with a key.

    Models are listed as the chains ask them: the first one's price is the
    usual one, the dearest one's the bound.
    """
    image_models: list[str] = []
    speech_models: list[str] = []
    if gemini:
        image_models += (models.gemini.primary, models.gemini.fallback)
        speech_models.append(models.gemini_speech)
    if replicate:
        image_models.append(models.replicate_images)
        speech_models.append(models.replicate_speech)
    image_prices = [models.price(model) for model in image_models if model]
    speech_prices = [models.price(model) for model in speech_models if model]

    def picture(request: ImageRequest, rungs: list[Price]) -> Decimal:
        prompt = picture_prompt(request)
        return max((image_price(price, prompt) for price in rungs), default=Decimal(0))

    def narration(request: SpeechRequest, rungs: list[Price]) -> Decimal:
        text = clean_text(request.text)
        return max(
            (speech_price(price, text, request.locale) for price in rungs), default=Decimal(0)
        )

    return Prices(
        picture=lambda request: picture(request, image_prices),
        narration=lambda request: narration(request, speech_prices),
        usual_picture=lambda request: picture(request, image_prices[:1]),
        usual_narration=lambda request: narration(request, speech_prices[:1]),
    )


class SceneEstimate(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What one scene may cost, in US dollars as text."""

    scene_id: str
    picture: Decimal
    """At most."""
    narration: Decimal
    """At most."""
    due: Decimal
    """What of both is still to be paid at most: nothing for what exists already."""
    usual: Decimal
    """Both together by the models asked first."""
    usual_due: Decimal
    """What of that is still to be paid."""


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """What a storyboard may cost, in US dollars as text."""

    storyboard_digest: str
    scenes: tuple[SceneEstimate, ...]

    @property
    def total(self) -> Decimal:
        """The bound with every scene made anew: what is approved."""
        return sum((scene.picture + scene.narration for scene in self.scenes), Decimal(0))

    @property
    def difference(self) -> Decimal:
        """The bound with everything reused that the project already has."""
        return sum((scene.due for scene in self.scenes), Decimal(0))

    @property
    def usual(self) -> Decimal:
        """The usual price with every scene made anew."""
        return sum((scene.usual for scene in self.scenes), Decimal(0))

    @property
    def usual_difference(self) -> Decimal:
        """The usual price with everything reused that the project already has."""
        return sum((scene.usual_due for scene in self.scenes), Decimal(0))


MADE = (Kind.PICTURE, Kind.NARRATION)
"""What a scene is made of."""


def made_by(job: JobKind) -> tuple[Kind, ...]:
    """Return what is made for the scenes of a job: of a medium only what was asked for."""
    match job:
        case JobKind.VIDEO | JobKind.EXPORT:
            return MADE
        case JobKind.IMAGE:
            return (Kind.PICTURE,)
        case JobKind.SPEECH:
            return (Kind.NARRATION,)


def made_for(scene: Scene) -> tuple[Kind, ...]:
    """Return what is made for a scene: what is priced is what is generated."""
    picture = (Kind.PICTURE,) if scene.background is None else ()
    narration = (Kind.NARRATION,) if scene.narration.strip() else ()
    return picture + narration


def estimate(
    storyboard: Storyboard,
    prices: Prices,
    *,
    existing: frozenset[str] = frozenset(),
    own: frozenset[tuple[str, str]] = frozenset(),
    kinds: Collection[Kind] = MADE,
) -> Estimate:
    """Price a storyboard; `existing` holds the digests of requests that were answered before.

    `own` holds those that were answered for one scene only, as `(scene id, digest)`.
    """
    return Estimate(
        storyboard_digest=storyboard.digest,
        scenes=tuple(
            _scene(
                storyboard,
                scene,
                prices,
                existing | {digest for owner, digest in own if owner == scene.id},
                kinds,
            )
            for scene in storyboard.scenes
        ),
    )


async def estimate_in(
    project: str,
    storyboard: Storyboard,
    prices: Prices,
    *,
    kinds: Collection[Kind] = MADE,
    jobs: Collection[UUID] = (),
) -> Estimate:
    """Price a storyboard within a project, whose assets are reused, as are all of these jobs'."""
    request_digests = {
        digest
        for scene in storyboard.scenes
        for request in (image_request(storyboard, scene), speech_request(storyboard, scene))
        for digest in digests(request)
    }
    existing = await assets.existing(project, request_digests)
    own = await assets.owned(jobs, request_digests) if jobs else frozenset[tuple[str, str]]()
    return estimate(storyboard, prices, existing=existing, own=own, kinds=kinds)


def _scene(
    storyboard: Storyboard,
    scene: Scene,
    prices: Prices,
    existing: frozenset[str],
    kinds: Collection[Kind],
) -> SceneEstimate:
    nothing = Decimal(0)
    image, speech = image_request(storyboard, scene), speech_request(storyboard, scene)
    parts = [kind for kind in made_for(scene) if kind in kinds]
    picture = usual_picture = narration = usual_narration = nothing
    if Kind.PICTURE in parts:
        picture = ceiling(prices.picture(image))
        usual_picture = ceiling((prices.usual_picture or prices.picture)(image))
    if Kind.NARRATION in parts:
        narration = ceiling(prices.narration(speech))
        usual_narration = ceiling((prices.usual_narration or prices.narration)(speech))
    has_picture = not existing.isdisjoint(digests(image))
    has_narration = not existing.isdisjoint(digests(speech))
    return SceneEstimate(
        scene_id=scene.id,
        picture=picture,
        narration=narration,
        due=(nothing if has_picture else picture) + (nothing if has_narration else narration),
        usual=usual_picture + usual_narration,
        usual_due=(nothing if has_picture else usual_picture)
        + (nothing if has_narration else usual_narration),
    )
