"""The ledger: what is written before, during and after a paid call, on both databases."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import anyio
import msgspec
import pytest

from cms_bridge.errors import (
    AnswersUseless,
    ApprovedCostReached,
    CallUnderWay,
    ChargeNotFound,
    ChargeNotUnknown,
    LeaseLost,
    SpendCapReached,
    SpendUnderWay,
)
from cms_bridge.jobs import transitions
from cms_bridge.ledger import charges, followed
from cms_bridge.ledger.charges import ChargeOutcome, ChargeRecord, ChargeState
from cms_bridge.ledger.followed import Rounds
from cms_bridge.ledger.meter import Ledger, open_ledger
from cms_bridge.outbox.messages import Topic
from cms_bridge.outbox.writeback import rendition_write
from cms_bridge.pricing import caps
from cms_bridge.pricing.amounts import Caps
from cms_bridge.states import Status
from cms_bridge.tables import Charge, Job, OutboxMessage, Project
from render.errors import AccessDenied, OutcomeUnknown, RetryableGeneration
from render.generation.base import Fate, Kind
from tests.support.ledger import (
    AMPLE,
    PLENTY,
    call,
    check_books,
    claimed,
    die,
    dollars,
    new_job,
    only_charge,
    pay,
)

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("database")]

NO_TIME = timedelta(0)


async def opened(**options: Any) -> Ledger:
    job = await new_job(**options)
    return await open_ledger(await claimed(job), caps=AMPLE)


async def reopened(ledger: Ledger) -> Ledger:
    """Return the ledger of the worker that takes over from one that died."""
    await die(ledger.lease.job_id)
    lease = await claimed(ledger.lease.job_id, worker="w2")
    return await open_ledger(lease, caps=ledger.caps)


async def ended(job: UUID) -> None:
    """End a job whose worker has long been gone."""
    long_ago = datetime.now(UTC) - timedelta(hours=1)
    await Job.update({Job.status: Status.COMPLETED, Job.updated_at: long_ago}).where(Job.id == job)


async def ended_with_a_call(digest: str, **options: Any) -> UUID:
    """Return a job that has ended, and left a call at its provider."""
    ledger = await opened(**options)
    reservation = await ledger.reserve(call(digest=digest))
    for provider_id in (None, f"prediction-{digest}"):
        await ledger.mark_started(reservation, provider_id)
    await ended(ledger.lease.job_id)
    return ledger.lease.job_id


async def test_a_call_is_written_down_before_it_is_made() -> None:
    ledger = (await opened()).scene("s1")
    reservation = await ledger.reserve(call("0.0336", digest="d", attempt=2))
    row = await only_charge(ledger.lease.job_id)
    assert str(row.id) == reservation.id
    assert (row.state, row.reserved, row.settled) == ("reserved", dollars(0.0336), None)
    assert (row.scene_id, row.kind, row.request_digest) == ("s1", "picture", "d")
    assert (row.attempt, row.call, row.provider, row.model) == (
        1,
        2,
        "gemini",
        "a-model",
    )


async def test_a_settled_call_shows_on_the_job_and_goes_to_the_cms() -> None:
    ledger = await opened()
    before = await transitions.find(ledger.lease.job_id)
    for cost in ("0.03", "0.000001"):
        reservation = await ledger.reserve(call())
        await ledger.mark_started(reservation)
        await ledger.settle(reservation, Decimal(cost))
    row = await transitions.find(ledger.lease.job_id)
    assert row.actual_cost == dollars("0.030001")
    assert row.sequence == before.sequence + 2
    (message,) = await OutboxMessage.select().where(OutboxMessage.topic == Topic.RENDITION)
    assert message["due_at"] is not None
    await check_books(AMPLE)


async def test_a_released_call_makes_room_again() -> None:
    ledger = await opened()
    ledger = Ledger(lease=ledger.lease, caps=msgspec.structs.replace(AMPLE, video=dollars(0.05)))
    await ledger.release(await ledger.reserve(call("0.05")))
    await ledger.reserve(call("0.05"))
    await check_books(ledger.caps)


@pytest.mark.parametrize("scope", ["video", "project", "month"])
async def test_a_call_that_would_pass_a_cap_is_not_written(scope: str) -> None:
    limits = msgspec.structs.replace(AMPLE, **{scope: dollars("0.10")})
    ledger = await open_ledger(await claimed(await new_job()), caps=limits)
    await pay(ledger, "0.06")
    with pytest.raises(SpendCapReached) as stopped:
        await ledger.reserve(call("0.040001"))
    assert stopped.value.params == {
        "scope": scope,
        "cap": "0.10",
        "spent": "0.060000",
        "wanted": "0.040001",
    }
    assert await Charge.count() == 1
    await ledger.reserve(call("0.04"))
    await check_books(limits)


async def test_a_first_call_above_the_cap_is_refused_as_well() -> None:
    ledger = await open_ledger(
        await claimed(await new_job()),
        caps=Caps(video=Decimal(0), project=Decimal(9), month=Decimal(9)),
    )
    with pytest.raises(SpendCapReached):
        await ledger.reserve(call("0.01"))
    await ledger.reserve(call("0"))


async def test_a_video_is_one_account_through_all_its_submissions() -> None:
    limits = msgspec.structs.replace(AMPLE, video=dollars("0.10"))
    for _ in range(2):
        ledger = await open_ledger(await claimed(await new_job(video="v")), caps=limits)
        await pay(ledger, "0.05")
    with pytest.raises(SpendCapReached, match="cap of this video"):
        await ledger.reserve(call("0.01"))


async def test_a_project_may_have_caps_of_its_own() -> None:
    ledger = await opened(project="frugal")
    await Project.update({Project.cap_video: dollars("0.01")}).where(Project.id == "frugal")
    with pytest.raises(SpendCapReached, match=r"\$0.01"):
        await ledger.reserve(call("0.02"))
    await Project.update({Project.cap_video: None, Project.cap_project: dollars("0.03")}).where(
        Project.id == "frugal"
    )
    await pay(ledger, "0.02")
    with pytest.raises(SpendCapReached, match="cap of this project"):
        await ledger.reserve(call("0.02"))
    assert (await caps.caps_of("another", AMPLE)) == AMPLE


async def test_a_dearer_call_than_was_reserved_is_told_as_it_was() -> None:
    limits = msgspec.structs.replace(AMPLE, video=dollars("0.05"))
    ledger = await open_ledger(await claimed(await new_job(video="v")), caps=limits)
    reservation = await ledger.reserve(call("0.05"))
    await ledger.settle(reservation, dollars("0.07"))
    assert await caps.held(caps.video_row("p1", "v")) == dollars("0.07")
    with pytest.raises(SpendCapReached):
        await ledger.reserve(call("0.000001"))


@pytest.mark.parametrize("price", ["-0.01", "NaN", "Infinity"])
async def test_a_price_that_is_none_makes_no_room(price: str) -> None:
    ledger = await opened()
    with pytest.raises(ValueError, match="from 0 to"):
        await ledger.reserve(call(price))


async def test_an_unknown_outcome_is_shown_and_counted() -> None:
    ledger = (await opened(video="v")).scene("s2")
    reservation = await ledger.reserve(call("0.04"))
    await ledger.mark_started(reservation)
    await ledger.mark_unknown(reservation, "The connection was lost.")
    assert await caps.held(caps.video_row("p1", "v")) == dollars("0.04")
    (warning,) = rendition_write(await transitions.find(ledger.lease.job_id), None).warnings
    assert warning.code == "charge_unknown"
    assert warning.message.startswith("Scene 2: A call to a-model may have been charged $0.04")
    assert "The connection was lost." in warning.message
    assert warning.params["charge"] == reservation.id
    await check_books(AMPLE)


async def test_what_may_have_been_charged_is_not_sent_again_anywhere_in_the_project() -> None:
    ledger = (await opened()).scene("s1")
    reservation = await ledger.reserve(call(digest="d"))
    await ledger.mark_started(reservation)
    await ledger.mark_unknown(reservation, "The connection was lost.")
    for other in (await reopened(ledger), (await opened()).scene("s2")):
        with pytest.raises(OutcomeUnknown) as refused:
            await other.find_unfinished("d")
        assert refused.value.params["charge"] == reservation.id
        with pytest.raises(OutcomeUnknown):
            await other.reserve(call(digest="d"))
    elsewhere = await opened(project="p2")
    assert await elsewhere.find_unfinished("d") is None
    await elsewhere.reserve(call(digest="d"))


@pytest.mark.parametrize(
    ("outcome", "state", "cost"),
    [(ChargeOutcome.CHARGED, "settled", "0.04"), (ChargeOutcome.NOT_CHARGED, "released", "0")],
)
async def test_a_persons_word_lets_the_work_go_on(
    outcome: ChargeOutcome, state: str, cost: str
) -> None:
    ledger = await opened(video="v")
    job = ledger.lease.job_id
    reservation = await ledger.reserve(call("0.04", digest="d"))
    await ledger.mark_started(reservation)
    await ledger.mark_unknown(reservation, "The connection was lost.")
    charge = (await only_charge(job)).id
    first = await charges.resolve(job, charge, outcome, by="ann@example.com")
    assert (first.state, first.reason.split()[0]) == (state, "ann@example.com")
    assert (await charges.resolve(job, charge, outcome, by="bob")).reason == first.reason
    row = await transitions.find(job)
    assert (row.actual_cost, row.charge_warnings) == (Decimal(cost), ())
    assert await caps.held(caps.video_row("p1", "v")) == Decimal(cost)
    assert await ledger.find_unfinished("d") is None
    await ledger.reserve(call(digest="d"))
    (other,) = set(ChargeOutcome) - {outcome}
    with pytest.raises(ChargeNotUnknown):
        await charges.resolve(job, charge, other, by="bob")


async def test_only_a_charge_of_the_job_can_be_resolved() -> None:
    ledger, other = await opened(), await opened()
    await ledger.reserve(call())
    charge = (await only_charge(ledger.lease.job_id)).id
    with pytest.raises(ChargeNotFound):
        await charges.resolve(other.lease.job_id, charge, ChargeOutcome.CHARGED, by="")
    with pytest.raises(ChargeNotFound):
        await charges.resolve(ledger.lease.job_id, uuid4(), ChargeOutcome.CHARGED, by="")
    with pytest.raises(ChargeNotUnknown):
        await charges.resolve(ledger.lease.job_id, charge, ChargeOutcome.CHARGED, by="")


async def test_a_late_answer_is_the_truth_whatever_was_said_before() -> None:
    ledger = await opened(video="v")
    reservation = await ledger.reserve(call("0.04"))
    await ledger.mark_started(reservation)
    await reopened(ledger)
    assert (await only_charge(ledger.lease.job_id)).state == "unknown"
    await ledger.settle(reservation, dollars("0.03"))
    row = await only_charge(ledger.lease.job_id)
    assert (row.state, row.settled, row.reason) == ("settled", dollars("0.03"), "")
    assert await caps.held(caps.video_row("p1", "v")) == dollars("0.03")
    await check_books(AMPLE)


async def test_a_known_outcome_is_not_made_unknown_again() -> None:
    ledger = await opened()
    reservation = await ledger.reserve(call("0.04"))
    await ledger.settle(reservation, dollars("0.04"))
    await ledger.mark_unknown(reservation, "Too late.")
    await ledger.release(reservation)
    assert (await only_charge(ledger.lease.job_id)).state == "settled"
    await check_books(AMPLE)


class TestAfterACrash:
    async def test_what_was_never_sent_is_released(self) -> None:
        ledger = await opened(video="v")
        await ledger.reserve(call(digest="d"))
        again = await reopened(ledger)
        row = await only_charge(ledger.lease.job_id)
        assert (row.state, row.reason) == (
            "released",
            "The worker stopped before the call was made.",
        )
        assert await caps.held(caps.video_row("p1", "v")) == 0
        assert await again.find_unfinished("d") is None
        await again.reserve(call(digest="d"))

    async def test_what_was_sent_without_an_answer_is_unknown(self) -> None:
        ledger = await opened()
        await ledger.mark_started(await ledger.reserve(call(digest="d")))
        again = await reopened(ledger)
        with pytest.raises(OutcomeUnknown):
            await again.find_unfinished("d")
        await check_books(AMPLE)

    async def test_what_has_an_id_is_taken_up_and_settled_once(self) -> None:
        ledger = (await opened()).scene("s1")
        reservation = await ledger.reserve(call(digest="d"))
        await ledger.mark_started(reservation)
        await ledger.mark_started(reservation, "prediction-1")
        again = await reopened(ledger)
        assert await again.scene("s2").find_unfinished("d") is None
        found = await again.scene("s1").find_unfinished("d")
        assert found is not None
        assert (found.id, found.provider_id) == (reservation.id, "prediction-1")
        await again.settle(found, dollars("0.04"))
        row = await only_charge(ledger.lease.job_id)
        assert (row.state, row.attempt) == ("settled", 2)
        assert await again.scene("s1").find_unfinished("d") is None

    async def test_an_id_that_arrives_late_makes_an_unknown_call_fetchable(self) -> None:
        ledger = await opened()
        reservation = await ledger.reserve(call(digest="d"))
        await ledger.mark_started(reservation)
        again = await reopened(ledger)
        await ledger.mark_started(reservation, "prediction-1")
        found = await again.find_unfinished("d")
        assert found is not None
        assert found.provider_id == "prediction-1"
        await again.settle(found, dollars("0.01"))
        await check_books(AMPLE)

    async def test_a_worker_that_was_thought_dead_sends_nothing(self) -> None:
        ledger = await opened()
        reservation = await ledger.reserve(call(digest="d"))
        again = await reopened(ledger)
        with pytest.raises(LeaseLost):
            await ledger.mark_started(reservation)
        with pytest.raises(LeaseLost):
            await ledger.reserve(call())
        with pytest.raises(LeaseLost):
            await ledger.find_unfinished("d")
        await again.mark_started(await again.reserve(call(digest="d")))

    async def test_a_cancelled_job_spends_nothing_more(self) -> None:
        ledger = await opened()
        reservation = await ledger.reserve(call())
        await Job.update({Job.status: Status.CANCELLED}).where(Job.id == ledger.lease.job_id)
        with pytest.raises(LeaseLost):
            await ledger.mark_started(reservation)


class TestFound:
    async def test_an_id_is_one_calls_alone_in_every_project(self) -> None:
        ledger = await open_ledger(await claimed(await new_job()), caps=AMPLE)
        other = await open_ledger(await claimed(await new_job(project="p2")), caps=AMPLE)
        mine, theirs = await ledger.reserve(call()), await other.reserve(call())
        await other.mark_started(theirs, "prediction-1")
        assert await ledger.is_taken(mine, "prediction-1")
        assert not await other.is_taken(theirs, "prediction-1")
        assert not await ledger.is_taken(mine, "prediction-2")


class TestSweep:
    @pytest.mark.parametrize(
        ("steps", "state"),
        [(0, ChargeState.RELEASED), (1, ChargeState.UNKNOWN)],
    )
    async def test_a_job_that_no_worker_will_come_for_leaves_nothing_open(
        self, steps: int, state: ChargeState
    ) -> None:
        ledger = await opened()
        reservation = await ledger.reserve(call())
        for _ in range(steps):
            await ledger.mark_started(reservation)
        assert await charges.sweep(silence=NO_TIME) == 0
        await Job.update({Job.status: Status.FAILED}).where(Job.id == ledger.lease.job_id)
        assert await charges.sweep(silence=timedelta(hours=1)) == 0
        assert await charges.sweep(silence=NO_TIME) == 1
        assert (await only_charge(ledger.lease.job_id)).state == state
        assert await charges.sweep(silence=NO_TIME) == 0
        await check_books(AMPLE)


class TestFollow:
    @pytest.mark.parametrize(
        ("fate", "first", "at_last"),
        [
            (Fate.RUNNING, ChargeState.STARTED, ChargeState.UNKNOWN),
            (Fate.MADE, ChargeState.STARTED, ChargeState.SETTLED),
            (Fate.GONE, ChargeState.SETTLED, ChargeState.SETTLED),
            (Fate.FREE, ChargeState.RELEASED, ChargeState.RELEASED),
            (Fate.LOST, ChargeState.UNKNOWN, ChargeState.UNKNOWN),
            (None, ChargeState.STARTED, ChargeState.UNKNOWN),
        ],
    )
    async def test_what_an_ended_job_left_at_a_provider_is_asked_for_until_it_is_known(
        self, fate: Fate | None, first: ChargeState, at_last: ChargeState
    ) -> None:
        async def ask(charge: ChargeRecord) -> Fate:
            assert charge.provider_id == "prediction-1"
            if fate is None:
                raise RetryableGeneration("Nobody answers.")
            return fate

        async def state(*, patience: timedelta) -> ChargeState:
            assert await charges.sweep(silence=NO_TIME) == 0
            await followed.follow(ask, ["gemini"], Rounds(silence=NO_TIME, patience=patience))
            await check_books(AMPLE)
            return (await only_charge(ledger.lease.job_id)).state

        ledger = await opened()
        reservation = await ledger.reserve(call())
        for provider_id in (None, "prediction-1"):
            await ledger.mark_started(reservation, provider_id)
        # As long as somebody may come for it, nobody asks.
        assert await state(patience=NO_TIME) is ChargeState.STARTED
        await Job.update({Job.status: Status.COMPLETED}).where(Job.id == ledger.lease.job_id)
        assert await state(patience=timedelta(days=1)) is first
        assert await state(patience=NO_TIME) is at_last
        settled = (await only_charge(ledger.lease.job_id)).settled
        assert settled == (dollars("0.04") if at_last is ChargeState.SETTLED else None)

    async def test_it_is_left_to_who_has_an_account_there_until_nobody_has_come(self) -> None:
        async def ask(_: ChargeRecord) -> Fate:
            raise AccessDenied("Nobody here has an account there.")

        job = await ended_with_a_call("d")
        (before,) = await charges.charges_of(job)
        for patience, asks in ((timedelta(days=1), 0), (NO_TIME, 1)):
            rounds = Rounds(silence=NO_TIME, patience=patience)
            assert len(await followed.follow(ask, [], rounds)) == asks
            assert (await only_charge(job) == before) is not bool(asks)
        assert (await only_charge(job)).state is ChargeState.UNKNOWN

    async def test_one_that_is_not_answered_is_in_no_others_way(self) -> None:
        async def ask(charge: ChargeRecord) -> Fate:
            if charge.request_digest == "broken":
                raise ValueError(charge)
            if charge.request_digest == "slow":
                await anyio.sleep_forever()
            return Fate.FREE

        left = {name: await ended_with_a_call(name) for name in ("broken", "slow", "told")}
        answer = timedelta(seconds=0.05)
        rounds = Rounds(silence=NO_TIME, patience=timedelta(days=1), answer=answer, at_once=1)
        await followed.follow(ask, ["gemini"], rounds)
        states = {name: (await only_charge(job)).state.value for name, job in left.items()}
        assert states == {"broken": "started", "slow": "started", "told": "released"}
        await check_books(AMPLE)


class TestAdopted:
    """What an ended job left at its provider, and the next job that asks for the same."""

    async def test_it_is_bought_once_and_fetched_by_one(self) -> None:
        first, second, third = [await opened(video=video) for video in ("v", "w", "v")]
        reservation = await first.scene("s1").reserve(call("0.04", digest="d"))
        for provider_id in (None, "prediction-1"):
            await first.mark_started(reservation, provider_id)
        assert await second.find_unfinished("d") is None
        await ended(first.lease.job_id)
        found = await second.scene("s7").find_unfinished("d")
        assert found is not None
        assert found == msgspec.structs.replace(reservation, provider_id="prediction-1")
        await check_books(AMPLE)
        # From now on nobody else has it in hand, nor a say over it.
        assert await third.find_unfinished("d") is None
        with pytest.raises(CallUnderWay):
            await third.reserve(call(digest="d"))
        await first.release(reservation)
        assert not await first.mark_unknown(reservation, "It was interrupted.")
        assert await charges.charges_of(first.lease.job_id) == []
        again = await reopened(second)
        assert await again.scene("s7").find_unfinished("d") == found
        await again.settle(found, dollars("0.03"))
        row = await only_charge(second.lease.job_id)
        assert (row.state, row.scene_id, row.settled) == ("settled", "s7", dollars("0.03"))
        await check_books(AMPLE)

    async def test_it_counts_against_what_was_approved_for_who_fetches_it(self) -> None:
        job = await ended_with_a_call("d", video="v")
        poor = await opened(video="v", approved=dollars("0.03"))
        with pytest.raises(ApprovedCostReached):
            await poor.find_unfinished("d")
        assert (await only_charge(job)).state is ChargeState.STARTED
        # The video has it already, and its cap leaves room for no second one.
        rich = await opened(video="v", approved=dollars("0.04"))
        limits = msgspec.structs.replace(AMPLE, video=dollars("0.05"))
        assert await replace(rich, caps=limits).find_unfinished("d")
        await check_books(limits)

    async def test_it_is_its_own_jobs_again_that_was_begun_anew(self) -> None:
        job = await ended_with_a_call("d")
        await Job.update({Job.status: Status.APPROVED, Job.lease_expires_at: None}).where(
            Job.id == job
        )
        other = await opened()
        assert await other.find_unfinished("d") is None
        again = await open_ledger(await claimed(job), caps=AMPLE)
        assert await again.find_unfinished("d")

    async def test_it_waits_for_the_last_words_of_who_ended_it(self) -> None:
        job = await ended_with_a_call("d")
        await Job.update({Job.updated_at: datetime.now(UTC)}).where(Job.id == job)
        assert await (await opened()).find_unfinished("d") is None


async def test_what_was_released_cannot_be_sent() -> None:
    ledger = await opened()
    reservation = await ledger.reserve(call())
    await ledger.release(reservation)
    with pytest.raises(LeaseLost):
        await ledger.mark_started(reservation)


async def test_the_same_call_cannot_be_open_twice() -> None:
    ledger = await opened()
    await ledger.reserve(call(digest="d"))
    with pytest.raises(CallUnderWay):
        await ledger.reserve(call(digest="d"))
    assert await Charge.count() == 1
    await check_books(AMPLE)


async def test_two_jobs_of_a_project_cannot_have_the_same_call_open() -> None:
    first, second, stranger = await opened(), await opened(), await opened(project="p2")
    reservation = await first.scene("s1").reserve(call(digest="d"))
    with pytest.raises(CallUnderWay):
        await second.scene("s7").reserve(call(digest="d"))
    await stranger.reserve(call(digest="d"))
    await first.release(reservation)
    await second.reserve(call(digest="d"))
    await check_books(AMPLE)


async def test_a_charge_counts_in_the_month_in_which_it_was_reserved() -> None:
    ledger = await opened()
    reservation = await ledger.reserve(call("0.04"))
    earlier = datetime(2026, 1, 31, 23, 59, tzinfo=UTC)
    await Charge.update({Charge.created_at: earlier}).where(Charge.job == ledger.lease.job_id)
    await ledger.settle(reservation, dollars("0.05"))
    assert await caps.held("month:2026-01") == dollars("0.01")


class TestWhatWasApproved:
    async def test_it_is_a_cap_like_the_others(self) -> None:
        ledger = await opened(approved=dollars("0.10"))
        await pay(ledger, "0.06")
        with pytest.raises(ApprovedCostReached) as stopped:
            await ledger.reserve(call("0.05"))
        assert stopped.value.params == {
            "approved": "0.100000",
            "spent": "0.060000",
            "needed": "0.050000",
            "more": "0.010000",
        }
        assert "needs $0.010000 more than was approved" in stopped.value.message
        assert await Charge.count() == 1
        await pay(ledger, "0.04")
        await check_books(AMPLE)

    async def test_where_nothing_is_approved_nothing_is_spent(self) -> None:
        ledger = await opened()
        await Job.update({Job.approved_cost: None}).where(Job.id == ledger.lease.job_id)
        with pytest.raises(ApprovedCostReached):
            await ledger.reserve(call("0.000001"))
        await ledger.reserve(call("0"))

    @pytest.mark.parametrize("outcome", ChargeOutcome)
    async def test_a_lost_call_counts_until_it_is_known_that_it_cost_nothing(
        self, outcome: ChargeOutcome
    ) -> None:
        ledger = await opened(approved=dollars("0.10"))
        reservation = await ledger.reserve(call("0.06", digest="d"))
        await ledger.mark_started(reservation)
        await ledger.mark_unknown(reservation, "The connection was lost.")
        with pytest.raises(ApprovedCostReached):
            await ledger.reserve(call("0.06"))
        charge = (await only_charge(ledger.lease.job_id)).id
        await charges.resolve(ledger.lease.job_id, charge, outcome, by="ann")
        if outcome is ChargeOutcome.NOT_CHARGED:
            await pay(ledger, "0.06")
        else:
            with pytest.raises(ApprovedCostReached):
                await ledger.reserve(call("0.06"))
        await check_books(AMPLE)

    async def test_a_new_attempt_has_no_new_money(self) -> None:
        ledger = await opened(approved=dollars("0.10"))
        await pay(ledger, "0.08")
        with pytest.raises(ApprovedCostReached):
            await (await reopened(ledger)).reserve(call("0.03"))

    async def test_writing_the_storyboard_has_a_bound_of_its_own(self) -> None:
        ledger = await opened(approved=dollars("0.10"))
        drafting = replace(ledger, draft_bound=dollars("0.05"))
        written = msgspec.structs.replace(call("0.05"), kind=Kind.STORYBOARD)
        await drafting.settle(await drafting.reserve(written), dollars("0.05"))
        with pytest.raises(SpendCapReached) as stopped:
            await drafting.reserve(msgspec.structs.replace(written, request_digest="other"))
        assert stopped.value.params["scope"] == "draft"
        await pay(ledger, "0.10")
        await check_books(AMPLE)


class TestCallsInFlight:
    """What is set aside for them is more than they cost; who finds no room beside them waits."""

    @pytest.mark.parametrize("scope", ["video", "project", "month", "approval"])
    async def test_they_refuse_nothing_for_good(self, scope: str) -> None:
        cap = dollars("0.10")
        limits = AMPLE if scope == "approval" else msgspec.structs.replace(AMPLE, **{scope: cap})
        job = await new_job(video="v", approved=cap if scope == "approval" else PLENTY)
        ledger = await open_ledger(await claimed(job), caps=limits)
        first = await ledger.reserve(call("0.08"))
        await ledger.mark_started(first)
        with pytest.raises(SpendUnderWay):
            await ledger.reserve(call("0.08"))
        await ledger.settle(first, dollars("0.02"))
        second = await ledger.reserve(call("0.08"))
        await ledger.settle(second, dollars("0.03"))
        refused = ApprovedCostReached if scope == "approval" else SpendCapReached
        with pytest.raises(refused):
            await ledger.reserve(call("0.08"))
        await check_books(limits)

    async def test_those_of_other_accounts_are_not_waited_for(self) -> None:
        limits = msgspec.structs.replace(AMPLE, video=dollars("0.10"))
        full = await open_ledger(await claimed(await new_job(video="v")), caps=limits)
        await pay(full, "0.05")
        other = await open_ledger(await claimed(await new_job(video="w")), caps=limits)
        await other.mark_started(await other.reserve(call("0.08")))
        with pytest.raises(SpendCapReached):
            await full.reserve(call("0.06"))


class TestUselessAnswers:
    async def test_a_model_is_paid_for_two_of_them_and_no_more(self) -> None:
        ledger = (await opened()).scene("s2")
        asked = call("0.04", digest="d")
        for _ in range(2):
            reservation = await ledger.reserve(asked)
            await ledger.settle(reservation, dollars("0.03"), useless=True)
        with pytest.raises(AnswersUseless):
            await ledger.reserve(asked)
        again = (await reopened(ledger)).scene("s2")
        with pytest.raises(AnswersUseless):
            await again.reserve(asked)
        await again.reserve(msgspec.structs.replace(asked, model="another"))
        await again.reserve(call("0.04"))
        row = await transitions.find(ledger.lease.job_id)
        (warning,) = rendition_write(row, None).warnings
        assert (warning.code, warning.params) == (
            "answers_useless",
            {
                "provider": "gemini",
                "model": "a-model",
                "answers": 2,
                "cost": "0.060000",
                "scene": 2,
            },
        )
        await check_books(AMPLE)


async def test_names_with_slashes_share_no_cap() -> None:
    limits = msgspec.structs.replace(AMPLE, video=dollars("0.05"))
    for project, video in (("a/b", "c"), ("a", "b/c"), ("1:a", "x"), ("1", "a/x")):
        job = await new_job(project=project, video=video)
        await pay(await open_ledger(await claimed(job), caps=limits), "0.05")
    await check_books(limits)
