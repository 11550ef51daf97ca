"""Reference pictures of a cast as they arrive at each provider, and what is said of the rest."""

from collections.abc import AsyncIterator

import pytest

from render.cast import CastKind
from render.errors import RefusedGeneration
from render.generation.base import Figure, ImageRequest, ReferencePicture
from render.generation.gemini.account import Gemini
from render.generation.gemini.image import GeminiImages
from render.generation.models import ModelsConfig
from render.generation.prompts import picture_prompt
from render.generation.replicate.account import Replicate
from render.generation.replicate.image import ReplicateImages
from render.generation.replicate.predictions import Predictions
from render.generation.small_pictures import MOST_BYTES, data_url, opened, reference_picture
from tests.support import media_files
from tests.support.simulators import gemini, replicate
from tests.support.simulators.gemini import GeminiSimulator, shown_in
from tests.support.simulators.replicate import ReplicateSimulator

pytestmark = pytest.mark.anyio

CONFIG = ModelsConfig()
FACE, COAT, MILL = (
    ReferencePicture(name=name, data=reference_picture(media_files.picture("png", size=size)))
    for name, size in (("face", (90, 90)), ("coat", (60, 120)), ("mill", (160, 90)))
)
MIRA = Figure(name="Mira", kind=CastKind.PERSON, description="A red coat", references=(FACE, COAT))
THE_MILL = Figure(name="the mill", kind=CastKind.PLACE, references=(MILL,))
SCENE = ImageRequest(prompt="Mira at the mill", cast=(MIRA, THE_MILL))


@pytest.fixture
async def predictions(replicate_simulator: ReplicateSimulator) -> AsyncIterator[Predictions]:
    account = Replicate(
        token=replicate.TOKEN,
        base_url=replicate_simulator.url,
        outputs_from=[replicate_simulator.url],
    )
    yield Predictions(account, poll_seconds=0.05)
    await account.aclose()


@pytest.fixture
async def account(gemini_simulator: GeminiSimulator) -> AsyncIterator[Gemini]:
    account = Gemini(key=gemini.KEY, base_url=gemini_simulator.url, timeout=5)
    yield account
    await account.aclose()


def by_gemini(account: Gemini, model: str = CONFIG.gemini.primary) -> GeminiImages:
    takes = CONFIG.picture_model(model)
    return GeminiImages(account, model=model, price=CONFIG.price(model), takes=takes)


def by_replicate(predictions: Predictions, model: str) -> ReplicateImages:
    price = CONFIG.price(CONFIG.replicate_images)
    takes = CONFIG.picture_model(model)
    return ReplicateImages(predictions, model=model, price=price, takes=takes)


def test_a_reference_is_small_enough_to_be_sent_within_a_request() -> None:
    large = reference_picture(media_files.picture("png", size=(3000, 1500)))
    assert opened(large).size == (1024, 512)
    assert len(large) <= MOST_BYTES


async def test_gemini_is_shown_each_one_before_the_words_that_number_them(
    account: Gemini, gemini_simulator: GeminiSimulator
) -> None:
    model = by_gemini(account)
    alone = await model.draw(ImageRequest(prompt="Mira at the mill"))
    made = await model.draw(SCENE)
    words, pictures = shown_in(gemini_simulator.calls[-1])
    # One of each first: what does not fit any more is of somebody who is shown already.
    assert pictures == [FACE.data, MILL.data, COAT.data]
    assert words.splitlines()[:3] == [
        "Mira at the mill",
        "Mira (person), exactly as in reference pictures 1, 3: A red coat.",
        "the mill (place), exactly as in reference picture 2.",
    ]
    assert made.warnings == ()
    assert alone.cost < made.cost <= model.price(SCENE)


@pytest.mark.parametrize(
    ("model", "field", "shown"),
    [
        ("bytedance/seedream-4", "image_input", 3),
        ("black-forest-labs/flux-kontext-pro", "input_image", 1),
        (CONFIG.replicate_images, "", 0),
    ],
)
async def test_a_model_on_replicate_is_shown_what_its_own_field_takes(
    predictions: Predictions,
    replicate_simulator: ReplicateSimulator,
    model: str,
    field: str,
    shown: int,
) -> None:
    made = await by_replicate(predictions, model).draw(SCENE)
    sent = replicate_simulator.latest.input
    urls = [data_url(one.data) for one in (FACE, MILL, COAT)][:shown]
    assert {name for name in sent if name not in {"prompt", "aspect_ratio", "output_format"}} == (
        {field} if field else set()
    )
    if field:
        assert sent[field] == (urls if shown > 1 else urls[0])
    assert sent["prompt"] == picture_prompt(SCENE, shown=shown)
    assert "Mira (person)" in sent["prompt"]
    assert [(one.code, one.params["shown"]) for one in made.warnings] == (
        [] if shown == 3 else [("references_left_out", shown)]
    )


async def test_a_field_that_a_model_does_not_have_is_found_before_anything_is_paid(
    predictions: Predictions, replicate_simulator: ReplicateSimulator
) -> None:
    replicate_simulator.schemas["bytedance/seedream-4"] = {
        "prompt": {}, "aspect_ratio": {}, "output_format": {}
    }  # fmt: skip
    with pytest.raises(RefusedGeneration, match="image_input"):
        await by_replicate(predictions, "bytedance/seedream-4").draw(SCENE)
    assert not replicate_simulator.predictions
