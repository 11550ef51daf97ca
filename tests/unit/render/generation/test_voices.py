"""Voices: what a catalogue says of them, and who is asked for one."""

from decimal import Decimal

import pytest

from cms_bridge.pricing.estimates import prices_of
from render.generation.base import Generated, Kind, SpeechRequest, Ticket
from render.generation.chain import Rung, SpeechChain
from render.generation.gemini.voices import VOICES as GEMINI_VOICES
from render.generation.models import ModelsConfig
from render.generation.offline.speech import OfflineSpeech
from render.generation.offline.voices import voices as offline_voices
from render.generation.replicate.voices import voices as replicate_voices
from render.generation.voices import Gender, own_name, provider_of

pytestmark = pytest.mark.anyio

PAID = ("gemini", "replicate")


def test_every_voice_is_there_once_and_can_be_asked_for_by_its_id() -> None:
    every = (*GEMINI_VOICES, *replicate_voices(), *offline_voices())
    assert len({voice.id for voice in every}) == len(every) > 180
    for voice in every:
        assert provider_of(voice.id) == voice.provider
        assert own_name(voice.id, voice.provider) == voice.name
        assert own_name(voice.id, "another") == voice.id


def test_a_catalogue_says_what_a_provider_says_of_a_voice() -> None:
    voices = {voice.id: voice for voice in (*GEMINI_VOICES, *replicate_voices(["R8_1"]))}
    assert voices["gemini:Kore"].gender is Gender.FEMALE
    assert voices["gemini:Charon"].description == "informative"
    assert voices["replicate:Friendly_Person"].gender is None
    assert voices["replicate:R8_1"].languages == ()
    espeak = {voice.name: voice for voice in offline_voices()}
    assert espeak["pt-br"].languages == ("pt-br", "pt")
    assert espeak["de"].description == "German"
    # Its file says, after the name, where that comes from.
    assert espeak["chr-US-Qaaa-x-west"].description == "Cherokee"


@pytest.mark.parametrize("voice", ["", "Kore", "Voice: warm and low", "de+f3", "a:b"])
def test_what_names_no_provider_prefers_none(voice: str) -> None:
    assert provider_of(voice) == ""


@pytest.mark.parametrize("voice", ["offline:de", "offline:en-gb-x-rp", "offline:yue"])
async def test_a_listed_voice_of_espeak_speaks_as_itself(voice: str) -> None:
    said = SpeechRequest(text="1, 2, 3.", locale=voice[8:10], voice=voice)
    made = await OfflineSpeech().speak(said)
    assert "voice_unknown" not in {warning.code for warning in made.warnings}


def chain(asked: list[str]) -> SpeechChain:
    def rung(provider: str) -> Rung[SpeechRequest, Generated]:
        async def speak(request: SpeechRequest, _ticket: Ticket) -> Generated:
            asked.append(provider)
            return Generated(
                data=request.text.encode(), media_type="audio/wav", provider=provider, model="m"
            )

        price = Decimal("0.01") if provider in PAID else Decimal(0)
        return Rung(
            provider=provider,
            model=provider,
            price=lambda _: price,
            make=speak,
            paid=provider in PAID,
        )

    names = ("gemini", "replicate", "piper", "offline")
    return SpeechChain(kind=Kind.NARRATION, rungs=[rung(name) for name in names])


@pytest.mark.parametrize(
    ("voice", "first"),
    [
        ("", "gemini"),
        ("Wise_Woman", "gemini"),
        ("replicate:Wise_Woman", "replicate"),
        ("piper:en_US-joe-medium", "piper"),
        ("offline:de", "offline"),
    ],
)
async def test_the_provider_that_has_the_voice_is_asked_first(voice: str, first: str) -> None:
    asked: list[str] = []
    made = await chain(asked).speak(SpeechRequest(text="Bread.", voice=voice))
    assert asked == [first]
    # It was meant, and so nothing stood in for anything.
    assert (made.fallback, made.warnings) == (False, ())


async def test_nobody_is_paid_in_place_of_a_voice_that_costs_nothing() -> None:
    asked: list[str] = []
    speakers = chain(asked)
    without_piper = [rung for rung in speakers.rungs if rung.provider != "piper"]
    speakers = SpeechChain(kind=Kind.NARRATION, rungs=without_piper)
    await speakers.speak(SpeechRequest(text="Bread.", voice="piper:gone"))
    assert asked == ["offline"]


def test_a_voice_is_priced_as_whoever_has_it() -> None:
    prices = prices_of(ModelsConfig(), gemini=True, replicate=True)
    text = "Every morning, before the town wakes, a baker lights her oven."

    def price(voice: str) -> tuple[Decimal, Decimal]:
        request = SpeechRequest(text=text, voice=voice)
        assert prices.usual_narration
        return prices.narration(request), prices.usual_narration(request)

    assert price("piper:en_US-joe-medium") == price("offline:de") == (Decimal(0), Decimal(0))
    most, usual = price("gemini:Kore")
    assert price("") == (most, usual)
    # Another may step in, so the bound is the same whoever is asked first.
    assert price("replicate:Wise_Woman") == (most, price("replicate:Abbess")[1])
    assert price("replicate:Wise_Woman")[1] != usual
