"""The storyboard that the plugin's tests send through the CMS leaves no field at its default.

A field that is added to the storyboard fails here until the sample sets it, and
then in the plugin's own test until the CMS carries it.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import msgspec

from render.storyboard import Limits, Storyboard

ROOT = Path(__file__).parents[3]
SAMPLE: dict[str, Any] = json.loads(
    (ROOT / "cms_bridge/payload_plugin/tests/support/wholeStoryboard.json").read_text("utf-8")
)
DEFINITIONS: dict[str, Any] = json.loads((ROOT / "specs/writeback.schema.json").read_text("utf-8"))[
    "$defs"
]


def named(schema: dict[str, Any]) -> Iterator[str]:
    """Yield the names of the objects that a schema leads to at once."""
    if reference := schema.get("$ref"):
        name = reference.rpartition("/")[2]
        if "properties" in DEFINITIONS[name]:
            yield name
    for inner in (*schema.get("anyOf", ()), *filter(None, [schema.get("items")])):
        yield from named(inner)


def fields(name: str) -> Iterator[tuple[str, str]]:
    """Yield every field of an object and of all that it leads to, with the object's name."""
    for field, schema in DEFINITIONS[name]["properties"].items():
        yield name, field
        for inner in named(schema):
            yield from fields(inner)


def chosen(value: object) -> Iterator[tuple[str, str]]:
    """Yield every field that is set to something else than its default."""
    if isinstance(value, tuple):
        for one in cast(tuple[object, ...], value):
            yield from chosen(one)
    elif isinstance(value, msgspec.Struct):
        name = type(value).__name__
        if tag := type(value).__struct_config__.tag_field:
            yield name, tag
        for field in msgspec.structs.fields(value):
            here = getattr(value, field.name)
            if here != field.default:
                yield name, field.encode_name
            yield from chosen(here)


def test_the_sample_is_written_in_full_and_can_be_filmed() -> None:
    storyboard = msgspec.convert(SAMPLE, Storyboard)
    storyboard.check(Limits())
    assert json.loads(msgspec.json.encode(storyboard)) == SAMPLE


def test_the_sample_sets_every_field_there_is() -> None:
    every = set(fields("Storyboard"))
    assert ("Gradient", "angle") in every
    # Music is one of four, and a logo of two.
    every -= {("Music", "file"), ("Music", "own"), ("Music", "prompt"), ("Logo", "own")}
    assert every == set(chosen(msgspec.convert(SAMPLE, Storyboard)))
