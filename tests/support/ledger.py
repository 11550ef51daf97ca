"""Jobs in a worker's hands and paid calls, for tests of the ledger.

    python -m tests.support.ledger URL JOB CAP SEED

spends on a job until a cap is reached, as one of several processes.
"""

import random
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import anyio
import anyio.to_thread
import msgspec

from cms_bridge.database import connected
from cms_bridge.errors import ApprovedCostReached, SpendCapReached, SpendUnderWay
from cms_bridge.jobs import leases
from cms_bridge.jobs.leases import Lease, Phase
from cms_bridge.ledger import charges
from cms_bridge.ledger.charges import ChargeRecord, ChargeState
from cms_bridge.ledger.meter import Ledger
from cms_bridge.pricing.amounts import Caps
from cms_bridge.pricing.caps import Account, Scope, held, job_row, lost_row
from cms_bridge.states import Status
from cms_bridge.tables import Charge, Job, Project, Spend
from render.generation.base import Call, Kind
from tests.support import events

AMPLE = Caps(video=Decimal(100), project=Decimal(1000), month=Decimal(1000))
PLENTY = Decimal(1000)
HOUR = timedelta(hours=1)


def dollars(amount: str | float) -> Decimal:
    return Decimal(str(amount))


def call(price: Decimal | str = "0.04", *, digest: str | None = None, attempt: int = 1) -> Call:
    return Call(
        kind=Kind.PICTURE,
        provider="gemini",
        model="a-model",
        request_digest=digest or uuid4().hex,
        price=Decimal(price),
        attempt=attempt,
    )


async def new_job(
    *, project: str = "p1", video: str | None = None, approved: Decimal = PLENTY
) -> UUID:
    """Store an approved job that waits for a worker."""
    now, board = datetime.now(UTC), events.storyboard()
    if not await Project.exists().where(Project.id == project):
        await Project.insert(Project(id=project, name=project, created_at=now))
    job = uuid4()
    await Job.insert(
        Job(
            id=job,
            project=project,
            video_id=video or job.hex,
            submission=await Job.count().where(Job.video_id == video) + 1,
            brief=msgspec.json.encode(events.submitted().data.brief).decode(),
            status=Status.APPROVED,
            storyboard_data=msgspec.json.encode(board).decode(),
            storyboard_digest=board.digest,
            approved=True,
            approved_digest=board.digest,
            approved_cost=approved,
            sequence=1,
            created_at=now,
            updated_at=now,
        )
    )
    return job


async def claimed(job: UUID, *, worker: str = "w1") -> Lease:
    lease = await leases.claim(
        job, Phase.RENDER, worker=worker, duration=HOUR, policy=leases.RetryPolicy(max_retries=99)
    )
    assert lease is not None
    return lease


async def die(job: UUID) -> None:
    """Let a job's worker be silent for too long."""
    past = datetime.now(UTC) - HOUR
    await Job.update({Job.lease_expires_at: past}).where(Job.id == job)


async def pay(ledger: Ledger, price: Decimal | str, *, useless: bool = False) -> None:
    """Make a call that costs what was expected of it."""
    reservation = await ledger.reserve(call(price))
    await ledger.mark_started(reservation)
    await ledger.settle(reservation, Decimal(price), useless=useless)


async def only_charge(job: UUID) -> ChargeRecord:
    (row,) = await charges.charges_of(job)
    return row


async def counted() -> dict[str, Decimal]:
    """Add up, from the charges themselves, what counts against every cap."""
    sums: dict[str, Decimal] = {}
    videos = {row["id"]: row["video_id"] for row in await Job.select(Job.id, Job.video_id)}
    for row in await Charge.select(*Charge.all_columns()):
        account = Account(
            job=row["job"],
            drafting=row["kind"] == Kind.STORYBOARD,
            project=row["project"],
            video_id=videos[row["job"]],
            at=row["created_at"],
        )
        amount = {ChargeState.RELEASED: Decimal(0), ChargeState.SETTLED: row["settled"]}.get(
            ChargeState(row["state"]), row["reserved"]
        )
        for scope, name in account.rows.items():
            # What the project lets be lost is beside what was approved.
            beside = row["presumed"] and scope in {Scope.APPROVAL, Scope.DRAFT}
            sums[name] = sums.get(name, Decimal(0)) + (Decimal(0) if beside else amount)
    return sums


async def check_books(caps: Caps) -> None:
    """Fail unless every sum is right and under its cap, and every job shows its own."""
    sums = await counted()
    jobs = await Job.select(Job.id, Job.actual_cost, Job.approved_cost, Job.charge_warnings)
    approved = {job_row(Scope.APPROVAL, row["id"]): row["approved_cost"] for row in jobs}
    for name, amount in sums.items():
        scope = name.partition(":")[0]
        if scope != "draft":  # its bound is that of the question, which nobody keeps
            assert amount <= approved.get(name, getattr(caps, scope, Decimal(0))), name
        assert await held(name) == amount, name
    await _check_lost(caps)
    for job in jobs:
        rows = await charges.charges_of(job["id"])
        assert job["actual_cost"] == sum((row.settled or 0 for row in rows), Decimal(0))
        unknown = [str(row.id) for row in rows if row.state == ChargeState.UNKNOWN]
        said = msgspec.json.decode(job["charge_warnings"])
        lost = [warning for warning in said if warning["code"] == "charge_unknown"]
        assert [warning["params"]["charge"] for warning in lost] == unknown
        presumed = [str(row.id) for row in rows if row.presumed]
        told = [warning for warning in said if warning["code"] == "charge_presumed"]
        assert [warning["params"]["charge"] for warning in told] == presumed
        useless = sum((row.settled or 0 for row in rows if row.useless), Decimal(0))
        named = {"answers_useless", "drafts_useless"}
        told = [warning for warning in said if warning["code"] in named]
        assert sum((Decimal(one["params"]["cost"]) for one in told), Decimal(0)) == useless


async def _check_lost(caps: Caps) -> None:
    videos = {row["id"]: row["video_id"] for row in await Job.select(Job.id, Job.video_id)}
    sums = dict.fromkeys(
        [row["id"] for row in await Spend.select(Spend.id) if row["id"].startswith("lost:")],
        Decimal(0),
    )
    for row in await Charge.select().where(Charge.presumed.eq(True)):
        assert row["settled"] == row["reserved"] <= caps.lost_call
        sums[lost_row(row["project"], videos[row["job"]])] += row["reserved"]
    for name, amount in sums.items():
        assert await held(name) == amount <= caps.lost_video, name


async def spend(ledger: Ledger, *, seed: int) -> None:
    """Make paid calls with every possible end until a cap is reached."""
    chance = random.Random(seed)  # noqa: S311 - repeatable is what it is to be
    while True:
        price = dollars(chance.randint(1, 40)) / 1000
        try:
            reservation = await ledger.reserve(call(price))
        except SpendUnderWay:
            await anyio.sleep(0.01)
            continue
        except (SpendCapReached, ApprovedCostReached):
            return
        await ledger.mark_started(reservation)
        match chance.choice(["settle", "settle", "release", "unknown"]):
            case "settle":
                await ledger.settle(reservation, price * chance.choice([Decimal(1), dollars(0.5)]))
            case "release":
                await ledger.release(reservation)
            case _:
                await ledger.mark_unknown(reservation, "The connection was lost.")


async def _main(url: str, job: str, cap: str, seed: str) -> None:
    caps = Caps(video=AMPLE.video, project=AMPLE.project, month=Decimal(cap))
    async with connected(url):
        lease = await claimed(UUID(job), worker=f"w{seed}")
        # All begin together, however long each took to start.
        print("ready", flush=True)  # noqa: T201 - what the parent waits for
        await anyio.to_thread.run_sync(sys.stdin.readline)
        await spend(Ledger(lease=lease, caps=caps), seed=int(seed))


if __name__ == "__main__":
    anyio.run(_main, *sys.argv[1:])
