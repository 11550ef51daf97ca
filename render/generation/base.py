"""The ports a provider of pictures or speech implements, and the values they exchange.

A provider returns finished bytes with a record of how they came to be. It
raises nothing but `render.errors.GenerationError` and its children.
"""

from decimal import Decimal
from typing import Protocol

import msgspec

from render.problem import Problem
from render.storyboard import AspectRatio, Palette


class ImageRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A picture to be made for one scene."""

    prompt: str
    """What a model is asked to draw."""
    text: str = ""
    """The scene's words: what a designed card shows, and what a model leaves out."""
    title: str = ""
    """The video's title."""
    scene_number: int = 1
    scene_count: int = 1
    style: str = ""
    locale: str = "en"
    aspect_ratio: AspectRatio = AspectRatio.LANDSCAPE
    palette: Palette = Palette()


class SpeechRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A line of narration to be spoken."""

    text: str
    locale: str = "en"
    voice: str = ""
    """A provider's name for a voice; empty for the locale's default."""


class Generated(msgspec.Struct, frozen=True, kw_only=True):
    """Finished media bytes and the record of who made them."""

    data: bytes
    media_type: str
    """`image/png` for pictures, `audio/wav` (16-bit PCM, mono) for speech."""
    provider: str
    model: str
    cost: Decimal = Decimal(0)
    """US dollars actually charged."""
    warnings: tuple[Problem, ...] = ()
    """Such as a script no font has glyphs for."""


class ImageModel(Protocol):
    """Makes pictures."""

    def price(self, request: ImageRequest) -> Decimal:
        """Return what `draw` is expected to charge, in US dollars."""
        ...

    async def draw(self, request: ImageRequest) -> Generated:
        """Return a picture; raise `GenerationError`."""
        ...


class SpeechModel(Protocol):
    """Speaks narration."""

    def price(self, request: SpeechRequest) -> Decimal:
        """Return what `speak` is expected to charge, in US dollars."""
        ...

    async def speak(self, request: SpeechRequest) -> Generated:
        """Return speech; raise `GenerationError`."""
        ...
