"""Whom browsers may speak for: pages of named origins (CORS), by the names this bridge goes by.

Without a setting no page of another origin may ask anything, and every `Host` is
answered, since one bridge behind a proxy is asked by whatever name that forwards.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from litestar.config.cors import CORSConfig
from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler

from cms_bridge.access import rates
from cms_bridge.errors import HostNotServed

_ASKED_WITH = ("Authorization", "Content-Type", "Idempotency-Key", "Last-Event-ID")
_CONDITIONS = ("If-None-Match", "If-Modified-Since", "If-Range", "Range")
_TOLD = ("ETag", "Location", "Retry-After", "Content-Disposition", "Content-Range", "Accept-Ranges")
_REMEMBERED = 600
"""Seconds for which a browser need not ask again whether it may ask."""

_ANY_NAME = "/health"
"""Whoever looks after a process asks it by its address."""

Guard = Callable[[ASGIConnection[Any, Any, Any, Any], BaseRouteHandler], Awaitable[None]]


def one_after_the_other(*guards: Guard) -> Guard:
    """Return one guard of several: Litestar copies the handler for each that it calls."""

    async def guarded(
        connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler
    ) -> None:
        for guard in guards:
            await guard(connection, handler)

    return guarded


def cors_for(origins: tuple[str, ...]) -> CORSConfig | None:
    """Return what pages of these origins may do with a key of their own; None for no others'."""
    if not origins:
        return None
    return CORSConfig(
        allow_origins=list(origins),
        allow_methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=[*_ASKED_WITH, *_CONDITIONS],
        expose_headers=[*_TOLD, *rates.HEADERS],
        max_age=_REMEMBERED,
    )


def serves(hosts: tuple[str, ...]) -> Guard:
    """Return the guard of an application that goes by these names alone; by any, if by none.

    `*.example.com` stands for every name below `example.com`. Ports do not matter.
    """

    async def known_host(
        connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler
    ) -> None:
        path = connection.scope["path"]
        if hosts and path != _ANY_NAME and not path.startswith(f"{_ANY_NAME}/"):
            name = _name(connection.headers.get("host", ""))
            if not any(_is_named(name, one) for one in hosts):
                raise HostNotServed("This bridge does not go by the name it was asked by.")

    return known_host


def _name(host: str) -> str:
    """Return a `Host` without its port, as names are compared."""
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    return name.lower().removesuffix(".")


def _is_named(name: str, allowed: str) -> bool:
    if allowed.startswith("*."):
        return name.endswith(allowed[1:]) and len(name) > len(allowed) - 1
    return name == allowed
