"""What every `ImageModel` promises, whoever draws: offline, stock, each provider, or a chain."""

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import anyio
import cv2
import numpy as np
import pytest

from render.errors import GenerationError
from render.generation.base import Generated, ImageModel, ImageRequest
from render.generation.offline.account import OfflineImages
from render.generation.stock import StockImages
from render.storyboard import AspectRatio
from tests.support.simulators.models import alone, providers_of, simulated
from tests.support.stock_pictures import stock_picture

pytestmark = pytest.mark.anyio


MODELS = ["offline", "stock", "gemini", "replicate", "chain"]


def test_every_provider_is_held_to_this() -> None:
    assert providers_of("image") <= set(MODELS)


@pytest.fixture(params=MODELS)
async def model(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ImageModel]:
    if request.param == "offline":
        yield OfflineImages()
        return
    if request.param == "stock":
        for number in range(1, 5):
            stock_picture(
                tmp_path / f"oven-{number}.jpg", caption=f"Scene {number}", size=(2000, 1500)
            )
        yield StockImages(tmp_path)
        return
    async with simulated(request, request.param) as providers:
        yield providers.images if request.param == "chain" else alone(providers.images)


def asking(text: str = "The oven glows", **more: object) -> ImageRequest:
    return ImageRequest(prompt="An oven that glows", text=text, title="Bread", **more)  # pyright: ignore[reportArgumentType]


def pixels(made: Generated) -> np.ndarray:
    picture = cv2.imdecode(np.frombuffer(made.data, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return picture


@pytest.mark.parametrize("shape", AspectRatio)
async def test_a_picture_has_the_shape_asked_for_and_room_to_zoom(
    model: ImageModel, shape: AspectRatio
) -> None:
    made = await model.draw(asking(aspect_ratio=shape))
    height, width = pixels(made).shape[:2]
    across, down = map(int, shape.value.split(":"))
    assert width / height == pytest.approx(across / down, rel=0.01)
    assert min(width, height) >= 1080 * 1.15


async def test_a_picture_shows_something(model: ImageModel) -> None:
    assert pixels(await model.draw(asking())).std() > 5


async def test_a_picture_says_who_made_it_and_what_it_cost(model: ImageModel) -> None:
    request = asking()
    made = await model.draw(request)
    assert made.provider
    assert made.model
    assert made.media_type in {"image/png", "image/jpeg", "image/webp"}
    assert isinstance(made.cost, Decimal)
    assert 0 <= made.cost <= model.price(request)
    assert bool(made.cost) == bool(model.price(request))


@pytest.mark.parametrize(
    "text",
    ["", "x", "word " * 1_000, "\x00\x07\ud800",
     "👩🏽‍🚀🇩🇪", "مرحبا", "你好", '#panic("no") $x$', "Z" + "\u0301" * 400],
    ids=["nothing", "one letter", "5,000 characters", "control characters", "emoji", "Arabic",
         "Chinese", "code", "stacked marks"],
)  # fmt: skip
async def test_any_text_is_drawn_or_refused_in_plain_words(model: ImageModel, text: str) -> None:
    try:
        made = await model.draw(asking(text))
    except GenerationError as error:
        told: tuple[str, ...] = (str(error),)
    else:
        pixels(made)
        told = tuple(warning.message for warning in made.warnings)
    assert all(sentence.endswith(".") for sentence in told)


async def test_pictures_can_be_asked_for_together(model: ImageModel) -> None:
    made: dict[int, bytes] = {}

    async def draw(number: int) -> None:
        request = asking(f"Scene {number}", scene_number=number, scene_count=4)
        made[number] = (await model.draw(request)).data

    async with anyio.create_task_group() as tasks:
        for number in range(1, 5):
            tasks.start_soon(draw, number)
    assert len(set(made.values())) == 4
