"""Decoding: JSON that others send, read strictly as its form and as nothing else.

`"1"` is no number, and a name that stands twice in one object has no value: of two
readers one takes the first, the other the last. All that is wrong is told at once.
"""

import json
from collections import Counter
from collections.abc import Iterator
from functools import partial
from itertools import islice
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, cast, get_args, get_origin

import msgspec

from cms_bridge.errors import MalformedBody
from cms_bridge.fields import FieldError
from render.schema import choices

T = TypeVar("T")

_MOST_FAULTS = 50
_MOST_BYTES = 1024 * 1024
"""Of a body whose every fault is looked for; of a longer one the first is told."""
_MOST_WHOLE = 2**63
_LONGEST = 200
"""Characters of a name or a value that an answer repeats."""

_Object = dict[str, Any]


def decode(body: bytes, form: type[T], *, refusal: type[MalformedBody] = MalformedBody) -> T:
    """Return a body as a value of a form; raise the refusal, which names every fault."""
    try:
        decoded = _decoded(body, form)
        json.loads(body, object_pairs_hook=partial(_once, refusal), parse_int=len, parse_float=len)
    except msgspec.ValidationError as error:
        faults = _all_faults(body, form) if len(body) <= _MOST_BYTES else ()
        raise refusal(faults or (_fault(error, "", form),)) from error
    except msgspec.DecodeError as error:
        raise refusal((_fault(error, "", form),)) from error
    except UnicodeDecodeError as error:
        raise refusal((FieldError(message="It is no UTF-8", source="body"),)) from error
    except RecursionError as error:
        said = "It is nested too deeply"
        raise refusal((FieldError(message=said, source="body"),)) from error
    return decoded


def _decoded(body: bytes, form: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=form)
    except msgspec.ValidationError:
        if len(body) > _MOST_BYTES:
            raise
        # JSON has one kind of number, as JSON Schema says: 78.0 is as whole as 78. Few send it.
        return msgspec.convert(_whole(msgspec.json.decode(body)), form)


def _whole(value: Any) -> Any:
    """Return a value with its whole numbers as such, however they were written."""
    if isinstance(value, float) and value.is_integer() and abs(value) < _MOST_WHOLE:
        return int(value)
    if isinstance(value, list):
        return [_whole(one) for one in cast("list[Any]", value)]
    if isinstance(value, dict):
        return {name: _whole(one) for name, one in cast("_Object", value).items()}
    return value


def _once(refusal: type[MalformedBody], pairs: list[tuple[str, Any]]) -> None:
    if len(dict(pairs)) < len(pairs):
        ((twice, _),) = Counter(name for name, _ in pairs).most_common(1)
        raise refusal(
            (FieldError(message="It stands twice in one object", key=_cut(twice), source="body"),)
        )


def _all_faults(body: bytes, form: Any) -> tuple[FieldError, ...]:
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ()
    return tuple(islice(_faults(_whole(value), form, ""), _MOST_FAULTS))


def _faults(value: Any, form: Any, at: str) -> Iterator[FieldError]:
    """Yield what keeps a value from being of a form, as deep in it as can be told."""
    try:
        msgspec.convert(value, form)
    except msgspec.ValidationError as error:
        inner = list(islice(_faults_within(value, form, at), _MOST_FAULTS))
        yield from inner or [_fault(error, at, form)]


def _faults_within(value: Any, form: Any, at: str) -> Iterator[FieldError]:
    if isinstance(value, dict) and (struct := _struct_of(form, cast("_Object", value))):
        known = {field.encode_name: field for field in msgspec.structs.fields(struct)}
        for name, given in cast("_Object", value).items():
            if name in known:
                yield from _faults(given, known[name].type, _within(at, name))
            elif struct.__struct_config__.forbid_unknown_fields and not _tags(struct, name):
                said = "There is no such field"
                yield FieldError(message=said, key=_within(at, _cut(name)), source="body")
        for name, field in known.items():
            if field.required and name not in value:
                said = "It is required"
                yield FieldError(message=said, key=_within(at, name), source="body")
    elif isinstance(value, list) and (items := _items_of(form)):
        for number, one in enumerate(cast("list[Any]", value)):
            yield from _faults(one, items, f"{at}[{number}]")


def _struct_of(form: Any, value: _Object) -> type[msgspec.Struct] | None:
    """Return the struct that an object is meant as: the only one, or that of its tag."""
    structs = [one for one in _alternatives(form) if _is_struct(one)]
    if len(structs) > 1:
        structs = [
            one
            for one in structs
            if value.get(str(one.__struct_config__.tag_field)) == one.__struct_config__.tag
        ]
    return structs[0] if structs else None


def _tags(struct: type[msgspec.Struct], name: str) -> bool:
    return name == struct.__struct_config__.tag_field


def _items_of(form: Any) -> Any:
    """Return the form of a list's items; None where there is no one form."""
    for one in _alternatives(form):
        if get_origin(one) in {list, tuple}:
            return get_args(one)[0]
    return None


def _alternatives(form: Any) -> Iterator[Any]:
    origin = get_origin(form)
    if origin is Annotated:
        yield from _alternatives(get_args(form)[0])
    elif origin in {Union, UnionType}:
        for one in get_args(form):
            yield from _alternatives(one)
    else:
        yield form


def _is_struct(form: Any) -> bool:
    return isinstance(form, type) and issubclass(form, msgspec.Struct)


def _within(at: str, name: str) -> str:
    return f"{at}.{name}" if at else name


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _fault(error: Exception, at: str, form: Any) -> FieldError:
    # "Expected `int`, got `str` - at `$.data.submission`"
    said, _, place = str(error).partition(" - at `$")
    key = f"{at}{place.rstrip('`')}".lstrip(".")
    said = _cut(said.removesuffix("."))
    if there_are := choices(form, place):
        said += f". There are {', '.join(there_are)}"
    return FieldError(message=said, key=_cut(key), source="body")
