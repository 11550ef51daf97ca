"""What an answer of Gemini holds, and what it cost.

An answer of 200 costs the tokens it tells of, and nothing else. Blocked prompts
and pictures are `UnsafeRequest`: their usage counts what went in and what was
thought, and no picture (`candidatesTokenCount` is 0 or absent); without usage
they cost nothing. Some carry a `finishMessage` that says "you will not be
charged for this request"; the SDK drops that field, so such a refusal is booked
at its few tokens.
What is no picture, speech or structure is `UnusableAnswer`; words where a medium
was asked for cost words where no usage is told.

Reference: https://ai.google.dev/api/generate-content, for money
https://ai.google.dev/gemini-api/docs/billing. What blocked calls report was read
in users' answers (November 2026), not seen on a bill.
"""

from decimal import Decimal

from google.genai import types

from render.errors import UnusableAnswer
from render.generation.gemini.errors import NAME, PROVIDER
from render.generation.prices import Price, Usage, usage_cost
from render.generation.refusals import unreadable, unsafe

_UNSAFE = {
    "SAFETY", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "RECITATION", "MODEL_ARMOR", "JAILBREAK",
    "IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION",
}  # fmt: skip
_NO_PICTURE = {"NO_IMAGE", "IMAGE_OTHER"}
"""Ends without a picture that is no matter of safety."""


class Bill:
    """What an answer cost, as far as it tells."""

    def __init__(
        self, answer: types.GenerateContentResponse, price: Price, *, out: str, most: Decimal
    ) -> None:
        self._answer = answer
        self._price = price
        self._most = most
        self.usage = _usage(answer, out=out)

    @property
    def full_cost(self) -> Decimal:
        """What an answer costs that holds what was asked for: all of it, where nothing is told."""
        return usage_cost(self._price, self.usage) if self.usage else self._most

    def words_cost(self, parts: list[types.Part]) -> Decimal:
        """Return what words alone cost: at most a token a byte, where no usage is told."""
        length = sum(len((part.text or "").encode(errors="replace")) for part in parts)
        usage = self.usage or Usage(text_out=length)
        return min(usage_cost(self._price, usage), self.full_cost)

    @property
    def refusal_cost(self) -> Decimal:
        """What an answer costs that holds nothing: what its usage counts, if it tells any."""
        return usage_cost(self._price, self.usage) if self.usage else Decimal(0)


def unusable(model: str, what: str, reason: str = "") -> UnusableAnswer:
    """Return the error for an answer that is not what was asked for."""
    return UnusableAnswer(f"{NAME} sent {what}.", provider=PROVIDER, model=model, reason=reason)


def answer_parts(answer: types.GenerateContentResponse, model: str, bill: Bill) -> list[types.Part]:
    """Return what an answer consists of; raise `UnsafeRequest` and others, with their cost."""
    feedback = answer.prompt_feedback
    if feedback is not None and feedback.block_reason is not None:
        raise unsafe(feedback.block_reason.value, provider=PROVIDER, model=model).charged(
            bill.refusal_cost
        )
    candidate = (answer.candidates or [None])[0]
    reason = candidate.finish_reason.value if candidate and candidate.finish_reason else "none"
    if reason in _UNSAFE:
        raise unsafe(reason, provider=PROVIDER, model=model).charged(bill.refusal_cost)
    parts = candidate.content.parts if candidate and candidate.content else None
    if parts:
        return parts
    if answer.usage_metadata is None and reason not in _NO_PICTURE:
        raise unreadable(
            ValueError("neither an answer nor its price"), provider=PROVIDER, model=model
        )
    raise unusable(model, "an answer with nothing in it", reason).charged(bill.refusal_cost)


def last_medium(answer: types.GenerateContentResponse, model: str, bill: Bill) -> tuple[bytes, str]:
    """Return the last medium that is no thought: models draw drafts before they answer.

    A medium that is only named, by a link to Google's file store, is not
    fetched: none was asked for in that form.
    """
    parts = answer_parts(answer, model, bill)
    for part in reversed(parts):
        if part.inline_data and part.inline_data.data and not part.thought:
            return part.inline_data.data, part.inline_data.mime_type or ""
    if any(part.file_data for part in parts):
        raise unusable(model, "a link in place of what it made").charged(bill.full_cost)
    raise unusable(model, "words alone").charged(bill.words_cost(parts))


def _usage(answer: types.GenerateContentResponse, *, out: str) -> Usage | None:
    """Return what was used, if told; tokens of unnamed kind count as what was asked for."""
    used = answer.usage_metadata
    if used is None:
        return None
    named = {
        str(item.modality.value): item.token_count or 0
        for item in used.candidates_tokens_details or []
        if item.modality is not None
    }
    rest = max(0, (used.candidates_token_count or 0) - sum(named.values()))
    named[out] = named.get(out, 0) + rest
    return Usage(
        text_in=used.prompt_token_count or 0,
        text_out=named.get("TEXT", 0) + (used.thoughts_token_count or 0),
        image_out=named.get("IMAGE", 0),
        audio_out=named.get("AUDIO", 0),
    )
