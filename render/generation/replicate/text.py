"""Text by chat models on Replicate, which are told to answer in JSON."""

import json
from decimal import Decimal
from typing import Any

import msgspec
from replicate.prediction import Prediction

from render.generation.base import GeneratedText, TextRequest, Ticket
from render.generation.prices import Price, Usage, text_price, usage_cost
from render.generation.prompts import fenced
from render.generation.replicate.errors import PROVIDER, unusable
from render.generation.replicate.outputs import words
from render.generation.replicate.predictions import PREDICTION_SECONDS, Predictions

_SAMPLE = "00000000-0000-0000-0000-000000000000"
"""As long as a charge's id: what goes along is part of the price."""


class ReplicateText:
    """A `TextModel`: a chat model told to answer in JSON, which none of them guarantees."""

    provider = PROVIDER

    def __init__(
        self,
        predictions: Predictions,
        *,
        model: str,
        price: Price,
        seconds: float = PREDICTION_SECONDS,
    ) -> None:
        self._predictions = predictions
        self.model = model
        self._price = price
        self._seconds = seconds

    def price(self, request: TextRequest) -> Decimal:
        """Return the most that an answer costs."""
        prompt = _instructions(request, charge=_SAMPLE) + fenced(request.material)
        return text_price(self._price, prompt, most_tokens=request.max_tokens)

    async def check(self) -> None:
        """Return if the model can be asked; raise `GenerationError`."""
        await self._predictions.account.check(self.model)

    async def write(self, request: TextRequest, ticket: Ticket | None = None) -> GeneratedText:
        """Return an answer in the structure asked for."""
        ticket = ticket or Ticket()
        inputs = {
            "system_prompt": _instructions(request, charge=ticket.charge),
            "prompt": fenced(request.material),
            "max_tokens": request.max_tokens,
        }
        prediction = await self._predictions.run(
            self.model, inputs, ticket=ticket, seconds=self._seconds
        )
        usage = _usage(prediction)
        cost = usage_cost(self._price, usage) if usage else self.price(request)
        output = words(prediction.output)
        try:
            content = msgspec.json.decode(
                output[output.find("{") : output.rfind("}") + 1], type=dict[str, Any]
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


def _instructions(request: TextRequest, *, charge: str) -> str:
    """Return what a chat model is told; the charge's id goes along as a comment in the schema."""
    schema = {"$comment": charge[: len(_SAMPLE)], **request.schema} if charge else request.schema
    return (
        f"{request.instructions}\n\nAnswer with one JSON object and nothing else."
        f" It follows this JSON schema:\n{json.dumps(schema)}"
    )


def _usage(prediction: Prediction) -> Usage | None:
    metrics = prediction.metrics or {}
    text_in, text_out = (metrics.get(name) for name in ("input_token_count", "output_token_count"))
    if not isinstance(text_in, int) or not isinstance(text_out, int):
        return None
    return Usage(text_in=text_in, text_out=text_out)
