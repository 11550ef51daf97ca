"""The steps of a generation, and what becomes of a job whose daemon is killed at one of them."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from enum import Enum
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
from render.storyboard import AspectRatio, Brief, Limits, Scene, Storyboard
from tests.faults.harness import Harness, daemon, kill
from tests.support import events
from tests.support.ledger import PLENTY

_SECONDS = 90
"""For anything to happen on a machine that is busy with other things."""


class Work(Enum):
    """What is being made when the daemon dies."""

    PICTURE = ("gemini", "a picture by Gemini", 1)
    NARRATION = ("gemini", "a narration by Gemini", 2)
    PREDICTION = ("replicate", "a picture by Replicate", 1)
    DRAFT = ("gemini", "a storyboard by Gemini", 1)

    def __init__(self, provider: str, words: str, nth: int) -> None:
        self.provider = provider
        self.words = words
        self.nth = nth
        """Which of the job's paid calls it is."""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """A place where a daemon is killed: by itself, or from outside at a moment of a call."""

    work: Work
    words: str
    point: str = ""
    """One of `crashing_daemon.POINTS`."""
    moment: str = ""
    """One of `harness.Watched`'s."""
    call: str = "generateContent"
    """What the call's method and path hold, from outside."""


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one run."""

    alone: bool
    """The job was finished without anybody's word."""
    finished: bool
    """It was finished, at the latest after a person's word on what is unknown."""
    charged: int
    """Charges that the provider counted until the job was at rest."""
    settled: int
    unknown: int
    shown: int
    """Unknown charges that the job tells of."""
    second: int
    """Charges for what had been charged before, without anybody's word."""
    missing: int
    """Charges that the ledger knows nothing of."""
    balanced: bool
    """In the end the ledger holds as many paid calls as the provider, and none is open."""


def _calls(work: Work) -> list[Step]:
    before = [
        ("before the intent is written", "before the intent"),
        ("intent written, nothing sent", "after the intent"),
        ("call announced, nothing sent", "before sending"),
    ]
    outside = [
        ("call in flight at the provider", "arrived"),
        ("charged, nothing answered", "charged"),
        ("half of the answer received", "answering"),
    ]
    kept = [
        ("answer received, nothing kept", "before keeping"),
        ("answer on disk, no receipt", "before the receipt"),
        ("receipt written, object not stored", "before storing"),
        ("object stored, asset not written", "before the asset"),
        ("asset written, not settled", "before settling"),
        ("settled", "after settling"),
    ]
    if work is Work.DRAFT:
        kept = [
            ("answer received, nothing kept", "before keeping the text"),
            ("text kept, not settled", "before settling"),
            ("settled", "after settling"),
        ]
    return [
        *(Step(work=work, words=words, point=point) for words, point in before),
        *(Step(work=work, words=words, moment=moment) for words, moment in outside),
        *(Step(work=work, words=words, point=point) for words, point in kept),
    ]


def _prediction() -> list[Step]:
    work, create, poll, download = (
        Work.PREDICTION,
        "POST /v1/models/",
        "GET /v1/predictions/",
        "GET /outputs/",
    )
    return [
        Step(work=work, words="call announced, nothing sent", point="before sending"),
        Step(work=work, words="begun, its id not answered", moment="charged", call=create),
        Step(work=work, words="id received, not written", point="before the id"),
        Step(work=work, words="id written", point="after the id"),
        Step(work=work, words="polled", moment="arrived", call=poll),
        Step(work=work, words="half of a poll's answer received", moment="answering", call=poll),
        Step(work=work, words="download begun", moment="arrived", call=download),
        Step(work=work, words="half of the output received", moment="answering", call=download),
        Step(work=work, words="output received, nothing kept", point="before keeping"),
        Step(work=work, words="receipt written, object not stored", point="before storing"),
        Step(work=work, words="asset written, not settled", point="before settling"),
    ]


STEPS = [
    *_calls(Work.PICTURE),
    *(step for step in _calls(Work.NARRATION) if step.point != "before the intent"),
    *_prediction(),
    *_calls(Work.DRAFT),
]


async def crash(harness: Harness, step: Step, *, thorough: bool) -> Ending:
    """Kill a daemon at a step, let a new one go on, and count.

    If not `thorough` the killed daemon's lease need not run out first, and a
    video counts as finished once all that is paid for is there.
    """
    directory = await anyio.to_thread.run_sync(harness.reset)
    settings = harness.settings(
        directory, provider=step.work.provider, drafting=step.work is Work.DRAFT
    )
    async with connected(settings["REELWRIGHT_DATABASE_URL"]):
        job = await submitted(step.work)
        with daemon(settings, directory, point=step.point, nth=step.work.nth) as victim:
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
        board = Storyboard(
            title="Tea",
            scenes=(Scene(id="s1", narration="Tea.", picture_prompt="A cup of tea"),),
            aspect_ratio=AspectRatio.SQUARE,
        )
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
        if moment == step.moment and step.call in call and next(seen) == step.work.nth:
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
