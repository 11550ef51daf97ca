"""The chain of providers under the ledger: what is charged is written down, and nothing twice."""

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from decimal import Decimal
from itertools import combinations

import anyio
import msgspec
import pytest

from cms_bridge.errors import ApprovedCostReached, SpendCapReached
from cms_bridge.ledger import charges
from cms_bridge.ledger.charges import ChargeOutcome
from cms_bridge.ledger.meter import Ledger, open_ledger
from cms_bridge.pricing.amounts import Caps
from cms_bridge.pricing.caps import held, video_row
from cms_bridge.pricing.estimates import prices_of
from cms_bridge.storage.base import StorageUnavailable
from cms_bridge.tables import Job
from render.errors import GenerationError, OutcomeUnknown, RetryableGeneration, UnusableAnswer
from render.generation.base import (
    Generated,
    GenerationRecord,
    ImageRequest,
    Kind,
    MusicRequest,
    Reservation,
    SpeechRequest,
    Ticket,
)
from render.generation.chain import ImageChain, Rung
from render.generation.models import ModelsConfig
from render.generation.patience import Patience
from render.generation.providers import open_providers
from tests.support.ledger import AMPLE, check_books, claimed, die, new_job

pytestmark = pytest.mark.anyio

REQUEST = ImageRequest(prompt="A boat")
PRICE = Decimal("0.04")
Make = Callable[[ImageRequest, Ticket], Awaitable[Generated]]


def made(cost: str = "0.03") -> Generated:
    return Generated(data=b"", media_type="image/png", provider="p", model="m", cost=Decimal(cost))


def chain(*makes: Make) -> ImageChain:
    rungs = [
        Rung(provider="p", model=f"m{number}", price=lambda _: PRICE, make=make)
        for number, make in enumerate(makes)
    ]
    return ImageChain(kind=Kind.PICTURE, rungs=rungs, patience=Patience(calls=2, first_delay=0.001))


async def draws(_request: ImageRequest, _ticket: Ticket) -> Generated:
    return made()


async def is_busy(_request: ImageRequest, _ticket: Ticket) -> Generated:
    raise RetryableGeneration("Too many requests.")


async def loses_the_answer(_request: ImageRequest, _ticket: Ticket) -> Generated:
    raise OutcomeUnknown("The connection was lost.")


@pytest.fixture
async def ledger(database: str) -> AsyncIterator[Ledger]:
    yield await open_ledger(await claimed(await new_job(video="v")), caps=AMPLE)
    await check_books(AMPLE)


async def states(ledger: Ledger) -> list[tuple[str, str]]:
    return [(row.model, row.state) for row in await charges.charges_of(ledger.lease.job_id)]


async def after_a_crash(ledger: Ledger) -> Ledger:
    await die(ledger.lease.job_id)
    return await open_ledger(await claimed(ledger.lease.job_id, worker="w2"), caps=ledger.caps)


async def test_every_call_is_a_charge_and_the_successful_one_is_paid(ledger: Ledger) -> None:
    await chain(is_busy, draws).metered(ledger).draw(REQUEST)
    assert await states(ledger) == [("m0", "released"), ("m0", "released"), ("m1", "settled")]
    assert [row.call for row in await charges.charges_of(ledger.lease.job_id)] == [1, 2, 3]
    assert await held(video_row("p1", "v")) == Decimal("0.03")


async def test_what_was_made_is_kept_before_it_is_settled(ledger: Ledger) -> None:
    kept: list[tuple[str, str]] = []

    async def keep(_made: GenerationRecord, paid: Reservation | None) -> None:
        (row,) = await charges.charges_of(ledger.lease.job_id)
        assert paid
        kept.append((paid.id, row.state))

    await chain(draws).metered(ledger, keep=keep).draw(REQUEST)
    (row,) = await charges.charges_of(ledger.lease.job_id)
    assert kept == [(str(row.id), "started")]
    assert row.state == "settled"


async def test_what_could_not_be_kept_is_not_settled_nor_asked_of_another(ledger: Ledger) -> None:
    async def keep(_made: GenerationRecord, _paid: Reservation | None) -> None:
        raise StorageUnavailable("Away.")

    with pytest.raises(StorageUnavailable):
        await chain(draws, draws).metered(ledger, keep=keep).draw(REQUEST)
    assert await states(ledger) == [("m0", "started")]


async def test_what_costs_nothing_is_kept_too(ledger: Ledger) -> None:
    kept: list[Reservation | None] = []

    async def keep(_made: GenerationRecord, paid: Reservation | None) -> None:
        kept.append(paid)

    free = chain(draws)
    free = replace(free, rungs=[replace(free.rungs[0], paid=False)])
    await free.metered(ledger, keep=keep).draw(REQUEST)
    assert kept == [None]
    assert await states(ledger) == []


async def test_a_lost_answer_ends_the_chain_and_is_not_asked_for_again(ledger: Ledger) -> None:
    for _ in range(2):
        with pytest.raises(OutcomeUnknown):
            await chain(loses_the_answer, draws).metered(ledger).draw(REQUEST)
    assert await states(ledger) == [("m0", "unknown")]


async def test_a_lost_answer_that_counts_as_paid_is_bought_again(ledger: Ledger) -> None:
    forgiving = Ledger(
        lease=ledger.lease,
        caps=msgspec.structs.replace(AMPLE, lost_call=PRICE, lost_video=PRICE * 2),
    )
    made = await chain(loses_the_answer, draws).metered(forgiving).draw(REQUEST)
    assert made.attempts == 3
    rows = await charges.charges_of(ledger.lease.job_id)
    assert [(row.model, row.state, row.presumed) for row in rows] == [
        ("m0", "settled", True),
        ("m0", "settled", True),
        ("m1", "settled", False),
    ]
    await check_books(forgiving.caps)
    for row in rows[:2]:  # what the fixture counts with has no such budget
        await charges.resolve(ledger.lease.job_id, row.id, ChargeOutcome.CHARGED, by="ann")


async def test_it_is_bought_again_as_long_as_the_budget_lasts(ledger: Ledger) -> None:
    forgiving = Ledger(
        lease=ledger.lease, caps=msgspec.structs.replace(AMPLE, lost_call=PRICE, lost_video=PRICE)
    )
    with pytest.raises(OutcomeUnknown):
        await chain(loses_the_answer, draws).metered(forgiving).draw(REQUEST)
    rows = await charges.charges_of(ledger.lease.job_id)
    assert [(row.model, row.state, row.presumed) for row in rows] == [
        ("m0", "settled", True),
        ("m0", "unknown", False),
    ]
    await charges.resolve(ledger.lease.job_id, rows[0].id, ChargeOutcome.CHARGED, by="ann")


async def test_a_cap_ends_the_chain_before_anything_is_sent(ledger: Ledger) -> None:
    broke = Ledger(lease=ledger.lease, caps=Caps(video=PRICE / 2, project=PRICE, month=PRICE))
    with pytest.raises(SpendCapReached):
        await chain(draws, draws).metered(broke).draw(REQUEST)
    assert await states(ledger) == []


async def test_an_interrupted_call_is_fetched_by_its_id_and_paid_once(ledger: Ledger) -> None:
    resumed: list[str | None] = []
    begun = anyio.Event()

    async def predicts(_request: ImageRequest, ticket: Ticket) -> Generated:
        resumed.append(ticket.resume)
        if ticket.resume is None:
            await ticket.on_started("prediction-1")
            begun.set()
            await anyio.sleep_forever()
        return made()

    async with anyio.create_task_group() as group:
        group.start_soon(chain(predicts).metered(ledger).draw, REQUEST)
        await begun.wait()
        group.cancel_scope.cancel()
    again = await after_a_crash(ledger)
    # The model that was asked is no longer the first one: what runs is fetched all the same.
    await chain(predicts, draws).metered(again).draw(REQUEST)
    assert resumed == [None, "prediction-1"]
    assert await states(ledger) == [("m0", "settled")]


async def test_a_call_that_is_cut_off_without_an_id_is_unknown(ledger: Ledger) -> None:
    begun = anyio.Event()

    async def hangs(_request: ImageRequest, _ticket: Ticket) -> Generated:
        begun.set()
        await anyio.sleep_forever()
        raise AssertionError

    async with anyio.create_task_group() as group:
        group.start_soon(chain(hangs).metered(ledger).draw, REQUEST)
        await begun.wait()
        group.cancel_scope.cancel()
    assert await states(ledger) == [("m0", "unknown")]
    with pytest.raises(OutcomeUnknown):
        await chain(draws).metered(await after_a_crash(ledger)).draw(REQUEST)


async def is_useless(_request: ImageRequest, _ticket: Ticket) -> Generated:
    raise UnusableAnswer("This is no picture.").charged(Decimal("0.01"))


async def costs_and_fails(_request: ImageRequest, _ticket: Ticket) -> Generated:
    raise RetryableGeneration("Words alone.").charged(Decimal("0.01"))


@pytest.mark.parametrize("make", [is_useless, costs_and_fails])
async def test_a_model_is_paid_for_two_useless_answers_in_all_its_attempts(
    ledger: Ledger, make: Make
) -> None:
    patient = Patience(calls=5, first_delay=0.001)
    meter = ledger
    for _ in range(2):
        with pytest.raises(GenerationError):
            await replace(chain(make), patience=patient).metered(meter).draw(REQUEST)
        meter = await after_a_crash(meter)
    assert await states(ledger) == [("m0", "settled")] * 2
    await replace(chain(make, draws), patience=patient).metered(meter).draw(REQUEST)
    assert await states(ledger) == [("m0", "settled")] * 2 + [("m1", "settled")]


async def test_what_was_approved_ends_the_chain_before_a_dearer_model_is_asked(
    ledger: Ledger,
) -> None:
    await Job.update({Job.approved_cost: Decimal("0.05")}).where(Job.id == ledger.lease.job_id)
    with pytest.raises(ApprovedCostReached):
        await chain(is_useless, draws).metered(ledger).draw(REQUEST)
    # Two at a cent each leave no room for a third call at four.
    assert await states(ledger) == [("m0", "settled")] * 2


ACCOUNTS = [
    name
    for name in inspect.signature(open_providers).parameters
    if name.endswith(("_key", "_token"))
]
"""Every provider's secret, as the chains are given it."""


@pytest.mark.parametrize(
    "given",
    [given for count in range(len(ACCOUNTS) + 1) for given in combinations(ACCOUNTS, count)],
    ids=lambda given: " and ".join(given) or "nothing",
)
async def test_the_bridge_tells_the_price_that_the_daemon_reserves(given: tuple[str, ...]) -> None:
    models = ModelsConfig()
    told = prices_of(models, **{name.rpartition("_")[0]: name in given for name in ACCOUNTS})
    async with open_providers(models, **dict.fromkeys(given, "secret")) as providers:
        for text in ("", "A boat at sea.", "船" * 500):
            picture, speech = ImageRequest(prompt=text), SpeechRequest(text=text, locale="zh")
            assert told.picture(picture) == providers.images.price(picture)
            assert told.narration(speech) == providers.speech.price(speech)
            music = MusicRequest(prompt=text, seconds=70)
            assert told.music(music) == providers.music.price(music)
