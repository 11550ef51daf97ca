"""Pictures by Gemini, at 2K."""

from decimal import Decimal

from google.genai import types

from render.generation.base import Generated, ImageRequest, Ticket
from render.generation.gemini.account import Gemini
from render.generation.gemini.answers import Bill, last_medium, unusable
from render.generation.gemini.errors import PROVIDER
from render.generation.picture_models import NO_REFERENCES, PictureModel
from render.generation.prices import Price
from render.generation.prompts import picture_prompt
from render.generation.references import left_out, shown_to
from render.generation.requests import picture_cost
from render.generation.sniffing import picture_type


class GeminiImages:
    """An `ImageModel`: 2K pictures, which leave the camera room to zoom at 1080p."""

    provider = PROVIDER

    def __init__(
        self, gemini: Gemini, *, model: str, price: Price, takes: PictureModel = NO_REFERENCES
    ) -> None:
        self._gemini = gemini
        self.model = model
        self._price = price
        self._takes = takes

    def price(self, request: ImageRequest) -> Decimal:
        """Return the most that a picture costs."""
        return picture_cost(self._price, self._takes, request)

    async def check(self) -> None:
        """Return if the model can be asked; raise `GenerationError`."""
        await self._gemini.check(self.model)

    async def draw(self, request: ImageRequest, ticket: Ticket | None = None) -> Generated:  # noqa: ARG002 - an answer comes within the call
        """Return a picture."""
        pictures = shown_to(self._takes, request)
        answer = await self._gemini.generate(
            self.model,
            picture_prompt(request, shown=len(pictures)),
            types.GenerateContentConfig(
                response_modalities=["IMAGE"],
                image_config=types.ImageConfig(
                    aspect_ratio=request.aspect_ratio.value,
                    image_size=None if self.model == "gemini-2.5-flash-image" else "2K",
                ),
            ),
            pictures=pictures,
        )
        bill = Bill(answer, self._price, out="IMAGE", most=self.price(request))
        data, _ = last_medium(answer, self.model, bill)
        cost, media_type = bill.full_cost, picture_type(data)
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
