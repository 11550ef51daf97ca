"""Requests that failed: what the log is told of it (the sender: `cms_bridge.problems`).

An error that the bridge foresees is answered as a problem and is no news, but for
a database that takes nothing. A
client that goes away is no error of anybody's. The rest is logged, and the
sender learns only that it failed.
"""

import logging
from collections.abc import Generator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

import structlog
from litestar.exceptions import HTTPException
from litestar.types import ASGIApp, Receive, Scope, Send

from cms_bridge.errors import DatabaseError, Refusal
from cms_bridge.telemetry import Seldom
from render.errors import ContainerError, InvalidStoryboard

log = structlog.get_logger()

EXPECTED = (Refusal, InvalidStoryboard, ContainerError)

_disconnected = Seldom()
_database = Seldom(per_second=1)
"""Every request fails, and all for one reason."""

_SERVER_ERROR = HTTPStatus.INTERNAL_SERVER_ERROR
_GONE = "reelwright.gone"


def watch_for_disconnects(app: ASGIApp) -> ASGIApp:
    """Note in a request's scope that its client went away before the body had come."""

    async def watching(scope: Scope, receive: Receive, send: Send) -> None:
        async def watched() -> Any:
            message: Any = await receive()
            if message["type"] == "http.disconnect":
                scope.setdefault("state", {})[_GONE] = True
            return message

        await app(scope, watched, send)

    return watching


async def log_unexpected(error: Exception, scope: Scope) -> None:
    """Log what nobody foresaw, once, and a client that went away in one short line."""
    if isinstance(error, DatabaseError):
        _database.tell(
            "database.refused",
            level=logging.WARNING,
            code=error.code,
            route=_route(scope),
            reason=type(error.__cause__).__name__ if error.__cause__ else "",
        )
        return
    if isinstance(error, EXPECTED):
        return
    if isinstance(error, HTTPException):
        if error.status_code < _SERVER_ERROR:
            return
        # Litestar raises a server error where a body ends before its last byte.
        if scope.get("state", {}).get(_GONE) and error.__cause__ is error.__context__ is None:
            _disconnected.tell(
                "request.disconnected", method=scope.get("method"), route=_route(scope)
            )
            return
    log.error("request.failed", method=scope.get("method"), route=_route(scope), exc_info=error)


def untold(event: str, error: Exception) -> None:
    """Log that a part of an answer is missing, since the database did not say it."""
    _database.tell(event, level=logging.WARNING, reason=type(error).__name__)


@contextmanager
def told(event: str) -> Generator[None]:
    """Log an error on its way: litestar and uvicorn pass a start's failure on as bare text."""
    try:
        yield
    except Exception as error:
        log.critical(event, exc_info=error)
        raise


def _route(scope: Scope) -> str:
    """Return the route's own path: what a client put in it may be anything."""
    return str(scope.get("path_template") or "")
