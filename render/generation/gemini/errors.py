"""What the errors of Gemini's SDK mean.

Which statuses cost money is told in `render.generation.refusals`: what Gemini
itself refuses is not charged, what a gateway says in its place is an
`OutcomeUnknown`, like an answer that was lost or cannot be read.
"""

import re
from typing import Any, cast

import msgspec
from google.genai import errors
from google.genai._gaos.lib import compat_errors

from render.errors import GenerationError
from render.generation.refusals import refusal, unreadable
from render.generation.transport import failure

PROVIDER = "gemini"
NAME = "Gemini"

SDK_ERRORS = (
    # Of Interactions, whose errors are a family of their own.
    compat_errors.GeminiNextGenAPIClientError,
    errors.APIError,
    errors.ContinuationInterruptedError,
    # The SDK reads fields before it looks at their types: an answer of another shape
    # ends in any of these, after the request was served.
    ValueError,
    TypeError,
    AttributeError,
    KeyError,
    RecursionError,
)
"""Everything its SDK raises beside the transport's errors."""

_SECONDS = re.compile(r"(?P<seconds>\d+(?:\.\d+)?)s?")
_UNPAID = re.compile(
    r"credits? (?:are|is|have|has) (?:been )?(?:depleted|exhausted)", re.IGNORECASE
)
_RPC_CODES = {
    "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
    "PERMISSION_DENIED", "UNAUTHENTICATED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED",
    "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS",
}  # fmt: skip
"""Of google.rpc.Code: what Google's own error bodies call themselves."""


class _Error(msgspec.Struct):
    code: int
    status: str
    details: list[dict[str, Any]] = []


class _InteractionError(msgspec.Struct):
    message: str
    code: int | str = ""
    status: str = ""
    details: list[dict[str, Any]] = []


class _InteractionBody(msgspec.Struct):
    error: _InteractionError


class _ErrorBody(msgspec.Struct):
    error: _Error


def translate(error: Exception, model: str) -> GenerationError:
    """Return what an error of the SDK means."""
    if isinstance(error, compat_errors.GeminiNextGenAPIClientError):
        return _translate_interaction(error, model)
    if not isinstance(error, errors.APIError):
        return unreadable(error, provider=PROVIDER, model=model)
    body = _body(error)
    details = body.details if body else []
    reason = str(error.message)
    precondition = error.status == "FAILED_PRECONDITION"
    return refusal(
        error.code,
        provider=PROVIDER,
        model=model,
        reason=reason,
        own=body is not None,
        retry_after=_retry_after(error, details),
        # A bad key, a place that is not served and an account without billing are all answered
        # 400; prepaid credit that is used up is answered 429, like a rate limit.
        denied=precondition or any(detail.get("reason") == "API_KEY_INVALID" for detail in details),
        unpaid=bool(_UNPAID.search(reason)) or (precondition and "billing" in reason.lower()),
    )


def _translate_interaction(error: Exception, model: str) -> GenerationError:
    """Return what an error of Interactions means, whose classes tell less than their answers."""
    cause = error.__cause__
    if isinstance(error, compat_errors.APIConnectionError) and isinstance(cause, Exception):
        return failure(NAME, cause)
    if not isinstance(error, compat_errors.APIStatusError):
        return unreadable(error, provider=PROVIDER, model=model)
    try:
        told = msgspec.convert(error.body, _InteractionBody).error
    except msgspec.ValidationError:
        told = None
    reason = told.message if told else str(error.message)
    details = told.details if told else []
    precondition = told is not None and "FAILED_PRECONDITION" in told.status.upper()
    after = _SECONDS.fullmatch(error.response.headers.get("retry-after", "").strip())
    return refusal(
        error.status_code or 0,
        provider=PROVIDER,
        model=model,
        reason=reason,
        own=told is not None,
        retry_after=float(after["seconds"]) if after else None,
        denied=precondition or any(detail.get("reason") == "API_KEY_INVALID" for detail in details),
        unpaid=bool(_UNPAID.search(reason)) or (precondition and "billing" in reason.lower()),
    )


def _body(error: errors.APIError) -> _Error | None:
    """Return what an error says in Google's own words; None if it is somebody else's."""
    try:
        body = msgspec.convert(error.details, _ErrorBody).error
    except msgspec.ValidationError:
        return None
    return body if body.status in _RPC_CODES else None


def _retry_after(error: errors.APIError, details: list[dict[str, Any]]) -> float | None:
    # Some errors of the SDK carry no response, so whatever is there is asked for carefully.
    headers: dict[str, str] = dict(getattr(cast("object", error.response), "headers", {}))
    delays = [headers.get("retry-after"), *(detail.get("retryDelay") for detail in details)]
    for value in delays:
        match = _SECONDS.fullmatch(str(value or "").strip())
        if match:
            return float(match["seconds"])
    return None
