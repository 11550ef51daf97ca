"""What every `SpeechModel` promises, whoever speaks: offline, each provider, and their chain."""

import io
import wave
from collections.abc import AsyncIterator
from decimal import Decimal

import anyio
import numpy as np
import pytest
from msgspec.structs import replace

from render.errors import GenerationError, RefusedGeneration
from render.generation.base import Generated, SpeechModel, SpeechRequest
from render.generation.models import ModelsConfig
from render.generation.offline.account import OfflineSpeech
from render.generation.piper.library import find_voices
from render.generation.providers import open_providers
from tests.support.simulators.models import alone, providers_of, simulated

pytestmark = pytest.mark.anyio

SENTENCE = "Every morning, before the town wakes, a baker lights her oven."


MODELS = ["offline", "piper", "gemini", "replicate", "chain"]


def test_every_provider_is_held_to_this() -> None:
    assert providers_of("speech") <= set(MODELS)


@pytest.fixture(params=MODELS)
async def model(request: pytest.FixtureRequest) -> AsyncIterator[SpeechModel]:
    if request.param == "offline":
        yield OfflineSpeech()
        return
    if request.param == "piper":
        if not (voices := find_voices(None)):
            pytest.skip("Piper has no wheels for this Python")
        async with open_providers(ModelsConfig(), voices=voices) as providers:
            yield providers.speech
        return
    async with simulated(request, request.param) as providers:
        yield providers.speech if request.param == "chain" else alone(providers.speech)


def sound(made: Generated) -> tuple[np.ndarray, int]:
    """Return samples from −1 to 1 and their rate."""
    with wave.open(io.BytesIO(made.data)) as file:
        assert file.getsampwidth() == 2
        assert file.getnchannels() == 1
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        return samples / 32_768, file.getframerate()


def seconds(made: Generated) -> float:
    samples, rate = sound(made)
    return len(samples) / rate


async def test_it_says_words_as_the_lexicon_has_them(model: SpeechModel) -> None:
    request = SpeechRequest(text=SENTENCE)
    long = "a person who bakes loaves and rolls for everybody who lives around here"
    said = await model.speak(replace(request, pronunciations=(("baker", long),)))
    assert seconds(said) > 1.4 * seconds(await model.speak(request))


async def test_it_speaks_as_fast_as_it_is_asked_to(model: SpeechModel) -> None:
    request = SpeechRequest(text=" ".join([SENTENCE] * 2))
    usual = seconds(await model.speak(request))
    for speed in (0.75, 1.4):
        made = await model.speak(replace(request, speed=speed))
        assert seconds(made) == pytest.approx(usual / speed, rel=0.15)


async def test_speech_is_audible_unclipped_and_of_a_human_pace(model: SpeechModel) -> None:
    made = await model.speak(SpeechRequest(text=SENTENCE))
    samples, rate = sound(made)
    assert made.media_type == "audio/wav"
    assert rate >= 16_000
    assert -30 < 20 * np.log10(np.sqrt(np.mean(samples**2))) < -10
    assert np.abs(samples).max() < 1
    assert 3 < seconds(made) < 7


async def test_speech_starts_and_ends_without_a_pause(model: SpeechModel) -> None:
    samples, rate = sound(await model.speak(SpeechRequest(text=SENTENCE)))
    loud = np.flatnonzero(np.abs(samples) > 0.02)
    assert loud[0] < 0.15 * rate
    assert len(samples) - loud[-1] < 0.15 * rate


async def test_more_words_take_longer(model: SpeechModel) -> None:
    once = await model.speak(SpeechRequest(text=SENTENCE))
    thrice = await model.speak(SpeechRequest(text=" ".join([SENTENCE] * 3)))
    assert 2.5 < seconds(thrice) / seconds(once) < 4.5


async def test_speech_says_who_made_it_and_what_it_cost(model: SpeechModel) -> None:
    request = SpeechRequest(text=SENTENCE)
    made = await model.speak(request)
    assert made.provider
    assert made.model
    assert isinstance(made.cost, Decimal)
    assert 0 <= made.cost <= model.price(request)
    assert bool(made.cost) == bool(model.price(request))


@pytest.mark.parametrize(
    ("locale", "text"),
    [("en", "Good morning"), ("ar", "صباح الخير"), ("zh-Hans", "早上好"),
     ("hi", "शुभ प्रभात"), ("pt-BR", "Bom dia")],
)  # fmt: skip
async def test_the_locale_s_own_language_is_spoken_without_a_warning(
    model: SpeechModel, locale: str, text: str
) -> None:
    made = await model.speak(SpeechRequest(text=text, locale=locale))
    assert seconds(made) > 0.3
    assert made.warnings == ()


@pytest.mark.parametrize("nothing", ["", " \n", "\x00\x01"])
async def test_nothing_to_say_is_refused(model: SpeechModel, nothing: str) -> None:
    with pytest.raises(RefusedGeneration):
        await model.speak(SpeechRequest(text=nothing))


@pytest.mark.parametrize(
    "text",
    ["word and " * 555, "👩🏽‍🚀🎉", "a\x00b\x01c\ud800", "<speak>&amp;</speak>",
     "…", "{[(%s%n)]}", "e" + "\u0301" * 900],
    ids=["5,000 characters", "emoji", "control characters", "markup", "dots", "format string",
         "stacked marks"],
)  # fmt: skip
async def test_any_text_is_spoken_or_refused_in_plain_words(model: SpeechModel, text: str) -> None:
    try:
        made = await model.speak(SpeechRequest(text=text, locale="xx-Unknown", voice="../x"))
    except GenerationError as error:
        told: tuple[str, ...] = (str(error),)
    else:
        assert seconds(made) > 0.1
        told = tuple(warning.message for warning in made.warnings)
    assert told
    assert all(sentence.endswith(".") for sentence in told)


async def test_lines_can_be_spoken_together(model: SpeechModel) -> None:
    made: dict[int, bytes] = {}

    async def speak(number: int) -> None:
        made[number] = (await model.speak(SpeechRequest(text=f"Line number {number}."))).data

    async with anyio.create_task_group() as tasks:
        for number in range(4):
            tasks.start_soon(speak, number)
    for number in range(4):
        alone = await model.speak(SpeechRequest(text=f"Line number {number}."))
        # A trained voice on this machine is never twice as long to the sample.
        assert len(alone.data) == pytest.approx(len(made[number]), rel=0.15)
