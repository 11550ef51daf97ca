"""Charges: how each paid call ended, and how it is found out where nobody said.

    reserved → started → settled
        │         ├────→ released
        ▼         └────→ unknown → settled or released, by a person's word or a late answer
    released

Where its project allows it in advance, up to an amount, what would be unknown
is settled at its reserved price (`presumed`): it may be bought again, and
nobody is asked. It counts against every cap but the job's own, which was
approved for what the job gets. Doubt remains: a person's word or a late answer still ends it.

Whatever a worker leaves behind when it dies is sorted out by how far the call
had come: by the job's next worker (`recover`), or by `sweep` where none will
come. What had been answered is no matter of doubt: `cms_bridge.ledger.vault` settles
it first. Rows are locked in one order everywhere: job, charge, what the video
may lose, outbox, caps.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

import msgspec
import structlog
from msgspec.structs import replace
from piccolo.custom_types import Combinable

from cms_bridge import clock, wakeups
from cms_bridge.database import transaction
from cms_bridge.errors import ChargeNotFound, ChargeNotUnknown
from cms_bridge.jobs import history
from cms_bridge.outbox import messages
from cms_bridge.outbox.messages import Topic
from cms_bridge.pricing import caps
from cms_bridge.pricing.amounts import Caps, rounded
from cms_bridge.pricing.caps import Account
from cms_bridge.states import FINISHED
from cms_bridge.tables import Charge, Job
from render.generation.base import Kind
from render.problem import Problem
from render.storyboard import Storyboard

log = structlog.get_logger()


class ChargeState(StrEnum):
    """How far a paid call has come."""

    RESERVED = "reserved"
    """Its price is set aside; nothing was sent."""
    STARTED = "started"
    """The request is leaving, has left, or was answered with an id to wait on."""
    SETTLED = "settled"
    """What it cost is known. Only a later, truer figure changes it."""
    RELEASED = "released"
    """It cost nothing; what was set aside is free again."""
    UNKNOWN = "unknown"
    """It may have been charged. It counts as if, and is not sent again without a person's word."""


OPEN = (ChargeState.RESERVED, ChargeState.STARTED)
"""A worker has yet to say how the call ended."""


class ChargeRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A charge as it was when it was read; `cms_bridge.tables.Charge` explains each field."""

    id: UUID
    job: UUID
    project: str
    scene_id: str
    kind: Kind
    attempt: int
    call: int
    provider: str
    model: str
    request_digest: str
    provider_id: str | None = None
    reserved: Decimal
    settled: Decimal | None = None
    state: ChargeState
    useless: bool = False
    presumed: bool = False
    reason: str = ""
    answer: str | None = None
    """What came of it, in JSON, as `cms_bridge.ledger.vault` reads it."""
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """Read a row that holds all columns."""
        return msgspec.convert(row, cls)

    @property
    def held(self) -> Decimal:
        """What it counts against the caps."""
        match self.state:
            case ChargeState.SETTLED:
                return self.settled or Decimal(0)
            case ChargeState.RELEASED:
                return Decimal(0)
            case _:
                return self.reserved

    @property
    def held_own(self) -> Decimal:
        """What it counts against what was approved: nothing, where it is lost within a budget."""
        return Decimal(0) if self.presumed else self.held


class ChargeOutcome(StrEnum):
    """What a person found out about a charge whose outcome was unknown."""

    CHARGED = "charged"
    """The provider's account shows it: it is settled at what was set aside."""
    NOT_CHARGED = "not_charged"
    """The provider's account does not show it."""


async def recover(job: UUID, *, before: int, allowed: Caps | None = None) -> None:
    """Sort out what a job's earlier claims left open; calls with an id are left to be fetched.

    `allowed` is as `end` takes it.
    """
    await _recover(job, Charge.attempt < before, allowed=allowed)


async def sweep(*, silence: timedelta, allowed: Caps | None = None, limit: int = 100) -> int:
    """Sort out charges left open on jobs that no worker will come for; return how many.

    Those that can be asked for by an id are left to `cms_bridge.ledger.followed`.

    `silence` is how long nothing was heard of a charge: longer than any call
    takes. An answer that arrives even later still settles it. `allowed` is as
    `end` takes it.
    """
    rows = (
        await Charge.select(Charge.id, Charge.job)
        .where(
            Charge.state.is_in(list(OPEN)),
            Charge.provider_id.is_null(),
            Charge.updated_at < clock.now() - silence,
            Charge.job.status.is_in(list(FINISHED)),
        )
        .limit(limit)
    )
    for row in rows:
        await _recover(row["job"], Charge.id == row["id"], allowed=allowed)
    return len(rows)


async def resolve(job: UUID, charge: UUID, outcome: ChargeOutcome, *, by: str) -> ChargeRecord:
    """Take a person's word for what became of an unknown or presumed call; return the charge.

    The same word twice is taken once. Raises `ChargeNotFound` or `ChargeNotUnknown`.
    """
    state = ChargeState.SETTLED if outcome is ChargeOutcome.CHARGED else ChargeState.RELEASED
    async with transaction():
        unknown = await find(job, charge)
        ended = await end(
            job,
            charge,
            state,
            came_from=(ChargeState.UNKNOWN,),
            settled=unknown.reserved if outcome is ChargeOutcome.CHARGED else None,
            reason=f"{by or 'Someone'} says that it was {outcome.replace('_', ' ')}.",
        )
    if ended:
        log.info("charge.resolved", charge_id=str(charge), outcome=outcome, by=by)
        return ended
    resolved = await find(job, charge)
    if resolved.state is not state:
        raise ChargeNotUnknown(f"This charge is {resolved.state}.", state=resolved.state)
    return resolved


async def find(job: UUID, charge: UUID) -> ChargeRecord:
    """Return a charge of a job; raise `ChargeNotFound`."""
    row = (
        await Charge.select(*Charge.all_columns())
        .where(Charge.id == charge, Charge.job == job)
        .first()
    )
    if row is None:
        raise ChargeNotFound("This job has no such charge.")
    return ChargeRecord.of(row)


async def charges_of(job: UUID) -> list[ChargeRecord]:
    """Return every charge of a job, oldest first."""
    rows = (
        await Charge.select(*Charge.all_columns())
        .where(Charge.job == job)
        .order_by(Charge.created_at)
    )
    return [ChargeRecord.of(row) for row in rows]


async def _recover(job: UUID, which: Combinable, *, allowed: Caps | None) -> None:
    # Read without a lock; `end` names the state that was read, so what moved since is left alone.
    for row in await Charge.select(*Charge.all_columns()).where(
        Charge.job == job, which, Charge.state.is_in(list(OPEN))
    ):
        charge = ChargeRecord.of(row)
        if charge.state is ChargeState.RESERVED:
            state, reason = ChargeState.RELEASED, "The worker stopped before the call was made."
        elif charge.provider_id is None:
            what = "its answer was stored" if charge.answer else "the answer arrived"
            state, reason = ChargeState.UNKNOWN, f"The worker stopped before {what}."
        else:
            continue  # the ledger's `find_unfinished` takes it up
        async with transaction():
            ended = await end(
                job, charge.id, state, came_from=(charge.state,), reason=reason, allowed=allowed
            )
        if ended:
            log.warning(
                "charge.recovered",
                charge_id=str(charge.id),
                job_id=str(job),
                state=ended.state,
                presumed=ended.presumed,
            )


async def end(  # noqa: PLR0913 - the parts of one row
    job: UUID,
    charge: UUID,
    state: ChargeState,
    *,
    came_from: tuple[ChargeState, ...],
    settled: Decimal | None = None,
    useless: bool = False,
    reason: str = "",
    allowed: Caps | None = None,
) -> ChargeRecord | None:
    """Bring a charge, its job, the outbox and the caps to one truth; None if it moves from there.

    So it does where another job has adopted it: that one says how it ends.

    Whoever may end what is unknown may end what is presumed. `allowed` says what
    of the unknown counts as paid where the project does not say; without it,
    nothing does. Call inside a transaction.
    """
    now = clock.now()
    (owner,) = (
        await Job.update({Job.sequence: Job.sequence + 1, Job.updated_at: now})
        .where(Job.id == job)
        .returning(Job.project, Job.video_id, Job.storyboard_data)
    )
    wakeups.job_changed(job)
    which: Combinable = Charge.state.is_in(list(came_from))
    if ChargeState.UNKNOWN in came_from:
        which |= Charge.presumed.eq(True)  # noqa: FBT003 - a column's value
    locked = (
        await Charge.update({Charge.updated_at: now})
        .where(Charge.id == charge, Charge.job == job, which)
        .returning(*Charge.all_columns())
    )
    if not locked:
        return None
    before = ChargeRecord.of(locked[0])
    account = Account(
        job=job,
        drafting=before.kind is Kind.STORYBOARD,
        project=owner["project"],
        video_id=owner["video_id"],
        at=before.created_at,
    )
    after = replace(
        before, state=state, settled=settled, useless=useless, reason=reason, presumed=False
    )
    if before.presumed:
        await caps.free_lost(account, before.reserved)
    # What has an id, or was answered, can still be had for what it cost.
    lost = state is ChargeState.UNKNOWN and not before.provider_id and not before.answer
    if lost and allowed and await caps.hold_lost(account, rounded(before.reserved), allowed):
        after = replace(
            after,
            state=ChargeState.SETTLED,
            settled=before.reserved,
            reason=f"{reason} It counts as paid, as the project allows.",
            presumed=True,
        )
    await Charge.update(
        {
            Charge.state: after.state,
            Charge.settled: after.settled,
            Charge.useless: after.useless,
            Charge.reason: after.reason,
            Charge.presumed: after.presumed,
        }
    ).where(Charge.id == charge)
    await _update_warnings(job, owner["storyboard_data"])
    await caps.adjust(account, after.held - before.held, own=after.held_own - before.held_own)
    await history.note(job)
    return after


async def _update_warnings(job: UUID, storyboard_data: str | None) -> None:
    rows = (
        await Charge.select(*Charge.all_columns())
        .where(
            Charge.job == job,
            (Charge.state == ChargeState.UNKNOWN)
            | Charge.useless.eq(True)  # noqa: FBT003 - a column's value
            | Charge.presumed.eq(True),  # noqa: FBT003 - a column's value
        )
        .order_by(Charge.created_at)
    )
    storyboard = msgspec.json.decode(storyboard_data, type=Storyboard) if storyboard_data else None
    scenes = storyboard.scenes if storyboard else ()
    numbers = {scene.id: number for number, scene in enumerate(scenes, start=1)}
    charges = [ChargeRecord.of(row) for row in rows]
    warnings = [
        _warning(charge, numbers.get(charge.scene_id))
        for charge in charges
        if charge.state is ChargeState.UNKNOWN or charge.presumed
    ]
    warnings += _useless([charge for charge in charges if charge.useless], numbers)
    # SQLite adds up floats: rounding makes them whole micro-dollars again.
    await Job.raw(
        "UPDATE job SET charge_warnings = {}, actual_cost = (SELECT COALESCE(ROUND(SUM(settled),"
        " 6), 0) FROM charge WHERE charge.job = job.id) WHERE id = {}",
        msgspec.json.encode(warnings).decode(),
        job,
    )
    await messages.touch(job, Topic.RENDITION)


def _useless(charges: list[ChargeRecord], numbers: dict[str, int]) -> list[Problem]:
    """Tell, scene by scene, which models were paid for nothing, and what."""
    costs_by_place: dict[tuple[Kind, str, str, str], list[Decimal]] = {}
    for charge in charges:
        place = (charge.kind, charge.scene_id, charge.provider, charge.model)
        costs_by_place.setdefault(place, []).append(charge.settled or Decimal(0))
    return [
        problem.of_scene(numbers[scene]) if scene in numbers else problem
        for (kind, scene, provider, model), costs in costs_by_place.items()
        for problem in (
            Problem(
                code="drafts_useless" if kind is Kind.STORYBOARD else "answers_useless",
                message=f"{model} was paid ${rounded(sum(costs, Decimal(0))):f} for {len(costs)}"
                f" {'answer' if len(costs) == 1 else 'answers'} that nothing could be made of.",
                params={
                    "provider": provider,
                    "model": model,
                    "answers": len(costs),
                    "cost": f"{rounded(sum(costs, Decimal(0))):f}",
                },
            ),
        )
    ]


def _warning(charge: ChargeRecord, scene: int | None) -> Problem:
    code = "charge_presumed" if charge.presumed else "charge_unknown"
    asked = "" if charge.presumed else " Look into the provider's account and say whether it was."
    problem = Problem(
        code=code,
        message=f"A call to {charge.model} may have been charged ${charge.reserved:f}."
        f" {charge.reason}{asked}",
        params={
            "charge": str(charge.id),
            "provider": charge.provider,
            "model": charge.model,
            "amount": f"{charge.reserved:f}",
            "at": charge.created_at.isoformat(),
        },
    )
    return problem.of_scene(scene) if scene else problem
