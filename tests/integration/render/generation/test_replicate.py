"""Replicate through its own SDK, against its simulator: nothing paid for is lost or paid again."""

import inspect
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import anyio
import pytest
from replicate import exceptions

from render.errors import (
    AccessDenied,
    GenerationError,
    OutcomeUnknown,
    OutOfCredit,
    RefusedGeneration,
    RetiredModel,
    RetryableGeneration,
    RunningGeneration,
    UnsafeRequest,
    UnusableAnswer,
)
from render.generation.base import Fate, ImageRequest, SpeechRequest, TextRequest, Ticket
from render.generation.models import ModelsConfig
from render.generation.replicate.account import Replicate
from render.generation.replicate.errors import SDK_ERRORS, translate
from render.generation.replicate.image import ReplicateImages
from render.generation.replicate.predictions import Predictions
from render.generation.replicate.speech import ReplicateSpeech
from render.generation.replicate.text import ReplicateText
from tests.support.simulators.replicate import (
    TOKEN,
    Act,
    Expire,
    Gateway,
    Hang,
    HangUp,
    Oversize,
    Raw,
    Refuse,
    ReplicateSimulator,
    Run,
    SendOn,
)

pytestmark = pytest.mark.anyio

CONFIG = ModelsConfig()
MODEL = CONFIG.replicate_images
PICTURE = ImageRequest(prompt="A lighthouse")
PRICE = CONFIG.price(MODEL).per_image


@pytest.fixture
async def predictions(
    replicate_simulator: ReplicateSimulator, call_seconds: float
) -> AsyncIterator[Predictions]:
    account = Replicate(
        token=TOKEN,
        base_url=replicate_simulator.url,
        outputs_from=[replicate_simulator.url],
        call_seconds=call_seconds,
        most_output=4_000_000,
    )
    yield Predictions(account, poll_seconds=0.05, look_seconds=1)
    await account.aclose()


def images(predictions: Predictions, model: str = MODEL, seconds: float = 30) -> ReplicateImages:
    return ReplicateImages(predictions, model=model, price=CONFIG.price(MODEL), seconds=seconds)


TOO_SLOW = Run(seconds=60)
ENDS: dict[str, tuple[Act, type[GenerationError], int]] = {
    # what happens to the request, what it means, and how many predictions are charged
    "failed": (Run(status="failed", error="boom"), RetryableGeneration, 0),
    "not safe": (Run(status="failed", error="NSFW content detected"), UnsafeRequest, 0),
    "canceled": (Run(status="canceled"), RetryableGeneration, 0),
    "aborted later": (Run(seconds=0.1, status="aborted"), RetryableGeneration, 0),
    "aborted at once": (Run(status="aborted"), RetryableGeneration, 0),
    "too slow": (TOO_SLOW, RetryableGeneration, 0),
    "no output": (Run(output=[]), UnusableAnswer, 1),
    "an odd output": (Run(output=7), UnusableAnswer, 1),
    "an odd link": (Run(output="file:///etc/hostname"), UnusableAnswer, 1),
    "429": (Refuse(status=429), RetryableGeneration, 0),
    "500": (Refuse(status=500), RetryableGeneration, 0),
    "a gateway's 502, nothing begun": (Gateway(after=False), RetryableGeneration, 0),
    "401": (Refuse(status=401), AccessDenied, 0),
    "402": (Refuse(status=402), OutOfCredit, 0),
    "404": (Refuse(status=404), RetiredModel, 0),
    "422": (Refuse(status=422), RefusedGeneration, 0),
}
LOST: dict[str, Act] = {
    # how the answer is lost to a request that began a prediction
    "500": Refuse(status=500, after=True),
    "a gateway's 502": Gateway(status=502),
    "a gateway's 503": Gateway(status=503, body=""),
    "a gateway's 504": Gateway(
        status=504, body='{"message": "upstream"}', media_type="application/json"
    ),
    "a gateway's list": Gateway(status=500, body='["no"]', media_type="application/json"),
    "a gateway's 408": Gateway(status=408),
    "a CDN's problem": Gateway(
        status=502,
        body='{"type": "https://developers.cloudflare.com/x", "title": "Error 502: Bad gateway"}',
        media_type="application/problem+json",
    ),
    "connection lost": HangUp(),
    "no answer in time": Hang(seconds=1),
    "not JSON": Raw(body=b"<html>"),
    "another shape": Raw(body=b"[]"),
    "empty": Raw(body=b"{}"),
    "oversized": Oversize(size=10_000_000),
}


@pytest.mark.parametrize(("act", "meaning", "charges"), ENDS.values(), ids=ENDS)
async def test_each_end_has_its_meaning_and_is_sent_once(
    replicate_simulator: ReplicateSimulator,
    predictions: Predictions,
    act: Act,
    meaning: type[GenerationError],
    charges: int,
) -> None:
    replicate_simulator.creates.append(act)
    with pytest.raises(meaning) as raised:
        await images(predictions, seconds=2 if act == TOO_SLOW else 30).draw(PICTURE)
    assert str(raised.value).endswith(".")
    assert len(replicate_simulator.charges) == charges
    assert len(replicate_simulator.predictions) <= 1
    assert type(raised.value) is meaning or meaning is RetryableGeneration
    assert raised.value.cost == charges * PRICE


@pytest.mark.parametrize("act", LOST.values(), ids=LOST)
async def test_a_prediction_whose_answer_was_lost_is_found_and_paid_once(
    replicate_simulator: ReplicateSimulator, predictions: Predictions, act: Act
) -> None:
    replicate_simulator.creates.append(act)
    names: list[str] = []

    async def started(name: str) -> None:
        names.append(name)

    made = await images(predictions).draw(PICTURE, Ticket(charge="c1", on_started=started))
    assert made.cost == PRICE
    assert names == list(replicate_simulator.predictions)
    assert len(replicate_simulator.charges) == 1


@pytest.mark.parametrize("act", LOST.values(), ids=LOST)
async def test_where_nobody_can_tell_a_lost_answer_is_an_unknown_outcome(
    replicate_simulator: ReplicateSimulator, predictions: Predictions, act: Act
) -> None:
    replicate_simulator.creates.append(act)
    replicate_simulator.lists.extend([Refuse(status=500), Gateway(), Raw(body=b"{}")] * 20)
    # What the service itself has said it refused is believed.
    meaning = RetryableGeneration if isinstance(act, Refuse) else OutcomeUnknown
    with pytest.raises(meaning):
        await images(predictions).draw(PICTURE)
    assert replicate_simulator.listed > 1


async def test_a_lost_prediction_is_looked_for_until_it_appears(
    replicate_simulator: ReplicateSimulator, predictions: Predictions
) -> None:
    replicate_simulator.creates.append(HangUp())
    replicate_simulator.lists.append(HangUp())
    replicate_simulator.unlisted = 2
    await images(predictions).draw(PICTURE, Ticket(charge="c1"))
    assert replicate_simulator.listed == 3
    assert len(replicate_simulator.charges) == 1


async def test_a_lost_prediction_is_found_behind_others_on_a_later_page(
    replicate_simulator: ReplicateSimulator, predictions: Predictions
) -> None:
    replicate_simulator.page = 2
    replicate_simulator.creates.append(HangUp())
    replicate_simulator.lists.extend([Hang(seconds=0.1)])

    async def others_begin() -> None:
        # While the first look is under way.
        await anyio.sleep(0.05)
        for _ in range(5):
            replicate_simulator.begin(MODEL, {"prompt": "A harbour"}, Run(status="aborted"))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(others_begin)
        await images(predictions).draw(PICTURE, Ticket(charge="c1"))
    assert replicate_simulator.listed == 3
    assert len(replicate_simulator.charges) == 1


async def test_a_lost_prediction_is_found_where_the_list_keeps_inputs_to_itself(
    replicate_simulator: ReplicateSimulator, predictions: Predictions
) -> None:
    replicate_simulator.tells_inputs = False
    replicate_simulator.creates.append(HangUp())
    await images(predictions).draw(PICTURE, Ticket(charge="c1"))
    assert len(replicate_simulator.charges) == 1


@pytest.mark.parametrize("age", [timedelta(), timedelta(minutes=2)], ids=["other", "earlier"])
async def test_another_calls_prediction_is_not_taken_for_the_lost_one(
    replicate_simulator: ReplicateSimulator, predictions: Predictions, age: timedelta
) -> None:
    first = await images(predictions).draw(PICTURE, Ticket(charge="c0"))
    sent = dict(replicate_simulator.latest.input)
    if age:
        # The very same, but from before the call.
        replicate_simulator.predictions.clear()
        replicate_simulator.begin(MODEL, sent, Run(age=age))
    replicate_simulator.creates.append(Gateway(after=False))
    with pytest.raises(RetryableGeneration, match="nothing was begun"):
        await images(predictions).draw(PICTURE, Ticket(charge="c0" if age else "c1"))
    assert first.cost
    assert len(replicate_simulator.predictions) == 1


@pytest.mark.parametrize("after", [False, True], ids=["never begun", "begun beside it"])
async def test_another_daemons_prediction_is_not_taken_for_the_lost_one(
    replicate_simulator: ReplicateSimulator, predictions: Predictions, after: bool
) -> None:
    model, asked = CONFIG.replicate_speech, SpeechRequest(text="The tide is in.")
    speech = ReplicateSpeech(predictions, model=model, price=CONFIG.price(model))
    await speech.speak(asked)
    # Of the very same words, at the same time, in a process that this one knows nothing of.
    replicate_simulator.begin(model, dict(replicate_simulator.latest.input), Run())
    others = replicate_simulator.latest.id
    replicate_simulator.creates.append(Gateway(after=after))
    names: list[str] = []

    async def started(name: str) -> None:
        names.append(name)

    async def taken(name: str) -> bool:
        return name == others

    ticket = Ticket(charge="c1", on_started=started, is_taken=taken)
    if after:
        await speech.speak(asked, ticket)
        assert names == [replicate_simulator.latest.id]
    else:
        with pytest.raises(RetryableGeneration, match="nothing was begun"):
            await speech.speak(asked, ticket)
        assert names == []


async def test_two_that_cannot_be_told_apart_are_an_unknown_outcome(
    replicate_simulator: ReplicateSimulator, predictions: Predictions
) -> None:
    model = CONFIG.replicate_speech
    speech = ReplicateSpeech(predictions, model=model, price=CONFIG.price(model))
    replicate_simulator.creates.extend([HangUp()] * 2)
    ends: list[type[Exception] | None] = []

    async def speak() -> None:
        try:
            await speech.speak(SpeechRequest(text="The tide is in."))
        except OutcomeUnknown as error:
            ends.append(type(error))
        else:
            ends.append(None)

    replicate_simulator.lists.extend([HangUp()] * 2)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(speak)
        tasks.start_soon(speak)
    assert ends == [OutcomeUnknown] * 2


async def test_lost_speech_and_lost_text_are_found_too(
    replicate_simulator: ReplicateSimulator, predictions: Predictions
) -> None:
    replicate_simulator.creates.extend([Gateway()] * 3)
    spoken, written = CONFIG.replicate_speech, CONFIG.replicate_text
    speech = ReplicateSpeech(predictions, model=spoken, price=CONFIG.price(spoken))
    text = ReplicateText(predictions, model=written, price=CONFIG.price(written))
    request = TextRequest(instructions="Rules.", material="Words.", schema={"type": "object"})
    await speech.speak(SpeechRequest(text="The tide is in."), Ticket(charge="c1"))
    for charge in ("c2", "c3"):
        made = await text.write(request, Ticket(charge=charge))
        assert made.cost <= text.price(request)
    assert len(replicate_simulator.charges) == 3


@pytest.mark.parametrize(
    "act",
    [Refuse(status=500), Refuse(status=401), Refuse(status=429), Refuse(status=404), Gateway(),
     HangUp(), Hang(seconds=0.7), Raw(body=b"<html>"), Raw(body=b"{}"),
     Oversize(size=10_000_000)],
    ids=lambda act: str(act)[:30],
)  # fmt: skip
async def test_a_poll_that_fails_is_made_again_and_nothing_is_paid_again(
    replicate_simulator: ReplicateSimulator, predictions: Predictions, act: Act
) -> None:
    replicate_simulator.polls.append(act)
    made = await images(predictions).draw(PICTURE)
    assert made.cost == CONFIG.price(MODEL).per_image
    assert len(replicate_simulator.charges) == 1


@pytest.mark.parametrize(
    "acts",
    [
        [Expire()],
        [Refuse(status=404)],
        [Refuse(status=403)] * 3,
        [Refuse(status=500)],
        [HangUp(), HangUp()],
        [Hang(seconds=0.7)],
    ],
    ids=["expired", "404", "403", "500", "connection lost", "no answer in time"],
)
async def test_a_download_that_fails_is_made_again_and_nothing_is_paid_again(
    replicate_simulator: ReplicateSimulator, predictions: Predictions, acts: list[Act]
) -> None:
    replicate_simulator.downloads.extend(acts)
    await images(predictions).draw(PICTURE)
    assert len(replicate_simulator.charges) == 1
    assert replicate_simulator.downloaded == len(acts) + 1


@pytest.mark.parametrize(
    ("act", "told"),
    [
        (Expire(renewed=False), "deleted what"),
        (Oversize(size=5_000_000), "larger than 4000000 bytes"),
        (Raw(body=b"?"), "no picture"),
    ],
)
async def test_an_output_that_is_gone_or_useless_is_told_with_what_it_cost(
    replicate_simulator: ReplicateSimulator, predictions: Predictions, act: Act, told: str
) -> None:
    replicate_simulator.downloads.append(act)
    with pytest.raises(UnusableAnswer, match=told) as raised:
        await images(predictions).draw(PICTURE)
    assert raised.value.cost == PRICE


@pytest.mark.parametrize("act", [HangUp(), Refuse(status=404), Refuse(status=410)], ids=str)
async def test_an_output_that_cannot_be_had_now_is_fetched_later(
    replicate_simulator: ReplicateSimulator, predictions: Predictions, act: Act
) -> None:
    replicate_simulator.downloads.extend([act] * 4)
    with pytest.raises(RunningGeneration) as raised:
        await images(predictions).draw(PICTURE)
    assert raised.value.retry_after == 60
    name = str(raised.value.params["provider_id"])
    await images(predictions).draw(PICTURE, Ticket(resume=name))
    assert len(replicate_simulator.charges) == 1


@pytest.mark.parametrize(
    ("minutes", "seconds"), [(5, 1800), (20, 2160), (50, 540), (55, 270)], ids=str
)
async def test_later_fetches_are_spread_over_the_hour(
    replicate_simulator: ReplicateSimulator, predictions: Predictions, minutes: int, seconds: int
) -> None:
    replicate_simulator.creates.append(Run(age=timedelta(minutes=minutes)))
    replicate_simulator.downloads.extend([Refuse(status=404)] * 4)
    with pytest.raises(RunningGeneration) as raised:
        await images(predictions).draw(PICTURE)
    assert raised.value.retry_after == pytest.approx(seconds, rel=0.1)


async def test_only_after_the_hour_is_an_output_lost(
    replicate_simulator: ReplicateSimulator, predictions: Predictions
) -> None:
    for act in (Refuse(status=404), Expire(renewed=False)):
        replicate_simulator.creates.append(Run(age=timedelta(minutes=61)))
        replicate_simulator.downloads.append(act)
        with pytest.raises(UnusableAnswer, match=r"deleted what .* before it could be fetched"):
            await images(predictions).draw(PICTURE)
    with pytest.raises(UnusableAnswer, match=r"deleted what .* before it could be fetched"):
        await images(predictions).draw(PICTURE, Ticket(resume=replicate_simulator.latest.id))


@pytest.mark.parametrize(("ahead", "fate"), [(59, Fate.MADE), (61, Fate.GONE)])
async def test_the_hour_is_the_services_and_not_this_machines(
    replicate_simulator: ReplicateSimulator,
    predictions: Predictions,
    monkeypatch: pytest.MonkeyPatch,
    ahead: int,
    fate: Fate,
) -> None:
    await images(predictions).draw(PICTURE)
    assert predictions.account.now() == pytest.approx(datetime.now(UTC), abs=timedelta(seconds=3))
    told = datetime.now(UTC) + timedelta(minutes=ahead)
    monkeypatch.setattr("render.generation.transport._sent_at", lambda _: told)
    assert await predictions.fate(replicate_simulator.latest.id, MODEL) is fate


@pytest.mark.parametrize(
    "output",
    [
        {"image": "{link}"},
        {"prompt": "A lighthouse", "images": [{"seed": 1, "url": "{link}"}]},
        {"preview": "http://127.0.0.1:9/small.png", "image": "{link}"},
        [["{link}"], []],
        "{data}",
        [{"image": "{data}"}],
    ],
    ids=str,
)
async def test_outputs_of_every_form_are_read(
    replicate_simulator: ReplicateSimulator, predictions: Predictions, output: Any
) -> None:
    replicate_simulator.creates.append(Run(output=output))
    assert (await images(predictions).draw(PICTURE)).data
    assert len(replicate_simulator.charges) == 1


@pytest.mark.parametrize(
    ("output", "told"),
    [
        ({"seed": 1, "nsfw": False}, "an object of “seed”, “nsfw” in place of a file"),
        ([], "an empty list in place of a file"),
        (7, "a number in place of a file"),
        ("A lighthouse.", "words in place of a file"),
        ("file:///etc/hostname", "a link of the kind “file” in place of a file"),
        ("data:image/png;base64,!!!", "a data URL that is not well formed"),
        ("data:,", "no picture"),
        ("data:image/png;base64," + "A" * 6_000_000, "a data URL of more than 4000000 bytes"),
    ],
    ids=lambda value: str(value)[:30],
)
async def test_what_is_no_file_is_named_as_what_it_is(
    replicate_simulator: ReplicateSimulator, predictions: Predictions, output: Any, told: str
) -> None:
    replicate_simulator.creates.append(Run(output=output))
    with pytest.raises(UnusableAnswer, match=told) as raised:
        await images(predictions).draw(PICTURE)
    assert raised.value.cost == PRICE
    assert "no longer" not in str(raised.value)


INWARD = [
    "http://127.0.0.1:{port}/outputs/p0/0",
    "https://127.0.0.1:{port}/outputs/p0/0",
    "https://localhost:{port}/outputs/p0/0",
    "https://127.1/",
    "https://2130706433/",
    "https://[::ffff:127.0.0.1]/",
    "http://169.254.169.254/latest/meta-data/",
    "https://169.254.169.254/latest/meta-data/",
]


@pytest.mark.parametrize("by_redirect", [False, True], ids=["direct", "by redirect"])
@pytest.mark.parametrize("url", INWARD)
async def test_a_link_that_leads_inside_is_not_followed(
    replicate_simulator: ReplicateSimulator,
    gemini_simulator: Any,
    predictions: Predictions,
    url: str,
    *,
    by_redirect: bool,
) -> None:
    # Another server of this machine, which is no place that outputs are trusted to lie at.
    url = url.format(port=gemini_simulator.url.rpartition(":")[2])
    if by_redirect:
        replicate_simulator.downloads.append(SendOn(to=url))
    else:
        replicate_simulator.creates.append(Run(output=url))
    with pytest.raises(UnusableAnswer, match=r"public internet|not HTTPS") as raised:
        await images(predictions).draw(PICTURE)
    assert raised.value.cost == PRICE
    assert replicate_simulator.downloaded == by_redirect


async def test_outputs_at_a_simulator_are_fetched_only_where_that_is_allowed(
    replicate_simulator: ReplicateSimulator,
) -> None:
    account = Replicate(token=TOKEN, base_url=replicate_simulator.url)
    with pytest.raises(UnusableAnswer, match="not HTTPS"):
        await images(Predictions(account, poll_seconds=0.05)).draw(PICTURE)
    assert replicate_simulator.downloaded == 0
    await account.aclose()


async def test_a_redirect_to_where_outputs_may_lie_is_followed_and_a_loop_is_not(
    replicate_simulator: ReplicateSimulator, predictions: Predictions
) -> None:
    replicate_simulator.downloads.extend([SendOn(to="?again")] * 2)
    await images(predictions).draw(PICTURE)
    replicate_simulator.downloads.extend([SendOn(to="?again")] * 16)
    with pytest.raises(RunningGeneration):
        await images(predictions).draw(PICTURE)
    assert replicate_simulator.downloaded == 3 + 16


async def test_the_id_is_told_before_anything_is_waited_for(
    replicate_simulator: ReplicateSimulator, predictions: Predictions
) -> None:
    polls_by_then: list[int] = []

    async def started(name: str) -> None:
        assert name in replicate_simulator.predictions
        polls_by_then.append(len(replicate_simulator.polled))

    await images(predictions).draw(PICTURE, Ticket(on_started=started))
    assert polls_by_then == [0]


async def test_a_prediction_is_taken_up_by_its_id(
    replicate_simulator: ReplicateSimulator, predictions: Predictions
) -> None:
    replicate_simulator.creates.append(Run(seconds=0.3))
    names: list[str] = []

    async def die(name: str) -> None:
        names.append(name)
        raise SystemError

    with pytest.raises(SystemError):
        await images(predictions).draw(PICTURE, Ticket(on_started=die))
    await images(predictions).draw(PICTURE, Ticket(resume=names[0]))
    assert len(replicate_simulator.predictions) == 1


@pytest.mark.parametrize(
    ("run", "fate"),
    [
        (Run(seconds=60), Fate.RUNNING),
        (Run(), Fate.MADE),
        (Run(age=timedelta(minutes=61)), Fate.GONE),
        (Run(status="failed", error="boom"), Fate.FREE),
        (Run(status="canceled"), Fate.FREE),
        (Run(status="aborted"), Fate.FREE),
        (None, Fate.LOST),
    ],
    ids=str,
)
async def test_what_became_of_a_prediction_is_told_by_its_id(
    replicate_simulator: ReplicateSimulator, predictions: Predictions, run: Run | None, fate: Fate
) -> None:
    names = ["long-gone"]

    async def die(name: str) -> None:
        names.append(name)
        raise SystemError

    if run is not None:
        replicate_simulator.creates.append(run)
        with suppress(SystemError, RetryableGeneration):
            await images(predictions).draw(PICTURE, Ticket(on_started=die))
    name = names[-1] if len(names) > 1 or run is None else replicate_simulator.latest.id
    with anyio.fail_after(10):
        while (told := await predictions.fate(name, MODEL)) is Fate.RUNNING is not fate:  # noqa: ASYNC110 - the simulator's
            await anyio.sleep(0.02)
    assert told is fate


async def test_a_prediction_nobody_remembers_is_an_unknown_outcome(
    predictions: Predictions,
) -> None:
    with pytest.raises(OutcomeUnknown):
        await images(predictions).draw(PICTURE, Ticket(resume="long-gone"))


@pytest.mark.parametrize(("stubborn", "told"), [(False, 1), (True, 0)])
async def test_cancelling_cancels_the_prediction(
    replicate_simulator: ReplicateSimulator, predictions: Predictions, stubborn: bool, told: int
) -> None:
    # What can be stopped would run on for long; what cannot ends while the stop is waited for.
    replicate_simulator.creates.append(Run(seconds=0.5 if stubborn else 60, stubborn=stubborn))
    dropped: list[None] = []

    async def drop() -> None:
        dropped.append(None)

    async def begun(_name: str) -> None:
        scope.cancel()

    with anyio.CancelScope() as scope:
        await images(predictions).draw(PICTURE, Ticket(on_started=begun, on_dropped=drop))
    assert len(dropped) == told
    assert len(replicate_simulator.charges) == 1 - told


async def test_whoever_cancels_waits_for_no_service_that_takes_no_notice(
    replicate_simulator: ReplicateSimulator, predictions: Predictions
) -> None:
    replicate_simulator.creates.append(Run(seconds=60, stubborn=True))
    cancelled_at: list[float] = []

    async def begun(_name: str) -> None:
        cancelled_at.append(anyio.current_time())
        scope.cancel()

    with anyio.CancelScope() as scope:
        await images(predictions).draw(PICTURE, Ticket(on_started=begun))
    assert anyio.current_time() - cancelled_at[0] < 2.5


async def test_a_slow_prediction_that_succeeds_after_all_is_used(
    replicate_simulator: ReplicateSimulator, predictions: Predictions
) -> None:
    replicate_simulator.creates.append(Run(seconds=0.5, stubborn=True))
    await images(predictions, seconds=0.2).draw(PICTURE)
    assert len(replicate_simulator.charges) == 1


async def test_polls_keep_their_distance(
    replicate_simulator: ReplicateSimulator, predictions: Predictions
) -> None:
    replicate_simulator.creates.append(Run(seconds=0.3))
    await images(predictions).draw(PICTURE)
    assert all(after - before > 0.045 for before, after in pairwise(replicate_simulator.polled))


async def test_outputs_are_downloaded_without_the_token(
    replicate_simulator: ReplicateSimulator, predictions: Predictions
) -> None:
    await images(predictions).draw(PICTURE)
    assert replicate_simulator.downloaded == 1
    assert replicate_simulator.leaks == 0


async def test_a_list_of_outputs_gives_its_first(predictions: Predictions) -> None:
    assert (await images(predictions, "black-forest-labs/flux-schnell").draw(PICTURE)).data


async def test_seconds_to_wait_are_read_from_the_sentence(
    replicate_simulator: ReplicateSimulator, predictions: Predictions
) -> None:
    told = "Request was throttled. Your rate limit resets in ~30s."
    replicate_simulator.creates.append(Refuse(status=429, detail=told))
    with pytest.raises(RetryableGeneration) as raised:
        await images(predictions).draw(PICTURE)
    assert raised.value.retry_after == 30


async def test_a_retired_model_is_named(predictions: Predictions) -> None:
    for call in (images(predictions, "stability-ai/retired").draw(PICTURE),
                 images(predictions, "stability-ai/retired").check()):  # fmt: skip
        with pytest.raises(RetiredModel, match="stability-ai/retired"):
            await call


async def test_a_look_at_a_model_costs_nothing(
    replicate_simulator: ReplicateSimulator, predictions: Predictions
) -> None:
    await images(predictions).check()
    assert not replicate_simulator.predictions


async def test_marks_for_pauses_are_not_passed_on(
    replicate_simulator: ReplicateSimulator, predictions: Predictions
) -> None:
    model = CONFIG.replicate_speech
    speech = ReplicateSpeech(predictions, model=model, price=CONFIG.price(model))
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
    error = exceptions.ReplicateError(status=503, title="Unavailable")
    assert type(translate(error, MODEL)) is RetryableGeneration
    assert type(translate(exceptions.ReplicateError(status=503), MODEL)) is OutcomeUnknown
    assert type(translate(exceptions.ReplicateError(), MODEL)) is OutcomeUnknown
    assert type(translate(exceptions.ReplicateException(), MODEL)) is OutcomeUnknown
