"""The chain on both simulated providers: who is asked, what is paid, what the record says."""

import time
from collections.abc import AsyncIterator
from dataclasses import replace
from statistics import median

import anyio
import msgspec
import pytest

from render.errors import (
    OutcomeUnknown,
    RetryableGeneration,
    RunningGeneration,
    UnsafeRequest,
)
from render.generation.base import (
    Call,
    Generated,
    ImageRequest,
    Kind,
    Reservation,
    SpeechRequest,
)
from render.generation.chain import ImageChain, Rung, accept_unseen
from render.generation.circuit import Circuit, Evidence, Sign
from render.generation.models import GeminiModelConfig, ModelsConfig
from render.generation.pacing import EvenPace
from render.generation.patience import Patience
from render.generation.providers import Providers, open_providers
from render.generation.replicate.account import Replicate
from render.generation.replicate.image import ReplicateImages
from render.generation.replicate.predictions import Predictions
from tests.support.simulators import gemini, media, replicate
from tests.support.simulators.gemini import GeminiSimulator
from tests.support.simulators.meter import Book
from tests.support.simulators.models import simulated
from tests.support.simulators.replicate import ReplicateSimulator, Run

pytestmark = pytest.mark.anyio

PRIMARY, FALLBACK = GeminiModelConfig().primary, GeminiModelConfig().fallback
FLUX = ModelsConfig().replicate_images
CONFIG = ModelsConfig(gemini=GeminiModelConfig(max_retries=3, retry_delay_ms=100))
PICTURE = ImageRequest(prompt="A lighthouse", text="Light")
PATIENT = Patience(calls=3, first_delay=0.02, longest_delay=1)
BUSY = gemini.Refuse(status=429)
BROKEN = gemini.Refuse(status=500)


@pytest.fixture
async def providers(request: pytest.FixtureRequest) -> AsyncIterator[Providers]:
    async with simulated(request, "chain", CONFIG) as providers:
        yield providers


@pytest.fixture
def book() -> Book:
    return Book()


@pytest.fixture
def images(providers: Providers, book: Book) -> ImageChain:
    return replace(providers.images, patience=PATIENT).metered(book)


async def test_the_first_model_is_asked_and_paid_once(
    images: ImageChain, book: Book, gemini_simulator: GeminiSimulator
) -> None:
    made = await images.draw(PICTURE)
    assert (made.model, made.model_intended, made.attempts) == (PRIMARY, PRIMARY, 1)
    assert not made.fallback
    assert made.latency > 0
    assert book.states == ["settled"]
    assert book.spent == made.cost <= book.entries[0].call.price
    assert gemini_simulator.charges == [PRIMARY]


async def test_a_passing_fault_is_tried_again(
    images: ImageChain, book: Book, gemini_simulator: GeminiSimulator
) -> None:
    gemini_simulator.script.extend([BUSY, BROKEN])
    made = await images.draw(PICTURE)
    assert (made.model, made.attempts) == (PRIMARY, 3)
    assert made.warnings == ()
    assert book.states == ["released", "released", "settled"]
    assert [entry.call.attempt for entry in book.entries] == [1, 2, 3]
    assert len(gemini_simulator.charges) == 1


async def test_the_next_model_steps_in_and_the_record_says_so(
    images: ImageChain, book: Book, gemini_simulator: GeminiSimulator
) -> None:
    gemini_simulator.script.extend([BROKEN] * 3)
    made = await images.draw(PICTURE)
    assert (made.model, made.model_intended, made.attempts) == (FALLBACK, PRIMARY, 4)
    assert made.fallback
    (warning,) = made.warnings
    assert warning.code == "model_fallback"
    assert warning.params["intended"] == PRIMARY
    assert book.spent == made.cost


async def test_the_next_provider_steps_in(
    images: ImageChain, gemini_simulator: GeminiSimulator
) -> None:
    gemini_simulator.script.extend([BROKEN] * 6)
    made = await images.draw(PICTURE)
    assert (made.provider, made.model, made.attempts) == ("replicate", FLUX, 7)


async def test_offline_comes_last_and_costs_nothing(
    images: ImageChain,
    book: Book,
    gemini_simulator: GeminiSimulator,
    replicate_simulator: ReplicateSimulator,
) -> None:
    gemini_simulator.script.extend([BROKEN] * 6)
    replicate_simulator.creates.extend([replicate.Refuse(status=500)] * 3)
    made = await images.draw(PICTURE)
    assert made.provider == "offline"
    assert made.fallback
    assert book.spent == 0
    assert set(book.states) == {"released"}


@pytest.mark.parametrize("names", [("gemini-2.5-flash-image", "gemini-pro")])
async def test_the_documents_models_are_retired_by_name_and_the_chain_goes_on(
    request: pytest.FixtureRequest, names: tuple[str, str]
) -> None:
    primary, fallback = names
    config = msgspec.structs.replace(
        CONFIG, gemini=GeminiModelConfig(primary=primary, fallback=fallback)
    )
    async with simulated(request, "chain", config) as providers:
        made = await providers.images.draw(PICTURE)
    assert (made.provider, made.attempts) == ("replicate", 3)
    assert f"no longer has the model “{primary}”" in made.warnings[0].message
    assert "gemini-nano-banana-2.1" in made.warnings[0].message


async def test_what_is_unsafe_is_asked_of_the_next_model_or_not(
    images: ImageChain, book: Book, gemini_simulator: GeminiSimulator
) -> None:
    gemini_simulator.script.append(gemini.Block(reason="IMAGE_SAFETY"))
    assert (await images.draw(PICTURE)).model == FALLBACK
    strict = replace(images, patience=msgspec.structs.replace(PATIENT, unsafe_falls_through=False))
    gemini_simulator.script.append(gemini.Block(reason="IMAGE_SAFETY"))
    with pytest.raises(UnsafeRequest):
        await strict.draw(PICTURE)
    assert book.states == ["settled", "settled", "settled"]  # prompts are charged for


@pytest.mark.parametrize("act", [gemini.HangUp(), gemini.Raw(body=b"<html>")])
async def test_a_lost_answer_ends_the_chain_and_is_never_sent_again_by_itself(
    images: ImageChain, book: Book, gemini_simulator: GeminiSimulator, act: gemini.Act
) -> None:
    gemini_simulator.script.append(act)
    for _ in range(2):
        with pytest.raises(OutcomeUnknown):
            await images.draw(PICTURE)
    assert book.states == ["unknown"]
    assert gemini_simulator.charges == [PRIMARY]


async def test_an_interrupted_prediction_is_fetched_and_not_paid_again(
    images: ImageChain,
    book: Book,
    gemini_simulator: GeminiSimulator,
    replicate_simulator: ReplicateSimulator,
) -> None:
    gemini_simulator.script.extend([BROKEN] * 6)
    replicate_simulator.downloads.extend([replicate.HangUp()] * 4)
    async with anyio.create_task_group() as drawing:
        drawing.start_soon(images.draw, PICTURE)
        # Interrupted once a first download has failed, and long before the fourth does.
        with anyio.fail_after(30):
            while len(replicate_simulator.downloads) == 4:  # noqa: ASYNC110 - it tells nobody
                await anyio.sleep(0.01)
        drawing.cancel_scope.cancel()
    assert book.states[-1] == "started"
    replicate_simulator.downloads.clear()
    calls = len(gemini_simulator.calls)
    made = await images.draw(PICTURE)
    assert made.provider == "replicate"
    assert book.states[-1] == "settled"
    assert len(replicate_simulator.charges) == 1
    assert len(gemini_simulator.calls) == calls


async def test_cancelling_a_running_prediction_frees_what_was_set_aside(
    images: ImageChain, book: Book, replicate_simulator: ReplicateSimulator
) -> None:
    replicate_simulator.creates.append(Run(seconds=60))
    alone = replace(images, rungs=images.rungs[2:3])
    async with anyio.create_task_group() as drawing:
        drawing.start_soon(alone.draw, PICTURE)
        # Not by the clock: on a busy machine a moment ends before the prediction has begun.
        with anyio.fail_after(30):
            while not (book.entries and book.entries[0].provider_id):  # noqa: ASYNC110 - as above
                await anyio.sleep(0.01)
        drawing.cancel_scope.cancel()
    assert book.states == ["released"]
    assert replicate_simulator.charges == []


async def test_a_call_that_is_cancelled_before_its_answer_is_an_unknown_outcome(
    images: ImageChain, book: Book, gemini_simulator: GeminiSimulator
) -> None:
    gemini_simulator.script.append(gemini.Hang(seconds=5))
    async with anyio.create_task_group() as drawing:
        drawing.start_soon(images.draw, PICTURE)
        with anyio.fail_after(30):
            while not gemini_simulator.calls:  # noqa: ASYNC110 - it tells nobody
                await anyio.sleep(0.01)
        drawing.cancel_scope.cancel()
    assert book.states == ["unknown"]


async def test_a_call_that_ends_as_nobody_foresaw_is_an_unknown_outcome(
    images: ImageChain, book: Book, gemini_simulator: GeminiSimulator
) -> None:
    async def stumble(*_: object) -> Generated:
        raise IndexError

    with pytest.raises(IndexError):
        await replace(images, inspect=stumble).draw(PICTURE)
    assert gemini_simulator.charges == [PRIMARY]
    assert book.states == ["unknown"]


async def test_a_call_in_hand_whose_model_was_removed_is_not_paid_again(
    images: ImageChain, book: Book
) -> None:
    call = Call(kind=images.kind, provider="replicate", model="removed", request_digest="",
                price=images.price(PICTURE), attempt=1)  # fmt: skip

    class Left(Book):
        async def find_unfinished(self, *_: object) -> Reservation | None:
            made = await self.reserve(call)
            await self.mark_started(made, "p1")
            return made

    left = Left()
    with pytest.raises(OutcomeUnknown):
        await images.metered(left).draw(PICTURE)
    assert left.states == ["unknown"]


async def test_a_meter_that_forbids_a_call_ends_the_chain(
    images: ImageChain, gemini_simulator: GeminiSimulator
) -> None:
    class CapReached(Exception):
        pass

    class Capped(Book):
        async def reserve(self, *_: object) -> Reservation:
            raise CapReached

    with pytest.raises(CapReached):
        await images.metered(Capped()).draw(PICTURE)
    assert gemini_simulator.calls == []


async def test_a_lease_that_is_lost_before_sending_sends_nothing(
    images: ImageChain, gemini_simulator: GeminiSimulator
) -> None:
    class LeaseLost(Exception):
        pass

    class Stale(Book):
        async def mark_started(self, *_: object) -> None:
            raise LeaseLost

    stale = Stale()
    with pytest.raises(LeaseLost):
        await images.metered(stale).draw(PICTURE)
    assert stale.states == ["released"]
    assert gemini_simulator.calls == []


async def test_retry_after_is_waited_for(
    images: ImageChain, gemini_simulator: GeminiSimulator
) -> None:
    gemini_simulator.script.append(gemini.Refuse(status=429, retry_delay="0.4s"))
    began = time.monotonic()
    assert (await images.draw(PICTURE)).model == PRIMARY
    assert time.monotonic() - began >= 0.4


async def test_a_long_retry_after_is_not_waited_for_but_remembered(
    images: ImageChain, gemini_simulator: GeminiSimulator
) -> None:
    gemini_simulator.script.append(gemini.Refuse(status=429, retry_after="120"))
    assert (await images.draw(PICTURE)).model == FALLBACK
    assert images.rungs[0].circuit.retry_after == pytest.approx(120, abs=2)
    calls = len(gemini_simulator.calls)
    made = await images.draw(PICTURE)
    assert made.fallback
    assert (made.model, made.attempts) == (FALLBACK, 1)
    assert len(gemini_simulator.calls) == calls + 1


async def test_a_chain_whose_models_all_rest_says_when_to_come_back(
    images: ImageChain, gemini_simulator: GeminiSimulator
) -> None:
    paid = replace(images, rungs=images.rungs[:1])
    gemini_simulator.script.append(gemini.Refuse(status=429, retry_after="120"))
    for _ in range(2):
        with pytest.raises(RetryableGeneration) as raised:
            await paid.draw(PICTURE)
        assert raised.value.retry_after == pytest.approx(120, abs=2)
    assert len(gemini_simulator.calls) == 1


async def test_falling_back_is_decided_within_ten_milliseconds(
    images: ImageChain, gemini_simulator: GeminiSimulator
) -> None:
    decided: list[float] = []
    failed = 0.0

    async def fail(*_: object) -> Generated:
        nonlocal failed
        failed = time.perf_counter()
        raise RetryableGeneration("No.", retry_after=60)

    async def make(*_: object) -> Generated:
        decided.append(time.perf_counter() - failed)
        return Generated(data=b"", media_type="", provider="gemini", model=FALLBACK)

    for _ in range(50):
        first = replace(images.rungs[0], make=fail, circuit=Circuit())
        second = replace(images.rungs[1], make=make)
        await replace(images, rungs=[first, second], inspect=accept_unseen).draw(PICTURE)
    assert median(decided) < 0.010


async def test_twenty_scenes_are_drawn_four_at_a_time(
    providers: Providers, gemini_simulator: GeminiSimulator
) -> None:
    gemini_simulator.latency = 0.2
    small = media.picture(1376, 768)
    gemini_simulator.script.extend([gemini.Made(data=small, mime="image/jpeg")] * 20)
    async with anyio.create_task_group() as group:
        for number in range(20):
            group.start_soon(providers.images.draw, ImageRequest(prompt=f"Scene {number}"))
    assert gemini_simulator.most_at_once == 4
    assert len(gemini_simulator.charges) == 20


async def test_models_are_looked_up_and_what_is_seen_is_told(
    gemini_simulator: GeminiSimulator,
) -> None:
    seen: list[tuple[str, str, Evidence]] = []
    async with open_providers(
        CONFIG,
        gemini_key=gemini.KEY,
        gemini_url=gemini_simulator.url,
        witness=lambda *one: seen.append(one),
    ) as providers:
        await providers.check()
        assert {(provider, one.sign) for provider, _, one in seen} == {("gemini", Sign.SEEN)}
        assert {model for _, model, _ in seen} == {model for _, model, _ in providers.circuits()}
        assert gemini_simulator.charges == []
        seen.clear()
        gemini_simulator.script.append(gemini.Refuse(status=403))
        await providers.images.draw(PICTURE)
    assert [(model, one.sign) for _, model, one in seen] == [
        (PRIMARY, Sign.FAILED), (FALLBACK, Sign.MADE), (PRIMARY, Sign.REPLACED),
    ]  # fmt: skip


async def test_calls_keep_the_pace_of_their_account(gemini_simulator: GeminiSimulator) -> None:
    pace = EvenPace(per_minute=600)
    async with open_providers(
        CONFIG, gemini_key=gemini.KEY, gemini_url=gemini_simulator.url, gemini_pace=pace
    ) as providers:
        began = time.monotonic()
        await providers.images.draw(PICTURE)
        await providers.speech.speak(SpeechRequest(text="Good morning"))
        await providers.images.draw(PICTURE)
        assert time.monotonic() - began >= 0.2


async def test_a_look_finds_a_retired_model_before_anybody_asks_it(
    request: pytest.FixtureRequest, gemini_simulator: GeminiSimulator
) -> None:
    config = ModelsConfig(gemini=GeminiModelConfig(primary="gemini-2.5-flash-image"))
    async with simulated(request, "gemini", config) as providers:
        await providers.check()
        assert (await providers.images.draw(PICTURE)).model == FALLBACK
    assert [call["model"] for call in gemini_simulator.calls] == [FALLBACK]


async def test_speech_falls_back_too(
    providers: Providers, gemini_simulator: GeminiSimulator
) -> None:
    gemini_simulator.script.append(gemini.Refuse(status=403))
    made = await providers.speech.speak(SpeechRequest(text="Good morning"))
    assert made.provider == "replicate"
    assert made.warnings[-1].code == "model_fallback"


async def test_without_any_key_everything_is_offline_and_as_intended() -> None:
    async with open_providers(ModelsConfig()) as providers:
        made = await providers.images.draw(PICTURE)
    assert made.provider == "offline"
    assert not made.fallback
    assert made.warnings == ()
    assert providers.text is None


async def test_what_a_gateway_loses_is_in_the_book_once_as_it_was_charged(
    providers: Providers,
    book: Book,
    gemini_simulator: GeminiSimulator,
    replicate_simulator: ReplicateSimulator,
) -> None:
    # Replicate can be asked what became of it; Gemini cannot, and nobody is paid in its place.
    chain = replace(providers.images, patience=PATIENT).metered(book)
    flux = [rung for rung in chain.rungs if rung.model == FLUX]
    replicate_simulator.creates.extend([replicate.Gateway()] * 4)
    await replace(chain, rungs=flux).draw(PICTURE)
    assert book.states == ["settled"]
    assert len(replicate_simulator.charges) == 1
    gemini_simulator.script.extend([gemini.Gateway()] * 4)
    with pytest.raises(OutcomeUnknown):
        await chain.draw(ImageRequest(prompt="A harbour"))
    assert book.states == ["settled", "unknown"]
    assert len(gemini_simulator.charges) == len(replicate_simulator.charges) == 1


async def test_a_refusal_for_safety_is_booked_at_what_it_used(
    providers: Providers, book: Book, gemini_simulator: GeminiSimulator
) -> None:
    chain = replace(providers.images, patience=PATIENT).metered(book)
    gemini_simulator.script.extend(
        [
            gemini.Block(reason="IMAGE_SAFETY", thoughts=100),
            gemini.Block(reason="SAFETY", prompt=True, usage=False),
        ]
    )
    made = await chain.draw(PICTURE)
    assert made.model == FLUX
    assert book.states == ["settled", "released", "settled"]
    assert book.entries[0].cost < chain.price(PICTURE) / 50


async def test_a_file_that_cannot_be_had_is_fetched_by_the_next_attempt_and_paid_once(
    book: Book, replicate_simulator: ReplicateSimulator
) -> None:
    account = Replicate(
        token=replicate.TOKEN,
        base_url=replicate_simulator.url,
        outputs_from=[replicate_simulator.url],
    )
    predictions = Predictions(account, poll_seconds=0.01)
    flux = ReplicateImages(predictions, model=FLUX, price=CONFIG.price(FLUX))
    chain = ImageChain(
        kind=Kind.PICTURE,
        rungs=[Rung(provider="replicate", model=FLUX, price=flux.price, make=flux.draw)],
    ).metered(book)
    replicate_simulator.downloads.extend([replicate.Refuse(status=404)] * 8)
    for _ in range(2):
        with pytest.raises(RunningGeneration):
            await chain.draw(PICTURE)
    assert (await chain.draw(PICTURE)).data
    assert book.states == ["settled"]
    assert len(replicate_simulator.charges) == 1
    await account.aclose()


async def test_what_is_fetched_later_leaves_its_model_to_others(images: ImageChain) -> None:
    async def running(*_: object) -> Generated:
        raise RunningGeneration("It runs.", retry_after=3_000)

    first = replace(images.rungs[0], make=running)
    with pytest.raises(RunningGeneration):
        await replace(images, rungs=[first, *images.rungs[1:]]).draw(PICTURE)
    assert first.circuit.available


async def test_running_work_is_no_reason_to_pay_another_model(images: ImageChain) -> None:
    async def running(*_: object) -> Generated:
        raise RunningGeneration("It runs.")

    first = replace(images.rungs[0], make=running)
    book = Book()
    with pytest.raises(RunningGeneration):
        await replace(images, rungs=[first, *images.rungs[1:]]).metered(book).draw(PICTURE)
    assert book.states == ["started"]
