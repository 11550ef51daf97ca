"""What is held against each spend cap, kept so that no number of workers can pass one.

A row per scope holds the sum of everything reserved, settled and unknown.
`hold` adds to it by a statement that is its own condition, so a cap holds
between processes, on either engine, without reading before writing. Every
transaction takes the rows in one order and last of all, so that none wait for
each other and the month's row, which all share, is held for an instant only.

What was approved on a job is a cap like the others. A cap that is passed only
because of calls in flight, whose price is set aside at its upper bound, is not
reached yet: whoever wants to spend waits for them (`SpendUnderWay`).

What a video may lose to calls whose outcome nobody knows has a row and a
condition of the same kind (`hold_lost`). What is held there is not held against
what was approved, and is against all the other caps. It decides how a charge ends, and so
is taken right after the charge.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, cast
from uuid import UUID

import msgspec

from cms_bridge import wakeups
from cms_bridge.errors import ApprovedCostReached, ProjectNotFound, SpendCapReached, SpendUnderWay
from cms_bridge.pricing.amounts import Caps, dollars, micros
from cms_bridge.tables import Project, Spend


class Scope(StrEnum):
    """What a cap is on."""

    DRAFT = "draft"
    """The writing of one job's storyboard, before there is anything to approve."""
    APPROVAL = "approval"
    """Everything else on one job: what its approval names."""
    VIDEO = "video"
    """One video document, all its submissions together."""
    PROJECT = "project"
    """One project, all its videos together."""
    MONTH = "month"
    """Everything, in the calendar month (UTC) in which a call was reserved."""


_OWN = frozenset({Scope.DRAFT, Scope.APPROVAL})
"""Those of one job."""


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """What a charge counts towards."""

    job: UUID
    drafting: bool = False
    """Whether it writes the storyboard, which nobody has approved yet."""
    project: str
    video_id: str
    at: datetime
    """When it was reserved: a charge stays in that month, whenever it is settled."""

    @property
    def rows(self) -> dict[Scope, str]:
        """Name the row of each scope, in the order in which rows are taken."""
        own = Scope.DRAFT if self.drafting else Scope.APPROVAL
        return {
            own: job_row(own, self.job),
            Scope.VIDEO: video_row(self.project, self.video_id),
            Scope.PROJECT: project_row(self.project),
            Scope.MONTH: month_row(self.at),
        }


def job_row(scope: Scope, job: UUID) -> str:
    """Name the row of a job's `DRAFT` or `APPROVAL`."""
    return f"{scope}:{job}"


def video_row(project: str, video_id: str) -> str:
    """Name a video's row. The project's length says where its name ends: either may hold any sign.

    Migration 000014 writes the same in SQL.
    """
    return f"{Scope.VIDEO}:{len(project)}:{project}/{video_id}"


def project_row(project: str) -> str:
    """Name a project's row."""
    return f"{Scope.PROJECT}:{project}"


def month_row(at: datetime) -> str:
    """Name the row of a calendar month."""
    return f"{Scope.MONTH}:{at.astimezone(UTC):%Y-%m}"


def lost_row(project: str, video_id: str) -> str:
    """Name the row of what a video lost to calls of unknown outcome that count as paid."""
    return f"lost:{len(project)}:{project}/{video_id}"


class OwnCaps(msgspec.Struct, frozen=True, kw_only=True):
    """A project's own caps; None leaves one to the defaults. See `Caps`."""

    project: Decimal | None = None
    video: Decimal | None = None
    lost_call: Decimal | None = None
    lost_video: Decimal | None = None


_COLUMNS = {
    "project": Project.cap_project,
    "video": Project.cap_video,
    "lost_call": Project.lost_call,
    "lost_video": Project.lost_video,
}


async def caps_of(project: str, defaults: Caps) -> Caps:
    """Return the caps in force: a project's own, where it has them."""
    columns = [column.as_alias(name) for name, column in _COLUMNS.items()]
    own = await Project.select(*columns).where(Project.id == project).first() or {}
    return msgspec.structs.replace(
        defaults, **{scope: cap for scope, cap in own.items() if cap is not None}
    )


async def check_project(project: str) -> None:
    """Raise `ProjectNotFound` unless there is a project by this name."""
    if not await Project.exists().where(Project.id == project):
        raise ProjectNotFound("There is no such project.")


async def set_own(project: str, own: OwnCaps) -> None:
    """Replace a project's own caps; raise `ProjectNotFound`."""
    values: dict[Any, Any] = {column: getattr(own, name) for name, column in _COLUMNS.items()}
    if not await Project.update(values).where(Project.id == project).returning(Project.id):
        raise ProjectNotFound("There is no such project.")


async def hold(account: Account, amount: Decimal, caps: Caps, *, own: Decimal) -> None:
    """Set an amount aside in every scope, or raise and let nothing of it stand.

    `own` is what the job's own scope may hold. Raises `ApprovedCostReached` or
    `SpendCapReached` where what is spent leaves no room, `SpendUnderWay` where
    only calls in flight take it up. Call inside a transaction, as its last
    step. What is free is never refused.
    """
    if not amount:
        return
    for scope in account.rows:
        await _take(account, scope, amount, caps, own=own)
    wakeups.job_changed(account.job)


async def pass_on(
    before: Account, after: Account, amount: Decimal, caps: Caps, *, own: Decimal
) -> None:
    """Let what is held for one job of a project be held for another, or raise as `hold` does.

    Call where `hold` is called: rows of one scope are taken in the order of their names.
    """
    given = before.rows
    for scope, row in after.rows.items():
        if not amount or row == given[scope]:
            continue
        if given[scope] < row:
            await _correct(given[scope], -amount)
        await _take(after, scope, amount, caps, own=own)
        if given[scope] > row:
            await _correct(given[scope], -amount)
    wakeups.job_changed(before.job)
    wakeups.job_changed(after.job)


async def _take(
    account: Account, scope: Scope, amount: Decimal, caps: Caps, *, own: Decimal
) -> None:
    row, cap = account.rows[scope], own if scope in _OWN else cast("Decimal", getattr(caps, scope))
    if amount > cap or not await _add(row, amount, cap):
        # The charge that wants to be made is written down already, and no part of what is held.
        total, in_flight = await _standing(account, scope, row)
        spent = total - (in_flight - amount)
        if spent + amount <= cap:
            raise SpendUnderWay
        if scope is Scope.APPROVAL:
            raise ApprovedCostReached(approved=cap, spent=spent, needed=amount)
        raise SpendCapReached(scope=scope, cap=cap, spent=total, wanted=amount)


async def adjust(account: Account, difference: Decimal, *, own: Decimal) -> None:
    """Correct what is held by a difference, up or down, whatever the caps say: it is a fact.

    `own` is that of the job's own scope. Call inside a transaction, as its last step.
    """
    for scope, row in account.rows.items():
        if change := own if scope in _OWN else difference:
            await _correct(row, change)
    wakeups.job_changed(account.job)


async def hold_lost(account: Account, amount: Decimal, defaults: Caps) -> bool:
    """Count a call of unknown outcome as paid, where its project allows it; tell whether it does.

    No number of workers counts more than a video may lose. Call inside a
    transaction, right after the charge was locked.
    """
    caps = await caps_of(account.project, defaults)
    if not caps.lost_call or amount > min(caps.lost_call, caps.lost_video):
        return False
    return await _add(lost_row(account.project, account.video_id), amount, caps.lost_video)


async def free_lost(account: Account, amount: Decimal) -> None:
    """Give a video back what it lost by a call, since its outcome is known by now.

    Call where `hold_lost` is called.
    """
    await _correct(lost_row(account.project, account.video_id), -amount)


async def room_for_lost(project: str, video_id: str, defaults: Caps) -> Decimal:
    """Return what calls of unknown outcome may still cost a video; 0 where each waits for a word.

    That is beside what is approved: see `hold_lost`.
    """
    caps = await caps_of(project, defaults)
    if not caps.lost_call:
        return Decimal(0)
    return max(Decimal(0), caps.lost_video - await held(lost_row(project, video_id)))


async def held(row: str) -> Decimal:
    """Return what is held in a scope's row."""
    spend = await Spend.select(Spend.held).where(Spend.id == row).first()
    return dollars(spend["held"]) if spend else Decimal(0)


_STANDING = (
    "SELECT COALESCE((SELECT held FROM spend WHERE id = {}), 0) AS held, COALESCE((SELECT"
    " SUM(CAST(ROUND(charge.reserved * 1000000) AS BIGINT)) FROM charge JOIN job ON"
    " charge.job = job.id WHERE charge.state IN ('reserved', 'started') AND WHICH), 0)"
    " AS in_flight"
)


async def _standing(account: Account, scope: Scope, row: str) -> tuple[Decimal, Decimal]:
    """Return what a scope holds, and what of it is set aside for calls in flight.

    Read by one statement: between two, a call might end and count twice or not at all.
    """
    which, values = _charges_in(account, scope)
    (sums,) = cast(
        list[dict[str, Any]], await Spend.raw(_STANDING.replace("WHICH", which), row, *values)
    )
    return dollars(int(sums["held"])), dollars(int(sums["in_flight"]))


def _charges_in(account: Account, scope: Scope) -> tuple[str, list[object]]:
    """Return the SQL condition of a scope's charges, and its values."""
    match scope:
        case Scope.DRAFT:
            return "charge.job = {} AND charge.kind = 'storyboard'", [account.job]
        case Scope.APPROVAL:
            return "charge.job = {} AND charge.kind <> 'storyboard'", [account.job]
        case Scope.VIDEO:
            which = "charge.project = {} AND job.video_id = {}"
            return which, [account.project, account.video_id]
        case Scope.PROJECT:
            return "charge.project = {}", [account.project]
        case Scope.MONTH:
            first = account.at.astimezone(UTC).replace(
                day=1, hour=0, minute=0, second=0, microsecond=0
            )
            following = (first + timedelta(days=32)).replace(day=1)
            return "charge.created_at >= {} AND charge.created_at < {}", [first, following]


async def _correct(row: str, difference: Decimal) -> None:
    await Spend.raw(
        "INSERT INTO spend (id, held) VALUES ({}, {}) ON CONFLICT (id)"
        " DO UPDATE SET held = spend.held + excluded.held",
        row,
        micros(difference),
    )


async def _add(row: str, amount: Decimal, cap: Decimal) -> bool:
    rows = cast(
        list[dict[str, int]],
        await Spend.raw(
            "INSERT INTO spend (id, held) VALUES ({}, {}) ON CONFLICT (id)"
            " DO UPDATE SET held = spend.held + excluded.held"
            " WHERE spend.held + excluded.held <= {} RETURNING held",
            row,
            micros(amount),
            micros(cap),
        ),
    )
    return bool(rows)
