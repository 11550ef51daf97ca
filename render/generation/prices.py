"""What each model charges, in US dollars: the table, and what follows from it for one call.

An expected price is never below what the call then costs: it is what a ledger
sets aside. Text is counted in bytes for that, since a token is at least one.

Sources, read in October and November 2026: Google's price list for
`gemini-nano-banana-2.1` ($30 a million image tokens, 1,120 of them a 1K
picture), `gemini-3-pro-image` ($120), `gemini-3.8-flash` and
`gemini-3.8-flash-lite-tts`; Replicate's pages for FLUX and MiniMax. Taken over
from the model before, and to be watched: what goes into
`gemini-omni-1.2-flash`, 1,680 tokens for a 2K picture, the
price of text that goes into a picture model and comes along with its picture,
$0.06 for `flux-1.1-pro-ultra`, $0.20 for a
piece by `stable-audio-2.5`, and the Llama row. The documents' names
`gemini-2.5-flash-image` and `gemini-pro` carry their last list prices.
Configuration replaces and adds rows.
"""

import math
from collections.abc import Mapping
from decimal import ROUND_UP, Decimal

import msgspec

from render.languages import estimate_seconds

_MILLION = Decimal(1_000_000)
_SMALLEST = Decimal("0.000001")
"""A millionth of a dollar: what the ledger's columns hold."""
_AUDIO_TOKENS_PER_SECOND = 25
SLOWEST = 2
"""A voice takes at most this many times as long as a calm narrator."""
_LEAST_SPOKEN_SECONDS = 4
_TOKENS_PER_PICTURE_IN = 2_000
"""At the most, for a picture that goes into a model."""


class Price(msgspec.Struct, frozen=True, kw_only=True):
    """What one model charges for; the rest is 0."""

    text_in: Decimal = Decimal(0)
    """Per million tokens."""
    text_out: Decimal = Decimal(0)
    """Per million tokens, thoughts included."""
    image_out: Decimal = Decimal(0)
    """Per million tokens."""
    audio_out: Decimal = Decimal(0)
    """Per million tokens."""
    tokens_per_image: int = 0
    """At the size asked for, 2K."""
    text_beside_image: int = 0
    """Tokens of text and thought that may come along with a picture."""
    video_out: Decimal = Decimal(0)
    """Per million tokens."""
    tokens_per_second: int = 0
    """Of a clip."""
    per_second: Decimal = Decimal(0)
    """Of a clip, without sound, or of music."""
    per_second_with_sound: Decimal | None = None
    """Of a clip with sound; None where that is not known, and sound is not asked for."""
    per_clip: Decimal = Decimal(0)
    per_song: Decimal = Decimal(0)
    """Of music, however long it is."""
    per_image: Decimal = Decimal(0)
    per_thousand_characters: Decimal = Decimal(0)


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """What one call really used, in tokens."""

    text_in: int = 0
    text_out: int = 0
    image_out: int = 0
    audio_out: int = 0
    video_out: int = 0


PRICES: Mapping[str, Price] = {
    "gemini-nano-banana-2.1": Price(
        text_in=Decimal("0.50"),
        text_out=Decimal(3),
        image_out=Decimal(30),
        tokens_per_image=1680,
        text_beside_image=1000,
    ),
    "gemini-3-pro-image": Price(
        text_in=Decimal(2),
        text_out=Decimal(12),
        image_out=Decimal(120),
        tokens_per_image=1120,
        text_beside_image=1000,
    ),
    "gemini-2.5-flash-image": Price(
        text_in=Decimal("0.30"),
        text_out=Decimal("2.50"),
        image_out=Decimal(30),
        tokens_per_image=1290,
        text_beside_image=200,
    ),
    "gemini-pro": Price(text_in=Decimal("0.50"), text_out=Decimal("1.50")),
    "gemini-3.8-flash": Price(text_in=Decimal("0.75"), text_out=Decimal("3.75")),
    "gemini-3.8-flash-lite-tts": Price(text_in=Decimal("0.50"), audio_out=Decimal(6)),
    "black-forest-labs/flux-schnell": Price(per_image=Decimal("0.003")),
    "black-forest-labs/flux-dev": Price(per_image=Decimal("0.025")),
    "black-forest-labs/flux-1.1-pro": Price(per_image=Decimal("0.04")),
    "black-forest-labs/flux-1.1-pro-ultra": Price(per_image=Decimal("0.06")),
    "minimax/speech-2.6-turbo": Price(per_thousand_characters=Decimal("0.06")),
    "gemini-omni-1.2-flash": Price(
        text_in=Decimal("1.50"), video_out=Decimal("17.50"), tokens_per_second=5792
    ),
    "wan-video/wan-2.2-i2v-fast": Price(per_clip=Decimal("0.11")),
    "alibaba/wan-3": Price(per_second=Decimal("0.05")),
    "bytedance/seedance-1.5-pro": Price(
        per_second=Decimal("0.06"), per_second_with_sound=Decimal("0.12")
    ),
    "bytedance/seedance-2.0-fast": Price(per_second=Decimal("0.15")),
    "wan-video/wan-2.7-i2v": Price(per_second=Decimal("0.10")),
    "kwaivgi/kling-v3-video": Price(per_second=Decimal("0.168")),
    "google/veo-3.1-lite": Price(per_second=Decimal("0.05")),
    "lightricks/ltx-2.3-fast": Price(per_second=Decimal("0.06")),
    "lyria-3.5": Price(per_song=Decimal("0.08")),
    "stability-ai/stable-audio-2.5": Price(per_song=Decimal("0.20")),
    "meta/meta-llama-3-70b-instruct": Price(text_in=Decimal("0.65"), text_out=Decimal("2.75")),
}


def usage_cost(price: Price, usage: Usage) -> Decimal:
    """Return what tokens really used cost."""
    return _rounded(
        (
            price.text_in * usage.text_in
            + price.text_out * usage.text_out
            + price.image_out * usage.image_out
            + price.audio_out * usage.audio_out
            + price.video_out * usage.video_out
        )
        / _MILLION
    )


def image_price(price: Price, prompt: str, *, pictures: int = 0) -> Decimal:
    """Return what a picture may cost, with so many that are shown to the model."""
    tokens = Usage(
        text_in=_size(prompt) + pictures * _TOKENS_PER_PICTURE_IN,
        text_out=price.text_beside_image,
        image_out=price.tokens_per_image,
    )
    return _rounded(price.per_image + usage_cost(price, tokens))


def speech_price(price: Price, text: str, locale: str) -> Decimal:
    """Return what speaking a text may cost."""
    seconds = _LEAST_SPOKEN_SECONDS + SLOWEST * estimate_seconds(text, locale)
    tokens = Usage(text_in=_size(text), audio_out=round(seconds * _AUDIO_TOKENS_PER_SECOND))
    return _rounded(usage_cost(price, tokens) + characters_price(price, text))


def characters_price(price: Price, text: str) -> Decimal:
    """Return what a text costs where its characters are charged for."""
    return _rounded(price.per_thousand_characters * len(text) / 1000)


def clip_price(
    price: Price, seconds: float, *, text: str = "", pictures: int = 0, sound: bool = False
) -> Decimal:
    """Return what a clip of so many seconds costs, and the words and pictures that go in."""
    tokens = Usage(
        text_in=_size(text) + pictures * _TOKENS_PER_PICTURE_IN,
        video_out=math.ceil(seconds * price.tokens_per_second),
    )
    per_second = (sound and price.per_second_with_sound) or price.per_second
    of_length = per_second * Decimal(str(seconds))
    return _rounded(price.per_clip + of_length + usage_cost(price, tokens))


def music_price(price: Price, seconds: float) -> Decimal:
    """Return what a piece of music of so many seconds costs."""
    return _rounded(price.per_song + price.per_second * Decimal(str(seconds)))


def text_price(price: Price, prompt: str, *, most_tokens: int) -> Decimal:
    """Return what writing an answer of at most so many tokens may cost."""
    return usage_cost(price, Usage(text_in=_size(prompt), text_out=most_tokens))


def _size(text: str) -> int:
    return len(text.encode(errors="replace"))


def _rounded(dollars: Decimal) -> Decimal:
    return dollars.quantize(_SMALLEST, rounding=ROUND_UP)
