"""What the errors of Replicate's SDK mean, and the ends of predictions that made nothing.

Which statuses cost money is told in `render.generation.refusals`. `aborted`, a
status that the SDK does not know and stumbles over, is not charged and may be
tried again.
"""

import re
from typing import cast

from pydantic.v1 import ValidationError
from replicate.exceptions import ModelError, ReplicateError, ReplicateException
from replicate.prediction import Prediction

from render.errors import GenerationError, RetryableGeneration, UnusableAnswer
from render.generation.refusals import is_servers, refusal, unreadable, unsafe

PROVIDER = "replicate"
NAME = "Replicate"

_RESETS = re.compile(r"resets in ~?(?P<seconds>\d+(?:\.\d+)?)\s*s")
_UNSAFE = re.compile(r"nsfw|sensitive|safety|flagged|moderation|copyright", re.IGNORECASE)

SDK_ERRORS = (
    ReplicateException,
    # `ValidationError` and broken JSON are ValueErrors; the SDK reads fields before it
    # looks at their types.
    ValueError,
    TypeError,
    AttributeError,
    KeyError,
    RecursionError,
)
"""Everything its SDK raises beside the transport's errors."""


class Aborted(RetryableGeneration):
    """A prediction that ended before it ran: nothing is charged."""


class PredictionNotFound(RetryableGeneration):
    """A look that found no prediction under its id; right after its beginning that may be."""


def translate(error: Exception, model: str) -> GenerationError:
    """Return what an error of the SDK means."""
    if isinstance(error, ValidationError) and _is_aborted(error):
        return Aborted(f"{NAME} stopped “{model}” before it ran.", provider=PROVIDER, model=model)
    if isinstance(error, ModelError):
        return failure(cast("Prediction", error.prediction), model)
    if not isinstance(error, ReplicateError) or error.status is None:
        return unreadable(error, provider=PROVIDER, model=model)
    # The SDK keeps no headers of an answer; its sentence is all that says when.
    resets = _RESETS.search(error.detail or "")
    return refusal(
        error.status,
        provider=PROVIDER,
        model=model,
        reason=str(error.detail or error.title),
        own=bool(error.title or error.detail) and "cloudflare" not in str(error.type).lower(),
        retry_after=float(resets["seconds"]) if resets else None,
    )


def is_servers_failure(error: GenerationError) -> bool:
    """Tell whether a translated error was an answer of 408, 500 or more."""
    cause = error.__cause__
    return isinstance(cause, ReplicateError) and is_servers(cause.status or 0)


def _is_aborted(error: ValidationError) -> bool:
    return any(
        fault["loc"] == ("status",) and fault.get("ctx", {}).get("given") == "aborted"
        for fault in error.errors()
    )


def failure(prediction: Prediction, model: str) -> GenerationError:
    """Return what a prediction that ended without an output means; none is charged."""
    reason = str(prediction.error or prediction.status)
    if _UNSAFE.search(reason):
        return unsafe(reason, provider=PROVIDER, model=model)
    stopped = prediction.status == "canceled"
    return RetryableGeneration(
        f"“{model}” was stopped." if stopped else f"“{model}” failed.",
        provider=PROVIDER,
        model=model,
        reason=reason,
    )


def unusable(model: str, what: str) -> UnusableAnswer:
    """Return the error for an answer that is not what was asked for."""
    return UnusableAnswer(f"{NAME} sent {what}.", provider=PROVIDER, model=model)
