"""Pages of a list: a cursor tells where one ended, and means nothing to whoever passes it on.

It is read strictly, as all that others send: what no page has named is 400, with the field.
"""

import base64
import binascii
from datetime import UTC, datetime
from typing import Annotated, Protocol
from uuid import UUID

import msgspec
from litestar.exceptions import ValidationException
from litestar.params import QueryParameter

from cms_bridge.records import PageEnd

_LONGEST = 200

Cursor = Annotated[
    str | None,
    QueryParameter(
        max_length=_LONGEST,
        description="The `nextCursor` of the page before; it means nothing by itself.",
    ),
]
"""The parameter `cursor` of every list."""

_Told = tuple[Annotated[datetime, msgspec.Meta(tz=True)], UUID]


class Listed(Protocol):
    """Whatever a list has, newest first."""

    @property
    def created_at(self) -> datetime: ...  # noqa: D102
    @property
    def id(self) -> UUID: ...  # noqa: D102


def cursor_of(last: Listed) -> str:
    """Return the `nextCursor` that leads on from the last of a page."""
    told = msgspec.json.encode((last.created_at, last.id))
    return base64.urlsafe_b64encode(told).decode().rstrip("=")


def end_told_by(cursor: str | None) -> PageEnd | None:
    """Return the end of the page that named a cursor; raise the 400 of one that none has named."""
    if cursor is None:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        told = base64.b64decode(padded, altchars=b"-_", validate=True)
        at, last = msgspec.json.decode(told, type=_Told)
        return PageEnd(at.astimezone(UTC), last)
    except (binascii.Error, ValueError, OverflowError):
        fault = {"message": "is no `nextCursor` of a page", "key": "cursor", "source": "query"}
        raise ValidationException("A parameter is not of its form.", extra=[fault]) from None
