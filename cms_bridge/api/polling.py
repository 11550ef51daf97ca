"""Polling: where a job stands, looked up together with the count of its key's requests.

One round trip to Redis instead of two, one after the other.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any
from uuid import UUID

from litestar import Request, Response
from litestar.connection import ASGIConnection

from cms_bridge.access.keys import asks_ahead
from cms_bridge.api.conditions import tagged
from cms_bridge.jobs.statuses import Form, Statuses

_ASKED = "reelwright.status"


def polled(form: Form, *, named: str) -> dict[str, Any]:
    """Return the `opt` of a route that tells a status; `named` is the job in its path."""
    return asks_ahead(partial(_look_up, form, named))


async def status_of(
    request: Request[Any, Any, Any], job: UUID, form: Form, read: Callable[[UUID], Awaitable[bytes]]
) -> Response[Any]:
    """Answer a job's status, or 304; `read` tells it from the database."""
    statuses: Statuses = request.app.state.statuses
    told = await statuses.told(job, form, read, asked=request.scope["state"].get(_ASKED))
    return tagged(request, told.body, etag=told.etag)


def _look_up(form: Form, named: str, connection: ASGIConnection[Any, Any, Any, Any]) -> None:
    statuses: Statuses = connection.app.state.statuses
    connection.scope["state"][_ASKED] = statuses.look_up(connection.path_params[named], form)
