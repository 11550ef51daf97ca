"""What every `MusicModel` promises, whoever composes: offline, each provider, and their chain."""

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest

from render.generation.base import MusicModel, MusicRequest
from render.generation.music_inspection import inspect_music
from render.generation.offline.account import OfflineMusic
from render.generation.sniffing import sound_type
from tests.support.simulators.models import alone, providers_of, simulated

pytestmark = pytest.mark.anyio

MODELS = ["offline", "gemini", "replicate", "chain"]
ASKED = MusicRequest(prompt="A quiet piano, rain on a window", seconds=12.2)


def test_every_provider_is_held_to_this() -> None:
    assert providers_of("music") <= set(MODELS)


@pytest.fixture(params=MODELS)
async def model(request: pytest.FixtureRequest) -> AsyncIterator[MusicModel]:
    if request.param == "offline":
        yield OfflineMusic()
        return
    async with simulated(request, request.param) as providers:
        yield providers.music if request.param == "chain" else alone(providers.music)


async def test_music_is_heard_and_is_of_the_kind_that_it_says(
    model: MusicModel, tmp_path: Path
) -> None:
    made = await model.compose(ASKED)
    (path := tmp_path / "music").write_bytes(made.data)
    assert inspect_music(path).milliseconds >= 12_200
    assert made.media_type == sound_type(made.data)


async def test_music_says_who_made_it_and_what_it_cost(model: MusicModel) -> None:
    made = await model.compose(ASKED)
    assert made.provider
    assert made.model
    assert isinstance(made.cost, Decimal)
    assert 0 <= made.cost <= model.price(ASKED)
    assert bool(made.cost) == bool(model.price(ASKED))


@pytest.mark.parametrize("seconds", [0.1, 100_000.0])
async def test_any_length_has_a_price(model: MusicModel, seconds: float) -> None:
    assert model.price(MusicRequest(prompt="", seconds=seconds)) <= 1


@pytest.mark.parametrize("prompt", ["", "a\x00b\x01c\ud800", "🎷" * 500, "{%s}"])
async def test_any_words_make_music(model: MusicModel, prompt: str) -> None:
    assert (await model.compose(MusicRequest(prompt=prompt, seconds=3))).data
