"""Prices: what is set aside is never below what the same call then costs."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from render.generation.prices import (
    PRICES,
    Price,
    Usage,
    characters_price,
    image_price,
    speech_price,
    text_price,
    usage_cost,
)

dollars = st.decimals(0, 200, places=2)
counts = st.integers(0, 10_000_000)
prices = st.builds(Price, text_in=dollars, text_out=dollars, image_out=dollars, audio_out=dollars)
usages = st.builds(Usage, text_in=counts, text_out=counts, image_out=counts, audio_out=counts)


@given(prices, usages)
def test_a_cost_is_whole_millionths_and_never_rounded_down(price: Price, usage: Usage) -> None:
    cost = usage_cost(price, usage)
    exact = (
        price.text_in * usage.text_in
        + price.text_out * usage.text_out
        + price.image_out * usage.image_out
        + price.audio_out * usage.audio_out
    ) / 1_000_000
    assert 0 <= cost - exact < Decimal("0.000001")
    assert cost == round(cost, 6)


@given(st.sampled_from(sorted(PRICES)), st.text(max_size=300))
def test_a_picture_is_never_dearer_than_its_price(model: str, prompt: str) -> None:
    price = PRICES[model]
    # A token holds at least one byte.
    most = Usage(
        text_in=len(prompt.encode()),
        text_out=price.text_beside_image,
        image_out=price.tokens_per_image,
    )
    assert usage_cost(price, most) + price.per_image <= image_price(price, prompt)


@given(st.text(max_size=300))
def test_characters_are_charged_as_they_are_counted(text: str) -> None:
    price = PRICES["minimax/speech-2.6-turbo"]
    assert characters_price(price, text) == pytest.approx(Decimal("0.00006") * len(text))
    assert characters_price(price, text) <= speech_price(price, text, "en")


@given(st.text(max_size=300), st.integers(0, 65_536))
def test_text_is_reserved_for_the_longest_answer(prompt: str, most_tokens: int) -> None:
    price = PRICES["gemini-3.8-flash"]
    longest = Usage(text_in=len(prompt.encode()), text_out=most_tokens)
    assert text_price(price, prompt, most_tokens=most_tokens) == usage_cost(price, longest)


@pytest.mark.parametrize(
    ("model", "at_least"),
    [
        ("gemini-nano-banana-2.1", "0.0504"),
        ("gemini-3-pro-image", "0.1344"),
        ("gemini-2.5-flash-image", "0.0387"),
        ("black-forest-labs/flux-schnell", "0.003"),
        ("black-forest-labs/flux-dev", "0.025"),
        ("black-forest-labs/flux-1.1-pro", "0.04"),
    ],
)
def test_the_list_prices_of_pictures(model: str, at_least: str) -> None:
    price = image_price(PRICES[model], "A lighthouse")
    assert Decimal(at_least) <= price < Decimal(at_least) + Decimal("0.02")


def test_half_a_surrogate_pair_has_a_price() -> None:
    assert image_price(PRICES["gemini-nano-banana-2.1"], "\ud800") > 0
