"""Estimates: what a storyboard may cost, scene by scene, before anything is spent.

Each price is told twice. `estimated_cost` is the bound: what the dearest model
of a chain would take. Approvals and caps go by it, because it holds whichever
model steps in. The *usual* price beside it is that of the model asked first,
which makes nearly everything.
"""

from collections.abc import Callable, Collection, Sequence
from decimal import Decimal
from uuid import UUID

import msgspec

from cms_bridge import assets, lexicons, references
from cms_bridge.pricing.amounts import ceiling
from cms_bridge.pricing.findings import silent_clips, unshown_references
from cms_bridge.pricing.made import MADE, made_for
from render import casting
from render.generation.base import ClipRequest, ImageRequest, Kind, MusicRequest, SpeechRequest
from render.generation.clip_models import ClipModel
from render.generation.models import ModelsConfig
from render.generation.music_models import SongModel
from render.generation.narration_models import NarrationModel
from render.generation.passages import in_passages
from render.generation.picture_models import PictureModel
from render.generation.prices import SLOWEST, Price, speech_price
from render.generation.requests import (
    clip_cost,
    clip_request,
    digests,
    expected_seconds,
    film_seconds,
    image_request,
    makes_sound,
    music_cost,
    music_request,
    picture_cost,
    speech_request,
)
from render.generation.voices import FREE, GEMINI, REPLICATE, provider_of
from render.problem import Problem
from render.pronunciation import Pronunciation
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
    clip: Callable[[ClipRequest], Decimal] | None = None
    """At most, whichever model makes it; None where none does."""
    usual_clip: Callable[[ClipRequest], Decimal] | None = None
    """By the model asked first; None where there is but one price."""
    music: Callable[[MusicRequest], Decimal] = lambda _: Decimal(0)
    """At most, whichever model composes it."""
    usual_music: Callable[[MusicRequest], Decimal] | None = None
    """By the model asked first; None where there is but one price."""
    clips_end_with_next: bool = False
    """Whether a clip ends with the next scene's picture (`ModelsConfig`)."""
    clips_sound: bool = False
    """Whether the model asked first for clips can make them with sound."""
    draws: tuple[str, PictureModel] | None = None
    """The model asked first for pictures, by its name, and what it takes; None where none is."""
    most_said: NarrationModel | None = None
    """What a model says in one call (`ModelsConfig`); None for as much as there is."""

    def spoken(self, request: SpeechRequest) -> SpeechRequest:
        """Return a narration as it is asked for: in passages, where it is too long for a call."""
        return in_passages(request, self.most_said)


OFFLINE = Prices(picture=lambda _: Decimal(0), narration=lambda _: Decimal(0))
"""The offline provider's, which charges nothing."""


def prices_of(models: ModelsConfig, *, gemini: bool, replicate: bool) -> Prices:
    """Return what the chains of a configuration charge, by the providers with a key.

    Models are listed as the chains ask them: the first one's price is the
    usual one, the dearest one's the bound.
    """
    image_models: list[str] = []
    speech_models: list[tuple[str, str]] = []
    clip_models: list[str] = []
    song_models: list[str] = []
    if gemini:
        image_models += (models.gemini.primary, models.gemini.fallback)
        speech_models.append((GEMINI, models.gemini_speech))
        clip_models.append(models.gemini_clips)
        song_models.append(models.gemini_music)
    if replicate:
        image_models.append(models.replicate_images)
        speech_models.append((REPLICATE, models.replicate_speech))
        clip_models.append(models.replicate_clips)
        song_models.append(models.replicate_music)
    image_models = [model for model in image_models if model]
    image_rungs = [(models.price(model), models.picture_model(model)) for model in image_models]
    speech_prices = [(whose, models.price(model)) for whose, model in speech_models if model]
    clip_rungs = [(models.price(model), models.clip_model(model)) for model in clip_models if model]
    song_rungs = [(models.price(model), models.song_model(model)) for model in song_models if model]

    def picture(request: ImageRequest, rungs: list[tuple[Price, PictureModel]]) -> Decimal:
        return max(
            (picture_cost(price, model, request) for price, model in rungs), default=Decimal(0)
        )

    def speakers(request: SpeechRequest) -> list[Price]:
        # In the order in which a chain asks for this voice (`SpeechChain`).
        provider = provider_of(request.voice)
        if provider in FREE:
            return []
        rungs = sorted(speech_prices, key=lambda rung: rung[0] != provider)
        return [price for _, price in rungs]

    def narration(request: SpeechRequest, rungs: list[Price]) -> Decimal:
        text = clean_text(request.said)
        return max(
            (speech_price(price, text, request.locale) for price in rungs), default=Decimal(0)
        )

    def clip(request: ClipRequest, rungs: list[tuple[Price, ClipModel]]) -> Decimal:
        return max((clip_cost(price, model, request) for price, model in rungs), default=Decimal(0))

    def music(request: MusicRequest, rungs: list[tuple[Price, SongModel]]) -> Decimal:
        return max(
            (music_cost(price, model, request) for price, model in rungs), default=Decimal(0)
        )

    return Prices(
        picture=lambda request: picture(request, image_rungs),
        narration=lambda request: narration(request, speakers(request)),
        usual_picture=lambda request: picture(request, image_rungs[:1]),
        usual_narration=lambda request: narration(request, speakers(request)[:1]),
        clip=(lambda request: clip(request, clip_rungs)) if clip_rungs else None,
        usual_clip=lambda request: clip(request, clip_rungs[:1]),
        music=lambda request: music(request, song_rungs),
        usual_music=lambda request: music(request, song_rungs[:1]),
        clips_end_with_next=models.clips_end_with_next,
        clips_sound=any(makes_sound(price, model) for price, model in clip_rungs[:1]),
        draws=(image_models[0], image_rungs[0][1]) if image_models else None,
        most_said=models.most_said(gemini=gemini, replicate=replicate),
    )


class SceneEstimate(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What one scene may cost, in US dollars as text."""

    scene_id: str
    picture: Decimal
    """At most."""
    narration: Decimal
    """At most."""
    clip: Decimal = Decimal(0)
    """For setting the picture in motion, at most; nothing where that is not asked for."""
    due: Decimal
    """What of all is still to be paid at most: nothing for what exists already."""
    usual: Decimal
    """All together by the models asked first."""
    usual_due: Decimal
    """What of that is still to be paid."""
    clip_due: Decimal = Decimal(0)
    """What of `due` is for its motion."""
    usual_clip_due: Decimal = Decimal(0)
    """What of `usual_due` is for its motion."""


class MusicEstimate(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a film's music may cost, in US dollars as text."""

    most: Decimal
    due: Decimal
    """What of it is still to be paid at most: nothing for what exists already."""
    usual: Decimal
    """By the model asked first."""
    usual_due: Decimal
    """What of that is still to be paid."""


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """What a storyboard may cost, in US dollars as text."""

    storyboard_digest: str
    scenes: tuple[SceneEstimate, ...]
    music: MusicEstimate | None = None
    """None where no model is to compose any."""
    warnings: tuple[Problem, ...] = ()
    """What there is to say before anything is paid, such as of names that are called in vain."""

    @property
    def total(self) -> Decimal:
        """The bound with every scene made anew: what is approved."""
        return sum(
            (scene.picture + scene.narration + scene.clip for scene in self.scenes),
            self.music.most if self.music else Decimal(0),
        )

    @property
    def difference(self) -> Decimal:
        """The bound with everything reused that the project already has."""
        music = self.music.due if self.music else Decimal(0)
        return sum((scene.due for scene in self.scenes), music)

    @property
    def usual(self) -> Decimal:
        """The usual price with every scene made anew."""
        music = self.music.usual if self.music else Decimal(0)
        return sum((scene.usual for scene in self.scenes), music)

    @property
    def usual_difference(self) -> Decimal:
        """The usual price with everything reused that the project already has."""
        music = self.music.usual_due if self.music else Decimal(0)
        return sum((scene.usual_due for scene in self.scenes), music)


def estimate(  # noqa: PLR0913 - keyword-only past the second
    storyboard: Storyboard,
    prices: Prices,
    *,
    existing: frozenset[str] = frozenset(),
    own: frozenset[tuple[str, str]] = frozenset(),
    kinds: Collection[Kind] = MADE,
    lexicon: Sequence[Pronunciation] = (),
) -> Estimate:
    """Price a storyboard; `existing` holds the digests of requests that were answered before.

    `own` holds those that were answered for one scene only, as `(scene id, digest)`.
    """
    there = {
        scene.id: existing | {digest for owner, digest in own if owner == scene.id}
        for scene in storyboard.scenes
    }
    return Estimate(
        storyboard_digest=storyboard.digest,
        scenes=tuple(
            _scene(
                storyboard,
                scene,
                prices,
                existing=there[scene.id],
                kinds=kinds,
                lexicon=lexicon,
            )
            for scene in storyboard.scenes
        ),
        music=_music(storyboard, prices, existing | {digest for owner, digest in own if not owner})
        if Kind.MUSIC in kinds
        else None,
        warnings=(
            *casting.findings(storyboard),
            *(
                unshown_references(storyboard, *prices.draws, existing=there)
                if prices.draws and Kind.PICTURE in kinds
                else ()
            ),
            *(
                silent_clips(storyboard)
                if prices.clip and not prices.clips_sound and Kind.CLIP in kinds
                else ()
            ),
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
    lexicon = await lexicons.of_project(project)
    approved, storyboard = storyboard.digest, await references.settled(project, storyboard)
    request_digests = {
        digest
        for scene in storyboard.scenes
        for request in (
            image_request(storyboard, scene),
            *_asked(prices.spoken(speech_request(storyboard, scene, lexicon))),
            _clip(storyboard, scene, prices),
        )
        for digest in digests(request)
    }
    if (music := music_request(storyboard, seconds=0)) is not None:
        request_digests |= digests(music)
    existing = await assets.existing(project, request_digests)
    own = await assets.owned(jobs, request_digests) if jobs else frozenset[tuple[str, str]]()
    priced = estimate(storyboard, prices, existing=existing, own=own, kinds=kinds, lexicon=lexicon)
    return msgspec.structs.replace(priced, storyboard_digest=approved)


def _clip(storyboard: Storyboard, scene: Scene, prices: Prices, *, times: float = 1) -> ClipRequest:
    """Return a scene's motion as it is priced: for a voice so many times as slow as usual."""
    return clip_request(
        storyboard,
        scene,
        seconds=expected_seconds(storyboard, scene, times=times),
        ends_with_next=prices.clips_end_with_next,
        sounds=prices.clips_sound,
    )


def _music(
    storyboard: Storyboard, prices: Prices, existing: frozenset[str]
) -> MusicEstimate | None:
    longest, likely = (
        music_request(storyboard, seconds=film_seconds(storyboard, times=times))
        for times in (SLOWEST, 1)
    )
    if longest is None or likely is None:
        return None
    most = ceiling(prices.music(longest))
    usual = ceiling((prices.usual_music or prices.music)(likely))
    has_music = not existing.isdisjoint(digests(likely))
    nothing = Decimal(0)
    return MusicEstimate(
        most=most,
        due=nothing if has_music else most,
        usual=usual,
        usual_due=nothing if has_music else usual,
    )


def _asked(request: SpeechRequest) -> tuple[SpeechRequest, ...]:
    """Return a narration, and each of its parts, by which what there is of it is found."""
    return (request, *(one for part in request.parts for one in _asked(part)))


def narration_price(
    request: SpeechRequest,
    price: Callable[[SpeechRequest], Decimal],
    *,
    besides: frozenset[str] = frozenset(),
) -> Decimal:
    """Return the price of a narration, part by part, besides what exists of it already.

    Each turn of a dialogue, and each passage of a long text, is asked and paid for by itself.
    """
    if not besides.isdisjoint(digests(request)):
        return Decimal(0)
    if not request.parts:
        return ceiling(price(request))
    return sum(
        (narration_price(part, price, besides=besides) for part in request.parts), Decimal(0)
    )


def _scene(  # noqa: PLR0913 - what is priced, by whom, and what there is already
    storyboard: Storyboard,
    scene: Scene,
    prices: Prices,
    *,
    existing: frozenset[str],
    kinds: Collection[Kind],
    lexicon: Sequence[Pronunciation],
) -> SceneEstimate:
    nothing = Decimal(0)
    image = image_request(storyboard, scene)
    speech = prices.spoken(speech_request(storyboard, scene, lexicon))
    parts = [kind for kind in made_for(scene) if kind in kinds]
    longest, likely = (_clip(storyboard, scene, prices, times=times) for times in (SLOWEST, 1))
    picture = usual_picture = narration = usual_narration = clip = usual_clip = nothing
    if Kind.PICTURE in parts:
        picture = ceiling(prices.picture(image))
        usual_picture = ceiling((prices.usual_picture or prices.picture)(image))
    if Kind.NARRATION in parts:
        narration = narration_price(speech, prices.narration)
        usual_narration = narration_price(speech, prices.usual_narration or prices.narration)
    if Kind.CLIP in parts and prices.clip:
        clip = ceiling(prices.clip(longest))
        usual_clip = ceiling((prices.usual_clip or prices.clip)(likely))
    has_picture = not existing.isdisjoint(digests(image))
    due_narration, usual_due_narration = (
        narration_price(speech, price, besides=existing) if Kind.NARRATION in parts else nothing
        for price in (prices.narration, prices.usual_narration or prices.narration)
    )
    has_clip = not existing.isdisjoint(digests(likely))
    clip_due, usual_clip_due = (nothing, nothing) if has_clip else (clip, usual_clip)
    return SceneEstimate(
        scene_id=scene.id,
        picture=picture,
        narration=narration,
        clip=clip,
        due=(nothing if has_picture else picture) + due_narration + clip_due,
        usual=usual_picture + usual_narration + usual_clip,
        usual_due=(nothing if has_picture else usual_picture)
        + usual_due_narration
        + usual_clip_due,
        clip_due=clip_due,
        usual_clip_due=usual_clip_due,
    )
