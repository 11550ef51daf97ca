"""JSON Schema as it is published: what msgspec decodes by, in JSON Schema's own dialect."""

import re
from collections.abc import Iterable, Iterator
from typing import Any, cast

import msgspec
from msgspec import inspect

END = r"$(?!\n)"
"""The end of a text in a pattern: Python's `$` alone also stands before a last line break."""

BLANK = r"\s\x00-\x1f\x7f\x85\ufeff"
r"""What no name begins with, inside brackets of a pattern: what is white to either dialect.

`\s` alone is not the same in both: U+001C to U+001F and U+0085 are white to Python only, and
U+FEFF to ECMA-262 only.
"""

_PUBLISHED_END = "$"
"""The same in JSON Schema's dialect (ECMA-262), whose readers do not all know a lookahead."""


def components(
    forms: Iterable[Any], *, ref_template: str
) -> tuple[list[dict[str, Any]], dict[str, dict[str, Any]]]:
    """Return the schema of each type, and of every type that they name."""
    schemas, named = msgspec.json.schema_components(forms, ref_template=ref_template)
    return publish(list(schemas)), publish(named)


def publish(schema: Any) -> Any:
    """Return a schema, or anything that holds some, with its patterns as they are published."""
    if isinstance(schema, dict):
        return {
            key: value.replace(END, _PUBLISHED_END)
            if key == "pattern" and isinstance(value, str)
            else publish(value)
            for key, value in cast(dict[str, Any], schema).items()
        }
    if isinstance(schema, list | tuple):
        return [publish(item) for item in cast(list[Any], schema)]
    return schema


def choices(form: Any, path: str) -> tuple[str, ...]:
    """Return the values there are where one is refused, by msgspec's path (`$.scenes[...].fit`).

    None where the path does not lead to an enumeration.
    """
    places: list[inspect.Type] = [inspect.type_info(form)]
    for name in re.findall(r"\.(\w+)|\[", path):
        places = [inner for place in places for inner in _inside(place, name)]
    return tuple(
        str(value.value)
        for place in places
        for one in _alternatives(place)
        if isinstance(one, inspect.EnumType)
        for value in one.cls
    )


def _inside(place: inspect.Type, name: str) -> Iterator[inspect.Type]:
    """Yield what a field of a name may be, or, without one, an item of a list."""
    for one in _alternatives(place):
        if isinstance(one, inspect.StructType):
            yield from (field.type for field in one.fields if field.encode_name == name)
        elif isinstance(one, inspect.VarTupleType | inspect.ListType) and not name:
            yield one.item_type


def _alternatives(place: inspect.Type) -> Iterator[inspect.Type]:
    if isinstance(place, inspect.UnionType):
        yield from (inner for one in place.types for inner in _alternatives(one))
    elif isinstance(place, inspect.Metadata):
        yield from _alternatives(place.type)
    else:
        yield place
