"""The real services, with real keys: run by hand with `pytest -m live -s`.

Makes one picture, one line of speech and one storyboard on each provider whose
key is in the environment (GEMINI_API_KEY, REPLICATE_API_TOKEN), never spends more
than 25 cents, and says what it paid.
"""

import os
from decimal import Decimal

import pytest

from render.drafting.model import storyboard
from render.errors import RefusedGeneration
from render.generation.base import Call, ImageRequest, Reservation, SpeechRequest
from render.generation.models import ModelsConfig
from render.generation.providers import open_providers
from render.storyboard import Brief, Limits
from tests.support.simulators.meter import Book
from tests.support.simulators.models import alone

pytestmark = [pytest.mark.anyio, pytest.mark.live, pytest.mark.timeout(600)]

CAP = Decimal("0.25")
KEYS = {"gemini": "GEMINI_API_KEY", "replicate": "REPLICATE_API_TOKEN"}


class Purse(Book):
    """A book with a cap: what is reserved counts as spent until it is settled."""

    async def reserve(self, call: Call) -> Reservation:
        held = sum(
            (e.cost if e.state == "settled" else e.call.price for e in self.entries), Decimal(0)
        )
        if held + call.price > CAP:
            raise RefusedGeneration("The test's cap is reached.")
        return await super().reserve(call)


@pytest.mark.parametrize("provider", KEYS)
async def test_a_picture_a_line_and_a_storyboard(provider: str) -> None:
    key = os.environ.get(KEYS[provider], "")
    if not key:
        pytest.skip(f"{KEYS[provider]} is not set")
    purse = Purse()
    keys = {"gemini_key": key} if provider == "gemini" else {"replicate_token": key}
    async with open_providers(ModelsConfig(), **keys) as opened:
        providers = opened.metered(purse)
        picture = await alone(providers.images).draw(ImageRequest(prompt="A lighthouse at dawn"))
        line = await alone(providers.speech).speak(SpeechRequest(text="Good morning."))
        assert providers.text
        brief = Brief(title="Bread", script="A baker lights her oven. The town still sleeps.")
        board = await storyboard(brief, model=alone(providers.text), limits=Limits())
    print(f"\n{provider}: picture ${picture.cost} ({picture.model}), speech ${line.cost}"  # noqa: T201 - what it is run for
          f" ({line.model}), storyboard ${board.cost}; ${purse.spent} in all")  # fmt: skip
    assert picture.provider == line.provider == provider
    assert board.by_model
    assert purse.spent <= CAP
