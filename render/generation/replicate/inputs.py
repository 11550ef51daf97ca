"""A model's inputs, as Replicate describes them, and what is wrong with those one means to send.

The description is the OpenAPI schema of the model's latest version. A model that
tells of none is taken at our word.

Replicate takes no label with a call. A lost one is found by its input
(`lost_predictions`), and a seed that follows from the charge's id makes that its own.

Several models make sound unless they are told not to, up to double the price.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, cast


def input_fields(openapi: object) -> dict[str, dict[str, Any]] | None:
    """Return a model's input fields, each with its schema; None where it tells of none."""
    schemas = _at(_at(openapi, "components"), "schemas")
    fields = _at(_at(schemas, "Input"), "properties")
    if not fields:
        return None
    return {name: _resolved(field, schemas) for name, field in fields.items()}


def faults(inputs: Mapping[str, Any], fields: Mapping[str, dict[str, Any]] | None) -> list[str]:
    """Return what a model would not take, in words that complete “it cannot be asked: …”."""
    if fields is None:
        return []
    found: list[str] = []
    for name, value in inputs.items():
        field = fields.get(name)
        if field is None:
            found.append(f"it has no field “{name}”")
        elif not _takes(field, value):
            shown = value if isinstance(value, int | float) else str(value)[:40]
            found.append(f"its “{name}” does not take {shown}")
    return found


def seed(charge: str) -> int:
    """Return a seed that no other charge's call has: what a lost one is found by."""
    return int.from_bytes(sha256(charge.encode()).digest()[:4]) >> 1


def seeded(
    inputs: Mapping[str, Any], fields: Mapping[str, dict[str, Any]] | None, *, charge: str
) -> dict[str, Any]:
    """Return inputs with a charge's seed, where a model tells that it takes one."""
    field = (fields or {}).get(_SEED, {})
    if not charge or field.get("type") != "integer" or not _takes(field, seed(charge)):
        return dict(inputs)
    return {**inputs, _SEED: seed(charge)}


def silenced(
    inputs: Mapping[str, Any], fields: Mapping[str, dict[str, Any]] | None
) -> dict[str, Any]:
    """Return inputs with every switch of sound off that a model tells of and they leave alone."""
    told = (fields or {}).items()
    switches = [name for name, field in told if name in _SOUND and field.get("type") == "boolean"]
    return {**dict.fromkeys(switches, False), **inputs}


_SEED = "seed"
_SOUND = frozenset({
    "audio", "enable_audio", "generate_audio", "generate_sound", "include_audio", "sound",
    "with_audio",
})  # fmt: skip
"""What they are called; a file to be heard may be called so too, and is no switch."""


def _takes(field: Mapping[str, Any], value: object) -> bool:
    if field.get("enum") and value not in field["enum"]:
        return False
    if isinstance(value, int | float) and not isinstance(value, bool):
        least, most = field.get("minimum"), field.get("maximum")
        return (least is None or value >= least) and (most is None or value <= most)
    return True


def _resolved(field: object, schemas: Mapping[str, Any]) -> dict[str, Any]:
    """Return a field's schema; an enumeration lies in a schema of its own."""
    own = _at(field)
    named = [own, *(_at(part) for part in own.get("allOf", []))]
    for part in named:
        name = str(part.get("$ref", "")).rpartition("/")[2]
        if name:
            own = {**own, **_at(schemas, name)}
    return own


def _at(value: object, name: str | None = None) -> dict[str, Any]:
    inner = value if name is None else cast("dict[str, Any]", value or {}).get(name)
    return cast("dict[str, Any]", inner) if isinstance(inner, dict) else {}
