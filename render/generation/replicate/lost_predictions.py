"""Predictions whose answer was lost, found in the account's own list of predictions.

Replicate lists what an account has begun, the latest first and a hundred a
page, with each one's input (https://replicate.com/docs/reference/http,
`predictions.list`). An input is therefore what travels with a call and comes
back: pictures, clips and music carry a seed, where their model takes one, and
texts a comment that follow from the charge's id, so that theirs is like no
other. Speech has no field to spare; there the
whole input, the time and not being known as another call's, to this process or
to whoever keeps account for all, tell it apart, and two that cannot be told
apart are no answer.

The list is read as JSON, not through the SDK, whose types refuse a whole page
for one prediction with a status that they do not know. Times are compared on
the provider's clock, which the answer's `Date` header shows.
"""

import time
from collections.abc import Awaitable, Callable, Collection
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from urllib.parse import parse_qsl, quote, urlsplit

import msgspec

from render.generation.transport import Reader, UnreadableAnswer

_MOST_PAGES = 10
_MOST_LOOKS = 20
"""At single predictions, where the list leaves their input out."""
_SLACK = timedelta(seconds=5)
"""Between a provider's clocks."""


class CannotTell(Exception):
    """The list could not be read, or holds more than one prediction that it may be."""


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """A prediction as it was asked for."""

    model: str
    inputs: dict[str, Any]
    at: float
    """When, on this process's monotonic clock."""

    @property
    def told(self) -> dict[str, Any]:
        """The inputs that come back as they were sent: a picture may come as a link instead."""
        return {
            name: value
            for name, value in self.inputs.items()
            if not (isinstance(value, str) and value.startswith("data:"))
        }


class _Prediction(msgspec.Struct):
    id: str
    model: Any = None
    input: Any = None
    created_at: Any = None


class _Page(msgspec.Struct):
    results: list[_Prediction]
    next: str | None = None


async def find(
    reader: Reader,
    sent: Sent,
    *,
    but: Collection[str],
    is_taken: Callable[[str], Awaitable[bool]],
) -> str | None:
    """Return the id under which a prediction was begun, None if it was not; raise `CannotTell`.

    `but` are the ids of this process's other calls; `is_taken` knows those of every process.
    """
    try:
        found = [name for name in await _candidates(reader, sent, but) if not await is_taken(name)]
    except UnreadableAnswer as error:
        raise CannotTell(str(error)) from error
    if len(found) > 1:
        raise CannotTell(f"{len(found)} predictions have the same input.")
    return found[0] if found else None


async def _candidates(reader: Reader, sent: Sent, but: Collection[str]) -> list[str]:
    found: list[str] = []
    looks = 0
    query: dict[str, str] = {}
    for _ in range(_MOST_PAGES):
        page, now = await reader.read("/v1/predictions", _Page, query)
        since = now - timedelta(seconds=time.monotonic() - sent.at) - _SLACK
        for prediction in page.results:
            began = moment(prediction.created_at)
            if began is not None and began < since:
                return found
            if (
                prediction.id in but
                or prediction.id in found
                or prediction.model not in {sent.model, None, ""}
            ):
                continue
            inputs = prediction.input
            if inputs is None and looks < _MOST_LOOKS:
                looks += 1
                path = f"/v1/predictions/{quote(prediction.id, safe='')}"
                inputs = (await reader.read(path, _Prediction))[0].input
            if not isinstance(inputs, dict):
                raise CannotTell("A prediction's input is not told.")
            fields = cast("dict[str, object]", inputs)
            if all(fields.get(name) == value for name, value in sent.told.items()):
                found.append(prediction.id)
        if not page.next:
            return found
        # Only the cursor is taken from the answer: the token goes nowhere but to Replicate.
        query = dict(parse_qsl(urlsplit(page.next).query))
    raise CannotTell(f"The list goes on after {_MOST_PAGES} pages.")


def moment(told: object) -> datetime | None:
    """Return a time as Replicate writes it, None where it is none."""
    try:
        when = datetime.fromisoformat(told if isinstance(told, str) else "")
    except ValueError:
        return None
    return when if when.tzinfo else when.replace(tzinfo=UTC)
