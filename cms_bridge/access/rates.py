"""Rates: which requests count where, and what their answers say of it.

A key's reads and its writes are counted apart, so that whoever polls too much can
still approve. What had no good key or signature counts against its address; a good
key opens from there all the same, since a proxy or an office may be one address.
"""

import math
from typing import Any

from litestar.connection import ASGIConnection
from litestar.types import Message, Scope

from cms_bridge.access.callers import Action, Caller
from cms_bridge.access.windows import Place, Quota, Quotas, Windows
from cms_bridge.errors import RateLimited
from cms_bridge.gate import crowd_of

HEADERS = {
    "RateLimit": "What is left of the quota, and the seconds until more is.",
    "RateLimit-Policy": "The quota: how many requests in how many seconds.",
}
"""Of every answer to a request that was counted (draft-ietf-httpapi-ratelimit-headers-10)."""

_PLACE = "reelwright.place"


class Rates:
    """Counts requests, and turns away those past a quota."""

    def __init__(self, windows: Windows, quotas: Quotas) -> None:
        """Take the windows that are shared by all bridges."""
        self._windows = windows
        self._reads = Quota("reads", quotas.reads)
        self._writes = Quota("writes", quotas.writes)
        self._events = Quota("events", quotas.events)
        self._uploads = Quota("uploads", quotas.uploads)
        self._refusals = Quota("refusals", quotas.refusals)

    async def count_request(
        self, connection: ASGIConnection[Any, Any, Any, Any], caller: Caller, action: Action | None
    ) -> None:
        """Count what a key asks; raise `RateLimited`."""
        quota = self._reads if action is Action.READ else self._writes
        await self._count(connection, quota, caller.key)

    async def count_upload(
        self, connection: ASGIConnection[Any, Any, Any, Any], caller: Caller
    ) -> None:
        """Count a file that a key sends; raise `RateLimited`."""
        await self._count(connection, self._uploads, caller.key)

    async def count_event(self, connection: ASGIConnection[Any, Any, Any, Any]) -> None:
        """Count a webhook whose signature was good; raise `RateLimited`."""
        await self._count(connection, self._events, "cms")

    async def count_refusal(self, connection: ASGIConnection[Any, Any, Any, Any]) -> None:
        """Count what had no good key or signature; raise `RateLimited`."""
        client = connection.client
        await self._count(connection, self._refusals, crowd_of(client.host if client else ""))

    async def _count(
        self, connection: ASGIConnection[Any, Any, Any, Any], quota: Quota, subject: str
    ) -> None:
        place = await self._windows.take(quota, subject)
        if place is None:
            return
        connection.scope["state"][_PLACE] = place
        if not place.free:
            wait = _whole(place)
            raise RateLimited(
                f"Too many requests: {quota.limit} in {quota.seconds} seconds may come from here."
                f" Ask again in {wait} seconds.",
                quota=quota.name,
                limit=quota.limit,
                window=quota.seconds,
                retry_after=wait,
            )


async def tell_rate(message: Message, scope: Scope) -> None:
    """Write what is left of its quota into the answer to a request that was counted."""
    if message["type"] != "http.response.start":
        return
    place: Place | None = scope.get("state", {}).get(_PLACE)
    if place is None:
        return
    quota, wait = place.quota, _whole(place)
    told = {
        b"ratelimit-policy": f'"{quota.name}";q={quota.limit};w={quota.seconds}',
        b"ratelimit": f'"{quota.name}";r={place.left};t={wait}',
    }
    if not place.free:
        told[b"retry-after"] = str(wait)
    message["headers"] = [
        *((name, value) for name, value in message["headers"] if name.lower() not in told),
        *((name, value.encode()) for name, value in told.items()),
    ]


def _whole(place: Place) -> int:
    return max(1, math.ceil(place.next_in))
