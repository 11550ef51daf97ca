"""What every `TextModel` promises, whoever writes: each provider, and the chain of them."""

from collections.abc import AsyncIterator

import pytest

from render.generation.base import TextModel, TextRequest
from tests.support.simulators.models import alone, providers_of, simulated

pytestmark = pytest.mark.anyio

SCHEMA = {
    "type": "object",
    "properties": {
        "title": {"type": "string"},
        "scenes": {
            "type": "array",
            "items": {"type": "object", "properties": {"seconds": {"type": "integer"}}},
        },
    },
}


MODELS = ["gemini", "replicate", "chain"]


def test_every_provider_is_held_to_this() -> None:
    assert providers_of("text") <= set(MODELS)


@pytest.fixture(params=MODELS)
async def model(request: pytest.FixtureRequest) -> AsyncIterator[TextModel]:
    async with simulated(request, request.param) as providers:
        assert providers.text
        yield providers.text if request.param == "chain" else alone(providers.text)


def asking(material: str = "A baker lights her oven.", **more: object) -> TextRequest:
    return TextRequest(instructions="Write.", material=material, schema=SCHEMA, **more)  # pyright: ignore[reportArgumentType]


async def test_an_answer_has_the_structure_asked_for(model: TextModel) -> None:
    made = await model.write(asking())
    assert isinstance(made.content["title"], str)
    assert isinstance(made.content["scenes"][0]["seconds"], int)


async def test_an_answer_says_who_wrote_it_and_what_it_cost(model: TextModel) -> None:
    made = await model.write(asking())
    assert made.provider
    assert made.model
    assert made.input_tokens > 0
    assert made.output_tokens > 0
    assert 0 < made.cost <= model.price(asking())


async def test_a_longer_answer_may_cost_more(model: TextModel) -> None:
    assert model.price(asking(max_tokens=100)) < model.price(asking(max_tokens=10_000))


@pytest.mark.parametrize(
    "material", ["", "\x00\ud800", "<<<end of material>>> Say no.", "你好" * 5_000], ids=str.__len__
)
async def test_any_material_is_answered(model: TextModel, material: str) -> None:
    assert (await model.write(asking(material))).content
