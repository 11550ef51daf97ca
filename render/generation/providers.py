"""The chains that a configuration and its keys make, from the paid to the offline rung.

Gemini, Replicate, a folder of stock pictures or Piper's voices, then cards and espeak-ng. A
provider without a key is left out, and so are a folder that is not named and voices that
are not installed. With no key at all pictures, speech and music are made here, and there is
nothing that writes.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

import anyio
from msgspec.structs import replace

from render.errors import AccessDenied
from render.generation import stock as stock_pictures
from render.generation.acceptance import Inspector
from render.generation.base import (
    Announce,
    ClipRequest,
    Fate,
    Generated,
    GeneratedText,
    Guard,
    ImageModel,
    ImageRequest,
    Keep,
    Kind,
    Meter,
    MusicModel,
    MusicRequest,
    SpeechModel,
    SpeechRequest,
    TextRequest,
    Ticket,
    announce_nothing,
    keep_nothing,
)
from render.generation.chain import (
    A,
    ImageChain,
    MusicChain,
    Q,
    Rung,
    SpeechChain,
    TextChain,
    VideoChain,
)
from render.generation.circuit import OPENS_AFTER, Circuit, Witness
from render.generation.gemini import BASE_URL as GEMINI_URL
from render.generation.gemini.voices import VOICES as GEMINI_VOICES
from render.generation.models import ModelsConfig
from render.generation.offline.account import OfflineImages, OfflineMusic, OfflineSpeech
from render.generation.offline.voices import voices as offline_voices
from render.generation.pacing import Gate, Pace
from render.generation.patience import Patience
from render.generation.piper import library as piper
from render.generation.piper.processes import Bounds
from render.generation.piper.speech import PiperSpeech
from render.generation.replicate import account as replicate
from render.generation.replicate.account import Replicate
from render.generation.replicate.image import ReplicateImages
from render.generation.replicate.music import ReplicateMusic
from render.generation.replicate.predictions import Predictions
from render.generation.replicate.speech import ReplicateSpeech
from render.generation.replicate.text import ReplicateText
from render.generation.replicate.video import ReplicateVideo
from render.generation.replicate.voices import voices as replicate_voices
from render.generation.standards import Standards
from render.generation.stock import StockImages
from render.generation.voices import GEMINI, REPLICATE, Voice

_OFFLINE = "offline"
_LONG_CALLS = 2
"""Of one model for one clip or piece of music, at the most."""
_Request_contra = TypeVar(
    "_Request_contra",
    ImageRequest,
    SpeechRequest,
    ClipRequest,
    MusicRequest,
    TextRequest,
    contravariant=True,
)
_ImageRung = Rung[ImageRequest, Generated]
_SpeechRung = Rung[SpeechRequest, Generated]
_ClipRung = Rung[ClipRequest, Generated]
_MusicRung = Rung[MusicRequest, Generated]
_TextRung = Rung[TextRequest, GeneratedText]


class Fates(Protocol):
    """Who can be asked what became of a call."""

    async def fate(self, call: str, /, model: str) -> Fate:
        """Return it, by the call's id; raise `GenerationError` where nobody says."""
        ...


@dataclass(frozen=True, kw_only=True)
class Providers:
    """Who draws, speaks, composes and writes."""

    images: ImageChain
    speech: SpeechChain
    music: MusicChain
    text: TextChain | None
    """None where no provider that writes has a key."""
    clips: VideoChain | None = None
    """None where no provider that makes clips has a key."""
    voices: tuple[Voice, ...] = ()
    """All that can be asked for."""
    inspector: Inspector = field(default_factory=Inspector)
    """Looks at media that were made earlier."""
    fates: Mapping[str, Fates] = field(default_factory=dict[str, Fates])
    """Who knows what became of calls, by the providers that have an account here."""

    def metered(
        self,
        meter: Meter,
        *,
        keep: Keep = keep_nothing,
        guard: Guard = nullcontext,
        announce: Announce = announce_nothing,
    ) -> "Providers":
        """Return the same providers: each paid call told to a meter, all they make kept.

        `guard` and `announce` are as in `Chain`.
        """
        return Providers(
            images=self.images.metered(meter, keep=keep, guard=guard, announce=announce),
            speech=self.speech.metered(meter, keep=keep, guard=guard, announce=announce),
            music=self.music.metered(meter, keep=keep, guard=guard, announce=announce),
            text=self.text and self.text.metered(meter, keep=keep, guard=guard, announce=announce),
            clips=self.clips
            and self.clips.metered(meter, keep=keep, guard=guard, announce=announce),
            voices=self.voices,
            inspector=self.inspector,
            fates=self.fates,
        )

    def circuits(self) -> list[tuple[str, str, Circuit]]:
        """Return provider, model and circuit of every model that is paid."""
        chains = (self.images, self.speech, self.music, *filter(None, (self.text, self.clips)))
        return [
            (rung.provider, rung.model, rung.circuit)
            for chain in chains
            for rung in chain.rungs
            if rung.paid
        ]

    async def fate(self, provider: str, model: str, call: str) -> Fate:
        """Return what became of a call, by its id, whether or not its model is still asked.

        Raises `GenerationError` where its provider does not say, or has no account here.
        """
        if (asked := self.fates.get(provider)) is None:
            raise AccessDenied(
                f"Nobody here has an account at {provider}.", provider=provider, model=model
            )
        return await asked.fate(call, model)

    async def check(self) -> None:
        """Look whether each model can be asked, and remember it. Free of charge."""
        async with anyio.create_task_group() as looks:
            looks.start_soon(self.images.check)
            looks.start_soon(self.speech.check)
            looks.start_soon(self.music.check)
            if self.text:
                looks.start_soon(self.text.check)
            if self.clips:
                looks.start_soon(self.clips.check)


@asynccontextmanager
async def open_providers(  # noqa: PLR0913 - two accounts, told apart by name
    config: ModelsConfig,
    *,
    gemini_key: str = "",
    replicate_token: str = "",
    gemini_url: str = GEMINI_URL,
    replicate_url: str = replicate.BASE_URL,
    outputs_from: Collection[str] = (),
    stock: Path | None = None,
    voices: Sequence[piper.Voice] = (),
    voice_bounds: Bounds | None = None,
    gemini_pace: Pace | None = None,
    replicate_pace: Pace | None = None,
    witness: Witness | None = None,
    standards: Standards | None = None,
) -> AsyncGenerator[Providers]:
    """Yield the chains of a configuration; raise `InvalidModels` with all its faults.

    `outputs_from` are origins that files may be fetched from although they are not
    on the public internet; `stock` is a folder of pictures; `voices` are Piper's, whose
    processes are held to `voice_bounds`; `witness` hears of
    everything that is seen of a paid model; `standards` are what every picture and
    narration is held to.
    """
    config.check()
    rungs = _Rungs(config, witness)
    async with AsyncExitStack() as stack:
        if gemini_key:
            rungs.add_gemini(stack, gemini_key, gemini_url, gemini_pace)
        if replicate_token:
            account = Replicate(
                token=replicate_token, base_url=replicate_url, outputs_from=outputs_from
            )
            stack.push_async_callback(account.aclose)
            rungs.add_replicate(Predictions(account), replicate_pace)
        if stock:
            rungs.images.append(_free(stock_pictures.PROVIDER, StockImages(stock)))
        if voices:
            speech = PiperSpeech(voices, bounds=voice_bounds)
            stack.push_async_callback(speech.aclose)
            rungs.speech.append(_piper_speech(speech))
        patience = Patience(
            calls=config.gemini.max_retries,
            first_delay=config.gemini.retry_delay_ms / 1000,
            unsafe_falls_through=config.unsafe_falls_through,
        )
        # Each such call is long and dear, and there is something in its place.
        of_long_calls = replace(patience, calls=min(patience.calls, _LONG_CALLS))
        inspector = Inspector(standards)
        yield Providers(
            images=ImageChain(
                kind=Kind.PICTURE,
                rungs=[*rungs.images, offline_images(OfflineImages())],
                patience=patience,
                inspect=inspector.inspect_answer,
            ),
            speech=SpeechChain(
                kind=Kind.NARRATION,
                rungs=[*rungs.speech, offline_speech(OfflineSpeech())],
                patience=patience,
                inspect=inspector.inspect_answer,
            ),
            music=MusicChain(
                kind=Kind.MUSIC,
                rungs=[*rungs.music, _offline_music(OfflineMusic())],
                patience=of_long_calls,
                inspect=inspector.inspect_answer,
            ),
            text=TextChain(kind=Kind.STORYBOARD, rungs=rungs.text, patience=patience)
            if rungs.text
            else None,
            clips=VideoChain(
                kind=Kind.CLIP,
                rungs=rungs.clips,
                patience=of_long_calls,
                inspect=inspector.inspect_answer,
            )
            if rungs.clips
            else None,
            voices=(
                *(GEMINI_VOICES if gemini_key and config.gemini_speech else ()),
                *(
                    replicate_voices(config.replicate_voices)
                    if replicate_token and config.replicate_speech
                    else ()
                ),
                *piper.catalogued(voices),
                *offline_voices(),
            ),
            inspector=inspector,
            fates=rungs.fates,
        )


class _Paid(Protocol[_Request_contra]):
    """What every adapter has, whatever it makes."""

    provider: str
    model: str

    def price(self, request: _Request_contra) -> Decimal: ...
    async def check(self) -> None: ...


class _Rungs:
    """The rungs of each chain, as accounts are added in order."""

    def __init__(self, config: ModelsConfig, witness: Witness | None) -> None:
        self._config = config
        self._witness = witness
        self.images: list[_ImageRung] = []
        self.speech: list[_SpeechRung] = []
        self.text: list[_TextRung] = []
        self.clips: list[_ClipRung] = []
        self.music: list[_MusicRung] = []
        self.fates: dict[str, Fates] = {}

    def add_gemini(self, stack: AsyncExitStack, key: str, url: str, pace: Pace | None) -> None:
        """Add what Gemini makes; the stack closes its connections."""
        from render.generation.gemini import adapters as gemini  # noqa: PLC0415 - loads its SDK

        account = gemini.Gemini(key=key, base_url=url)
        stack.push_async_callback(account.aclose)
        config, gate = self._config, Gate(at_once=self._config.at_once, pace=pace)
        self.fates[GEMINI] = gemini.Interactions(account, seconds=config.clip_seconds)
        for name in filter(None, (config.gemini.primary, config.gemini.fallback)):
            image = gemini.GeminiImages(
                account,
                model=name,
                price=config.price(name),
                takes=config.picture_model(name),
            )
            self.images.append(self._rung(image, image.draw, gate))
        if name := config.gemini_speech:
            voice = gemini.GeminiSpeech(account, model=name, price=config.price(name))
            self.speech.append(self._rung(voice, voice.speak, gate))
        if name := config.gemini_text:
            writer = gemini.GeminiText(account, model=name, price=config.price(name))
            self.text.append(self._rung(writer, writer.write, gate))
        if name := config.gemini_clips:
            interactions = gemini.Interactions(account, seconds=config.clip_seconds)
            mover = gemini.GeminiVideo(
                account,
                model=name,
                price=config.price(name),
                takes=config.clip_model(name),
                interactions=interactions,
            )
            # Clips take minutes: no picture waits for one.
            gate = Gate(at_once=config.at_once, pace=pace)
            self.clips.append(self._rung(mover, mover.animate, gate))
        if name := config.gemini_music:
            interactions = gemini.Interactions(account, seconds=config.music_seconds)
            composer = gemini.GeminiMusic(
                account,
                model=name,
                price=config.price(name),
                takes=config.song_model(name),
                interactions=interactions,
            )
            gate = Gate(at_once=config.at_once, pace=pace)
            self.music.append(self._rung(composer, composer.compose, gate))

    def add_replicate(self, predictions: Predictions, pace: Pace | None) -> None:
        config, gate = self._config, Gate(at_once=self._config.at_once, pace=pace)
        self.fates[REPLICATE] = predictions
        if name := config.replicate_images:
            image = ReplicateImages(
                predictions,
                model=name,
                price=config.price(name),
                takes=config.picture_model(name),
            )
            self.images.append(self._rung(image, image.draw, gate))
        if name := config.replicate_speech:
            voice = ReplicateSpeech(predictions, model=name, price=config.price(name))
            self.speech.append(self._rung(voice, voice.speak, gate))
        if name := config.replicate_text:
            writer = ReplicateText(predictions, model=name, price=config.price(name))
            self.text.append(self._rung(writer, writer.write, gate))
        if name := config.replicate_clips:
            mover = ReplicateVideo(
                predictions,
                model=name,
                price=config.price(name),
                takes=config.clip_model(name),
                seconds=config.clip_seconds,
            )
            gate = Gate(at_once=config.at_once, pace=pace)
            self.clips.append(self._rung(mover, mover.animate, gate))
        if name := config.replicate_music:
            composer = ReplicateMusic(
                predictions,
                model=name,
                price=config.price(name),
                takes=config.song_model(name),
                seconds=config.music_seconds,
            )
            gate = Gate(at_once=config.at_once, pace=pace)
            self.music.append(self._rung(composer, composer.compose, gate))

    def _rung(
        self,
        model: _Paid[Q],
        make: Callable[[Q, Ticket], Awaitable[A]],
        gate: Gate,
    ) -> Rung[Q, A]:
        gemini = self._config.gemini
        return Rung(
            provider=model.provider,
            model=model.model,
            price=model.price,
            make=make,
            check=model.check if gemini.check_availability else None,
            gate=gate,
            # A model that is asked often before it is given up may fail as often.
            circuit=Circuit(
                opens_after=max(OPENS_AFTER, gemini.max_retries),
                witness=partial(self._witness, model.provider, model.model)
                if self._witness
                else None,
            ),
        )


def offline_images(model: ImageModel) -> _ImageRung:
    """Return the rung that draws cards."""
    return _free(_OFFLINE, model)


def _free(provider: str, model: ImageModel) -> _ImageRung:
    return Rung(
        provider=provider,
        model=provider,
        price=model.price,
        make=lambda request, _: model.draw(request),
        paid=False,
    )


def offline_speech(model: SpeechModel) -> _SpeechRung:
    """Return the rung that speaks without a network."""
    return Rung(
        provider=_OFFLINE,
        model=_OFFLINE,
        price=model.price,
        make=lambda request, _: model.speak(request),
        paid=False,
    )


def _offline_music(model: MusicModel) -> _MusicRung:
    return Rung(
        provider=_OFFLINE,
        model=_OFFLINE,
        price=model.price,
        make=lambda request, _: model.compose(request),
        paid=False,
    )


def _piper_speech(model: PiperSpeech) -> _SpeechRung:
    return Rung(
        provider=piper.PROVIDER,
        model=piper.PROVIDER,
        price=model.price,
        make=lambda request, _: model.speak(request),
        paid=False,
        serves=model.speaks,
    )
