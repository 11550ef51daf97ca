"""Files over HTTP: whole or in ranges, with validators (RFC 9110, 13 and 14), in constant memory.

    no Range, a malformed one, another unit, more than `MOST_RANGES`   200, the whole
    one range that the file has                                       206, exactly its bytes
    several                                                           206, `multipart/byteranges`
    none that the file has                                            416, with the file's size
    If-Range that names another version                               200, the whole
    HEAD                                                              200: ranges are for GET alone

What cannot be read is ignored, as RFC 9110 allows: a player gets a film in place of an error.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import anyio
from litestar import Request
from starlette.responses import FileResponse, Response
from starlette.types import Receive, Scope, Send

from cms_bridge.api.conditions import not_modified
from cms_bridge.errors import RangeNotSatisfiable

MOST_RANGES = 16
"""Of one request: more are no player's, and the whole is sent instead."""

_TOLD = {
    "ETag": "Of these bytes: sent back in `If-None-Match`, the answer is 304.",
    "Last-Modified": "When they were stored.",
    "Accept-Ranges": "`bytes`.",
}

_BYTES = re.compile(r"bytes=(.*)", re.IGNORECASE)
_RANGE = re.compile(r"([0-9]{0,4000})-([0-9]{0,4000})")


def ranges_of(header: str, size: int) -> list[tuple[int, int]] | None:
    """Return the ranges (first, last byte) that a file has of those in a Range header.

    None where the header is to be ignored; an empty list where it asks for
    nothing that a file of `size` bytes has.
    """
    listed = _BYTES.fullmatch(header.strip())
    asked = [one.strip() for one in listed[1].split(",") if one.strip()] if listed else []
    if not asked or len(asked) > MOST_RANGES:
        return None
    found: list[tuple[int, int]] = []
    for one in asked:
        match = _RANGE.fullmatch(one)
        if match is None or one == "-":
            return None
        first, last = match[1], match[2]
        if not first:
            if size and int(last):
                found.append((max(size - int(last), 0), size - 1))
            continue
        if last and int(last) < int(first):
            return None
        if int(first) < size:
            found.append((int(first), min(int(last), size - 1) if last else size - 1))
    return found


async def file_answer(
    request: Request[Any, Any, Any],
    path: Path,
    *,
    etag: str,
    media_type: str,
    headers: Mapping[str, str],
) -> Response:
    """Return a file as the request wants it; raise `RangeNotSatisfiable` or FileNotFoundError.

    `etag` is a strong one, with its quotation marks.
    """
    stat = await anyio.Path(path).stat()
    modified = datetime.fromtimestamp(int(stat.st_mtime), UTC)
    known = {**headers, **validators(etag, modified)}
    if not_modified(request.headers, etag=etag, modified=modified):
        return Response(status_code=304, headers=known)
    asked = request.headers.get("range") if request.method == "GET" else None
    current = request.headers.get("if-range") in (None, etag, known["Last-Modified"])
    ranges = ranges_of(asked, stat.st_size) if asked and current else None
    if ranges == []:
        raise RangeNotSatisfiable(stat.st_size)
    return _RangedFile(path, known, media_type=media_type, stat=stat, ranges=ranges or [])


def validators(etag: str, modified: datetime) -> dict[str, str]:
    """Return the headers by which a client can ask again for what has changed alone."""
    return {
        "ETag": etag,
        "Last-Modified": format_datetime(modified, usegmt=True),
        "Accept-Ranges": "bytes",
    }


def documented(media_types: tuple[str, ...]) -> dict[str, Any]:
    """Return the answers with a file as OpenAPI tells of them, by status."""
    data = {"schema": {"type": "string", "format": "binary"}}
    whole = dict.fromkeys(media_types, data)
    parts = {"multipart/byteranges": data}
    told = {
        name: {"description": said, "schema": {"type": "string"}} for name, said in _TOLD.items()
    }
    return {
        "200": {"description": "The whole file", "headers": told, "content": whole},
        "206": {
            "description": "The ranges that were asked for",
            "headers": told,
            "content": whole | parts,
        },
        "304": {"description": "Nothing has changed", "headers": told},
        "307": {
            "description": "Where the object store gives it, for a while",
            "headers": {
                "Location": {
                    "description": "A link that anybody may follow until it expires.",
                    "schema": {"type": "string", "format": "uri"},
                }
            },
        },
    }


class _RangedFile(FileResponse):
    """Starlette's, given only ranges that it has nothing to say against."""

    def __init__(
        self,
        path: Path,
        headers: Mapping[str, str],
        *,
        media_type: str,
        stat: Any,
        ranges: list[tuple[int, int]],
    ) -> None:
        super().__init__(path, headers=headers, media_type=media_type, stat_result=stat)
        self._asked = ", ".join(f"{first}-{last}" for first, last in ranges)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        spared = (b"range", b"if-range")
        given = [one for one in scope["headers"] if one[0] not in spared]
        if self._asked:
            given.append((b"range", f"bytes={self._asked}".encode()))
        await super().__call__({**scope, "headers": given}, receive, send)
