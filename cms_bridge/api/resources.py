"""Resources: what stands under one path, a router each, and one more for its older path.

No route is open by being listed here: the application's guard asks for the key
(`cms_bridge.access.keys`), unless a resource is marked as public.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from litestar import HttpMethod, Request, Router, route
from litestar.handlers import HTTPRouteHandler, WebsocketRouteHandler
from litestar.response import Response
from litestar.routes import HTTPRoute

from cms_bridge.access.keys import public
from cms_bridge.api.aliases import older


def resource(
    path: str,
    handlers: Sequence[HTTPRouteHandler | WebsocketRouteHandler],
    *,
    tag: str,
    opt: Mapping[str, Any] | None = None,
) -> tuple[Router, ...]:
    """Return the routers of a resource: the canonical one and, where there is one, its alias."""
    # Litestar answers OPTIONS by itself, but forgets all methods but one where several handlers
    # share a path; it does not where another stands first.
    paths = sorted({one for handler in handlers for one in handler.paths})
    options = route(
        paths,
        http_method=HttpMethod.OPTIONS,
        status_code=HTTPStatus.NO_CONTENT,
        include_in_schema=False,
        opt=public("Browsers ask before they send a key."),
    )(_options)
    known = filter(None, (path, older(path)))
    return tuple(
        Router(one, route_handlers=[options, *handlers], tags=[tag], opt=opt) for one in known
    )


async def _options(request: Request[Any, Any, Any]) -> Response[None]:
    """Tell which methods a path knows."""
    template = request.scope["path_template"]
    methods = {
        method
        for one in request.app.routes
        if isinstance(one, HTTPRoute) and one.path_format == template
        for method in one.methods
    }
    return Response(
        None,
        status_code=HTTPStatus.NO_CONTENT,
        headers={"Allow": ", ".join(sorted(methods))},
    )
