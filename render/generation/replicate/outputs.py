"""What predictions put out: a link, a list, an object or the bytes themselves, as models like it.

Replicate's models agree on no form. A file comes as a link, a list of links, an
object or a list of objects with links somewhere inside, or as a `data:` URL
that holds the bytes; words come whole, in pieces, or in an object. What is
nothing of the kind is named as what it is, so that whoever configures a model
sees why it cannot be used. Everything here is bounded: an output is a
stranger's.
"""

import base64
import binascii
import re
from collections.abc import Iterator
from typing import cast
from urllib.parse import unquote_to_bytes

import msgspec

_DEEPEST = 8
_MOST_PARTS = 1_000
_MOST_SHOWN = 5
_DATA = re.compile(r"data:[^,]{0,500}?(?P<base64>;base64)?,", re.IGNORECASE)
_LINK = re.compile(r"(?:https?://|data:)", re.IGNORECASE)
_WORDS = ("text", "output", "content", "response", "answer")
"""Under which names objects carry their words."""


class UnusableOutput(Exception):
    """An output that is not what was asked for; its text completes “The model answered with …”."""


def file_link(output: object, *, kind: str) -> str:
    """Return the first link of an output, or its first `data:` URL; raise `UnusableOutput`.

    `kind` is `image`, `audio` or `video`: of an object's fields, one with that in its
    name goes before the others.
    """
    for part in _parts(output, kind):
        if _LINK.match(part):
            return part
    raise UnusableOutput(f"{_describe(output)} in place of a file")


def inline_bytes(url: str, *, most_bytes: int) -> bytes | None:
    """Return what a `data:` URL holds, None for any other link; raise `UnusableOutput`."""
    if url[:5].lower() != "data:":
        return None
    head = _DATA.match(url)
    if head is None:
        raise UnusableOutput("a data URL that is not well formed")
    if (len(url) - head.end()) * 3 // 4 > most_bytes:
        raise UnusableOutput(f"a data URL of more than {most_bytes} bytes")
    try:
        if head["base64"]:
            return base64.b64decode(unquote_to_bytes(url[head.end() :]), validate=True)
        return unquote_to_bytes(url[head.end() :])
    except (binascii.Error, ValueError) as error:
        raise UnusableOutput("a data URL that is not well formed") from error


def words(output: object, *, depth: int = 0) -> str:  # noqa: PLR0911 - one for each form
    """Return the words of an output; an object without any is the answer itself, as JSON."""
    match output:
        case None:
            return ""
        case str():
            return output
        case list() | dict() if depth == _DEEPEST:
            return ""
        case list():
            return "".join(words(item, depth=depth + 1) for item in cast("list[object]", output))
        case dict():
            fields = cast("dict[str, object]", output)
            for name in _WORDS:
                if isinstance(fields.get(name), str | list):
                    return words(fields[name], depth=depth + 1)
            return msgspec.json.encode(fields).decode()
        case _:
            return str(output)


def is_empty(output: object) -> bool:
    """Tell whether there is nothing in an output: made nothing, or removed by now."""
    return output is None or output in ("", [], {})


def _parts(output: object, kind: str) -> Iterator[str]:
    """Yield the strings of an output in their order, whatever they are wrapped in."""
    pending = [(output, 0)]
    for _ in range(_MOST_PARTS):
        if not pending:
            return
        part, depth = pending.pop()
        match part:
            case str():
                yield part
            case list() | dict() if depth < _DEEPEST:
                inner = (
                    sorted(
                        cast("dict[str, object]", part).items(),
                        key=lambda field: kind not in field[0].lower(),
                    )
                    if isinstance(part, dict)
                    else [("", item) for item in cast("list[object]", part)[:_MOST_PARTS]]
                )
                pending.extend((item, depth + 1) for _, item in reversed(inner[:_MOST_PARTS]))
            case _:
                pass


def _describe(output: object) -> str:
    match output:
        case None:
            return "nothing"
        case str():
            scheme = re.match(r"([a-z][a-z0-9+.-]{0,20}):", output, re.IGNORECASE)
            return f"a link of the kind “{scheme[1]}”" if scheme else "words"
        case bool() | int() | float():
            return "a number"
        case list():
            return "a list without a link" if output else "an empty list"
        case dict():
            names = [str(name)[:40] for name in list(cast("dict[str, object]", output))]
            more = "" if len(names) <= _MOST_SHOWN else " and more"
            shown = ", ".join(f"“{name}”" for name in names[:_MOST_SHOWN])
            return f"an object of {shown}{more}" if shown else "an empty object"
        case _:
            return "something unheard-of"
