"""Clips by both providers: what each end of a call means, and what it costs, as simulated."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal

import msgspec
import pytest

from render.errors import (
    OutcomeUnknown,
    RefusedGeneration,
    RetryableGeneration,
    RunningGeneration,
    UnsafeRequest,
    UnusableAnswer,
)
from render.generation.acceptance import Inspector
from render.generation.base import ClipRequest, Ticket
from render.generation.clip_models import CLIP_MODELS
from render.generation.gemini.account import Gemini
from render.generation.gemini.interactions import Interactions
from render.generation.gemini.video import GeminiVideo
from render.generation.models import ModelsConfig
from render.generation.prices import Price
from render.generation.replicate.account import Replicate
from render.generation.replicate.predictions import Predictions
from render.generation.replicate.video import ReplicateVideo
from render.measures import ClipMeasures
from tests.support.simulators import gemini, media, replicate
from tests.support.simulators.gemini import Clip, GeminiSimulator
from tests.support.simulators.replicate import ReplicateSimulator

pytestmark = pytest.mark.anyio

CONFIG = ModelsConfig()
OMNI, SEEDANCE = CONFIG.gemini_clips, CONFIG.replicate_clips
ASKED = ClipRequest(prompt="Steam rises", still="d1", seconds=3.5, first=media.picture(1376, 768))
TOLD: dict[str, dict[str, object]] = {
    name: {} for name in ("prompt", "image", "resolution", "generate_audio", "duration")
}
SQUEEZED = {"enum": [3, 5], "type": "integer"}


@asynccontextmanager
async def opened(simulator: GeminiSimulator, key: str) -> AsyncGenerator[GeminiVideo]:
    account = Gemini(key=key, base_url=simulator.url)
    yield GeminiVideo(
        account,
        model=OMNI,
        price=CONFIG.price(OMNI),
        takes=CONFIG.clip_model(OMNI),
        interactions=Interactions(account, poll_seconds=0.01, seconds=3),
    )
    await account.aclose()


@pytest.fixture
async def omni(gemini_simulator: GeminiSimulator) -> AsyncIterator[GeminiVideo]:
    async with opened(gemini_simulator, gemini.KEY) as omni:
        yield omni


@pytest.fixture
async def predictions(replicate_simulator: ReplicateSimulator) -> AsyncIterator[Predictions]:
    account = Replicate(
        token=replicate.TOKEN,
        base_url=replicate_simulator.url,
        outputs_from=[replicate_simulator.url],
    )
    yield Predictions(account, poll_seconds=0.01, look_seconds=1)
    await account.aclose()


def seedance(predictions: Predictions, seconds: float = 600) -> ReplicateVideo:
    price, takes = CONFIG.price(SEEDANCE), CONFIG.clip_model(SEEDANCE)
    return ReplicateVideo(predictions, model=SEEDANCE, price=price, takes=takes, seconds=seconds)


async def test_what_is_sent_to_gemini(omni: GeminiVideo, gemini_simulator: GeminiSimulator) -> None:
    await omni.animate(ASKED, Ticket(charge="AB12-cd"))
    (sent,) = gemini_simulator.calls
    assert sent["background"]
    assert sent["store"]
    assert sent["labels"] == {"charge": "ab12-cd"}
    assert sent["response_format"]["duration"] == "4s"
    assert sent["response_format"]["resolution"] == "720p"
    assert sent["generation_config"]["video_config"]["task"] == "image_to_video"


@pytest.mark.parametrize(
    "address",
    ["inline", "files/{}", "https://h.example/v1beta/files/{}",
     "https://h.example/v1beta/files/{}:download?alt=media"],
)  # fmt: skip
async def test_a_clip_comes_in_any_form_and_is_paid_as_delivered(
    omni: GeminiVideo, gemini_simulator: GeminiSimulator, address: str
) -> None:
    gemini_simulator.begins.append(Clip(looks=2, delivery=address, seconds=6, processing=2))
    made = await omni.animate(ASKED)
    assert made.data[4:8] == b"ftyp"
    assert made.cost == Decimal("17.5") * 34752 / 1_000_000 + Decimal("0.00045")


async def test_without_a_bill_the_delivered_seconds_count(
    omni: GeminiVideo, gemini_simulator: GeminiSimulator
) -> None:
    gemini_simulator.begins.append(Clip(usage=False, seconds=3))
    assert (await omni.animate(ASKED)).cost == pytest.approx(Decimal("0.31"), abs=Decimal("0.01"))


@pytest.mark.parametrize(
    ("act", "error", "cost"),
    [
        (Clip(empty=True, charged=False, told={"raiMediaFilteredCount": 1}, usage=False),
         UnsafeRequest, 0),
        (Clip(empty=True, told={"response": {"raiMediaFilteredCount": 1}}), UnsafeRequest, 1),
        (Clip(empty=True, told={"raiMediaFilteredCount": 0}, usage=False), OutcomeUnknown, 0),
        (Clip(empty=True, told={"raiMediaFilteredCount": 1,
                                "raiMediaFilteredReasons": ["The audio was filtered"]},
              usage=False), RetryableGeneration, 0),
        (Clip(empty=True, usage=False), OutcomeUnknown, 0),
        (Clip(empty=True), UnusableAnswer, 1),
        (Clip(empty=True, status="failed", error="Blocked by safety", usage=False),
         UnsafeRequest, 0),
        (Clip(empty=True, status="failed", error="internal", usage=False),
         RetryableGeneration, 0),
        (Clip(empty=True, status="budget_exceeded", usage=False), OutcomeUnknown, 0),
        (Clip(empty=True, status="something_new"), OutcomeUnknown, 0),
        (Clip(looks=10_000), OutcomeUnknown, 0),
        (Clip(delivery="files/{}", download=403), UnusableAnswer, 1),
        (Clip(delivery="https://h.example/clip.mp4"), UnusableAnswer, 1),
        (Clip(data=b"no clip"), UnusableAnswer, 1),
        (Clip(lost=True), OutcomeUnknown, 0),
        (gemini.Refuse(status=429, code="RESOURCE_EXHAUSTED"), RetryableGeneration, 0),
        (gemini.Refuse(status=503, code="UNAVAILABLE"), RetryableGeneration, 0),
        (gemini.Refuse(status=400, code="INVALID_ARGUMENT"), RefusedGeneration, 0),
        (gemini.Gateway(), OutcomeUnknown, 0),
    ],
    ids=["filtered", "filtered, deeper, at a price", "nothing filtered", "sound filtered",
         "no clip, no bill", "no clip, a bill", "failed for safety", "failed", "budget",
         "unheard-of status", "never done", "download refused", "no address", "no clip at all",
         "answer lost", "rate limit", "away", "refused", "gateway"],
)  # fmt: skip
async def test_every_other_end_has_its_error_and_its_price(
    omni: GeminiVideo,
    gemini_simulator: GeminiSimulator,
    act: gemini.Act,
    error: type[Exception],
    cost: int,
) -> None:
    gemini_simulator.begins.append(act)
    with pytest.raises(error) as told:
        await omni.animate(ASKED)
    assert told.type is error
    assert bool(told.value.cost) == bool(cost)  # pyright: ignore[reportAttributeAccessIssue]
    assert len(gemini_simulator.calls) == 1


async def test_one_that_was_begun_is_taken_up_and_nothing_is_begun(
    omni: GeminiVideo, gemini_simulator: GeminiSimulator
) -> None:
    begun: list[str] = []

    async def on_started(name: str) -> None:
        begun.append(name)

    gemini_simulator.begins.append(Clip(looks=10_000))
    with pytest.raises(OutcomeUnknown):
        await omni.animate(ASKED, Ticket(on_started=on_started))
    gemini_simulator.interactions[begun[0]]["looks"] = 10_000
    assert (await omni.animate(ASKED, Ticket(resume=begun[0]))).data
    assert len(gemini_simulator.charges) == 1


async def test_what_was_begun_and_cannot_be_looked_at_has_not_come_to_nothing(
    omni: GeminiVideo, gemini_simulator: GeminiSimulator
) -> None:
    begun: list[str] = []

    async def on_started(name: str) -> None:
        begun.append(name)

    await omni.animate(ASKED, Ticket(on_started=on_started))
    async with opened(gemini_simulator, "a-revoked-key") as revoked:
        with pytest.raises(RunningGeneration):
            await revoked.animate(ASKED, Ticket(resume=begun[0]))
    gemini_simulator.interactions.clear()
    with pytest.raises(OutcomeUnknown):
        await omni.animate(ASKED, Ticket(resume=begun[0]))


async def test_what_is_sent_to_replicate(
    predictions: Predictions, replicate_simulator: ReplicateSimulator
) -> None:
    made = await seedance(predictions).animate(ASKED)
    sent = replicate_simulator.latest.input
    assert sent["duration"] == 4
    assert sent["generate_audio"] is False
    assert sent["image"].startswith("data:image/jpeg;base64,")
    assert len(sent["image"]) < 256 * 1024
    assert made.cost == Decimal("0.24")


async def test_sound_is_asked_for_and_paid_only_where_it_is_wanted(
    predictions: Predictions, replicate_simulator: ReplicateSimulator, omni: GeminiVideo
) -> None:
    asked = msgspec.structs.replace(ASKED, sound=True)
    model = seedance(predictions)
    made = await model.animate(asked)
    sent = replicate_simulator.latest.input
    assert sent["generate_audio"] is True
    assert "Nobody speaks" in sent["prompt"]
    assert made.cost == Decimal("0.48") == model.price(asked) == 2 * model.price(ASKED)
    inspected = await Inspector().inspect_answer(asked, made)
    assert isinstance(inspected.measures, ClipMeasures)
    assert inspected.measures.sounds
    # Whose clips have sound anyway charges no more for it than the words that ask for it.
    assert omni.price(asked) - omni.price(ASKED) < Decimal("0.0002")
    assert (await omni.animate(asked)).cost <= omni.price(asked)


async def test_a_model_whose_price_with_sound_is_not_known_is_told_to_make_none(
    predictions: Predictions, replicate_simulator: ReplicateSimulator
) -> None:
    model = ReplicateVideo(
        predictions,
        model=SEEDANCE,
        price=Price(per_second=Decimal("0.06")),
        takes=CONFIG.clip_model(SEEDANCE),
        seconds=600,
    )
    made = await model.animate(msgspec.structs.replace(ASKED, sound=True))
    assert replicate_simulator.latest.input["generate_audio"] is False
    assert made.cost == Decimal("0.24")


@pytest.mark.parametrize(
    "model", [name for name, row in CLIP_MODELS.items() if "/" in name and not row.sound_field]
)
async def test_a_switch_of_sound_that_a_model_tells_of_is_off_without_a_word_in_its_row(
    predictions: Predictions, replicate_simulator: ReplicateSimulator, model: str
) -> None:
    takes = CONFIG.clip_model(model)
    told = ("prompt", takes.first, takes.length_field, takes.size_field)
    replicate_simulator.schemas[model] = {
        **{name: {} for name in told},
        "generate_audio": {"type": "boolean", "default": True},
        # What is to be heard along with the clip is no switch.
        "audio": {"type": "string", "format": "uri"},
    }
    price = CONFIG.price(model)
    asked = msgspec.structs.replace(ASKED, sound=True)
    clips = ReplicateVideo(predictions, model=model, price=price, takes=takes, seconds=600)
    assert (await clips.animate(asked)).cost == clips.price(ASKED)
    sent = replicate_simulator.latest.input
    assert sent["generate_audio"] is False
    assert "audio" not in sent


async def test_replicate_is_settled_by_what_it_delivered(
    predictions: Predictions, replicate_simulator: ReplicateSimulator
) -> None:
    replicate_simulator.creates.append(replicate.Run(delivered=6))
    assert (await seedance(predictions).animate(ASKED)).cost == Decimal("0.36")


@pytest.mark.parametrize(
    ("fields", "word"),
    [({"start_image": {}}, "image"), ({"image": {}, "duration": SQUEEZED}, "duration")],
    ids=["another name for the still", "another length"],
)
async def test_what_a_model_does_not_take_is_never_sent(
    predictions: Predictions,
    replicate_simulator: ReplicateSimulator,
    fields: dict[str, object],
    word: str,
) -> None:
    known = {name: field for name, field in TOLD.items() if name != "image"}
    replicate_simulator.schemas[SEEDANCE] = known | fields
    with pytest.raises(RefusedGeneration, match=word):
        await seedance(predictions).animate(ASKED)
    assert not replicate_simulator.predictions


async def test_one_that_takes_too_long_is_stopped_and_costs_nothing(
    predictions: Predictions, replicate_simulator: ReplicateSimulator
) -> None:
    replicate_simulator.creates.append(replicate.Run(seconds=60))
    with pytest.raises(RetryableGeneration, match="was stopped"):
        await seedance(predictions, seconds=0.05).animate(ASKED)
    assert replicate_simulator.charges == []


async def test_a_lost_answer_is_found_again_whatever_became_of_the_picture(
    predictions: Predictions, replicate_simulator: ReplicateSimulator
) -> None:
    replicate_simulator.creates.append(replicate.HangUp())
    assert (await seedance(predictions).animate(ASKED)).data
    assert len(replicate_simulator.predictions) == 1


async def test_two_calls_alike_are_told_apart_by_the_seed_of_their_charge(
    predictions: Predictions, replicate_simulator: ReplicateSimulator
) -> None:
    replicate_simulator.schemas[SEEDANCE] = TOLD | {"seed": {"type": "integer"}}
    await seedance(predictions).animate(ASKED, Ticket(charge="another's"))
    # A process that knows nothing of it asks for the same at the same time, and loses the answer.
    ours = Predictions(predictions.account, poll_seconds=0.01, look_seconds=1)
    begun: list[str] = []

    async def on_started(provider_id: str) -> None:
        begun.append(provider_id)

    replicate_simulator.creates.append(replicate.HangUp())
    await seedance(ours).animate(ASKED, Ticket(charge="ours", on_started=on_started))
    theirs, found = replicate_simulator.predictions
    assert begun == [found]
    seeds = {replicate_simulator.predictions[one].input["seed"] for one in (theirs, found)}
    assert len(seeds) == 2


@pytest.mark.parametrize(
    "field", [None, {"type": "string"}, {"type": "integer", "maximum": 9}], ids=str
)
async def test_a_model_that_takes_no_such_seed_is_sent_none(
    predictions: Predictions,
    replicate_simulator: ReplicateSimulator,
    field: dict[str, object] | None,
) -> None:
    replicate_simulator.schemas[SEEDANCE] = TOLD | ({"seed": field} if field else {})
    await seedance(predictions).animate(ASKED, Ticket(charge="ours"))
    assert "seed" not in replicate_simulator.latest.input


async def test_every_row_is_whole_and_makes_its_price_known() -> None:
    for name, row in CLIP_MODELS.items():
        assert row.faults(name) == []
        assert CONFIG.price(name).per_second or CONFIG.price(name).per_clip or name == OMNI
