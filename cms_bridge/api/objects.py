"""The local store's objects over HTTP: signed, expiring links with Range, for players and CMS.

A link is its own permission: nothing else is asked, so that a `<video>` of any
origin plays and seeks. Files are streamed, never held in memory.
"""

from typing import Any

from litestar import HttpMethod, Request, Router, route
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery
from starlette.responses import Response

from cms_bridge.access.keys import public
from cms_bridge.api.links import LINKED, check_link
from cms_bridge.api.ranges import file_answer
from cms_bridge.gate import vouch
from cms_bridge.storage.base import ObjectNotFound, check_linkable
from cms_bridge.storage.links import content_disposition
from cms_bridge.storage.local import LocalStore


@route(
    ["/{folder:str}/{file:str}", "/{part:str}/{folder:str}/{file:str}"],
    http_method=[HttpMethod.GET, HttpMethod.HEAD],
    # Links are handed out whole; no client is meant to build one.
    include_in_schema=False,
)
async def get_object(  # noqa: PLR0913 - the parts of a link
    *,
    request: Request[Any, Any, Any],
    store: NamedDependency[LocalStore],
    folder: FromPath[str],
    file: FromPath[str],
    expires: FromQuery[int],
    signature: FromQuery[str],
    part: FromPath[str] = "",
    name: FromQuery[str | None] = None,
) -> Response:
    """Answer a link with an object, a range of it, or 304; raise 403, 404, 410 or 416."""
    key = "/".join(filter(None, (part, folder, file)))
    left = check_link(store.links, key, expires=expires, signature=signature, name=name)
    try:
        stored = await store.head(check_linkable(key))
    except ObjectNotFound:
        raise NotFoundException("The file behind this link is gone.") from None
    vouch(request.scope)
    return await file_answer(
        request,
        store.path(key),
        etag=f'"{stored.sha256}"',
        media_type=stored.media_type,
        headers={
            "Cache-Control": f"private, immutable, max-age={int(left.total_seconds())}",
            "Content-Disposition": content_disposition(name),
            **LINKED,
        },
    )


routes = Router(
    "/objects",
    route_handlers=[get_object],
    opt=public("A link is its own permission."),
)
"""The routes that serve a local store's objects under `/objects`."""
