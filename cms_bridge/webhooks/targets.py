"""Targets: the addresses that integrators name, judged when they are named and at every call.

What is named by others is reached through `render.egress` alone: HTTPS on the
public internet, the connection pinned to an address that was checked. Redirects
are answers like others and are not followed. A call is bounded in time as a
whole and in the bytes that are read of its answer; each has a connection of its
own, so that nothing of one integrator's is ever used for another's.
"""

import ssl
import time
from collections.abc import AsyncGenerator, Collection
from contextlib import asynccontextmanager
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import anyio
import httpx
import msgspec

from cms_bridge import clock
from cms_bridge.errors import WebhookTargetRefused
from render.egress import (
    AddressForbidden,
    Lookup,
    PinnedTransport,
    certificates,
    origin,
    public_addresses,
)

LONGEST_URL = 2_000
_LOOKUP_SECONDS = 5
_LAST_PORT = 65_535
_LOOK_ALIKES = (UnicodeError, ValueError)
"""What resolvers raise of names that are none."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one call."""

    seconds: float
    status_code: int | None = None
    """None where nothing answered."""
    text: str = ""
    """The beginning of what was answered."""
    error: str = ""
    """Why it was not taken; empty when it was."""
    retry_after: float | None = None
    """Seconds that the target wants to be left alone for."""

    @property
    def taken(self) -> bool:
        """Whether the target took what it was sent."""
        return not self.error

    @property
    def gone(self) -> bool:
        """Whether the target wants nothing of this any more."""
        return self.status_code == HTTPStatus.GONE


class Targets:
    """Judges addresses, and calls them."""

    def __init__(
        self,
        transport: httpx.AsyncBaseTransport,
        *,
        trusted: Collection[str] = (),
        seconds: float,
        most_bytes: int,
        lookup: Lookup = public_addresses,
    ) -> None:
        """Take origins that need be neither HTTPS nor public, and the bounds of one call."""
        self._transport = PinnedTransport(transport, trusted=trusted, lookup=lookup)
        self._trusted = frozenset(map(origin, trusted))
        self._lookup = lookup
        self.seconds = seconds
        self._most_bytes = most_bytes

    async def check(self, url: str) -> str:
        """Return an address in its plain form; raise `WebhookTargetRefused` if it is no target."""
        target = _parsed(url)
        if origin(target) in self._trusted:
            return str(target)
        if target.scheme != "https":
            raise _refused("It must begin with https://.")
        try:
            with anyio.fail_after(_LOOKUP_SECONDS):
                found = await self._lookup(target.raw_host.decode("ascii"), target.port or 443)
        except AddressForbidden as error:
            raise _refused("Its host is not on the public internet.") from error
        except (OSError, *_LOOK_ALIKES) as error:
            raise _refused("Its host has no address.") from error
        if not found:
            raise _refused("Its host has no address.")
        return str(target)

    async def call(self, url: str, body: str, headers: dict[str, str]) -> Answer:
        """Send a message once, and return what came of it; nothing is raised."""
        began = time.monotonic()
        try:
            with anyio.fail_after(self.seconds):
                status, text, retry_after = await self._send(url, body, headers)
        except AddressForbidden:
            error = "Its address may not be called: it is not HTTPS on the public internet."
        except TimeoutError:
            error = f"No whole answer came within {self.seconds:g} seconds."
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, ValueError) as fault:
            error = _broken(fault)
        else:
            ok = HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES
            return Answer(
                seconds=round(time.monotonic() - began, 3),
                status_code=status,
                text=text,
                error="" if ok else _said(status),
                retry_after=retry_after,
            )
        return Answer(seconds=round(time.monotonic() - began, 3), error=error)

    async def _send(
        self, url: str, body: str, headers: dict[str, str]
    ) -> tuple[int, str, float | None]:
        # No client: one would keep cookies, and know the environment's proxies.
        request = httpx.Request(
            "POST",
            url,
            content=body.encode(),
            headers={
                "Content-Type": "application/json",
                "User-Agent": "Reelwright-Webhooks",
                "Accept-Encoding": "identity",
                "Connection": "close",
                **headers,
            },
            extensions={"timeout": httpx.Timeout(self.seconds).as_dict()},
        )
        answer = await self._transport.handle_async_request(request)
        try:
            read = bytearray()
            async for chunk in answer.aiter_raw():
                read += chunk
                if len(read) >= self._most_bytes:
                    break
        finally:
            with anyio.CancelScope(shield=True):
                await answer.aclose()
        text = bytes(read[: self._most_bytes]).decode(errors="replace").replace("\0", "\ufffd")
        return answer.status_code, text, _retry_after(answer)

    async def aclose(self) -> None:
        """Close whatever is open."""
        await self._transport.aclose()


@asynccontextmanager
async def open_targets(
    *, trusted: Collection[str], seconds: float, most_bytes: int
) -> AsyncGenerator[Targets]:
    """Give messages a way out for as long as the block runs."""
    transport = httpx.AsyncHTTPTransport(
        verify=certificates(),
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
    )
    targets = Targets(transport, trusted=trusted, seconds=seconds, most_bytes=most_bytes)
    try:
        yield targets
    finally:
        await targets.aclose()


def _parsed(url: str) -> httpx.URL:
    try:
        target = httpx.URL(url)
    except (httpx.InvalidURL, *_LOOK_ALIKES) as error:
        raise _refused("It is not a URL.") from error
    if target.scheme not in {"http", "https"} or not target.host:
        raise _refused("It must begin with https:// and name a host.")
    if target.port is not None and not 0 < target.port <= _LAST_PORT:
        raise _refused("Its port is none.")
    if target.userinfo:
        raise _refused("It holds a name or a password; messages are signed instead.")
    target = target.copy_with(fragment=None)
    if len(str(target)) > LONGEST_URL:
        raise _refused(f"It has more than {LONGEST_URL} characters.")
    return target


def _refused(why: str) -> WebhookTargetRefused:
    return WebhookTargetRefused(f"url: {why}", field="url")


def _broken(fault: BaseException) -> str:
    """Return why nothing answered. What the fault says may name the address, with its tokens."""
    cause: BaseException | None = fault
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return "Its certificate, or its TLS, was not accepted."
        cause = cause.__cause__ or cause.__context__
    if isinstance(fault, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout):
        return "No connection could be made."
    return "The connection broke off before a whole answer came."


def _said(status: int) -> str:
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return f"It answered {status}; redirects are not followed."
    return f"It answered {status}."


def _retry_after(answer: httpx.Response) -> float | None:
    said = answer.headers.get("Retry-After", "").strip()
    if said.isascii() and said.isdecimal():
        return float(said[:9])
    try:
        until = parsedate_to_datetime(said)
    except (ValueError, IndexError, TypeError, OverflowError):
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return max(0.0, (until - clock.now()).total_seconds())
