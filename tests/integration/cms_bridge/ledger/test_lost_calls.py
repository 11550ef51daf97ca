"""Calls of unknown outcome that count as paid within a budget, on both databases."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import anyio
import msgspec
import pytest

from cms_bridge.errors import ApprovedCostReached, SpendCapReached
from cms_bridge.jobs import transitions
from cms_bridge.ledger import charges
from cms_bridge.ledger.charges import ChargeOutcome
from cms_bridge.ledger.meter import Ledger, open_ledger
from cms_bridge.ledger.vault import keep_text
from cms_bridge.pricing import caps
from cms_bridge.pricing.caps import OwnCaps
from cms_bridge.states import Status
from cms_bridge.tables import Charge, Job
from render.errors import OutcomeUnknown
from render.generation.base import GeneratedText, Reservation
from tests.support.ledger import (
    AMPLE,
    call,
    check_books,
    claimed,
    die,
    dollars,
    new_job,
    only_charge,
)

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("database")]

FORGIVING = msgspec.structs.replace(AMPLE, lost_call=dollars("0.05"), lost_video=dollars("0.10"))
LOST = "The connection was lost."


async def opened(limits: caps.Caps = FORGIVING, **options: Any) -> Ledger:
    return await open_ledger(await claimed(await new_job(**options)), caps=limits)


async def lose(ledger: Ledger, price: str = "0.04", *, digest: str | None = None) -> Reservation:
    """Make a call whose answer is lost."""
    reservation = await ledger.reserve(call(price, digest=digest))
    await ledger.mark_started(reservation)
    await ledger.mark_unknown(reservation, LOST)
    return reservation


async def states(ledger: Ledger) -> list[tuple[str, bool]]:
    rows = await charges.charges_of(ledger.lease.job_id)
    return [(row.state.value, row.presumed) for row in rows]


async def lost(video: str) -> Decimal:
    return await caps.held(caps.lost_row("p1", video))


async def test_a_lost_call_counts_as_paid_and_may_be_bought_again() -> None:
    ledger = (await opened(video="v")).scene("s2")
    reservation = await ledger.reserve(call("0.04", digest="d"))
    await ledger.mark_started(reservation)
    assert await ledger.mark_unknown(reservation, LOST)
    row = await only_charge(ledger.lease.job_id)
    assert (row.state, row.settled, row.presumed) == ("settled", dollars("0.04"), True)
    assert row.reason == f"{LOST} It counts as paid, as the project allows."
    assert await caps.held(caps.video_row("p1", "v")) == await lost("v") == dollars("0.04")
    assert await ledger.find_unfinished("d") is None
    await ledger.reserve(call("0.04", digest="d"))
    await check_books(FORGIVING)


async def test_it_is_told_of_and_asks_nothing_of_anybody() -> None:
    ledger = (await opened()).scene("s2")
    reservation = await lose(ledger)
    job = await transitions.find(ledger.lease.job_id)
    (warning,) = job.charge_warnings
    assert warning.code == "charge_presumed"
    assert warning.message.startswith("Scene 2: A call to a-model may have been charged $0.04")
    assert warning.message.endswith(f" {LOST} It counts as paid, as the project allows.")
    assert warning.params["scene"] == 2
    assert warning.params["charge"] == reservation.id
    assert job.actual_cost == dollars("0.04")


async def test_what_a_killed_worker_leaves_counts_as_paid_for_the_next_one() -> None:
    ledger = await opened()
    await ledger.mark_started(await ledger.reserve(call(digest="d")))
    await die(ledger.lease.job_id)
    again = await open_ledger(await claimed(ledger.lease.job_id, worker="w2"), caps=FORGIVING)
    assert await again.find_unfinished("d") is None
    reservation = await again.reserve(call(digest="d"))
    await again.mark_started(reservation)
    await again.settle(reservation, dollars("0.03"))
    assert await states(again) == [("settled", True), ("settled", False)]
    await check_books(FORGIVING)


async def test_so_does_what_a_sweep_finds() -> None:
    ledger = await opened()
    await ledger.mark_started(await ledger.reserve(call()))
    await Job.update({Job.status: Status.FAILED}).where(Job.id == ledger.lease.job_id)
    assert await charges.sweep(silence=timedelta(0), allowed=FORGIVING) == 1
    assert await states(ledger) == [("settled", True)]


@pytest.mark.parametrize(
    "limits",
    [
        AMPLE,
        msgspec.structs.replace(AMPLE, lost_call=dollars(1)),
        msgspec.structs.replace(AMPLE, lost_video=dollars(1)),
        msgspec.structs.replace(FORGIVING, lost_call=dollars("0.039999")),
    ],
    ids=["by default", "no sum", "no price", "too dear"],
)
async def test_what_is_not_allowed_waits_for_a_person(limits: caps.Caps) -> None:
    ledger = await opened(limits)
    for price in ("0.04", "0"):
        reservation = await ledger.reserve(call(price, digest=f"d{price}"))
        await ledger.mark_started(reservation)
        if price == "0" and limits.lost_call:
            continue  # what is free is lost for nothing
        assert not await ledger.mark_unknown(reservation, LOST)
        with pytest.raises(OutcomeUnknown):
            await ledger.find_unfinished(f"d{price}")
    await check_books(limits)


async def test_past_what_a_video_may_lose_calls_wait_for_a_person() -> None:
    for _ in range(2):  # a video is one account through all its submissions
        await lose(await opened(video="v"))
    third = await opened(video="v")
    await lose(third, digest="d")
    assert await states(third) == [("unknown", False)]
    assert await lost("v") == dollars("0.08")
    another = await opened(video="w")
    await lose(another)
    assert await states(another) == [("settled", True)]
    await check_books(FORGIVING)


async def test_a_project_says_for_itself() -> None:
    bold, strict = await opened(AMPLE, project="bold"), await opened(project="strict")
    await caps.set_own("bold", OwnCaps(lost_call=dollars(1), lost_video=dollars(2)))
    await caps.set_own("strict", OwnCaps(lost_call=dollars(0)))
    await lose(bold)
    await lose(strict)
    assert await states(bold) == [("settled", True)]
    assert await states(strict) == [("unknown", False)]


async def test_what_can_still_be_fetched_is_not_bought_again() -> None:
    named, answered = await opened(), await opened()
    reservation = await named.reserve(call(digest="d1"))
    await named.mark_started(reservation)
    await named.mark_started(reservation, "prediction-1")
    assert not await named.mark_unknown(reservation, LOST)
    assert await named.find_unfinished("d1")
    reservation = await answered.reserve(call(digest="d2"))
    await answered.mark_started(reservation)
    await keep_text(
        GeneratedText(content={}, provider="gemini", model="a-model", cost=dollars("0.01")),
        reservation,
    )
    assert not await answered.mark_unknown(reservation, LOST)


@pytest.mark.parametrize(
    ("cost", "state"), [("0.03", "settled"), ("0.04", "settled"), ("", "released")]
)
async def test_a_late_truth_gives_the_video_its_room_back(cost: str, state: str) -> None:
    ledger = await opened(video="v")
    reservation = await lose(ledger)
    if cost:
        await ledger.settle(reservation, dollars(cost))
    else:
        await ledger.release(reservation)
    row = await only_charge(ledger.lease.job_id)
    assert (row.state, row.settled, row.presumed, row.reason) == (
        state,
        dollars(cost) if cost else None,
        False,
        "",
    )
    assert await lost("v") == 0
    assert not (await transitions.find(ledger.lease.job_id)).charge_warnings
    # What is known by now is not lost once more.
    assert not await ledger.mark_unknown(reservation, LOST)
    await check_books(FORGIVING)


@pytest.mark.parametrize(
    ("outcome", "state"),
    [(ChargeOutcome.CHARGED, "settled"), (ChargeOutcome.NOT_CHARGED, "released")],
)
async def test_a_person_may_say_what_became_of_it_all_the_same(
    outcome: ChargeOutcome, state: str
) -> None:
    ledger = await opened(video="v")
    await lose(ledger)
    charge = await only_charge(ledger.lease.job_id)
    for _ in range(2):
        said = await charges.resolve(ledger.lease.job_id, charge.id, outcome, by="ann")
        assert (said.state, said.presumed) == (state, False)
    assert await lost("v") == 0
    await check_books(FORGIVING)


async def test_its_id_is_kept_when_it_comes_late() -> None:
    ledger = await opened()
    reservation = await lose(ledger)
    await ledger.mark_started(reservation, "prediction-1")
    row = await only_charge(ledger.lease.job_id)
    assert (row.state, row.presumed, row.provider_id) == ("settled", True, "prediction-1")


async def test_a_job_approved_at_its_very_price_buys_again_what_was_lost() -> None:
    ledger = await opened(approved=dollars("0.04"), video="v")
    await lose(ledger, digest="d")
    own = caps.job_row(caps.Scope.APPROVAL, ledger.lease.job_id)
    assert await caps.held(own) == 0
    again = await ledger.reserve(call("0.04", digest="d"))
    await ledger.mark_started(again)
    await ledger.settle(again, dollars("0.04"))
    # The video has cost both, and no more can be had for what was approved.
    assert await caps.held(caps.video_row("p1", "v")) == dollars("0.08")
    with pytest.raises(ApprovedCostReached):
        await ledger.reserve(call("0.000001"))
    await check_books(FORGIVING)


async def test_beyond_the_budget_what_is_lost_counts_against_what_was_approved() -> None:
    ledger = await opened(approved=dollars("0.07"))
    for digest in ("d1", "d2", "d3"):
        await lose(ledger, digest=digest)
    assert await states(ledger) == [("settled", True), ("settled", True), ("unknown", False)]
    with pytest.raises(ApprovedCostReached):
        await ledger.reserve(call("0.04", digest="d4"))
    await check_books(FORGIVING)


async def test_every_other_cap_holds_what_is_lost() -> None:
    tight = msgspec.structs.replace(FORGIVING, video=dollars("0.07"))
    ledger = await opened(tight, approved=dollars(1))
    await lose(ledger, digest="d")
    with pytest.raises(SpendCapReached):
        await ledger.reserve(call("0.04", digest="d"))
    await check_books(tight)


async def test_what_turns_out_to_have_been_charged_counts_against_what_was_approved() -> None:
    """Nobody doubts it any more, and the video has the room that doubt took up."""
    ledger = await opened(approved=dollars("0.07"), video="v")
    lost_call = await lose(ledger, digest="d")
    await ledger.settle(lost_call, dollars("0.03"))
    assert await lost("v") == 0
    own = caps.job_row(caps.Scope.APPROVAL, ledger.lease.job_id)
    assert await caps.held(own) == dollars("0.03")
    await check_books(FORGIVING)


async def test_however_many_end_at_once_a_video_loses_no_more_than_it_may() -> None:
    jobs = [await new_job(video="v") for _ in range(4)]
    ledgers = [await open_ledger(await claimed(job), caps=FORGIVING) for job in jobs]
    ends: list[bool] = []

    async def end(ledger: Ledger) -> None:
        reservation = await ledger.reserve(call("0.03"))
        await ledger.mark_started(reservation)
        ends.append(await ledger.mark_unknown(reservation, LOST))

    async with anyio.create_task_group() as group:
        for ledger in ledgers * 3:
            group.start_soon(end, ledger)
    assert (sum(ends), len(ends)) == (3, 12)
    assert await Charge.count().where(Charge.presumed.eq(True)) == 3
    assert await lost("v") == dollars("0.09")
    await check_books(FORGIVING)
