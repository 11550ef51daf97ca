"""Pieces of films that all daemons share: the object store holds their bytes, a row tells of each.

    (being made) ──► (being written) ──► ready ──► (being deleted) ──► gone

A piece goes by what decided it (`render.cache`), its object by its bytes; the row knows both, so
that what is fetched is known to be what was kept. The row is written before the object and goes
after it: nothing is kept unknown, whoever dies in between. Of two that keep the same the first
does; of two that delete the same one does. Who is making one is in
`cms_bridge.storage.claims`. Nothing here is needed: whatever is lost, damaged or
just being deleted is made again by whoever misses it.
"""

import hashlib
from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import anyio
import msgspec
import structlog

from cms_bridge import clock
from cms_bridge.storage.base import ObjectNotFound, ObjectStore, StorageError, piece_key
from cms_bridge.storage.media_types import media_type_of
from cms_bridge.tables import Piece

log = structlog.get_logger()

IN_USE = timedelta(minutes=30)
"""What somebody had in hand since then is not removed to make room."""
ABANDONED_AFTER = timedelta(hours=1)
"""No living process takes as long over writing or deleting one piece."""
_TOUCHED_EVERY = IN_USE / 6
"""How exactly it is known when a piece was used."""
_AT_ONCE = 500
"""Names that one query asks for, and pieces that one sweep removes at the most."""
_CLEARED_WITHIN = 5.0
"""Seconds that whoever is cancelled takes to clear up."""
_ROOM = 0.9
"""What is left of the bound after a sweep, so that it is not reached again at once."""


class DamagedPiece(StorageError):
    """The store no longer has a piece as it was kept."""


class PieceRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A piece as it is written down; `cms_bridge.tables.Piece` explains each field."""

    name: str
    sha256: str
    bytes: int
    note: str
    used_at: datetime

    @property
    def key(self) -> str:
        """Where its object is."""
        return piece_key(sha256=self.sha256, extension=self.name.rpartition(".")[2])


_COLUMNS = [getattr(Piece, name) for name in PieceRecord.__struct_fields__]


async def find(names: Collection[str]) -> dict[str, PieceRecord]:
    """Return those of the named pieces that are kept, and note that they are in use."""
    found: dict[str, PieceRecord] = {}
    now = clock.now()
    asked = sorted(names)
    for first in range(0, len(asked), _AT_ONCE):
        these = Piece.name.is_in(asked[first : first + _AT_ONCE]) & Piece.ready.eq(True)  # noqa: FBT003 - a column's value
        rows = await Piece.select(*_COLUMNS).where(these)
        found |= {row["name"]: _record(row) for row in rows}
        if any(row["used_at"] < now - _TOUCHED_EVERY for row in rows):
            await Piece.update({Piece.used_at: now}).where(these)
    return found


async def fetch(store: ObjectStore, piece: PieceRecord, place: Path) -> None:
    """Write a piece's bytes to a file.

    Raises `DamagedPiece` or `ObjectNotFound` for one that the store no longer has, which is
    forgotten with that, and another `StorageError` where the store does not answer.
    """
    digest = hashlib.sha256()
    try:
        async with await anyio.open_file(place, "wb") as file:
            async for chunk in store.read(piece.key):
                digest.update(chunk)
                await file.write(chunk)
    except ObjectNotFound:
        await _lose(store, piece)
        raise
    if digest.hexdigest() != piece.sha256:
        await _lose(store, piece)
        raise DamagedPiece("The store no longer has a piece as it was kept.")


async def keep(store: ObjectStore, name: str, path: Path, *, sha256: str, note: bytes) -> bool:
    """Keep a piece, unless it is kept or being kept; tell whether it was this that kept it.

    Raises `StorageError`; then it is not kept.
    """
    now = clock.now()
    size = (await anyio.Path(path).stat()).st_size
    if not await _begin(name, sha256=sha256, size=size, note=note.decode(), at=now):
        return False
    piece = PieceRecord(name=name, sha256=sha256, bytes=size, note=note.decode(), used_at=now)
    mine = (Piece.name == name) & (Piece.used_at == now)
    try:
        await store.put(piece.key, path, media_type=media_type_of(piece.key))
    except StorageError:
        # Whole or not at all: there is nothing to delete but the row.
        await Piece.delete().where(mine)
        raise
    except BaseException:
        # Cancelled, perhaps after the last byte. What cannot be cleared up now is swept later.
        with anyio.move_on_after(_CLEARED_WITHIN, shield=True), suppress(Exception):
            await _remove(store, piece)
        raise
    await Piece.update({Piece.ready: True}).where(mine)
    return True


async def begin(name: str, *, finishes: str, at: datetime) -> bool:
    """Write down that a piece is being made; False where one is, or it is there."""
    return await _begin(name, sha256="", size=0, note="", finishes=finishes, at=at)


async def _begin(  # noqa: PLR0913 - a row's columns
    name: str, *, sha256: str, size: int, note: str, finishes: str = "", at: datetime
) -> bool:
    rows = cast(
        "list[dict[str, Any]]",
        await Piece.raw(
            "INSERT INTO piece (name, sha256, bytes, note, ready, used_at, finishes)"
            " VALUES ({}, {}, {}, {}, FALSE, {}, {}) ON CONFLICT (name) DO UPDATE SET"
            " sha256 = excluded.sha256, bytes = excluded.bytes, note = excluded.note,"
            # Whoever has made it writes it, whoever may be making it too.
            " used_at = excluded.used_at WHERE piece.ready = FALSE AND piece.sha256 = ''"
            " AND excluded.sha256 <> '' RETURNING name",
            name,
            sha256,
            size,
            note,
            at,
            finishes,
        ),
    )
    return bool(rows)


async def sweep(store: ObjectStore, *, most_bytes: int, unused_for: timedelta) -> int:
    """Remove what was unused for so long, then what was longest unused above so many bytes.

    Return how many were removed. What is in use is not removed to make room. Raises `StorageError`.
    """
    now = clock.now()
    kept_since = Piece.used_at < now - max(unused_for, IN_USE)
    abandoned = Piece.ready.eq(False) & (Piece.used_at < now - ABANDONED_AFTER)  # noqa: FBT003
    old = await _oldest(kept_since | abandoned)
    for piece in old:
        await _remove(store, piece)
    removed = len(old)
    # In this order: what another sweep removes in between is in no sum, and nothing goes for it.
    unused = await _oldest(Piece.used_at < now - IN_USE)
    total = await _total()
    if total > most_bytes:
        for piece in unused:
            if total <= most_bytes * _ROOM:
                break
            # By another sweep, if not by this one.
            total -= piece.bytes
            removed += await _remove(store, piece)
    return removed


async def clear(store: ObjectStore) -> int:
    """Remove all that is kept, in use too; return how many. What is being written stays.

    Raises `StorageError`; asked again, it goes on.
    """
    removed = 0
    while kept := await _oldest(Piece.ready.eq(True)):  # noqa: FBT003 - a column's value
        for piece in kept:
            # Used since, it is found once more.
            removed += await _remove(store, piece)
    return removed


async def _lose(store: ObjectStore, piece: PieceRecord) -> None:
    log.warning("piece.lost", piece=piece.name, key=piece.key)
    await _remove(store, piece)


async def _remove(store: ObjectStore, piece: PieceRecord) -> bool:
    """Delete a piece as it was seen; tell whether it was this that deleted it."""
    now = clock.now()
    taken = (
        await Piece.update({Piece.ready: False, Piece.used_at: now})
        .where(Piece.name == piece.name, Piece.used_at == piece.used_at)
        .returning(Piece.name)
    )
    if not taken:
        return False
    shared = await Piece.exists().where(Piece.sha256 == piece.sha256, Piece.name != piece.name)
    if piece.sha256 and not shared:
        await store.delete(piece.key)
    await Piece.delete().where(Piece.name == piece.name, Piece.used_at == now)
    return True


async def _oldest(these: Any) -> list[PieceRecord]:
    rows = await Piece.select(*_COLUMNS).where(these).order_by(Piece.used_at).limit(_AT_ONCE)
    return [_record(row) for row in rows]


async def _total() -> int:
    rows = cast(
        "list[dict[str, Any]]",
        await Piece.raw("SELECT COALESCE(SUM(bytes), 0) AS kept FROM piece WHERE ready = TRUE"),
    )
    return int(rows[0]["kept"])


def _record(row: Mapping[str, Any]) -> PieceRecord:
    return PieceRecord(**{name: row[name] for name in PieceRecord.__struct_fields__})
