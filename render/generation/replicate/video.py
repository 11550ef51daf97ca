"""Clips by models on Replicate: a still set in motion, each model asked by its own row.

Before anything is sent, what is to be sent is held against the schema that
Replicate tells of the model, which is free: a field it does not have, or a value
it does not take, is a refusal here and not a paid clip of something else.
"""

from decimal import Decimal
from typing import Any

import anyio.to_thread

from render.errors import RefusedGeneration
from render.generation.base import ClipRequest, Generated, Ticket
from render.generation.clip_inspection import clip_type, delivered_seconds
from render.generation.clip_models import ClipModel
from render.generation.first_frames import first_frame
from render.generation.prices import Price, clip_price
from render.generation.prompts import clip_prompt
from render.generation.replicate.errors import PROVIDER, unusable
from render.generation.replicate.predictions import Predictions
from render.generation.requests import clip_cost, makes_sound
from render.generation.small_pictures import data_url


class ReplicateVideo:
    """A `VideoModel`: whichever model there is a row for."""

    provider = PROVIDER

    def __init__(
        self,
        predictions: Predictions,
        *,
        model: str,
        price: Price,
        takes: ClipModel,
        seconds: float,
    ) -> None:
        self._predictions = predictions
        self.model = model
        self._price = price
        self._takes = takes
        self._seconds = seconds

    def price(self, request: ClipRequest) -> Decimal:
        """Return the most that a clip costs."""
        return clip_cost(self._price, self._takes, request)

    async def check(self) -> None:
        """Return if the model can be asked; raise `GenerationError`."""
        await self._predictions.account.check(self.model)

    async def animate(self, request: ClipRequest, ticket: Ticket | None = None) -> Generated:
        """Return a clip."""
        ticket = ticket or Ticket()
        inputs: dict[str, Any] = {}
        if ticket.resume is None:
            inputs = await self._predictions.account.checked(
                self.model,
                await anyio.to_thread.run_sync(self._inputs, request),
                what="this clip",
                charge=ticket.charge,
            )
        prediction = await self._predictions.run(
            self.model, inputs, ticket=ticket, seconds=self._seconds
        )
        most = self.price(request)
        data = await self._predictions.output(prediction, model=self.model, kind="video", cost=most)
        cost = await anyio.to_thread.run_sync(self._delivered_cost, data, request)
        media_type = clip_type(data)
        if media_type is None:
            raise unusable(self.model, "something that is no clip").charged(cost)
        return Generated(
            data=data, media_type=media_type, provider=PROVIDER, model=self.model, cost=cost
        )

    def _inputs(self, request: ClipRequest) -> dict[str, Any]:
        takes = self._takes
        if request.aspect_ratio not in takes.shapes:
            raise RefusedGeneration(
                f"“{self.model}” makes no clips of {request.aspect_ratio.value}.",
                provider=PROVIDER,
                model=self.model,
            )
        between = bool(request.last and takes.last)
        size = takes.pixels(request.aspect_ratio)
        seconds = takes.legal_seconds(request.seconds, between=between)
        inputs: dict[str, Any] = {
            "prompt": clip_prompt(request),
            takes.first: data_url(first_frame(request.first, size)),
            takes.length_field: takes.length(seconds),
        }
        if between:
            inputs[takes.last] = data_url(first_frame(request.last, size))
        if takes.size:
            inputs[takes.size_field] = takes.size
        if takes.shape_field:
            inputs[takes.shape_field] = request.aspect_ratio.value
        if takes.sound_field:
            inputs[takes.sound_field] = self._sounds(request)
        return inputs

    def _sounds(self, request: ClipRequest) -> bool:
        return request.sound and makes_sound(self._price, self._takes)

    def _delivered_cost(self, data: bytes, request: ClipRequest) -> Decimal:
        """Return what was charged: by the seconds that were delivered, where they count."""
        most = self.price(request)
        seconds = delivered_seconds(data) if self._price.per_second else None
        # Whole seconds are sold; a frame more or less is not told on the bill.
        if not seconds:
            return most
        return clip_price(self._price, round(seconds), sound=self._sounds(request))
