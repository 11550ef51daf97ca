"""Reconciliation: what the object store holds against what the database names, both ways.

A process that dies between putting an object and writing it down leaves one that nothing names;
a store restored from another day than its database lacks some that are named. The first are found
and, on request, removed; the second can only be told. What is younger than a limit is left alone,
since whoever put it may be about to write it down: putting what is there makes it young again
(`cms_bridge.storage.base`), and what goes is looked up once more right before.
"""

import hashlib
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

import msgspec
from piccolo.table import Table

from cms_bridge import clock
from cms_bridge.storage.base import FRESH, ListedObject, ObjectNotFound, ObjectStore, scope_of
from cms_bridge.tables import (
    Asset,
    GeneratedVideo,
    Project,
    RenditionFile,
    UploadedAsset,
)

YOUNGEST = 2 * FRESH
"""What is younger than this may be being written down, whatever an operator says."""
_PAGE = 2_000
_NAMES: tuple[tuple[Any, tuple[str, ...]], ...] = (
    (Asset, ("key",)),
    (GeneratedVideo, ("key", "poster_key")),
    (RenditionFile, ("key",)),
    (UploadedAsset, ("key",)),
)
"""Every column that names an object."""


class Amount(msgspec.Struct, kw_only=True):
    """So many objects, of so many bytes."""

    objects: int = 0
    bytes: int = 0

    def add(self, size: int) -> None:
        """Count one more."""
        self.objects += 1
        self.bytes += size


class Missing(msgspec.Struct, frozen=True, kw_only=True):
    """An object that the database names and the store does not have."""

    key: str
    table: str
    id: str
    """Of the row that names it."""


class Inventory(msgspec.Struct, frozen=True, kw_only=True):
    """What a comparison found."""

    stored: Amount
    projects: dict[str, Amount]
    """What lies in the store, by project."""
    strangers: Amount
    """What belongs to no project of this database. It is never removed: it may be another's."""
    unreferenced: list[ListedObject]
    """Old enough to go, and named by nothing."""
    young: Amount
    """Named by nothing yet, and left alone."""
    missing: list[Missing]
    """Named, and not there."""

    @property
    def doubtful(self) -> bool:
        """Whether most of what is there is named by nothing: rather another's database."""
        return 2 * len(self.unreferenced) > self.stored.objects


async def compare(store: ObjectStore, *, older_than: timedelta) -> Inventory:
    """Compare store and database, reading each once.

    Memory grows by some 100 bytes an object. Raises `StorageError`.
    """
    limit = clock.now() - max(older_than, YOUNGEST)
    # Named first and listed afterwards: what is stored meanwhile is young, and not missing.
    named = {_digest(key) async for key, _, _ in _named()}
    scopes = await _scopes()
    stored, strangers, young = Amount(), Amount(), Amount()
    projects: defaultdict[str, Amount] = defaultdict(Amount)
    unreferenced: list[ListedObject] = []
    unseen = set(named)
    async for one in store.list_objects():
        stored.add(one.size)
        unseen.discard(_digest(one.key))
        project = scopes.get(_scope(one.key))
        if project is None:
            strangers.add(one.size)
            continue
        projects[project].add(one.size)
        if _digest(one.key) in named:
            continue
        if one.modified > limit:
            young.add(one.size)
        else:
            unreferenced.append(one)
    return Inventory(
        stored=stored,
        projects=dict(sorted(projects.items())),
        strangers=strangers,
        unreferenced=unreferenced,
        young=young,
        missing=await _missing(store, unseen) if unseen else [],
    )


async def remove(store: ObjectStore, unreferenced: Sequence[ListedObject]) -> Amount:
    """Delete what a comparison found unreferenced and still is; return what went.

    Raises `StorageError`; asked again, it goes on.
    """
    removed = Amount()
    for start in range(0, len(unreferenced), _PAGE):
        some = unreferenced[start : start + _PAGE]
        meanwhile = await named_among([one.key for one in some])
        for one in some:
            if one.key not in meanwhile:
                await store.delete(one.key)
                removed.add(one.size)
    return removed


async def _missing(store: ObjectStore, unseen: set[bytes]) -> list[Missing]:
    """Return those that are named still, and still not there."""
    found: list[Missing] = []
    async for key, table, row in _named():
        if _digest(key) in unseen:
            try:
                await store.head(key)
            except ObjectNotFound:
                found.append(Missing(key=key, table=table, id=row))
    return found


def naming_columns() -> list[tuple[str, str]]:
    """Return every table and column in which an object is named."""
    return [(name_of(table), name) for table, columns in _NAMES for name in columns]


def name_of(table: type[Table]) -> str:
    """Return a table's name."""
    return table._meta.tablename  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]


async def _named() -> AsyncIterator[tuple[str, str, str]]:
    """Yield every key that the database names, with the table and the row that does."""
    for table, columns in _NAMES:
        after: Any = None
        while True:
            asked = table.select(table.id, *(getattr(table, name) for name in columns))
            if after is not None:
                asked = asked.where(table.id > after)
            rows = cast("list[dict[str, Any]]", await asked.order_by(table.id).limit(_PAGE))
            for row in rows:
                for name in columns:
                    if row[name]:
                        yield row[name], table._meta.tablename, str(row["id"])  # noqa: SLF001
            if len(rows) < _PAGE:
                break
            after = rows[-1]["id"]


async def named_among(keys: list[str], *, but: UUID | None = None) -> set[str]:
    """Return those of some keys that the database names now, `but` for what one rendition names."""
    others: dict[Any, Any] = (
        {GeneratedVideo: GeneratedVideo.id != but, RenditionFile: RenditionFile.rendition != but}
        if but
        else {}
    )
    found: set[str] = set()
    for table, columns in _NAMES:
        for name in columns:
            column = getattr(table, name)
            these = column.is_in(keys)
            rows = cast(
                "list[dict[str, Any]]",
                await table.select(column).where(
                    these & others[table] if table in others else these
                ),
            )
            found |= {row[name] for row in rows}
    return found


async def _scopes() -> dict[str, str]:
    """Return the projects by what stands for them in a key."""
    return {scope_of(row["id"]): row["id"] for row in await Project.select(Project.id)}


def _scope(key: str) -> str:
    return key.removeprefix("uploads/").partition("/")[0]


def _digest(key: str) -> bytes:
    """Stand for a key in a sixth of its memory."""
    return hashlib.blake2b(key.encode(), digest_size=16).digest()
