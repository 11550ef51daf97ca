"""Every table has one writer: rows begin in one module, so that one place knows what they hold."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from cms_bridge.tables import TABLES

ROOT = Path(__file__).parents[3]

_BY_NAME = {
    re.sub(r"(?<!^)(?=[A-Z])", "_", table.__name__).lower(): table.__name__ for table in TABLES
}
_INSERTION = re.compile(r"\b(?:INSERT|REPLACE)(?:\s+OR\s+\w+)?\s+INTO\s+\"?(\w+)", re.IGNORECASE)


def insertions(source: str) -> Iterator[str]:
    """Yield the table of every insertion in a module, by its class or in SQL."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=table), attr="insert")):
                if table in _BY_NAME.values():
                    yield table
            case ast.Constant(value=str(text)):
                yield from (_BY_NAME[name.lower()] for name in _INSERTION.findall(text))
            case _:
                pass


def test_every_table_has_one_writer() -> None:
    writers: defaultdict[str, set[str]] = defaultdict(set)
    for package in ("cms_bridge", "daemon"):
        for path in (ROOT / package).rglob("*.py"):
            for table in insertions(path.read_text()):
                writers[table].add(path.relative_to(ROOT).as_posix())
    assert writers.keys() == set(_BY_NAME.values())
    assert {table: modules for table, modules in writers.items() if len(modules) > 1} == {}


@pytest.mark.parametrize(
    "statement",
    [
        "await Asset.insert(Asset(id=1))",
        "await Asset.raw('INSERT INTO asset (id) VALUES ({})', 1)",
        'await Asset.raw("insert or ignore into asset" " (id) VALUES ({})", 1)',
    ],
)
def test_an_insertion_is_found_however_it_is_written(statement: str) -> None:
    assert list(insertions(f"async def add() -> None:\n    {statement}\n")) == ["Asset"]
