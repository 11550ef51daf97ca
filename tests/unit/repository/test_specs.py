import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tools.specs import SPECS, generate


@pytest.fixture(scope="module")
def generated() -> dict[str, str]:
    return generate()


def test_generated_specs_are_up_to_date(generated: dict[str, str]) -> None:
    kept = {name: (SPECS / name).read_text(encoding="utf-8") for name in generated}
    assert [name for name in generated if kept[name] != generated[name]] == [], "run `make specs`"


def test_no_description_is_indented(generated: dict[str, str]) -> None:
    # Python 3.13 takes the indentation out of docstrings and older ones do not: specs made by one
    # would not be those of another.
    assert [name for name, content in generated.items() if "\\n " in content] == []


def named(part: Any) -> Iterator[str]:
    """Yield the names of members, and of parameters but headers, in a part of a document."""
    if isinstance(part, dict):
        properties = part.get("properties")
        if isinstance(properties, dict):
            yield from properties
        if part.get("in") in {"query", "path"}:
            yield part["name"]
    if isinstance(part, dict | list):
        for inner in part.values() if isinstance(part, dict) else part:
            yield from named(inner)


def test_every_name_of_the_contract_is_in_camel_case() -> None:
    contract = json.loads((SPECS / "openapi.json").read_text(encoding="utf-8"))
    names = {*named(contract), *re.findall(r"{(\w+)}", " ".join(contract["paths"]))}
    assert {"jobId", "toApprove", "hours"} <= names
    assert [name for name in names if not re.fullmatch(r"[a-z]+([A-Z0-9][a-z0-9]*)*", name)] == []
