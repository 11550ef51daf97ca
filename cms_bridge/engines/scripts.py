"""Scripts: statements that the database takes in one step, with one text for both engines.

PostgreSQL is given a function for the length of each connection, so that all of them are one
round trip and one transaction, each seeing what was committed before it began, as it would alone.
SQLite, which is no journey away, runs them one after the other in a transaction.
"""

import re
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
        """The call of that function, which takes its values in the order of the parameters."""
        places = ", ".join(f"${number}" for number, _ in enumerate(self.parameters, start=1))
        return f"SELECT pg_temp.{self.name}({places})"

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

    def in_order(self, values: dict[str, Any]) -> list[Any]:
        """Return values in the order of the parameters."""
        return [values[name] for name in self.parameters]
