"""How interactions end: with a medium, inline or by its address, or without one, and at what price.

What was filtered is an `UnsafeRequest`, at what its usage tells: "you will not be charged" for
it, mostly. A filter of the sound passes as often as not when asked again. What ended without a
medium and without a word of its price may have been charged all the same (`OutcomeUnknown`).
"""

import base64
import binascii
from decimal import Decimal
from typing import cast

from google.genai.interactions import AudioContent, Interaction, VideoContent

from render.errors import GenerationError, OutcomeUnknown, RetryableGeneration
from render.generation.gemini.answers import unusable
from render.generation.gemini.errors import NAME, PROVIDER
from render.generation.gemini.interactions import FileRefused, Interactions, told
from render.generation.refusals import unsafe

_UNSAFE = ("safety", "policy", "prohibited", "filtered", "sensitive", "blocked")


async def fetch_medium(  # noqa: PLR0913 - what is fetched, and what it is called and worth
    interactions: Interactions,
    answer: Interaction,
    content: VideoContent | AudioContent | None,
    *,
    model: str,
    what: str,
    cost: Decimal | None,
    most: Decimal,
) -> bytes:
    """Return the bytes that an interaction ended with; raise `GenerationError`.

    `what` is `a clip` or `music`; `cost` is what the answer tells of it, None for nothing, where
    `most` is taken for what was made and is of no use.
    """
    charged = most if cost is None else cost
    if content is not None and content.data:
        try:
            return base64.b64decode(str(content.data), validate=True)
        except (binascii.Error, ValueError) as error:
            raise unusable(model, f"{what} that is not well formed").charged(charged) from error
    if content is None or not content.uri:
        raise _without(answer, model=model, what=what, cost=cost)
    try:
        return await interactions.file(content.uri, model, interaction_id=answer.id or "")
    except FileRefused as refused:
        raise unusable(model, f"{what} that cannot be fetched", str(refused)).charged(
            charged
        ) from refused


def _without(
    answer: Interaction, *, model: str, what: str, cost: Decimal | None
) -> GenerationError:
    """Return what an end without a medium means, and cost."""
    spent = cost or Decimal(0)
    reasons = [error.message or "" for error in answer.errors or []]
    filtered = told(answer, "raiMediaFilteredReasons")
    reasons += [str(one) for one in cast("list[object]", filtered or [])]
    reason = " ".join(filter(None, reasons))[:500]
    reason = reason or str(answer.status)
    error: GenerationError
    if told(answer, "raiMediaFilteredCount") or filtered or _is_unsafe(reason):
        error = (
            RetryableGeneration(
                f"{NAME} made {what} whose sound it will not hand out.",
                provider=PROVIDER,
                model=model,
                reason=reason,
            )
            if "audio" in reason.lower()
            else unsafe(reason, provider=PROVIDER, model=model)
        )
        return error.charged(spent)
    if answer.status in {"failed", "cancelled"}:
        error = RetryableGeneration(
            f"“{model}” {answer.status}.", provider=PROVIDER, model=model, reason=reason
        )
        return error.charged(spent)
    if cost is None:
        return OutcomeUnknown(
            f"“{model}” ended without {what}, and without a word of its price.",
            provider=PROVIDER,
            model=model,
        )
    return unusable(model, f"an answer without {what}", answer.status).charged(cost)


def _is_unsafe(reason: str) -> bool:
    return any(word in reason.lower() for word in _UNSAFE)
