"""JSON Schema as it is published: what msgspec decodes by, in JSON Schema's own dialect."""

from collections.abc import Iterable
from typing import Any, cast

import msgspec

END = r"$(?!\n)"
"""The end of a text in a pattern: Python's `$` alone also stands before a last line break."""

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
