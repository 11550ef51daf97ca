"""Traffic: how many requests are answered how, and how soon, by the route that answers them.

A request is timed to the first byte of its answer: a film or a stream of progress may then take
as long as it lasts. Routes are told by their template, since a client may ask for anything.
"""

import time

from litestar.types import ASGIApp, Message, Receive, Scope, Send

from cms_bridge.metrics import HTTP_IN_PROGRESS, HTTP_REQUESTS, HTTP_RESPONSE_SECONDS

_BEGAN = "reelwright.began"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
NO_ROUTE = "none"


def timed(app: ASGIApp) -> ASGIApp:
    """Note when a request began, as the outermost middleware."""

    async def timing(scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("state", {})[_BEGAN] = time.perf_counter()
        with HTTP_IN_PROGRESS.track_inprogress():
            await app(scope, receive, send)

    return timing


async def count(message: Message, scope: Scope) -> None:
    """Count an answer as it begins, and time it if a route gave it."""
    if message["type"] != "http.response.start" or scope["type"] != "http":
        return
    said = str(scope.get("method", ""))
    method = said if said in _METHODS else "other"
    began: float | None = scope.get("state", {}).get(_BEGAN)
    route = str(scope.get("path_template") or NO_ROUTE) if began else NO_ROUTE
    labels = (method, route, str(message["status"]))
    HTTP_REQUESTS.labels(*labels).inc()
    if began:
        HTTP_RESPONSE_SECONDS.labels(*labels).observe(time.perf_counter() - began)
