"""Music by Gemini: Lyria, through Interactions, at one price a piece.

A length is asked for in words, and kept more or less. How an interaction ends, and at what
price, is in `render.generation.gemini.endings`.
"""

from decimal import Decimal
from typing import Any

from google.genai.interactions import Interaction

from render.generation.base import Generated, MusicRequest, Ticket
from render.generation.gemini.account import Gemini
from render.generation.gemini.answers import unusable
from render.generation.gemini.endings import fetch_medium
from render.generation.gemini.errors import PROVIDER
from render.generation.gemini.interactions import Interactions
from render.generation.music_models import SongModel
from render.generation.prices import Price
from render.generation.prompts import music_prompt
from render.generation.requests import music_cost
from render.generation.sniffing import sound_type


class GeminiMusic:
    """A `MusicModel`: MP3 in stereo at 44.1 kHz."""

    provider = PROVIDER

    def __init__(
        self,
        gemini: Gemini,
        *,
        model: str,
        price: Price,
        takes: SongModel,
        interactions: Interactions,
    ) -> None:
        self._gemini = gemini
        self._interactions = interactions
        self.model = model
        self._price = price
        self._takes = takes

    def price(self, request: MusicRequest) -> Decimal:
        """Return what a piece costs."""
        return music_cost(self._price, self._takes, request)

    async def check(self) -> None:
        """Return if the model can be asked; raise `GenerationError`."""
        await self._gemini.check(self.model)

    async def compose(self, request: MusicRequest, ticket: Ticket | None = None) -> Generated:
        """Return a piece of music."""
        answer = await self._interactions.run(
            self.model, self._asked(request), ticket=ticket or Ticket()
        )
        data = await fetch_medium(
            self._interactions,
            answer,
            answer.output_audio,
            model=self.model,
            what="music",
            cost=self._told_cost(answer, request),
            most=self.price(request),
        )
        cost = self.price(request)
        media_type = sound_type(data)
        if media_type is None:
            raise unusable(self.model, "something that is no music").charged(cost)
        return Generated(
            data=data, media_type=media_type, provider=PROVIDER, model=self.model, cost=cost
        )

    def _asked(self, request: MusicRequest) -> dict[str, Any]:
        seconds = self._takes.legal_seconds(request.seconds)
        words = f"{music_prompt(request)}\nIt lasts {seconds} seconds."
        return {"input": [{"type": "text", "text": words}]}

    def _told_cost(self, answer: Interaction, request: MusicRequest) -> Decimal | None:
        """Return what an answer without music cost, as its usage tells; None where it does not.

        A piece has one price: it was charged for if any sound was made.
        """
        usage = answer.usage
        tokens = usage.output_tokens_by_modality if usage else None
        if tokens is None:
            return None
        made = any(str(one.modality) == "audio" and one.tokens for one in tokens)
        return self.price(request) if made else Decimal(0)
