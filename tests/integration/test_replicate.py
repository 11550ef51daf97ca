"""Replicate through its own SDK, against its simulator: nothing paid for is lost or paid again."""

import inspect
from collections.abc import AsyncIterator
from itertools import pairwise

import anyio
import pytest
from replicate import exceptions

from render.errors import (
    AccessDenied,
    GenerationError,
    OutcomeUnknown,
    RefusedGeneration,
    RetiredModel,
    RetryableGeneration,
    RunningGeneration,
    UnsafeRequest,
)
from render.generation.base import ImageRequest, SpeechRequest, Ticket
from render.generation.models import ModelsConfig
from render.generation.predictions import SDK_ERRORS, Replicate, translate
from render.generation.replicate import ReplicateImages, ReplicateSpeech
from tests.simulators.replicate import (
    TOKEN,
    Act,
    Expire,
    Hang,
    HangUp,
    Oversize,
    Raw,
    Refuse,
    ReplicateSimulator,
    Run,
)

pytestmark = pytest.mark.anyio

CONFIG = ModelsConfig()
MODEL = CONFIG.replicate_images
PICTURE = ImageRequest(prompt="A lighthouse")


@pytest.fixture
async def account(replicate_simulator: ReplicateSimulator) -> AsyncIterator[Replicate]:
    account = Replicate(
        token=TOKEN,
        base_url=replicate_simulator.url,
        poll_seconds=0.05,
        call_seconds=0.5,
        most_output=4_000_000,
    )
    yield account
    await account.aclose()


def images(account: Replicate, model: str = MODEL, seconds: float = 1) -> ReplicateImages:
    return ReplicateImages(account, model=model, price=CONFIG.price(MODEL), seconds=seconds)


ENDS: dict[str, tuple[Act, type[GenerationError], int]] = {
    # what happens to the request, what it means, and how many predictions are charged
    "failed": (Run(status="failed", error="boom"), RetryableGeneration, 0),
    "not safe": (Run(status="failed", error="NSFW content detected"), UnsafeRequest, 0),
    "canceled": (Run(status="canceled"), RetryableGeneration, 0),
    "aborted later": (Run(seconds=0.1, status="aborted"), RetryableGeneration, 0),
    "aborted at once": (Run(status="aborted"), RetryableGeneration, 0),
    "too slow": (Run(seconds=30), RetryableGeneration, 0),
    "no output": (Run(output=[]), RetryableGeneration, 1),
    "an odd output": (Run(output=7), RetryableGeneration, 1),
    "an odd link": (Run(output="file:///etc/hostname"), RetryableGeneration, 1),
    "429": (Refuse(status=429), RetryableGeneration, 0),
    "500": (Refuse(status=500), RetryableGeneration, 0),
    "401": (Refuse(status=401), AccessDenied, 0),
    "402": (Refuse(status=402), AccessDenied, 0),
    "404": (Refuse(status=404), RetiredModel, 0),
    "422": (Refuse(status=422), RefusedGeneration, 0),
    "connection lost": (HangUp(), OutcomeUnknown, 1),
    "no answer in time": (Hang(seconds=1), OutcomeUnknown, 1),
    "not JSON": (Raw(body=b"<html>"), OutcomeUnknown, 1),
    "another shape": (Raw(body=b"[]"), OutcomeUnknown, 1),
    "empty": (Raw(body=b"{}"), OutcomeUnknown, 1),
    "an unheard-of status": (Run(status="queued"), OutcomeUnknown, 0),
    "oversized": (Oversize(size=5_000_000), OutcomeUnknown, 1),
}


@pytest.mark.parametrize(("act", "meaning", "charges"), ENDS.values(), ids=ENDS)
async def test_each_end_has_its_meaning_and_is_sent_once(
    replicate_simulator: ReplicateSimulator,
    account: Replicate,
    act: Act,
    meaning: type[GenerationError],
    charges: int,
) -> None:
    replicate_simulator.creates.append(act)
    with pytest.raises(meaning) as raised:
        await images(account).draw(PICTURE)
    assert str(raised.value).endswith(".")
    assert len(replicate_simulator.charges) == charges
    assert len(replicate_simulator.predictions) <= 1
    if meaning is RetryableGeneration:
        assert bool(raised.value.cost) == bool(charges)


@pytest.mark.parametrize(
    "act",
    [Refuse(status=500), Refuse(status=401), Refuse(status=429), HangUp(), Hang(seconds=0.7),
     Raw(body=b"<html>"), Raw(body=b"{}"), Oversize(size=5_000_000)],
    ids=lambda act: str(act)[:30],
)  # fmt: skip
async def test_a_poll_that_fails_is_made_again_and_nothing_is_paid_again(
    replicate_simulator: ReplicateSimulator, account: Replicate, act: Act
) -> None:
    replicate_simulator.polls.append(act)
    made = await images(account, seconds=5).draw(PICTURE)
    assert made.cost == CONFIG.price(MODEL).per_image
    assert len(replicate_simulator.charges) == 1


@pytest.mark.parametrize(
    "acts",
    [[Expire()], [Refuse(status=500)], [HangUp(), HangUp()], [Hang(seconds=0.7)]],
    ids=["expired", "500", "connection lost", "no answer in time"],
)
async def test_a_download_that_fails_is_made_again_and_nothing_is_paid_again(
    replicate_simulator: ReplicateSimulator, account: Replicate, acts: list[Act]
) -> None:
    replicate_simulator.downloads.extend(acts)
    await images(account).draw(PICTURE)
    assert len(replicate_simulator.charges) == 1
    assert replicate_simulator.downloaded == len(acts) + 1


@pytest.mark.parametrize("act", [Expire(renewed=False), Oversize(size=5_000_000), Raw(body=b"?")])
async def test_an_output_that_is_gone_is_told_with_what_it_cost(
    replicate_simulator: ReplicateSimulator, account: Replicate, act: Act
) -> None:
    replicate_simulator.downloads.append(act)
    with pytest.raises(RetryableGeneration) as raised:
        await images(account).draw(PICTURE)
    assert raised.value.cost == CONFIG.price(MODEL).per_image


async def test_an_output_that_cannot_be_had_now_is_fetched_later(
    replicate_simulator: ReplicateSimulator, account: Replicate
) -> None:
    replicate_simulator.downloads.extend([HangUp()] * 4)
    with pytest.raises(RunningGeneration) as raised:
        await images(account).draw(PICTURE)
    name = str(raised.value.params["provider_id"])
    await images(account).draw(PICTURE, Ticket(resume=name))
    assert len(replicate_simulator.charges) == 1


async def test_the_id_is_told_before_anything_is_waited_for(
    replicate_simulator: ReplicateSimulator, account: Replicate
) -> None:
    polls_by_then: list[int] = []

    async def started(name: str) -> None:
        assert name in replicate_simulator.predictions
        polls_by_then.append(len(replicate_simulator.polled))

    await images(account).draw(PICTURE, Ticket(started=started))
    assert polls_by_then == [0]


async def test_a_prediction_is_taken_up_by_its_id(
    replicate_simulator: ReplicateSimulator, account: Replicate
) -> None:
    replicate_simulator.creates.append(Run(seconds=0.3))
    names: list[str] = []

    async def die(name: str) -> None:
        names.append(name)
        raise SystemError

    with pytest.raises(SystemError):
        await images(account).draw(PICTURE, Ticket(started=die))
    await images(account).draw(PICTURE, Ticket(resume=names[0]))
    assert len(replicate_simulator.predictions) == 1


async def test_a_prediction_nobody_remembers_is_an_unknown_outcome(account: Replicate) -> None:
    with pytest.raises(OutcomeUnknown):
        await images(account).draw(PICTURE, Ticket(resume="long-gone"))


@pytest.mark.parametrize(("stubborn", "told"), [(False, 1), (True, 0)])
async def test_cancelling_cancels_the_prediction(
    replicate_simulator: ReplicateSimulator, account: Replicate, stubborn: bool, told: int
) -> None:
    replicate_simulator.creates.append(Run(seconds=0.4, stubborn=stubborn))
    dropped: list[None] = []

    async def drop() -> None:
        dropped.append(None)

    with anyio.move_on_after(0.15):
        await images(account).draw(PICTURE, Ticket(dropped=drop))
    assert len(dropped) == told
    assert len(replicate_simulator.charges) == 1 - told


async def test_a_slow_prediction_that_succeeds_after_all_is_used(
    replicate_simulator: ReplicateSimulator, account: Replicate
) -> None:
    replicate_simulator.creates.append(Run(seconds=0.5, stubborn=True))
    await images(account, seconds=0.2).draw(PICTURE)
    assert len(replicate_simulator.charges) == 1


async def test_polls_keep_their_distance(
    replicate_simulator: ReplicateSimulator, account: Replicate
) -> None:
    replicate_simulator.creates.append(Run(seconds=0.3))
    await images(account).draw(PICTURE)
    assert all(after - before > 0.045 for before, after in pairwise(replicate_simulator.polled))


async def test_outputs_are_downloaded_without_the_token(
    replicate_simulator: ReplicateSimulator, account: Replicate
) -> None:
    await images(account).draw(PICTURE)
    assert replicate_simulator.downloaded == 1
    assert replicate_simulator.leaks == 0


async def test_a_list_of_outputs_gives_its_first(account: Replicate) -> None:
    assert (await images(account, "black-forest-labs/flux-schnell").draw(PICTURE)).data


async def test_seconds_to_wait_are_read_from_the_sentence(
    replicate_simulator: ReplicateSimulator, account: Replicate
) -> None:
    told = "Request was throttled. Your rate limit resets in ~30s."
    replicate_simulator.creates.append(Refuse(status=429, detail=told))
    with pytest.raises(RetryableGeneration) as raised:
        await images(account).draw(PICTURE)
    assert raised.value.retry_after == 30


async def test_a_retired_model_is_named(account: Replicate) -> None:
    for call in (images(account, "stability-ai/retired").draw(PICTURE),
                 images(account, "stability-ai/retired").check()):  # fmt: skip
        with pytest.raises(RetiredModel, match="stability-ai/retired"):
            await call


async def test_a_look_at_a_model_costs_nothing(
    replicate_simulator: ReplicateSimulator, account: Replicate
) -> None:
    await images(account).check()
    assert not replicate_simulator.predictions


async def test_marks_for_pauses_are_not_passed_on(
    replicate_simulator: ReplicateSimulator, account: Replicate
) -> None:
    model = CONFIG.replicate_speech
    speech = ReplicateSpeech(account, model=model, price=CONFIG.price(model))
    await speech.speak(SpeechRequest(text="Wait <#99.9#> for it"))
    (made,) = replicate_simulator.predictions.values()
    assert made.input["text"] == "Wait   for it"


def test_every_error_of_the_sdk_is_mapped() -> None:
    kinds = {
        name: kind
        for name, kind in inspect.getmembers(exceptions, inspect.isclass)
        if issubclass(kind, Exception)
    }
    assert kinds.keys() == {"ReplicateException", "ReplicateError", "ModelError"}
    assert all(issubclass(kind, SDK_ERRORS) for kind in kinds.values())
    error = exceptions.ReplicateError(status=503)
    assert type(translate(error, MODEL)) is RetryableGeneration
    assert type(translate(exceptions.ReplicateError(), MODEL)) is OutcomeUnknown
    assert type(translate(exceptions.ReplicateException(), MODEL)) is OutcomeUnknown
