"""Pictures by models on Replicate: FLUX, and whatever takes its inputs."""

from decimal import Decimal
from hashlib import sha256
from typing import Any

from render.generation.base import Generated, ImageRequest, Ticket
from render.generation.prices import Price, image_price
from render.generation.prompts import picture_prompt
from render.generation.replicate.errors import PROVIDER, unusable
from render.generation.replicate.predictions import PREDICTION_SECONDS, Predictions
from render.generation.sniffing import picture_type

_SEEDED = "black-forest-labs/flux"
"""Models that are known to take a `seed`; another may refuse what it does not know."""


class ReplicateImages:
    """An `ImageModel`: FLUX, or any model with its inputs."""

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

    def price(self, request: ImageRequest) -> Decimal:
        """Return what a picture costs."""
        return image_price(self._price, picture_prompt(request))

    async def check(self) -> None:
        """Return if the model can be asked; raise `GenerationError`."""
        await self._predictions.account.check(self.model)

    async def draw(self, request: ImageRequest, ticket: Ticket | None = None) -> Generated:
        """Return a picture."""
        ticket = ticket or Ticket()
        inputs: dict[str, Any] = {
            "prompt": picture_prompt(request),
            "aspect_ratio": request.aspect_ratio.value,
            "output_format": "png",
        }
        if ticket.charge and self.model.startswith(_SEEDED):
            inputs["seed"] = _seed(ticket.charge)
        prediction = await self._predictions.run(
            self.model, inputs, ticket=ticket, seconds=self._seconds
        )
        cost = self.price(request)
        data = await self._predictions.output(prediction, model=self.model, kind="image", cost=cost)
        media_type = picture_type(data)
        if media_type is None:
            raise unusable(self.model, "something that is no picture").charged(cost)
        return Generated(
            data=data, media_type=media_type, provider=PROVIDER, model=self.model, cost=cost
        )


def _seed(charge: str) -> int:
    """Return a seed that no other charge's picture has: what a lost call is found by."""
    return int.from_bytes(sha256(charge.encode()).digest()[:4]) >> 1
