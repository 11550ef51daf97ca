"""Scripts: statements that the database takes in one step, with one text for both engines.

PostgreSQL is given a function for the length of each connection, so that all of them are one
round trip and one transaction, each seeing what was committed before it began, as it would alone.
SQLite, which is no journey away, runs them one after the other in a transaction.
"""

import re
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import msgspec

_PARAMETER = re.compile(r":([a-z_]+)")


class Step(msgspec.Struct, frozen=True):
    """One statement, with `:name` where a value stands."""

    sql: str
    decides: bool = False
    """Whether the script ends here if this changes no row."""


class Script(msgspec.Struct, frozen=True, dict=True):
    """Statements in their order."""

    name: str
    """An identifier."""
    parameters: dict[str, str]
    """What they are given: names, each with its type on PostgreSQL."""
    locks: str
    """The parameter whose row the first statement holds: runs that go together go in its order."""
    steps: tuple[Step, ...]

    @cached_property
    def function(self) -> str:
        """The function that PostgreSQL is given; it returns whether the script came to its end."""
        body = "".join(
            _PARAMETER.sub(r"p_\1", step.sql)
            + ("; IF NOT FOUND THEN RETURN FALSE; END IF;\n" if step.decides else ";\n")
            for step in self.steps
        )
        taken = ", ".join(f"p_{name} {kind}" for name, kind in self.parameters.items())
        return (
            f"CREATE OR REPLACE FUNCTION pg_temp.{self.name}({taken}) RETURNS BOOLEAN"
            f" LANGUAGE plpgsql AS $script$ BEGIN\n{body}RETURN TRUE;\nEND $script$"
        )

    @cached_property
    def call(self) -> str:
        """The call of that function for several runs, one after the other.

        It takes a list of values for each parameter, in the order of the parameters.
        """
        lists = ", ".join(
            f"${number}::{kind}[]" for number, kind in enumerate(self.parameters.values(), start=1)
        )
        names = ", ".join(self.parameters)
        return f"SELECT pg_temp.{self.name}({names}) FROM unnest({lists}) AS runs ({names})"  # noqa: S608 - names of parameters

    @cached_property
    def statements(self) -> tuple[tuple[str, tuple[str, ...], bool], ...]:
        """What SQLite runs: each statement, the names of its values, and whether it decides."""
        return tuple(
            (
                _PARAMETER.sub("?", step.sql) + (" RETURNING 1" if step.decides else ""),
                tuple(_PARAMETER.findall(step.sql)),
                step.decides,
            )
            for step in self.steps
        )

    def in_order(self, runs: Sequence[dict[str, Any]]) -> list[list[Any]]:
        """Return the values of several runs, a list for each parameter in their order."""
        return [[values[name] for values in runs] for name in self.parameters]
