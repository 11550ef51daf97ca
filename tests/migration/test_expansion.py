"""Migrations expand: what an older process reads and writes is there, whatever was added since.

So new processes may come one after the other beside old ones (deploy/README.md, "Without a
pause"). An older process names the columns that it knows: each of them must stay as it was, and
each that is new must come by itself. A migration that cannot do so is named here, and the changelog
of its version says to stop the old processes first.
"""

from pathlib import Path
from typing import NamedTuple

import pytest

from cms_bridge.database import connected, migrate
from cms_bridge.tables import Job
from tests.support.versions import versions

pytestmark = pytest.mark.anyio

SINCE = "2026-11-28T17:00:00:000029"
"""After which migrations are held to this: older ones came with no process that could run on."""
STOP_FIRST: dict[str, list[str]] = {}
"""By a migration's id, what it does to an older process."""


class Column(NamedTuple):
    kind: str
    optional: bool
    """Whether a row may be written without naming it."""


Schema = dict[str, dict[str, Column]]


async def schema() -> tuple[Schema, set[tuple[str, ...]]]:
    """Return every table's columns, and what must be unique: a table and its columns."""
    tables: Schema = {}
    unique: set[tuple[str, ...]] = set()
    for row in await Job.raw("SELECT name FROM sqlite_master WHERE type = 'table'"):
        name = row["name"]
        if name.startswith("aside"):
            # What a downgrade could not say, kept for the way back: no process asks for it.
            continue
        columns = await Job.raw(f"PRAGMA table_info({name})")
        tables[name] = {
            one["name"]: Column(
                kind=one["type"],
                optional=not one["notnull"] or one["dflt_value"] is not None,
            )
            for one in columns
        }
        for index in await Job.raw(f"PRAGMA index_list({name})"):
            if index["unique"]:
                parts = await Job.raw(f"PRAGMA index_info({index['name']})")
                unique.add((name, *(str(one["name"]) for one in parts)))
    return tables, unique


def harm(
    before: tuple[Schema, set[tuple[str, ...]]], after: tuple[Schema, set[tuple[str, ...]]]
) -> list[str]:
    """Return what an older process meets that it did not know."""
    found: list[str] = []
    for table, columns in before[0].items():
        now = after[0].get(table)
        if now is None:
            found.append(f"{table} is gone")
            continue
        for name, column in columns.items():
            if name not in now:
                found.append(f"{table}.{name} is gone")
            elif now[name].kind != column.kind or (column.optional and not now[name].optional):
                found.append(f"{table}.{name} is another")
        found += [
            f"{table}.{name} must be named"
            for name in now.keys() - columns.keys()
            if not now[name].optional
        ]
    found += [
        f"{', '.join(columns)} of {table} must be unique"
        for table, *columns in after[1] - before[1]
        if table in before[0]
    ]
    return sorted(found)


async def test_an_older_process_can_go_on_on_every_newer_schema(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/expanding.db"
    found: dict[str, list[str]] = {}
    await migrate(url)
    async with connected(url):
        after = await schema()
    assert after[0].keys() >= {"job", "charge", "attempt", "turn"}
    for level in sorted((one.ID for one in versions() if one.ID > SINCE), reverse=True):
        await migrate(url, direction="backwards", to=level)
        async with connected(url):
            before = await schema()
        if harmed := harm(before, after):
            found[level] = harmed
        after = before
    assert found == STOP_FIRST


def test_what_would_harm_is_told() -> None:
    text, needed = Column("TEXT", optional=True), Column("TEXT", optional=False)
    one: Schema = {"job": {"id": needed, "at": text}}
    other: Schema = {"job": {"id": Column("INTEGER", optional=False), "by": needed}}
    assert harm((one, set()), (other, {("job", "by")})) == [
        "by of job must be unique",
        "job.at is gone",
        "job.by must be named",
        "job.id is another",
    ]
    assert harm((one, set()), ({}, set())) == ["job is gone"]
    assert harm(({}, set()), (one, {("job", "id")})) == []
