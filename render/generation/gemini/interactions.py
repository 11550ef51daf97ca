"""Interactions: work of Gemini that outlives a call, begun once, stored by id, and asked after.

An interaction is begun in the background, so that its id is known at once; what
it is for is written on it as a label, the charge's id. From then on nothing is
paid again: looks that fail are made again, and an interrupted wait is taken up
by the id. One that has not ended by the deadline is an `OutcomeUnknown` with an
id: whoever asks for the same again looks at it first.

In the background the SDK goes on with nothing by itself; it refuses to be told
so (`automatic_continuation=False`). Its retries are off (`gemini.account`): it
would send a request again up to five times, each of them paid.
Reference: https://ai.google.dev/api/interactions.
"""

import re
from collections.abc import Mapping
from typing import Any, cast

import anyio
from google.genai.interactions import Interaction

from render.errors import (
    AccessDenied,
    GenerationError,
    OutcomeUnknown,
    RetiredModel,
    RetryableGeneration,
    RunningGeneration,
)
from render.generation.base import Fate, Ticket
from render.generation.gemini.account import Gemini
from render.generation.gemini.errors import NAME, PROVIDER

_DOWNLOADS = 4
_FILE = re.compile(r"(?:^|/)files/(?P<name>[A-Za-z0-9_-]{1,64})")
"""However a file is named: `files/x`, by its address, or by where its bytes are."""
_RUNNING = frozenset({"queued", "in_progress"})
_ENDED = frozenset({
    "completed", "failed", "cancelled", "incomplete", "budget_exceeded", "requires_action",
    "requires_continuation",
})  # fmt: skip
"""Nobody goes on with the last two. A status that is not known may still change."""
_LABEL = re.compile(r"[^a-z0-9_-]")
_MOST_LABEL = 63


class FileRefused(Exception):
    """A file that is there and not given out."""


class Interactions:
    """The interactions of one account, from their beginning to what they made."""

    def __init__(
        self,
        account: Gemini,
        *,
        poll_seconds: float = 2,
        seconds: float,
    ) -> None:
        """Take how often one is asked after, and for how long."""
        self.account = account
        self._poll_seconds = poll_seconds
        self._seconds = seconds

    async def run(self, model: str, asked: Mapping[str, Any], *, ticket: Ticket) -> Interaction:
        """Return an interaction that has ended, begun now or earlier; raise `GenerationError`."""
        interaction_id = ticket.resume
        if interaction_id is None:
            charge = _LABEL.sub("-", ticket.charge.lower())[:_MOST_LABEL]
            labels = {"labels": {"charge": charge}} if charge else {}
            begun = await self.account.begin(model, {**asked, **labels})
            interaction_id = begun.id or ""
            if not interaction_id:
                raise OutcomeUnknown(
                    f"{NAME} did not say how what “{model}” makes is to be found.",
                    provider=PROVIDER,
                    model=model,
                )
            with anyio.CancelScope(shield=True):
                await ticket.on_started(interaction_id)
            if begun.status in _ENDED:
                return begun
        return await self._wait(interaction_id, model)

    async def fate(self, interaction_id: str, model: str) -> Fate:
        """Return what became of an interaction; raise `GenerationError` where nobody says."""
        try:
            found = await self.account.look(interaction_id, model)
        except RetiredModel:
            return Fate.LOST
        if found.status == "completed":
            return Fate.MADE
        if found.status not in _ENDED:
            return Fate.RUNNING
        # What it used before it failed may be on the bill.
        return Fate.GONE if found.usage and found.usage.total_tokens else Fate.FREE

    async def _wait(self, interaction_id: str, model: str) -> Interaction:
        with anyio.move_on_after(self._seconds):
            while True:
                try:
                    found = await self.account.look(interaction_id, model)
                    if found.status in _ENDED:
                        return found
                except RetryableGeneration:
                    pass  # it runs on: only the look at it failed
                except AccessDenied as error:
                    raise _running(interaction_id, model) from error
                except RetiredModel as error:
                    raise OutcomeUnknown(
                        f"{NAME} no longer knows what became of this call of “{model}”.",
                        provider=PROVIDER,
                        model=model,
                        provider_id=interaction_id,
                    ) from error
                await anyio.sleep(self._poll_seconds)
        raise OutcomeUnknown(
            f"“{model}” was not done after {self._seconds:g} seconds, and may still be charged."
            " Asked for again, it is looked for first.",
            provider=PROVIDER,
            model=model,
            provider_id=interaction_id,
        )

    async def file(self, uri: str, model: str, *, interaction_id: str) -> bytes:
        """Return the bytes of a file that an answer names; raise `FileRefused` or running.

        Only its name is taken from the address: the key goes nowhere but to Google.
        """
        named = _FILE.search(uri)
        if named is None:
            raise FileRefused("its address is none of Google's files")
        name = f"files/{named['name']}"
        with anyio.move_on_after(self._seconds):
            for tries in range(_DOWNLOADS):
                try:
                    while (state := await self.account.file_state(name, model)) == "PROCESSING":  # noqa: ASYNC110 - it is the provider's
                        await anyio.sleep(self._poll_seconds)
                    if state == "FAILED":
                        raise FileRefused("its processing failed")
                    return await self.account.download(name, model)
                except RetryableGeneration:
                    pass
                except GenerationError as error:
                    raise FileRefused(error.message) from error
                await anyio.sleep(self._poll_seconds * 2**tries)
        raise _running(interaction_id, model)


def _running(interaction_id: str, model: str) -> RunningGeneration:
    return RunningGeneration(
        f"{NAME} still holds what “{model}” makes; it is fetched as soon as it can be reached.",
        retry_after=60,
        provider=PROVIDER,
        model=model,
        provider_id=interaction_id,
    )


def told(found: object, name: str, *, depth: int = 2) -> object:
    """Return what an answer tells under a name that the SDK does not know, at its top or below."""
    fields = cast(
        "object", found if isinstance(found, dict) else getattr(found, "model_extra", None)
    )
    if not isinstance(fields, dict):
        return None
    within = cast("dict[str, object]", fields)
    if within.get(name):
        return within[name]
    if not depth:
        return None
    deeper = (told(inner, name, depth=depth - 1) for inner in within.values())
    return next((value for value in deeper if value), None)
