"""Claims of pieces: which daemon is making what all of them will share.

A claim is the piece's row before it has bytes, and the moment that stands in it, which its holder
renews. Whoever waits for a piece sees that moment change; where it has not for as long as a claim
lasts, by the clock of whoever waits, the holder is dead, and of all that wait one takes the claim
over. So no two machines' clocks are ever compared. Whoever has lost a claim and ends all the same
has made the same bytes: the first that writes them keeps them.
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


async def claim(name: str) -> Claim | None:
    """Claim a piece that nobody has in hand; None where somebody has, or it is there."""
    now = clock.now()
    return Claim(name=name, at=now) if await pieces.begin(name, at=now) else None


async def standing(name: str) -> Standing | None:
    """Return how a piece stands; None of one that nobody has in hand."""
    row = await Piece.select(Piece.ready, Piece.used_at).where(Piece.name == name).first()
    if row is None:
        return None
    return Standing(ready=bool(row["ready"]), at=row["used_at"])


async def renew(held: Claim) -> Claim | None:
    """Renew a claim, or take over one that was seen to lapse; None where it is another's.

    Also what somebody died over while writing or deleting it can be taken over: it is written anew.
    """
    now = clock.now()
    renewed = (
        await Piece.update({Piece.used_at: now, Piece.sha256: ""})
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
