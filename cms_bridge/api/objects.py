"""The local store's objects over HTTP: signed, expiring links with Range, for players and CMS.

A link is its own permission: nothing else is asked, so that a `<video>` of any
origin plays and seeks. Files are streamed, never held in memory.
"""

from http import HTTPStatus
from typing import Any

from litestar import HttpMethod, Request, Router, route
from litestar.di import NamedDependency, Provide
from litestar.exceptions import ClientException, NotFoundException, PermissionDeniedException
from litestar.params import FromPath, FromQuery
from starlette.responses import Response

from cms_bridge.access.keys import public
from cms_bridge.api.ranges import file_answer
from cms_bridge.gate import vouch
from cms_bridge.protections import MEDIA_POLICY, POLICY
from cms_bridge.storage.base import ObjectNotFound, check_key
from cms_bridge.storage.links import ExpiredLink, InvalidLink, content_disposition
from cms_bridge.storage.local import LocalStore

LINKED = {
    # Media elements need the first, `crossorigin` ones (captions) and scripts the others.
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Accept-Ranges, Content-Length, Content-Range, ETag",
    POLICY: MEDIA_POLICY,
}
"""What a link's answer tells browsers: any page may play it."""


@route(
    "/{folder:str}/{file:str}",
    http_method=[HttpMethod.GET, HttpMethod.HEAD],
    # Links are handed out whole; no client is meant to build one.
    include_in_schema=False,
)
async def get_object(  # noqa: PLR0913 - the parts of a link
    *,
    request: Request[Any, Any, Any],
    objects: NamedDependency[LocalStore],
    folder: FromPath[str],
    file: FromPath[str],
    expires: FromQuery[int],
    signature: FromQuery[str],
    name: FromQuery[str | None] = None,
) -> Response:
    """Answer a link with an object, a range of it, or 304; raise 403, 404, 410 or 416."""
    key = f"{folder}/{file}"
    try:
        left = objects.links.verify(key, expires=expires, name=name, signature=signature)
        stored = await objects.head(check_key(key))
    except InvalidLink:
        raise PermissionDeniedException("This link was not signed here.") from None
    except ExpiredLink:
        # Gone for good: a caller knows to ask for a new one.
        raise ClientException(
            "This link has expired; ask for a new one.", status_code=HTTPStatus.GONE
        ) from None
    except ObjectNotFound:
        raise NotFoundException("The file behind this link is gone.") from None
    vouch(request.scope)
    return await file_answer(
        request,
        objects.path(key),
        etag=f'"{stored.sha256}"',
        media_type=stored.media_type,
        headers={
            "Cache-Control": f"private, immutable, max-age={int(left.total_seconds())}",
            "Content-Disposition": content_disposition(name),
            **LINKED,
        },
    )


def object_routes(store: LocalStore) -> Router:
    """Return the routes that serve a store's objects under `/objects`."""
    return Router(
        "/objects",
        route_handlers=[get_object],
        opt=public("A link is its own permission."),
        dependencies={"objects": Provide(lambda: store, sync_to_thread=False)},
    )
