"""Claims of pieces: which daemon is making what all of them will share.

A claim is the piece's row before it has bytes, and the moment that stands in it, which its holder
renews. Whoever waits for a piece sees that moment change; where it has not for as long as a claim
lasts, by the clock of whoever waits, the holder is dead, and of all that wait one takes the claim
over. So no two machines' clocks are ever compared. A claim also names the job that its holder
finishes, if any: whoever holds that job now need not wait, for the lease before his has run out
already. Whoever has lost a claim and ends all the same has made the same bytes: the first that
writes them keeps them.
"""

from collections.abc import Collection
from datetime import datetime

import msgspec

from cms_bridge import clock
from cms_bridge.storage import pieces
from cms_bridge.tables import Piece

LASTS = 10.0
"""Seconds after which a claim that was not renewed is anybody's."""
RENEWED_EVERY = 2.5
"""Seconds between two renewals."""


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """A piece that one daemon makes."""

    name: str
    at: datetime
    """When it was claimed or renewed last: whoever knows another moment has lost it."""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How a piece stands that somebody else has in hand, or is there."""

    ready: bool
    at: datetime
    """The moment that stands in its row: another with each renewal."""
    finishes: str
    """The job that whoever claimed it held then; empty where he helped another."""


async def claim(name: str, *, finishes: str = "") -> Claim | None:
    """Claim a piece that nobody has in hand; None where somebody has, or it is there.

    `finishes` is the job that the claimer holds; empty of whoever helps another.
    """
    now = clock.now()
    begun = await pieces.begin(name, finishes=finishes, at=now)
    return Claim(name=name, at=now) if begun else None


async def standing(name: str) -> Standing | None:
    """Return how a piece stands; None of one that nobody has in hand."""
    row = (
        await Piece.select(Piece.ready, Piece.used_at, Piece.finishes)
        .where(Piece.name == name)
        .first()
    )
    if row is None:
        return None
    return Standing(ready=bool(row["ready"]), at=row["used_at"], finishes=row["finishes"])


async def renew(held: Claim, *, finishes: str = "") -> Claim | None:
    """Renew a claim, or take over one that is nobody's; None where it is another's.

    Also what somebody died over while writing or deleting it can be taken over: it is written anew.
    `finishes` as where one is claimed.
    """
    now = clock.now()
    renewed = (
        await Piece.update({Piece.used_at: now, Piece.sha256: "", Piece.finishes: finishes})
        .where(Piece.name == held.name, Piece.used_at == held.at, Piece.ready.eq(False))  # noqa: FBT003 - a column's value
        .returning(Piece.name)
    )
    return Claim(name=held.name, at=now) if renewed else None


async def release(held: Collection[Claim]) -> None:
    """Give up claims of pieces that were not made."""
    for one in held:
        await Piece.delete().where(
            Piece.name == one.name, Piece.used_at == one.at, Piece.sha256 == ""
        )
