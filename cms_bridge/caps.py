"""What is held against each spend cap, kept so that no number of workers can pass one.

A row per scope holds the sum of everything reserved, settled and unknown.
`hold` adds to it by a statement that is its own condition, so a cap holds
between processes, on either engine, without reading before writing. Every
transaction takes the rows in one order and last of all, so that none wait for
each other and the month's row, which all share, is held for an instant only.
"""

from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import cast

import msgspec

from cms_bridge.errors import SpendCapReached
from cms_bridge.money import Caps, dollars, micros
from cms_bridge.tables import Project, Spend


class Scope(StrEnum):
    """What a cap is on."""

    VIDEO = "video"
    """One video document, all its submissions together."""
    PROJECT = "project"
    """One project, all its videos together."""
    MONTH = "month"
    """Everything, in the calendar month (UTC) in which a call was reserved."""


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """What a charge counts towards."""

    project: str
    video_id: str
    at: datetime
    """When it was reserved: a charge stays in that month, whenever it is settled."""

    @property
    def rows(self) -> dict[Scope, str]:
        """Name the row of each scope, in the order in which rows are taken."""
        return {
            Scope.VIDEO: f"video:{self.project}/{self.video_id}",
            Scope.PROJECT: f"project:{self.project}",
            Scope.MONTH: f"month:{self.at.astimezone(UTC):%Y-%m}",
        }


async def caps_of(project: str, defaults: Caps) -> Caps:
    """Return the caps in force: a project's own, where it has them."""
    row = (
        await Project.select(Project.cap_video, Project.cap_project)
        .where(Project.id == project)
        .first()
    )
    own = {"video": row["cap_video"], "project": row["cap_project"]} if row else {}
    return msgspec.structs.replace(
        defaults, **{scope: cap for scope, cap in own.items() if cap is not None}
    )


async def hold(account: Account, amount: Decimal, caps: Caps) -> None:
    """Set an amount aside in every scope; raise `SpendCapReached`, and let nothing of it stand.

    Call inside a transaction, as its last step. What is free is never refused.
    """
    if not amount:
        return
    for scope, row in account.rows.items():
        cap: Decimal = getattr(caps, scope)
        if amount > cap or not await _add(row, amount, cap):
            spent = await held(row)
            raise SpendCapReached(scope=scope, cap=cap, spent=spent, wanted=amount)


async def adjust(account: Account, difference: Decimal) -> None:
    """Correct what is held by a difference, up or down, whatever the caps say: it is a fact.

    Call inside a transaction, as its last step.
    """
    for row in account.rows.values() if difference else ():
        await Spend.raw(
            "INSERT INTO spend (id, held) VALUES ({}, {}) ON CONFLICT (id)"
            " DO UPDATE SET held = spend.held + excluded.held",
            row,
            micros(difference),
        )


async def held(row: str) -> Decimal:
    """Return what is held in a scope's row."""
    found = await Spend.select(Spend.held).where(Spend.id == row).first()
    return dollars(found["held"]) if found else Decimal(0)


async def _add(row: str, amount: Decimal, cap: Decimal) -> bool:
    added = cast(
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
    return bool(added)
