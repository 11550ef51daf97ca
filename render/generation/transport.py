"""HTTP as paid calls need it: bounded in bytes, never sent twice, and clear about what was sent.

Every call gets a connection of its own. A kept connection that the other side
has just closed breaks in the same way as one that breaks after the request
was read, and only the second may have cost money; a fresh connection that
breaks while connecting has certainly sent nothing. Compressed answers are
turned away, since their size says nothing about what they grow to.

A link that an answer names is fetched through `render.egress`, hop by hop:
where it leads is for us to judge, not for whoever wrote it.
"""

import time
from collections.abc import AsyncIterator, Collection, Generator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TypeVar

import anyio
import httpx
import msgspec

from render.egress import AddressForbidden, PinnedTransport, certificates
from render.errors import GenerationError, OutcomeUnknown, RefusedGeneration, RetryableGeneration

T = TypeVar("T")

_UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_UNSENDABLE = (httpx.UnsupportedProtocol, httpx.LocalProtocolError, httpx.InvalidURL)
_CONNECT_SECONDS = 10
_MOST_REDIRECTS = 3
"""That a download follows: a store needs one, a loop any number."""

HTTP_ERRORS = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError)
"""Everything the transport raises while a call is made."""


class UnreadableAnswer(Exception):
    """An answer that is too large or in a form that was not asked for."""


class FetchFailed(Exception):
    """A file that could not be downloaded; `useless` where no later try can help."""

    def __init__(self, message: str, *, useless: bool = False) -> None:
        super().__init__(message)
        self.useless = useless


class BoundedTransport(httpx.AsyncBaseTransport):
    """A transport whose answers break off with `UnreadableAnswer` past a number of bytes."""

    def __init__(self, *, most_bytes: int, pinned_but: Collection[str] | None = None) -> None:
        """Take a bound; with origins to exempt, or none, reach only what `render.egress` allows."""
        self._most_bytes = most_bytes
        self._inner: httpx.AsyncBaseTransport = httpx.AsyncHTTPTransport(
            verify=certificates(), limits=httpx.Limits(max_keepalive_connections=0)
        )
        if pinned_but is not None:
            self._inner = PinnedTransport(self._inner, trusted=pinned_but)
        self._told: tuple[datetime, float] | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request once and return its answer, still unread."""
        request.headers["Accept-Encoding"] = "identity"
        answer = await self._inner.handle_async_request(request)
        self._told = _sent_at(answer), time.monotonic()
        if answer.headers.get("Content-Encoding", "identity") != "identity":
            await answer.aclose()
            raise UnreadableAnswer("The answer came compressed.")
        return httpx.Response(
            answer.status_code,
            headers=answer.headers,
            stream=_Bounded(answer, self._most_bytes),
            extensions=answer.extensions,
        )

    def now(self) -> datetime:
        """Return the time by whoever answered last: this machine's clock may be wrong."""
        if self._told is None:
            return datetime.now(UTC)
        when, at = self._told
        return when + timedelta(seconds=time.monotonic() - at)

    async def aclose(self) -> None:
        """Close whatever is open."""
        await self._inner.aclose()


class _Bounded(httpx.AsyncByteStream):
    def __init__(self, answer: httpx.Response, most_bytes: int) -> None:
        self._answer = answer
        self._most_bytes = most_bytes

    async def __aiter__(self) -> AsyncIterator[bytes]:
        read = 0
        async for chunk in self._answer.aiter_raw():
            read += len(chunk)
            if read > self._most_bytes:
                raise UnreadableAnswer(f"The answer is larger than {self._most_bytes} bytes.")
            yield chunk

    async def aclose(self) -> None:
        await self._answer.aclose()


def timeout(seconds: float) -> httpx.Timeout:
    """Return bounds for each step of a call: connecting is given little of the time."""
    return httpx.Timeout(seconds, connect=min(seconds, _CONNECT_SECONDS))


def http_client(*, seconds: float, most_bytes: int) -> httpx.AsyncClient:
    """Return a client for a provider's SDK."""
    return httpx.AsyncClient(
        transport=BoundedTransport(most_bytes=most_bytes),
        timeout=timeout(seconds),
    )


class Reader:
    """What a provider tells for nothing, read past its SDK: JSON, held against a type."""

    def __init__(self, base_url: str, *, token: str, seconds: float, most_bytes: int) -> None:
        self._seconds = seconds
        self._client = http_client(seconds=seconds, most_bytes=most_bytes)
        self._client.base_url = base_url
        self._client.headers["Authorization"] = f"Bearer {token}"

    async def read(
        self, path: str, kind: type[T], query: Mapping[str, str] | None = None
    ) -> tuple[T, datetime]:
        """Return what an address tells, and the provider's time; raise `UnreadableAnswer`."""
        try:
            with anyio.fail_after(self._seconds):
                answer = await self._client.get(path, params=query)
                answer.raise_for_status()
            return msgspec.json.decode(answer.content, type=kind), _sent_at(answer)
        except (TimeoutError, *HTTP_ERRORS, msgspec.DecodeError) as error:
            raise UnreadableAnswer(f"{type(error).__name__}: {error}") from error

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def _sent_at(answer: httpx.Response) -> datetime:
    try:
        told = parsedate_to_datetime(answer.headers["Date"])
        return told if told.tzinfo else told.replace(tzinfo=UTC)
    except (KeyError, ValueError):
        return datetime.now(UTC)


@contextmanager
def translating_errors(provider: str, *, seconds: float) -> Generator[None]:
    """Bound a call in time, and tell what never left from what may have been charged."""
    try:
        with anyio.fail_after(seconds):
            yield
    except (TimeoutError, *HTTP_ERRORS, UnreadableAnswer) as error:
        raise failure(provider, error) from error


def failure(provider: str, error: Exception) -> GenerationError:
    """Return what an error of the transport means."""
    reason = f"{type(error).__name__}: {error}"
    if isinstance(error, _UNSENT):
        return RetryableGeneration(
            f"{provider} could not be reached.", provider=provider, reason=reason
        )
    if isinstance(error, _UNSENDABLE):
        return RefusedGeneration(
            f"The address configured for {provider} cannot be called.",
            provider=provider,
            reason=reason,
        )
    return OutcomeUnknown(
        f"The answer of {provider} was lost, so nobody knows whether it was charged.",
        provider=provider,
        reason=reason,
    )


async def fetch(
    url: str, *, seconds: float, most_bytes: int, trusted: Collection[str] = ()
) -> bytes:
    """Return the bytes of a file that somebody's answer names; raise `FetchFailed`.

    It is asked for without any key, and every hop is judged by `render.egress`.
    """
    try:
        with anyio.fail_after(seconds):
            async with httpx.AsyncClient(
                transport=BoundedTransport(most_bytes=most_bytes, pinned_but=trusted),
                timeout=timeout(seconds),
            ) as client:
                return await _follow_redirects(client, httpx.URL(url))
    except (UnreadableAnswer, AddressForbidden, *_UNSENDABLE) as error:
        raise FetchFailed(f"The link leads to nothing usable: {error}", useless=True) from error
    except (TimeoutError, httpx.HTTPError, httpx.StreamError) as error:
        raise FetchFailed(f"The download broke off: {type(error).__name__}.") from error


async def _follow_redirects(client: httpx.AsyncClient, url: httpx.URL) -> bytes:
    for _ in range(1 + _MOST_REDIRECTS):
        async with client.stream("GET", url, follow_redirects=False) as answer:
            if answer.is_success:
                return await answer.aread()
            if not answer.has_redirect_location:
                raise FetchFailed(f"The download was answered with {answer.status_code}.")
            url = url.join(answer.headers["Location"])
    raise FetchFailed(f"The download was sent on more than {_MOST_REDIRECTS} times.")
