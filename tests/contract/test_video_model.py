"""What every `VideoModel` promises, whoever sets a still in motion: each provider, or a chain."""

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import cv2
import numpy as np
import pytest

from render.errors import GenerationError, RefusedGeneration
from render.generation.base import ClipRequest, VideoModel
from render.generation.clip_inspection import inspect_clip
from render.storyboard import AspectRatio
from tests.support.simulators import media
from tests.support.simulators.models import alone, providers_of, simulated

pytestmark = pytest.mark.anyio

MODELS = ["gemini", "replicate", "chain"]
STILL = media.picture(1376, 768)


def test_every_provider_is_held_to_this() -> None:
    assert providers_of("video") <= set(MODELS)


@pytest.fixture(params=MODELS)
async def model(request: pytest.FixtureRequest) -> AsyncIterator[VideoModel]:
    async with simulated(request, request.param) as providers:
        assert providers.clips
        yield providers.clips if request.param == "chain" else alone(providers.clips)


def asking(**more: object) -> ClipRequest:
    wanted = {"prompt": "Steam rises", "still": "d1", "seconds": 3.2, "first": STILL, **more}
    return ClipRequest(**wanted)  # pyright: ignore[reportArgumentType]


async def test_a_clip_begins_with_its_still_and_lasts_long_enough(
    model: VideoModel, tmp_path: Path
) -> None:
    made = await model.animate(asking())
    (path := tmp_path / "clip.mp4").write_bytes(made.data)
    measured = inspect_clip(path, asking())
    assert 3.2 <= measured.milliseconds / 1000 <= 4.2


async def test_a_clip_says_who_made_it_and_what_it_cost(model: VideoModel) -> None:
    request = asking()
    made = await model.animate(request)
    assert made.provider
    assert made.model
    assert made.media_type == "video/mp4"
    assert made.inspected
    assert Decimal(0) < made.cost <= model.price(request)


async def test_longer_is_dearer_up_to_the_longest_there_is(model: VideoModel) -> None:
    prices = [model.price(asking(seconds=seconds)) for seconds in (2, 8, 30, 60)]
    assert prices[0] < prices[1] < prices[2] == prices[3]


@pytest.mark.parametrize("shape", AspectRatio)
async def test_a_shape_is_made_or_refused_before_anything_is_sent(
    model: VideoModel, shape: AspectRatio
) -> None:
    refused: list[RefusedGeneration] = []
    try:
        await model.animate(asking(aspect_ratio=shape))
    except RefusedGeneration as error:
        refused.append(error)
    assert not refused or shape is AspectRatio.SQUARE
    assert all(error.cost == 0 for error in refused)


async def test_without_a_still_nothing_is_sent(model: VideoModel) -> None:
    with pytest.raises(GenerationError) as refused:
        await model.animate(asking(first=b""))
    assert refused.value.cost == 0


async def test_any_still_is_brought_to_what_may_be_sent(model: VideoModel) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (1536, 2752, 3), np.uint8)
    _, still = cv2.imencode(".png", cv2.GaussianBlur(noise, (3, 3), 0))
    assert (await model.animate(asking(first=still.tobytes(), seconds=2))).data
