"""HTTP as paid calls need it: bounded in bytes, never sent twice, and clear about what was sent.

Every call gets a connection of its own. A kept connection that the other side
has just closed breaks in the same way as one that breaks after the request
was read, and only the second may have cost money; a fresh connection that
breaks while connecting has certainly sent nothing. Compressed answers are
turned away, since their size says nothing about what they grow to.
"""

from collections.abc import AsyncIterator, Generator
from contextlib import contextmanager

import anyio
import httpx

from render.errors import GenerationError, OutcomeUnknown, RefusedGeneration, RetryableGeneration

_UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_UNSENDABLE = (httpx.UnsupportedProtocol, httpx.LocalProtocolError, httpx.InvalidURL)
_CONNECT_SECONDS = 10

HTTP_ERRORS = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError)
"""Everything the transport raises while a call is made."""


class UnreadableAnswer(Exception):
    """An answer that is too large or in a form that was not asked for."""


class FetchFailed(Exception):
    """A file that could not be downloaded; `gone` when asking again will not help."""

    def __init__(self, message: str, *, gone: bool = False) -> None:
        super().__init__(message)
        self.gone = gone


class BoundedTransport(httpx.AsyncBaseTransport):
    """A transport whose answers break off with `UnreadableAnswer` past a number of bytes."""

    def __init__(self, *, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._inner = httpx.AsyncHTTPTransport(limits=httpx.Limits(max_keepalive_connections=0))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request once and return its answer, still unread."""
        request.headers["Accept-Encoding"] = "identity"
        answer = await self._inner.handle_async_request(request)
        if answer.headers.get("Content-Encoding", "identity") != "identity":
            await answer.aclose()
            raise UnreadableAnswer("The answer came compressed.")
        return httpx.Response(
            answer.status_code,
            headers=answer.headers,
            stream=_Bounded(answer, self._most_bytes),
            extensions=answer.extensions,
        )

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


@contextmanager
def translated(provider: str, *, seconds: float) -> Generator[None]:
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


async def fetch(url: str, *, seconds: float, most_bytes: int) -> bytes:
    """Return a file's bytes, asked for without any key; raise `FetchFailed`."""
    try:
        with anyio.fail_after(seconds):
            async with (
                http_client(seconds=seconds, most_bytes=most_bytes) as client,
                client.stream("GET", url, follow_redirects=True) as answer,
            ):
                if answer.is_success:
                    return await answer.aread()
                raise FetchFailed(
                    f"The download was answered with {answer.status_code}.",
                    gone=answer.is_client_error and answer.status_code not in {408, 425, 429},
                )
    except (UnreadableAnswer, *_UNSENDABLE) as error:
        raise FetchFailed(f"The link leads to nothing usable: {error}", gone=True) from error
    except (TimeoutError, httpx.HTTPError) as error:
        raise FetchFailed(f"The download broke off: {type(error).__name__}.") from error
