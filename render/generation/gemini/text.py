"""Text by Gemini, in a structure that the model itself keeps to."""

import json
from decimal import Decimal
from typing import Any

import msgspec
from google.genai import types

from render.generation.base import GeneratedText, TextRequest, Ticket
from render.generation.gemini.account import Gemini
from render.generation.gemini.answers import Bill, answer_parts, unusable
from render.generation.gemini.errors import PROVIDER
from render.generation.prices import Price, text_price
from render.generation.prompts import fenced


class GeminiText:
    """A `TextModel`: JSON by the model's own structured output."""

    provider = PROVIDER

    def __init__(self, gemini: Gemini, *, model: str, price: Price) -> None:
        self._gemini = gemini
        self.model = model
        self._price = price

    def price(self, request: TextRequest) -> Decimal:
        """Return the most that an answer costs."""
        prompt = request.instructions + fenced(request.material) + json.dumps(request.schema)
        return text_price(self._price, prompt, most_tokens=request.max_tokens)

    async def check(self) -> None:
        """Return if the model can be asked; raise `GenerationError`."""
        await self._gemini.check(self.model)

    async def write(self, request: TextRequest, ticket: Ticket | None = None) -> GeneratedText:  # noqa: ARG002 - an answer comes within the call
        """Return an answer in the structure asked for."""
        answer = await self._gemini.generate(
            self.model,
            fenced(request.material),
            types.GenerateContentConfig(
                system_instruction=request.instructions,
                response_mime_type="application/json",
                response_json_schema=request.schema,
                max_output_tokens=request.max_tokens,
            ),
        )
        bill = Bill(answer, self._price, out="TEXT", most=self.price(request))
        parts = answer_parts(answer, self.model, bill)
        cost, usage = bill.full_cost, bill.usage
        try:
            content = msgspec.json.decode(
                "".join(part.text or "" for part in parts if not part.thought), type=dict[str, Any]
            )
        except msgspec.DecodeError as error:
            raise unusable(self.model, "something that is not in the structure asked for").charged(
                cost
            ) from error
        return GeneratedText(
            content=content,
            provider=PROVIDER,
            model=self.model,
            cost=cost,
            input_tokens=usage.text_in if usage else 0,
            output_tokens=usage.text_out if usage else 0,
        )
