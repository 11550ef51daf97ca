"""What a provider's refusal means, told from its status and from who wrote it.

The money hangs on who answered. What a provider says in its own words it has
refused, it does not charge. A proxy, load balancer or CDN in between knows only
that no answer came to it: the request may have been served behind its back.

| answer | in the provider's own words | in anybody else's |
|---|---|---|
| 404 | the model is retired; not charged | the same |
| 401, 403 | the key is not taken; not charged | the same |
| 402 | out of credit; not charged | the same |
| 429 | over a rate limit; not charged, tried again | the same: limits stand before the work |
| 408, 5xx | out of order; not charged, tried again | the outcome is unknown |
| other 4xx | refused; not charged | the same |

Own words are `{"error": {"code", "status", …}}` with a code of google.rpc at
Gemini, whatever that code is: INTERNAL and DEADLINE_EXCEEDED are failures too,
and "if your request fails with a 400 or 500 error, you won't be charged for the
tokens used" (https://ai.google.dev/gemini-api/docs/billing, read November 2026).
At Replicate they are a problem document, `{"title", "detail", "status"}`
(https://replicate.com/docs/reference/http); the same form from its CDN carries
a `type` that names the CDN. Whether Replicate has begun something all the same
can be asked there, and is (`render.generation.replicate.predictions`).
"""

from render.errors import (
    AccessDenied,
    GenerationError,
    OutcomeUnknown,
    OutOfCredit,
    RefusedGeneration,
    RetiredModel,
    RetryableGeneration,
    UnsafeRequest,
)
from render.generation.models import SUCCESSORS

_PAYMENT, _NOT_FOUND, _TIMEOUT, _TOO_MANY, _SERVER = 402, 404, 408, 429, 500
_DENIED = {401, 403}
_MOST_REASON = 500


def is_servers(status: int) -> bool:
    """Tell whether a status speaks of the server's failure, and not of the request."""
    return status == _TIMEOUT or status >= _SERVER


def refusal(  # noqa: PLR0911, PLR0913 - one for each row, and everything there is to know
    status: int,
    *,
    provider: str,
    model: str,
    reason: str,
    own: bool,
    retry_after: float | None = None,
    denied: bool = False,
    unpaid: bool = False,
) -> GenerationError:
    """Return the error for an answer that is no success, as the table has it.

    `own` says that the answer is in the provider's own words, `denied` that it
    means the key and `unpaid` that it means the account's credit, whatever the
    status.
    """
    name, reason = provider.title(), reason[:_MOST_REASON]
    context = {"provider": provider, "model": model, "reason": reason}
    if unpaid or status == _PAYMENT:
        return OutOfCredit(
            f"The account with {name} is out of credit, or has no billing set up.", **context
        )
    if status == _NOT_FOUND:
        successor = SUCCESSORS.get(model, "")
        return RetiredModel(
            f"{name} no longer has the model “{model}”."
            + (f" Its successor is “{successor}”." if successor else ""),
            successor=successor,
            **context,
        )
    if denied or status in _DENIED:
        return AccessDenied(f"{name} does not accept the key for the model “{model}”.", **context)
    if status == _TOO_MANY:
        return RetryableGeneration(
            f"{name} is over its rate limit.", retry_after=retry_after, **context
        )
    if not is_servers(status):
        return RefusedGeneration(f"{name} refused the request for the model “{model}”.", **context)
    if own:
        return RetryableGeneration(f"{name} is out of order.", retry_after=retry_after, **context)
    return OutcomeUnknown(
        f"Something between here and {name} answered in its place ({status}), so nobody knows"
        " whether it was charged.",
        **context,
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
