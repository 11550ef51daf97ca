"""Clips by Gemini: a still set in motion through Interactions, billed by its tokens.

Sound comes with every clip and costs nothing more; the engine leaves it out unless it was
asked for. How one ends, and at what price, is in `render.generation.gemini.endings`.
"""

import base64
from decimal import Decimal
from typing import Any

import anyio.to_thread
from google.genai.interactions import Interaction

from render.errors import RefusedGeneration
from render.generation.base import ClipRequest, Generated, Ticket
from render.generation.clip_inspection import clip_type, delivered_seconds
from render.generation.clip_models import ClipModel
from render.generation.first_frames import first_frame
from render.generation.gemini.account import Gemini
from render.generation.gemini.answers import unusable
from render.generation.gemini.endings import fetch_medium
from render.generation.gemini.errors import PROVIDER
from render.generation.gemini.interactions import Interactions
from render.generation.prices import Price, Usage, clip_price, usage_cost
from render.generation.prompts import clip_prompt
from render.generation.requests import clip_cost


class GeminiVideo:
    """A `VideoModel`: 720p at 24 frames a second."""

    provider = PROVIDER

    def __init__(
        self,
        gemini: Gemini,
        *,
        model: str,
        price: Price,
        takes: ClipModel,
        interactions: Interactions,
    ) -> None:
        self._gemini = gemini
        self._interactions = interactions
        self.model = model
        self._price = price
        self._takes = takes

    def price(self, request: ClipRequest) -> Decimal:
        """Return the most that a clip costs."""
        return clip_cost(self._price, self._takes, request)

    async def check(self) -> None:
        """Return if the model can be asked; raise `GenerationError`."""
        await self._gemini.check(self.model)

    async def animate(self, request: ClipRequest, ticket: Ticket | None = None) -> Generated:
        """Return a clip."""
        ticket = ticket or Ticket()
        asked = {} if ticket.resume else await anyio.to_thread.run_sync(self._asked, request)
        answer = await self._interactions.run(self.model, asked, ticket=ticket)
        cost = self._usage_cost(answer)
        data = await fetch_medium(
            self._interactions,
            answer,
            answer.output_video,
            model=self.model,
            what="a clip",
            cost=cost,
            most=self.price(request),
        )
        if cost is None:
            cost = await anyio.to_thread.run_sync(self._delivered_cost, data, request)
        media_type = clip_type(data)
        if media_type is None:
            raise unusable(self.model, "something that is no clip").charged(cost)
        return Generated(
            data=data, media_type=media_type, provider=PROVIDER, model=self.model, cost=cost
        )

    def _asked(self, request: ClipRequest) -> dict[str, Any]:
        if request.aspect_ratio not in self._takes.shapes:
            raise RefusedGeneration(
                f"“{self.model}” makes no clips of {request.aspect_ratio.value}.",
                provider=PROVIDER,
                model=self.model,
            )
        size = self._takes.pixels(request.aspect_ratio)
        between = bool(request.last and self._takes.last)
        stills = [request.first, request.last] if between else [request.first]
        seconds = self._takes.legal_seconds(request.seconds, between=between)
        return {
            "input": [
                *(
                    {
                        "type": "image",
                        "data": base64.b64encode(first_frame(still, size)).decode(),
                        "mime_type": "image/jpeg",
                    }
                    for still in stills
                ),
                {"type": "text", "text": clip_prompt(request)},
            ],
            "response_format": {
                "type": "video",
                "aspect_ratio": request.aspect_ratio.value,
                "resolution": self._takes.size,
                "duration": f"{seconds}s",
                "delivery": "uri",
            },
            "generation_config": {"video_config": {"task": "image_to_video"}},
        }

    def _usage_cost(self, answer: Interaction) -> Decimal | None:
        """Return what an answer cost, as it tells; None where it does not."""
        usage = answer.usage
        tokens = usage.output_tokens_by_modality if usage else None
        if usage is None or tokens is None:
            return None
        out = {str(one.modality): one.tokens or 0 for one in tokens}
        return usage_cost(
            self._price,
            Usage(text_in=usage.total_input_tokens or 0, video_out=out.get("video", 0)),
        )

    def _delivered_cost(self, data: bytes, request: ClipRequest) -> Decimal:
        seconds = delivered_seconds(data)
        if seconds is None:
            return self.price(request)
        return clip_price(self._price, seconds, text=clip_prompt(request), pictures=1)
