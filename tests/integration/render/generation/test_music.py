"""Music by both providers: what each end of a call means, and what it costs, as simulated."""

from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from render.errors import (
    OutcomeUnknown,
    RefusedGeneration,
    RetryableGeneration,
    UnsafeRequest,
    UnusableAnswer,
)
from render.generation.base import Call, Kind, MusicRequest, Ticket
from render.generation.gemini.account import Gemini
from render.generation.gemini.interactions import Interactions
from render.generation.gemini.music import GeminiMusic
from render.generation.models import ModelsConfig
from render.generation.music_models import SONG_MODELS
from render.generation.prices import Price
from render.generation.providers import Providers, open_providers
from render.generation.replicate.account import Replicate
from render.generation.replicate.music import ReplicateMusic
from render.generation.replicate.predictions import Predictions
from render.generation.requests import request_digest
from render.source import Source
from tests.support.simulators import gemini, media, replicate
from tests.support.simulators.gemini import Clip, GeminiSimulator
from tests.support.simulators.meter import Book
from tests.support.simulators.replicate import ReplicateSimulator

pytestmark = pytest.mark.anyio

CONFIG = ModelsConfig()
LYRIA, STABLE = CONFIG.gemini_music, CONFIG.replicate_music
ASKED = MusicRequest(prompt="A warm guitar", seconds=7.5)
SONG = Decimal("0.08")


@pytest.fixture
async def lyria(gemini_simulator: GeminiSimulator) -> AsyncIterator[GeminiMusic]:
    account = Gemini(key=gemini.KEY, base_url=gemini_simulator.url)
    yield GeminiMusic(
        account,
        model=LYRIA,
        price=CONFIG.price(LYRIA),
        takes=CONFIG.song_model(LYRIA),
        interactions=Interactions(account, poll_seconds=0.01, seconds=3),
    )
    await account.aclose()


@pytest.fixture
async def predictions(replicate_simulator: ReplicateSimulator) -> AsyncIterator[Predictions]:
    account = Replicate(
        token=replicate.TOKEN,
        base_url=replicate_simulator.url,
        outputs_from=[replicate_simulator.url],
    )
    yield Predictions(account, poll_seconds=0.01, look_seconds=1)
    await account.aclose()


@pytest.fixture
async def providers(
    gemini_simulator: GeminiSimulator, replicate_simulator: ReplicateSimulator
) -> AsyncIterator[Providers]:
    async with open_providers(
        CONFIG,
        gemini_key=gemini.KEY,
        replicate_token=replicate.TOKEN,
        gemini_url=gemini_simulator.url,
        replicate_url=replicate_simulator.url,
        outputs_from=[replicate_simulator.url],
    ) as providers:
        yield providers


def stable_audio(
    predictions: Predictions, *, price: Price | None = None, seconds: float = 300
) -> ReplicateMusic:
    return ReplicateMusic(
        predictions,
        model=STABLE,
        price=price or CONFIG.price(STABLE),
        takes=CONFIG.song_model(STABLE),
        seconds=seconds,
    )


async def test_what_is_sent_to_gemini(
    lyria: GeminiMusic, gemini_simulator: GeminiSimulator
) -> None:
    await lyria.compose(ASKED, Ticket(charge="AB12-cd"))
    (sent,) = gemini_simulator.calls
    assert sent["model"] == "lyria-3.5"
    assert sent["background"]
    assert sent["store"]
    assert sent["labels"] == {"charge": "ab12-cd"}
    words = sent["input"][0]["content"][0]["text"]
    assert words.startswith("A warm guitar")
    assert "no vocals" in words
    assert words.endswith("It lasts 8 seconds.")


@pytest.mark.parametrize("delivery", ["inline", "files/{}"])
async def test_a_song_has_one_price_however_long_and_however_it_comes(
    lyria: GeminiMusic, gemini_simulator: GeminiSimulator, delivery: str
) -> None:
    gemini_simulator.begins.append(Clip(looks=2, delivery=delivery, seconds=3, usage=False))
    made = await lyria.compose(ASKED)
    assert (made.media_type, made.cost) == ("audio/mpeg", SONG)


@pytest.mark.parametrize(
    ("act", "error", "cost"),
    [
        (Clip(empty=True, charged=False, told={"raiMediaFilteredCount": 1}, usage=False),
         UnsafeRequest, 0),
        (Clip(empty=True, told={"response": {"raiMediaFilteredCount": 1}}, tokens=900),
         UnsafeRequest, SONG),
        (Clip(empty=True, usage=False), OutcomeUnknown, 0),
        (Clip(empty=True), UnusableAnswer, 0),
        (Clip(empty=True, tokens=900), UnusableAnswer, SONG),
        (Clip(empty=True, status="failed", error="internal", usage=False),
         RetryableGeneration, 0),
        (Clip(looks=10_000), OutcomeUnknown, 0),
        (Clip(delivery="files/{}", download=403), UnusableAnswer, SONG),
        (Clip(data=b"no music"), UnusableAnswer, SONG),
        (Clip(lost=True), OutcomeUnknown, 0),
        (gemini.Refuse(status=400, code="INVALID_ARGUMENT"), RefusedGeneration, 0),
    ],
    ids=["filtered", "filtered at a price", "no file, no bill", "no file, nothing used",
         "no file, a bill", "failed", "gone by the deadline", "download refused",
         "no music at all", "answer lost", "refused"],
)  # fmt: skip
async def test_every_other_end_has_its_error_and_its_price(
    lyria: GeminiMusic,
    gemini_simulator: GeminiSimulator,
    act: gemini.Act,
    error: type[Exception],
    cost: Decimal,
) -> None:
    gemini_simulator.begins.append(act)
    with pytest.raises(error) as told:
        await lyria.compose(ASKED)
    assert told.type is error
    assert told.value.cost == cost  # pyright: ignore[reportAttributeAccessIssue]
    assert len(gemini_simulator.calls) == 1


async def test_what_is_sent_to_replicate(
    predictions: Predictions, replicate_simulator: ReplicateSimulator
) -> None:
    made = await stable_audio(predictions).compose(ASKED)
    sent = replicate_simulator.latest.input
    assert sent["duration"] == 8
    assert sent["prompt"].startswith("A warm guitar")
    assert made.cost == Decimal("0.20")


async def test_seconds_that_are_charged_are_those_that_were_delivered(
    predictions: Predictions, replicate_simulator: ReplicateSimulator
) -> None:
    model = stable_audio(predictions, price=Price(per_second=Decimal("0.01")))
    replicate_simulator.creates.append(replicate.Run(delivered=5))
    assert (await model.compose(ASKED)).cost == Decimal("0.05")


async def test_what_a_model_does_not_take_is_never_sent(
    predictions: Predictions, replicate_simulator: ReplicateSimulator
) -> None:
    replicate_simulator.schemas[STABLE] = {"prompt": {}, "seconds_total": {}}
    with pytest.raises(RefusedGeneration, match="duration"):
        await stable_audio(predictions).compose(ASKED)
    assert not replicate_simulator.predictions


async def test_one_that_takes_too_long_is_stopped_and_costs_nothing(
    predictions: Predictions, replicate_simulator: ReplicateSimulator
) -> None:
    replicate_simulator.creates.append(replicate.Run(seconds=60))
    with pytest.raises(RetryableGeneration, match="was stopped"):
        await stable_audio(predictions, seconds=0.05).compose(ASKED)
    assert replicate_simulator.charges == []


async def test_a_killed_call_is_fetched_and_not_paid_again(
    providers: Providers, replicate_simulator: ReplicateSimulator
) -> None:
    book = Book()
    replicate_simulator.begin(STABLE, {"prompt": "p", "duration": 8}, replicate.Run())
    charge = await book.reserve(
        Call(
            kind=Kind.MUSIC,
            provider="replicate",
            model=STABLE,
            request_digest=request_digest(ASKED),
            price=providers.music.price(ASKED),
            attempt=1,
        )
    )
    await book.mark_started(charge, replicate_simulator.latest.id)
    made = await providers.music.metered(book).compose(ASKED)
    assert made.provider == "replicate"
    assert len(replicate_simulator.predictions) == 1
    assert book.states == ["settled"]
    assert book.spent == Decimal("0.20")


@pytest.mark.parametrize(
    "useless",
    [b"ID3 no music", media.wav(bytes(96_000), 16_000), media.music(0.3)],
    ids=["damaged", "silent", "too short"],
)
async def test_music_of_no_use_is_paid_and_told_and_the_next_is_asked(
    providers: Providers, gemini_simulator: GeminiSimulator, useless: bytes
) -> None:
    gemini_simulator.begins.extend([Clip(data=useless)] * 2)
    book = Book()
    made = await providers.music.metered(book).compose(ASKED)
    assert made.provider == "replicate"
    assert [warning.code for warning in made.warnings] == ["model_fallback"]
    assert book.spent == 2 * SONG + Decimal("0.20")


async def test_where_no_model_composes_the_nearest_mood_plays_and_says_so(
    providers: Providers,
    gemini_simulator: GeminiSimulator,
    replicate_simulator: ReplicateSimulator,
) -> None:
    gemini_simulator.begins.append(gemini.Refuse(status=400, code="INVALID_ARGUMENT"))
    replicate_simulator.creates.append(replicate.Refuse(status=422))
    book = Book()
    made = await providers.music.metered(book).compose(ASKED)
    assert made.source is Source.RULE
    assert [warning.code for warning in made.warnings] == ["built_in_music", "model_fallback"]
    assert made.warnings[0].params == {"mood": "warm"}
    assert book.states == ["released", "released"]


def test_every_row_is_whole_and_its_price_known() -> None:
    for name, row in SONG_MODELS.items():
        assert row.faults(name) == []
        assert CONFIG.price(name).per_song
