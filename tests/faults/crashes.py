"""What becomes of a job whose daemon is killed at one of the steps of a generation."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from multiprocessing.connection import wait
from typing import Any
from uuid import UUID

import anyio
import anyio.to_thread
import msgspec

from cms_bridge.database import connected
from cms_bridge.inbox import intake
from cms_bridge.jobs import transitions
from cms_bridge.ledger import charges
from cms_bridge.ledger.charges import ChargeOutcome, ChargeState
from cms_bridge.pricing.estimates import OFFLINE
from cms_bridge.states import Status
from cms_bridge.tables import Job
from render.storyboard import Brief, Limits
from tests.faults.harness import Harness, daemon, kill
from tests.faults.steps import Step, Work
from tests.support import events
from tests.support.ledger import PLENTY
from tests.support.simulators.gemini import Clip

_SECONDS = 90
"""For anything to happen on a machine that is busy with other things."""


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one run."""

    alone: bool
    """The job was finished without anybody's word."""
    finished: bool
    """It was finished, at the latest after a person's word on what is unknown."""
    charged: int
    """Charges that the provider counted until the job was at rest."""
    settled: int
    """Those included that are presumed."""
    presumed: int
    """Unknown ones that count as paid, as the project allows."""
    unknown: int
    shown: int
    """Unknown and presumed charges that the job tells of."""
    second: int
    """Charges for what had been charged before, without anybody's word."""
    missing: int
    """Charges that the ledger knows nothing of."""
    balanced: bool
    """In the end the ledger holds as many paid calls as the provider, and none is open."""


async def crash(
    harness: Harness, step: Step, *, thorough: bool, also: Mapping[str, str] | None = None
) -> Ending:
    """Kill a daemon at a step, let a new one go on, and count.

    If not `thorough` the killed daemon's lease need not run out first, and a
    video counts as finished once all that is paid for is there. `also` are
    settings of both daemons.
    """
    directory = await anyio.to_thread.run_sync(harness.reset)
    settings = harness.settings(
        directory, provider=step.work.provider, drafting=step.work is Work.DRAFT
    ) | dict(also or {})
    async with connected(settings["REELWRIGHT_DATABASE_URL"]):
        job = await submitted(step.work)
        with daemon(settings, directory, point=step.point, nth=step.nth) as victim:
            if step.processing:
                harness.google.begins.append(Clip(processing=step.processing))
            if step.moment:
                _kill_from_outside(harness, step, victim)
            await anyio.to_thread.run_sync(wait, [victim.sentinel], _SECONDS)
            assert victim.exitcode == -9, f"not killed: {directory}/daemon.log"
        if not thorough:
            await Job.update({Job.lease_expires_at: ago(), Job.wake_at: ago()}).where(Job.id == job)
        with daemon(settings, directory):
            return await _watched(harness, step, job, thorough=thorough)


async def submitted(work: Work, *, video: str = "video-1") -> UUID:
    """Store a job that waits for a worker: to be drafted, or approved and to be filmed."""
    brief = Brief(title="Tea", script="" if work is Work.DRAFT else "Tea.", brief="Tea is hot.")
    event = events.submitted(video=video, title=brief.title, script=brief.script, brief=brief.brief)
    accepted = await intake.accept(f"submit-{video}", b"{}", event, limits=Limits(), prices=OFFLINE)
    ready: dict[Any, Any] = {Job.wake_at: ago()}
    if work is not Work.DRAFT:
        board = work.storyboard
        ready |= {
            Job.status: Status.APPROVED,
            Job.storyboard_data: msgspec.json.encode(board).decode(),
            Job.storyboard_digest: board.digest,
            Job.approved: True,
            Job.approved_digest: board.digest,
            Job.approved_cost: PLENTY,
        }
    await Job.update(ready).where(Job.id == accepted.job_id)
    return accepted.job_id


def _kill_from_outside(harness: Harness, step: Step, victim: Any) -> None:
    seen = count(1)

    def tell(moment: str, call: str) -> None:
        if moment == step.moment and step.call in call and next(seen) == step.nth:
            kill(victim)

    for one in harness.watched:
        one.tell = tell


async def _watched(harness: Harness, step: Step, job: UUID, *, thorough: bool) -> Ending:
    """Wait until the job is at rest, count, and if it needs a person's word, give it."""
    done = {Status.COMPLETED}
    if step.work is Work.DRAFT:
        done = {Status.STORYBOARD_COMPLETE}
    elif not thorough:
        done |= {Status.COMPOSING, Status.UPLOADING}
    status = await at_rest(job, done)
    counted = harness.charges()
    rows = await charges.charges_of(job)
    states = Counter(row.state for row in rows)
    known = states[ChargeState.SETTLED] + states[ChargeState.UNKNOWN]
    warned = (await transitions.find(job)).charge_warnings
    alone = status in done
    for row in rows:
        if row.state == ChargeState.UNKNOWN:
            await charges.resolve(job, row.id, _truth(counted, rows), by="ann")
    if not alone:
        retried = events.retried()
        await intake.accept("retry", b"{}", retried, limits=Limits(), prices=OFFLINE)
        await Job.update({Job.wake_at: ago()}).where(Job.id == job)
        status = await at_rest(job, done)
    after = Counter(row.state for row in await charges.charges_of(job))
    return Ending(
        alone=alone,
        finished=status in done,
        charged=counted.total(),
        settled=states[ChargeState.SETTLED],
        presumed=sum(row.presumed for row in rows),
        unknown=states[ChargeState.UNKNOWN],
        shown=len(warned),
        second=sum(times - 1 for times in counted.values()),
        missing=max(0, counted.total() - known),
        balanced=set(after) <= {ChargeState.SETTLED, ChargeState.RELEASED}
        and after[ChargeState.SETTLED] == harness.charges().total(),
    )


def _truth(counted: Counter[str], rows: list[charges.ChargeRecord]) -> ChargeOutcome:
    """Return what a person finds in the provider's account: at most one charge is unknown."""
    settled = sum(row.state is ChargeState.SETTLED for row in rows)
    return ChargeOutcome.CHARGED if counted.total() > settled else ChargeOutcome.NOT_CHARGED


async def at_rest(job: UUID, done: set[Status]) -> Status:
    """Wait until a job has one of these statuses, or failed; return it."""
    with anyio.fail_after(_SECONDS):
        while True:
            row = await Job.select(Job.status).where(Job.id == job).first()
            status = Status((row or {})["status"])
            if status in {*done, Status.FAILED}:
                return status
            await anyio.sleep(0.02)


def ago() -> datetime:
    return datetime.now(UTC) - timedelta(minutes=1)
