"""Which models make what, in which order, at what price: plain data with defaults of today.

Read in November 2026. The documents' `gemini-2.5-flash-image` and `gemini-pro`
are valid names here and in stored records, although Google has shut both down:
a call to a shut-down model is answered 404 and costs nothing, and the chain
goes on with the next one.
"""

from collections.abc import Mapping

import msgspec

from render.errors import InvalidModels
from render.generation.clip_models import CLIP_MODELS, ClipModel
from render.generation.music_models import SONG_MODELS, SongModel
from render.generation.narration_models import (
    NARRATION_MODELS,
    UNKNOWN,
    NarrationModel,
    strictest,
)
from render.generation.picture_models import NO_REFERENCES, PICTURE_MODELS, PictureModel
from render.generation.prices import PRICES, Price

SUCCESSORS: Mapping[str, str] = {
    "gemini-2.5-flash-image": "gemini-nano-banana-2.1",
    "gemini-3.1-flash-image": "gemini-nano-banana-2.1",
    "gemini-pro": "gemini-3.8-flash",
    "gemini-2.5-flash-preview-tts": "gemini-3.8-flash-lite-tts",
    "gemini-2.5-pro-preview-tts": "gemini-3.8-flash-tts",
    "gemini-3.1-flash-tts-preview": "gemini-3.8-flash-lite-tts",
}
"""What to configure in place of a model that was, or is about to be, shut down."""

_LONGEST_WAIT = 3_600
_RETRIES = range(1, 11)
_DELAY = range(100, 10_001)


class GeminiModelConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The picture models of Gemini and how often each one is asked."""

    primary: str = "gemini-nano-banana-2.1"
    fallback: str = "gemini-3-pro-image"
    """Asked when the primary fails; empty for none."""
    max_retries: int = 3
    """Calls of one model for one request, from 1 to 10."""
    retry_delay_ms: int = 1000
    """Before the second call, from 100 to 10,000; doubles from then on."""
    check_availability: bool = True
    """Whether models are looked up every minute, which is free, besides what calls show."""

    def faults(self) -> list[str]:
        """Return everything that is wrong, in sentences."""
        found: list[str] = []
        if not self.primary:
            found.append("The primary model has no name.")
        if self.primary and self.primary == self.fallback:
            found.append(f"Primary and fallback are both “{self.primary}”; they must differ.")
        if self.max_retries not in _RETRIES:
            found.append(f"Retries must be from 1 to 10; this is {self.max_retries}.")
        if self.retry_delay_ms not in _DELAY:
            found.append(
                f"The retry delay must be from 100 to 10,000 ms; this is {self.retry_delay_ms}."
            )
        return found


class ModelsConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every model of every kind. A provider without a key is left out of the chains."""

    gemini: GeminiModelConfig = GeminiModelConfig()
    gemini_speech: str = "gemini-3.8-flash-lite-tts"
    gemini_text: str = "gemini-3.8-flash"
    gemini_clips: str = "gemini-omni-1.2-flash"
    """What sets stills in motion where a scene asks for it; empty for no clips by Gemini."""
    gemini_music: str = "lyria-3.5"
    """What composes where a storyboard asks for music in words; empty for none by Gemini."""
    replicate_images: str = "black-forest-labs/flux-1.1-pro-ultra"
    """The FLUX model whose pictures leave the camera room to zoom at 1080p."""
    replicate_speech: str = "minimax/speech-2.6-turbo"
    replicate_voices: tuple[str, ...] = ()
    """Ids of further voices that it may be asked for, such as cloned ones."""
    replicate_clips: str = "bytedance/seedance-1.5-pro"
    """The model for clips that takes a last picture too and is cheap without sound."""
    replicate_music: str = "stability-ai/stable-audio-2.5"
    """The model for music that takes a length and makes no voices."""
    replicate_text: str = "meta/meta-llama-3-70b-instruct"
    prices: Mapping[str, Price] = {}
    """Replaces and adds rows of the price table."""
    clips: Mapping[str, ClipModel] = {}
    """Replaces and adds rows of what models for clips take (`render.generation.clip_models`)."""
    pictures: Mapping[str, PictureModel] = {}
    """Replaces and adds rows of what models that draw take of reference pictures
    (`render.generation.picture_models`)."""
    songs: Mapping[str, SongModel] = {}
    """Replaces and adds rows of what models for music take (`render.generation.music_models`)."""
    narrations: Mapping[str, NarrationModel] = {}
    """Replaces and adds rows of how much models that speak say in one call
    (`render.generation.narration_models`)."""
    clip_seconds: float = 600
    """How long a model may take over a clip, up to an hour: then the camera moves."""
    music_seconds: float = 300
    """How long a model may take over music, up to an hour: then the built-in music plays."""
    clips_end_with_next: bool = False
    """Whether a clip ends with the next scene's picture, where a model and both scenes can."""
    unsafe_falls_through: bool = True
    """Whether what one model will not make for safety's sake may be asked of the next."""
    at_once: int = 4
    """Calls of one provider at the same time."""

    def price(self, model: str) -> Price:
        """Return a model's row; raise `KeyError`."""
        return self.prices[model] if model in self.prices else PRICES[model]

    def picture_model(self, model: str) -> PictureModel:
        """Return what a model that draws takes of reference pictures: none, without a row."""
        return self.pictures.get(model) or PICTURE_MODELS.get(model, NO_REFERENCES)

    def clip_model(self, model: str) -> ClipModel:
        """Return what a model for clips takes; raise `KeyError`."""
        return self.clips[model] if model in self.clips else CLIP_MODELS[model]

    def song_model(self, model: str) -> SongModel:
        """Return what a model for music takes; raise `KeyError`."""
        return self.songs[model] if model in self.songs else SONG_MODELS[model]

    def most_said(self, *, gemini: bool, replicate: bool) -> NarrationModel | None:
        """Return what each model that these keys make speak says in a call; None for no model."""
        names = (self.gemini_speech if gemini else "", self.replicate_speech if replicate else "")
        return strictest(
            [
                self.narrations.get(name) or NARRATION_MODELS.get(name, UNKNOWN)
                for name in filter(None, names)
            ]
        )

    def primaries(self, *, gemini: bool, replicate: bool) -> frozenset[tuple[str, str]]:
        """Return what each chain begins with that these keys make, by provider and model."""
        chains = (
            (self.gemini.primary, self.replicate_images),
            (self.gemini_speech, self.replicate_speech),
            (self.gemini_text, self.replicate_text),
            (self.gemini_clips, self.replicate_clips),
            (self.gemini_music, self.replicate_music),
        )
        return frozenset(
            ("gemini", ours) if gemini and ours else ("replicate", theirs)
            for ours, theirs in chains
            if (gemini and ours) or (replicate and theirs)
        )

    def faults(self) -> list[str]:
        """Return everything that is wrong, in sentences."""
        found = self.gemini.faults()
        named = {
            self.gemini.primary,
            self.gemini.fallback,
            self.gemini_speech,
            self.gemini_text,
            self.gemini_clips,
            self.gemini_music,
            self.replicate_images,
            self.replicate_speech,
            self.replicate_text,
            self.replicate_clips,
            self.replicate_music,
        }
        found += [
            f"The price of the model “{model}” is not known; add it to the prices."
            for model in sorted(named - {""})
            if model not in self.prices and model not in PRICES
        ]
        found += [
            f"What the model “{model}” takes for a clip is not known; add it to the clips."
            for model in sorted({self.gemini_clips, self.replicate_clips} - {""})
            if model not in self.clips
            and model not in CLIP_MODELS
            and (model in self.prices or model in PRICES)  # else that is told already
        ]
        found += [
            f"What the model “{model}” takes for music is not known; add it to the songs."
            for model in sorted({self.gemini_music, self.replicate_music} - {""})
            if model not in self.songs
            and model not in SONG_MODELS
            and (model in self.prices or model in PRICES)
        ]
        if not 0 < self.clip_seconds <= _LONGEST_WAIT:
            found.append(
                f"A clip may take up to 3,600 seconds to be made; this is {self.clip_seconds:g}."
            )
        if not 0 < self.music_seconds <= _LONGEST_WAIT:
            found.append(
                f"Music may take up to 3,600 seconds to be made; this is {self.music_seconds:g}."
            )
        for model, row in self.clips.items():
            found += row.faults(model)
        for model, row in self.pictures.items():
            found += row.faults(model)
        for model, row in self.songs.items():
            found += row.faults(model)
        for model, row in self.narrations.items():
            found += row.faults(model)
        if self.at_once < 1:
            found.append(f"At least one call at a time must be allowed; this is {self.at_once}.")
        return found

    def check(self) -> None:
        """Raise `InvalidModels`, with every fault, unless the models can work together."""
        found = self.faults()
        if found:
            raise InvalidModels(" ".join(found), faults=len(found))
