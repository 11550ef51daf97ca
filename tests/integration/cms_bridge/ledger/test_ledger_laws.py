"""Laws of the ledger that hold whatever happens and in whatever order, on both databases."""

import sys
from contextlib import AsyncExitStack
from datetime import timedelta
from decimal import Decimal

import anyio
import msgspec
import pytest
from anyio.streams.buffered import BufferedByteReceiveStream
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cms_bridge.errors import ApprovedCostReached, SpendCapReached, SpendUnderWay
from cms_bridge.ledger.charges import (
    OPEN,
    ChargeOutcome,
    ChargeRecord,
    ChargeState,
    charges_of,
    resolve,
    sweep,
)
from cms_bridge.ledger.followed import Rounds, follow
from cms_bridge.ledger.meter import open_ledger
from cms_bridge.pricing.amounts import Caps
from cms_bridge.states import Status
from cms_bridge.tables import Attempt, Charge, Job, OutboxMessage, Spend
from daemon.work.contention import retry_contended
from render.errors import OutcomeUnknown
from render.generation.base import Fate
from tests.support.ledger import (
    AMPLE,
    PLENTY,
    call,
    check_books,
    claimed,
    counted,
    die,
    new_job,
    spend,
)

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("database")]

law = settings(
    deadline=None,
    max_examples=10,
    # Every example begins with empty books.
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
amounts = st.integers(0, 30).map(lambda cents: Decimal(cents) / 100)


async def empty_books() -> None:
    for table in (Charge, Spend, OutboxMessage, Attempt, Job):
        await table.delete(force=True)


@law
@given(
    caps=st.builds(
        Caps, video=amounts, project=amounts, month=amounts, lost_call=amounts, lost_video=amounts
    ),
    approved=amounts,
    seeds=st.lists(st.integers(), min_size=2, max_size=4),
)
async def test_no_order_of_concurrent_workers_passes_a_cap(
    caps: Caps, approved: Decimal, seeds: list[int]
) -> None:
    await empty_books()
    async with anyio.create_task_group() as group:
        for number, seed in enumerate(seeds):
            # Two videos in two projects, so that every cap is somebody's first to be reached.
            project, video = f"p{number % 2}", f"v{number % 2}"
            job = await new_job(project=project, video=video, approved=approved)
            ledger = await open_ledger(await claimed(job), caps=caps)
            # Scenes of one job spend at the same time too.
            for one in (seed, seed + 1):
                group.start_soon(lambda ledger=ledger, one=one: spend(ledger, seed=one))
    await check_books(caps)
    assert not await Charge.exists().where(Charge.state.is_in(list(OPEN)))


STEPS = ("reserved", "started", "known", "settled", "released", "unknown")


@law
@given(
    lives=st.lists(st.sampled_from(STEPS), min_size=1, max_size=6),
    outcome=st.sampled_from(ChargeOutcome),
    fate=st.sampled_from(Fate),
)
async def test_a_worker_may_die_at_any_step_any_number_of_times(
    lives: list[str], outcome: ChargeOutcome, fate: Fate
) -> None:
    """One call of one scene, made by worker after worker; each but the last dies at its step."""
    await empty_books()
    job, sent = await new_job(), 0
    for step in lives:
        await die(job)
        ledger = await open_ledger(await claimed(job), caps=AMPLE)
        try:
            reservation = await ledger.find_unfinished("d")
            if reservation is None:
                reservation = await ledger.reserve(call("0.04", digest="d"))
                if step != "reserved":
                    await ledger.mark_started(reservation)
                    sent += 1
        except OutcomeUnknown:
            # Only a person moves it on, and is asked for exactly one charge.
            (row,) = [row for row in await charges_of(job) if row.state == ChargeState.UNKNOWN]
            await resolve(job, row.id, outcome, by="ann")
            continue
        match step:
            case "known":
                await ledger.mark_started(reservation, "prediction-1")
            case "settled":
                await ledger.settle(reservation, Decimal("0.03"))
            case "released":
                await ledger.release(reservation)
            case "unknown":
                await ledger.mark_unknown(reservation, "The connection was lost.")
        await check_books(AMPLE)
    await Job.update({Job.status: Status.FAILED}).where(Job.id == job)
    await sweep(silence=timedelta(0))

    async def ask(_: ChargeRecord) -> Fate:
        return fate

    providers = {row.provider for row in await charges_of(job)}
    await follow(ask, providers, Rounds(silence=timedelta(0), patience=timedelta(0)))
    rows = await charges_of(job)
    assert {row.state for row in rows} <= {"settled", "released", "unknown"}
    # What was never sent cost nothing; what was sent is accounted for, once each.
    assert sum(row.reason == "The worker stopped before the call was made." for row in rows) == (
        len(rows) - sent
    )
    await check_books(AMPLE)


async def test_processes_apart_do_not_pass_a_cap(database: str) -> None:
    cap = Decimal("1.50")
    jobs = [await new_job(project=f"p{number}") for number in range(3)]
    async with AsyncExitStack() as stack:
        processes = [
            await stack.enter_async_context(
                await anyio.open_process(
                    [
                        sys.executable,
                        "-m",
                        "tests.support.ledger",
                        database,
                        str(job),
                        f"{cap}",
                        str(seed),
                    ],
                    stderr=None,
                )
            )
            for seed, job in enumerate(jobs)
        ]
        for process in processes:
            assert process.stdout
            await BufferedByteReceiveStream(process.stdout).receive_until(b"ready\n", 10_000)
        for process in processes:
            assert process.stdin
            await process.stdin.send(b"go\n")
        assert [await process.wait() for process in processes] == [0, 0, 0]
    await check_books(msgspec.structs.replace(AMPLE, month=cap))
    sums = await counted()
    (month,) = [amount for name, amount in sums.items() if name.startswith("month:")]
    # They went as far as they might: no room for another call of average price is left.
    assert cap - month < Decimal("0.05")
    # SQLite's lock promises no process a turn: one may wait until nothing is left.
    assert len([job for job in jobs if await charges_of(job)]) > 1


async def test_two_workers_cannot_both_take_the_last_of_a_budget() -> None:
    limits = msgspec.structs.replace(AMPLE, project=Decimal("0.04"))
    ledgers = [await open_ledger(await claimed(await new_job()), caps=limits) for _ in range(8)]
    refused: list[SpendUnderWay] = []

    async def take(number: int) -> None:
        try:
            await ledgers[number].reserve(call("0.04"))
        except SpendUnderWay as error:
            refused.append(error)

    async with anyio.create_task_group() as group:
        for number in range(8):
            group.start_soon(take, number)
    assert len(refused) == 7
    await check_books(limits)


@law
@given(
    costs=st.lists(st.integers(0, 8), min_size=2, max_size=8),
    cap=st.integers(8, 40),
    scope=st.sampled_from(["video", "project", "month", "approval"]),
)
async def test_whatever_fits_in_the_end_is_made_and_nothing_that_does_not(
    costs: list[int], cap: int, scope: str
) -> None:
    """Calls at 8 cents each at most, all at once: refused is only what would pass the cap."""
    await empty_books()
    limit = Decimal(cap) / 100
    limits = AMPLE if scope == "approval" else msgspec.structs.replace(AMPLE, **{scope: limit})
    job = await new_job(video="v", approved=limit if scope == "approval" else PLENTY)
    ledger = await open_ledger(await claimed(job), caps=limits)
    paid: list[Decimal] = []
    refused: list[Exception] = []

    async def make(cents: int) -> None:
        try:
            reservation = await retry_contended(lambda: ledger.reserve(call("0.08")), longest=60)
        except (ApprovedCostReached, SpendCapReached) as error:
            refused.append(error)
            return
        await ledger.mark_started(reservation)
        await anyio.sleep(0.01)
        await ledger.settle(reservation, Decimal(cents) / 100)
        paid.append(Decimal(cents) / 100)

    async with anyio.create_task_group() as group:
        for cents in costs:
            group.start_soon(make, cents)
    assert sum(paid) <= limit
    if refused:
        assert sum(paid) + Decimal("0.08") > limit
    assert len(paid) + len(refused) == len(costs)
    await check_books(limits)
