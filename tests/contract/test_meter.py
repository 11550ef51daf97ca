"""What every `Meter` promises, whoever keeps the account: none, a simulator's book, the ledger."""

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import NamedTuple
from uuid import uuid4

import pytest

from cms_bridge.database import connected
from cms_bridge.ledger.meter import open_ledger
from render.errors import OutcomeUnknown
from render.generation.base import Call, Meter, Reservation
from render.generation.unmetered import Unmetered
from tests.support.ledger import AMPLE, call, claimed, new_job
from tests.support.simulators.meter import Book

pytestmark = pytest.mark.anyio

PRICE, COST = Decimal("0.04"), Decimal("0.03")
LOST = "The connection was lost."


class Metered(NamedTuple):
    """A meter, and whether it remembers calls."""

    meter: Meter
    remembers: bool = True


@pytest.fixture(params=["unmetered", "book", "sqlite", "postgres"])
def account(request: pytest.FixtureRequest) -> str:
    """Who keeps the account, or the URL of the database that a ledger keeps it in."""
    if request.param in {"unmetered", "book"}:
        return request.param
    return request.getfixturevalue(f"migrated_{request.param}_url")


@pytest.fixture
async def metered(account: str) -> AsyncIterator[Metered]:
    match account:
        case "unmetered":
            yield Metered(Unmetered(), remembers=False)
        case "book":
            yield Metered(Book())
        case url:
            async with connected(url):
                ledger = await open_ledger(await claimed(await new_job()), caps=AMPLE)
                yield Metered(ledger.scene("s1"))


@pytest.fixture
def meter(metered: Metered) -> Meter:
    return metered.meter


@pytest.fixture
def digest() -> str:
    return uuid4().hex


async def begun(meter: Meter, wanted: Call, provider_id: str | None = None) -> Reservation:
    """Make a call as far as it can be interrupted."""
    reservation = await meter.reserve(wanted)
    await meter.mark_started(reservation)
    if provider_id:
        await meter.mark_started(reservation, provider_id)
    return reservation


async def test_a_reservation_is_of_the_call_it_was_made_for(meter: Meter) -> None:
    wanted = call(PRICE)
    reservation = await meter.reserve(wanted)
    assert (reservation.provider, reservation.model) == (wanted.provider, wanted.model)
    assert reservation.provider_id is None


async def test_every_reservation_has_a_name_of_its_own(meter: Meter) -> None:
    assert len({(await meter.reserve(call(PRICE))).id for _ in range(3)}) == 3


async def test_a_call_that_was_settled_is_not_unfinished(meter: Meter, digest: str) -> None:
    await meter.settle(await begun(meter, call(PRICE, digest=digest), "prediction-1"), COST)
    assert await meter.find_unfinished(digest) is None


async def test_a_call_that_was_released_is_not_unfinished(meter: Meter, digest: str) -> None:
    await meter.release(await begun(meter, call(PRICE, digest=digest), "prediction-1"))
    assert await meter.find_unfinished(digest) is None


async def test_a_call_may_be_released_before_it_leaves(meter: Meter, digest: str) -> None:
    await meter.release(await meter.reserve(call(PRICE, digest=digest)))
    assert await meter.find_unfinished(digest) is None


async def test_a_request_may_be_reserved_again_once_it_is_over(meter: Meter, digest: str) -> None:
    await meter.release(await begun(meter, call(PRICE, digest=digest)))
    await meter.settle(await begun(meter, call(PRICE, digest=digest, attempt=2)), COST)
    await meter.reserve(call(PRICE, digest=digest, attempt=3))


async def test_an_answer_that_was_of_no_use_is_settled_too(meter: Meter, digest: str) -> None:
    await meter.settle(await begun(meter, call(PRICE, digest=digest)), COST, useless=True)
    assert await meter.find_unfinished(digest) is None


async def test_a_call_may_cost_more_than_was_set_aside(meter: Meter) -> None:
    await meter.settle(await begun(meter, call(PRICE)), PRICE * 2)


async def test_an_interrupted_call_is_found_by_the_providers_id(
    metered: Metered, digest: str
) -> None:
    meter, remembers = metered
    reservation = await begun(meter, call(PRICE, digest=digest), "prediction-1")
    found = await meter.find_unfinished(digest)
    if not remembers:
        assert found is None
        return
    assert found is not None
    assert (found.id, found.provider_id) == (reservation.id, "prediction-1")
    assert (found.provider, found.model) == (reservation.provider, reservation.model)
    await meter.settle(found, COST)
    assert await meter.find_unfinished(digest) is None


async def test_a_call_of_another_request_is_not_found(meter: Meter, digest: str) -> None:
    await begun(meter, call(PRICE), "prediction-1")
    assert await meter.find_unfinished(digest) is None


async def test_a_call_without_an_id_cannot_be_gone_on_with(meter: Meter, digest: str) -> None:
    await begun(meter, call(PRICE, digest=digest))
    assert await meter.find_unfinished(digest) is None


async def test_what_may_have_been_charged_is_not_sent_again(metered: Metered, digest: str) -> None:
    meter, remembers = metered
    reservation = await begun(meter, call(PRICE, digest=digest))
    await meter.mark_unknown(reservation, LOST)
    if not remembers:
        assert await meter.find_unfinished(digest) is None
        return
    for _ in range(2):
        with pytest.raises(OutcomeUnknown):
            await meter.find_unfinished(digest)


async def test_an_unknown_outcome_stands_in_no_other_requests_way(
    meter: Meter, digest: str
) -> None:
    await meter.mark_unknown(await begun(meter, call(PRICE)), LOST)
    assert await meter.find_unfinished(digest) is None
    await meter.reserve(call(PRICE, digest=digest))


async def test_an_id_is_taken_by_whichever_other_call_it_is_noted_with(metered: Metered) -> None:
    meter, remembers = metered
    mine, theirs = await begun(meter, call(PRICE)), await begun(meter, call(PRICE), "prediction-1")
    assert await meter.is_taken(mine, "prediction-1") is remembers
    assert not await meter.is_taken(theirs, "prediction-1")
    assert not await meter.is_taken(mine, "prediction-2")


async def test_the_id_of_a_call_that_is_over_is_still_taken(metered: Metered) -> None:
    meter, remembers = metered
    await meter.settle(await begun(meter, call(PRICE), "prediction-1"), COST)
    assert await meter.is_taken(await begun(meter, call(PRICE)), "prediction-1") is remembers
