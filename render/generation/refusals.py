"""What a provider's refusal means, told from its HTTP status; the same for every provider."""

from render.errors import (
    AccessDenied,
    GenerationError,
    OutcomeUnknown,
    RefusedGeneration,
    RetiredModel,
    RetryableGeneration,
    UnsafeRequest,
)
from render.generation.models import SUCCESSORS

_NOT_FOUND, _TIMEOUT, _TOO_MANY, _SERVER = 404, 408, 429, 500
_DENIED = {401, 402, 403}
_MOST_REASON = 500


def refusal(  # noqa: PLR0913 - everything there is to know of an answer
    status: int,
    *,
    provider: str,
    model: str,
    reason: str,
    retry_after: float | None = None,
    denied: bool = False,
) -> GenerationError:
    """Return the error for an answer of 400 or more; none of them is charged.

    `denied` says that the provider means the key, whatever the status.
    """
    name, reason = provider.title(), reason[:_MOST_REASON]
    if status == _NOT_FOUND:
        successor = SUCCESSORS.get(model, "")
        return RetiredModel(
            f"{name} no longer has the model “{model}”."
            + (f" Its successor is “{successor}”." if successor else ""),
            provider=provider,
            model=model,
            successor=successor,
            reason=reason,
        )
    if denied or status in _DENIED:
        return AccessDenied(
            f"{name} does not accept the key for the model “{model}”.",
            provider=provider,
            model=model,
            reason=reason,
        )
    if status in {_TIMEOUT, _TOO_MANY} or status >= _SERVER:
        busy = status == _TOO_MANY
        return RetryableGeneration(
            f"{name} is over its rate limit." if busy else f"{name} is out of order.",
            retry_after=retry_after,
            provider=provider,
            model=model,
            reason=reason,
        )
    return RefusedGeneration(
        f"{name} refused the request for the model “{model}”.",
        provider=provider,
        model=model,
        reason=reason,
    )


def unreadable(error: Exception, *, provider: str, model: str) -> OutcomeUnknown:
    """Return the error for an answer that was given, but cannot be read."""
    return OutcomeUnknown(
        f"The answer of {provider.title()} cannot be read, so nobody knows whether it was charged.",
        provider=provider,
        model=model,
        reason=f"{type(error).__name__}: {error}"[:_MOST_REASON],
    )


def unsafe(reason: str, *, provider: str, model: str) -> UnsafeRequest:
    """Return the error for something that a provider will not make."""
    return UnsafeRequest(
        f"{provider.title()} will not make this, for safety's sake; other words may help.",
        provider=provider,
        model=model,
        reason=reason[:_MOST_REASON],
    )
