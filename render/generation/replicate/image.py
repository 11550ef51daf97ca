"""Pictures by models on Replicate: FLUX, and whatever takes its inputs."""

from decimal import Decimal
from typing import Any

from render.generation.base import Generated, ImageRequest, Ticket
from render.generation.picture_models import NO_REFERENCES, PictureModel
from render.generation.prices import Price
from render.generation.prompts import picture_prompt
from render.generation.references import left_out, shown_to
from render.generation.replicate.errors import PROVIDER, unusable
from render.generation.replicate.inputs import seed
from render.generation.replicate.predictions import PREDICTION_SECONDS, Predictions
from render.generation.requests import picture_cost
from render.generation.small_pictures import data_url
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
        takes: PictureModel = NO_REFERENCES,
        seconds: float = PREDICTION_SECONDS,
    ) -> None:
        self._predictions = predictions
        self.model = model
        self._price = price
        self._takes = takes
        self._seconds = seconds

    def price(self, request: ImageRequest) -> Decimal:
        """Return what a picture costs."""
        return picture_cost(self._price, self._takes, request)

    async def check(self) -> None:
        """Return if the model can be asked; raise `GenerationError`."""
        await self._predictions.account.check(self.model)

    async def draw(self, request: ImageRequest, ticket: Ticket | None = None) -> Generated:
        """Return a picture."""
        ticket = ticket or Ticket()
        pictures = shown_to(self._takes, request)
        inputs: dict[str, Any] = {
            "prompt": picture_prompt(request, shown=len(pictures)),
            "aspect_ratio": request.aspect_ratio.value,
            "output_format": "png",
        }
        if ticket.charge and self.model.startswith(_SEEDED):
            inputs["seed"] = seed(ticket.charge)
        if pictures and ticket.resume is None:
            # An unknown field may be dropped without a word: a picture of somebody else, paid.
            inputs[self._takes.reference_field] = self._takes.value([*map(data_url, pictures)])
            inputs = await self._predictions.account.checked(
                self.model, inputs, what="this picture", charge=ticket.charge
            )
        prediction = await self._predictions.run(
            self.model, inputs, ticket=ticket, seconds=self._seconds
        )
        cost = self.price(request)
        data = await self._predictions.output(prediction, model=self.model, kind="image", cost=cost)
        media_type = picture_type(data)
        if media_type is None:
            raise unusable(self.model, "something that is no picture").charged(cost)
        return Generated(
            data=data,
            media_type=media_type,
            provider=PROVIDER,
            model=self.model,
            cost=cost,
            warnings=left_out(self.model, request, shown=len(pictures)),
        )
