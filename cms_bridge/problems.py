"""Problems: every refusal and failure over HTTP, in one form (RFC 9457), made in one place.

The bridge's own errors, the router's (no such path, no such method, a request
that cannot be read) and those that nobody expected all leave through `answer`.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, cast

import msgspec
from litestar import Request, Response
from litestar.enums import ParamType
from litestar.exceptions import HTTPException
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from cms_bridge.errors import MalformedBody, Refusal, Unauthorised, WebhookRejected, problem
from cms_bridge.fields import FieldError, camel_case
from render.errors import ContainerError, InvalidStoryboard, RenderError

MEDIA_TYPE = "application/problem+json"

CHALLENGES: dict[type[Refusal], str] = {
    Unauthorised: 'Bearer realm="reelwright"',
    WebhookRejected: "StandardWebhooks",
}
"""How a 401 says what would have been let in (RFC 9110, 11.6.1)."""

# The names that RFC 9110 gives; Python's own differ from version to version.
_TITLES = {
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "Content Too Large",
    HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE: "Range Not Satisfiable",
    HTTPStatus.UNPROCESSABLE_ENTITY: "Unprocessable Content",
}

SAID = {
    HTTPStatus.BAD_REQUEST: MalformedBody.said,
    HTTPStatus.NOT_FOUND: "There is nothing at this path.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This path does not know this method.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "A body past its limit.",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Something went wrong here; it was logged.",
}
"""What a refusal says that has no sentence of its own."""

_REFUSED = "reelwright.refused"
_CODES = {HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "body_too_large"}
_SERVER_ERROR = HTTPStatus.INTERNAL_SERVER_ERROR


class ProblemDetails(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What went wrong: one sentence for people, one code for programs (RFC 9457)."""

    type: str
    """`urn:reelwright:problem:` and the code."""
    title: str
    """The status in words."""
    status: int
    detail: str
    """One English sentence, safe to show."""
    code: str
    """Stable, and meant for programs and translations."""
    params: dict[str, str | int | float] = {}
    """The values that the sentence speaks of."""
    errors: tuple[FieldError, ...] = ()
    """What is wrong where, if the request could not be read."""


def details(
    status: HTTPStatus,
    code: str,
    detail: str,
    *,
    params: Mapping[str, Any] | None = None,
    errors: tuple[FieldError, ...] = (),
) -> ProblemDetails:
    """Return a problem with the title and the type that its status and code have."""
    return ProblemDetails(
        type=f"urn:reelwright:problem:{code}",
        title=_TITLES.get(status, status.phrase),
        status=status,
        detail=detail,
        code=code,
        params=dict(params or {}),
        errors=errors,
    )


def code_of(status: HTTPStatus) -> str:
    """Return the code of a refusal that has no error of its own."""
    return _CODES.get(status, status.phrase.lower().replace(" ", "_"))


def unexpected(_request: Request[Any, Any, Any], _error: Exception) -> Response[ProblemDetails]:
    """Answer an error that nobody foresaw: the sender learns that it failed, the log why."""
    return _response(details(_SERVER_ERROR, code_of(_SERVER_ERROR), SAID[_SERVER_ERROR]))


def answer(request: Request[Any, Any, Any], error: Exception) -> Response[ProblemDetails]:
    """Answer an error with its problem."""
    if isinstance(error, Refusal | RenderError):
        status, code, params = problem(error)
        headers = dict(error.headers) if isinstance(error, Refusal) else {}
        if challenge := CHALLENGES.get(cast(Any, type(error))):
            headers["WWW-Authenticate"] = challenge
        if isinstance(error, Refusal) and error.retry_after is not None:
            headers["Retry-After"] = str(error.retry_after)
        errors = error.errors if isinstance(error, MalformedBody) else ()
        return _response(details(status, code, str(error), params=params, errors=errors), headers)
    if isinstance(error, HTTPException) and error.status_code < _SERVER_ERROR:
        status, faults = HTTPStatus(error.status_code), _faults(error)
        said = SAID.get(status, error.detail) if error.detail == status.phrase else error.detail
        if faults:
            # The framework's own sentence names the address with all its parameters.
            said = " ".join((SAID[HTTPStatus.BAD_REQUEST], *map(str, faults)))
        return _response(details(status, code_of(status), said, errors=faults), error.headers)
    return unexpected(request, error)


def tells_websockets_why(app: ASGIApp) -> ASGIApp:
    """Answer a WebSocket that is refused with its problem, as any other request."""

    async def telling(scope: Scope, receive: Receive, send: Send) -> None:
        accepted = False

        async def told(message: Message) -> None:
            nonlocal accepted
            accepted = accepted or message["type"] == "websocket.accept"
            error = scope.get("state", {}).get(_REFUSED)
            if message["type"] != "websocket.close" or accepted or error is None:
                await send(message)
                return
            said = answer(Request(cast(Any, scope)), error)
            headers = [(b"content-type", MEDIA_TYPE.encode())] + [
                (name.lower().encode(), value.encode()) for name, value in said.headers.items()
            ]
            start = {"status": said.status_code, "headers": headers}
            # Litestar has no names for what this extension of ASGI sends.
            await send(cast(Any, {"type": "websocket.http.response.start", **start}))
            body = msgspec.json.encode(said.content)
            await send(cast(Any, {"type": "websocket.http.response.body", "body": body}))

        if scope["type"] == "websocket":
            await app(scope, receive, told)
        else:
            await app(scope, receive, send)

    return telling


async def note_refusal(error: Exception, scope: Scope) -> None:
    """Keep an error for `tells_websockets_why`: Litestar says no more than that there is one."""
    if scope["type"] == "websocket":
        cast("dict[str, Any]", scope).setdefault("state", {})[_REFUSED] = error


HANDLERS: dict[int | type[Exception], Any] = {
    Refusal: answer,
    InvalidStoryboard: answer,
    ContainerError: answer,
    HTTPException: answer,
    Exception: unexpected,
}
"""The application's exception handlers, whole."""


def _response(
    said: ProblemDetails, headers: Mapping[str, str] | None = None
) -> Response[ProblemDetails]:
    return Response(
        said, status_code=said.status, media_type=MEDIA_TYPE, headers=dict(headers or {})
    )


def _faults(error: HTTPException) -> tuple[FieldError, ...]:
    # A validation error lists its faults as dictionaries; other errors may hold anything.
    listed = error.extra if isinstance(error.extra, list) else []
    return tuple(
        FieldError(
            message=str(one.get("message") or ""),
            key=camel_case(str(one.get("key") or "")),
            source=_place(one.get("source")),
        )
        for one in cast(list[dict[str, object]], [one for one in listed if isinstance(one, dict)])
    )


def _place(source: object) -> str:
    # Litestar's own faults name a member of an enumeration.
    return str(source.value if isinstance(source, ParamType) else source or "")
