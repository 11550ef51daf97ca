"""Music by models on Replicate, each asked by its own row (`render.generation.music_models`).

As for clips, what is to be sent is held against the schema that Replicate tells of the model
before anything is sent.
"""

from decimal import Decimal
from typing import Any

import anyio.to_thread

from render.generation.base import Generated, MusicRequest, Ticket
from render.generation.music_inspection import delivered_seconds
from render.generation.music_models import SongModel
from render.generation.prices import Price, music_price
from render.generation.prompts import music_prompt
from render.generation.replicate.errors import PROVIDER, unusable
from render.generation.replicate.predictions import Predictions
from render.generation.requests import music_cost
from render.generation.sniffing import sound_type


class ReplicateMusic:
    """A `MusicModel`: whichever model there is a row for."""

    provider = PROVIDER

    def __init__(
        self,
        predictions: Predictions,
        *,
        model: str,
        price: Price,
        takes: SongModel,
        seconds: float,
    ) -> None:
        self._predictions = predictions
        self.model = model
        self._price = price
        self._takes = takes
        self._seconds = seconds

    def price(self, request: MusicRequest) -> Decimal:
        """Return the most that a piece costs."""
        return music_cost(self._price, self._takes, request)

    async def check(self) -> None:
        """Return if the model can be asked; raise `GenerationError`."""
        await self._predictions.account.check(self.model)

    async def compose(self, request: MusicRequest, ticket: Ticket | None = None) -> Generated:
        """Return a piece of music."""
        ticket = ticket or Ticket()
        inputs = self._inputs(request)
        if ticket.resume is None:
            inputs = await self._predictions.account.checked(
                self.model, inputs, what="this music", charge=ticket.charge
            )
        prediction = await self._predictions.run(
            self.model, inputs, ticket=ticket, seconds=self._seconds
        )
        most = self.price(request)
        data = await self._predictions.output(prediction, model=self.model, kind="audio", cost=most)
        cost = await anyio.to_thread.run_sync(self._delivered_cost, data, most)
        media_type = sound_type(data)
        if media_type is None:
            raise unusable(self.model, "something that is no music").charged(cost)
        return Generated(
            data=data, media_type=media_type, provider=PROVIDER, model=self.model, cost=cost
        )

    def _inputs(self, request: MusicRequest) -> dict[str, Any]:
        takes = self._takes
        inputs: dict[str, Any] = {takes.prompt_field: music_prompt(request), **takes.inputs}
        if takes.length_field:
            inputs[takes.length_field] = takes.legal_seconds(request.seconds)
        return inputs

    def _delivered_cost(self, data: bytes, most: Decimal) -> Decimal:
        """Return what was charged: by the seconds that were delivered, where they count."""
        seconds = delivered_seconds(data) if self._price.per_second else None
        return music_price(self._price, round(seconds)) if seconds else most
