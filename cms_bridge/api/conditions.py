"""Conditional requests: whether who asks has what would be answered (RFC 9110, 13.1)."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

from litestar import Request, Response
from litestar.datastructures import ResponseHeader
from litestar.openapi.datastructures import ResponseSpec

ETAG = ResponseHeader(
    name="ETag",
    description="Of everything that is answered: sent back in `If-None-Match`, the answer is 304"
    " while nothing has changed.",
    documentation_only=True,
)
UNCHANGED = ResponseSpec(None, generate_examples=False, description="Nothing has changed")
"""What 304 is documented as."""


def tagged(request: Request[Any, Any, Any], body: bytes, *, etag: str) -> Response[Any]:
    """Answer JSON under its strong entity tag, or 304 to whoever has it."""
    # To be kept by whoever asked, and asked for anew each time.
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if matches(request.headers.get("if-none-match"), etag):
        return Response(None, status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


def matches(if_none_match: str | None, etag: str) -> bool:
    """Tell whether an `If-None-Match` names an entity tag; the comparison is the weak one."""
    tags = [tag.strip().removeprefix("W/") for tag in (if_none_match or "").split(",")]
    return etag in tags or tags == ["*"]


def not_modified(headers: Mapping[str, str], *, etag: str, modified: datetime) -> bool:
    """Tell whether a request's conditions say that its sender has this version.

    `modified` is in whole seconds. A date that cannot be read is none, and counts
    only where no entity tag is named.
    """
    if (tags := headers.get("if-none-match")) is not None:
        return matches(tags, etag)
    try:
        since = parsedate_to_datetime(headers.get("if-modified-since", ""))
    except ValueError:
        return False
    return since.replace(tzinfo=since.tzinfo or UTC) >= modified
