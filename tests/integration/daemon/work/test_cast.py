"""A project's cast: fetched from the CMS, shown to the model that draws, and told in the price."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import anyio
import httpx
import msgspec
import pytest
from pydantic import SecretStr

from cms_bridge import own_files
from cms_bridge.jobs.leases import Lease
from cms_bridge.ledger import charges
from cms_bridge.outbox.payload import PayloadClient
from cms_bridge.pricing.estimates import estimate_in, prices_of
from daemon.settings import DaemonSettings
from daemon.work.generation import GeneratedAssets, generate_assets
from daemon.work.progress import Reporter
from daemon.work.services import Services
from render.cast import CastMember
from render.errors import OwnFileMissing, OwnFileUnfit
from render.generation.models import GeminiModelConfig, ModelsConfig
from render.generation.small_pictures import reference_picture
from render.own import CmsFile, Upload
from render.storyboard import Limits, Scene, Storyboard
from tests.support import events, media_files
from tests.support.ledger import AMPLE, check_books, claimed, new_job
from tests.support.media_library import Library, media_library
from tests.support.services import opened_services
from tests.support.simulators import gemini
from tests.support.simulators.gemini import GeminiSimulator, shown_in
from tests.support.simulators.models import simulated

pytestmark = pytest.mark.anyio

CONFIG = ModelsConfig(
    gemini=GeminiModelConfig(max_retries=1, retry_delay_ms=100, check_availability=False)
)
PRICES = prices_of(CONFIG, gemini=True, replicate=False)
FACE = CmsFile(collection="media", document="7", name="mira.png", version="1")
MIRA = CastMember(name="Mira", description="A red coat", references=(FACE,))
BOARD = Storyboard(
    title="Bread",
    cast=(MIRA, CastMember(name="the mill")),
    scenes=(
        Scene(id="s1", picture_prompt="Mira at her oven"),
        Scene(id="s2", picture_prompt="An empty street"),
    ),
)


@pytest.fixture
def library() -> Iterator[Library]:
    with media_library() as library:
        library.files[FACE.name] = media_files.picture("png")
        yield library


@pytest.fixture
async def services(  # noqa: PLR0917 - fixtures
    request: pytest.FixtureRequest,
    database: str,
    database_url: str,
    redis_url: str,
    library: Library,
    tmp_path: Path,
) -> AsyncIterator[Services]:
    settings = DaemonSettings(
        redis_url=redis_url,
        database_url=database_url,
        storage_directory=tmp_path / "objects",
        work_directory=tmp_path / "work",
        webhook_secret=SecretStr(events.SECRET),
        api_key=SecretStr("an-api-key-of-more-than-32-characters"),
        link_secret=SecretStr("a-link-secret-of-more-than-32-characters"),
        models=CONFIG,
        gemini_api_key=SecretStr(gemini.KEY),
    )
    async with (
        opened_services(settings, simulated(request, "gemini", CONFIG)) as opened,
        httpx.AsyncClient(timeout=5) as http,
    ):
        payload = PayloadClient(http, url=library.url, secret=events.SECRET, api_path="/cms")
        yield replace(opened, payload=payload)
        await check_books(AMPLE)


async def film(services: Services, folder: Path, board: Storyboard = BOARD) -> GeneratedAssets:
    """Make the media of a film that is approved, as its daemon does."""
    await anyio.Path(folder).mkdir(parents=True)
    lease = await claimed(await new_job())
    return await make(services, folder, lease, board)


async def make(
    services: Services, folder: Path, lease: Lease, board: Storyboard
) -> GeneratedAssets:
    return await generate_assets(
        lease, board, folder, services=services, reporter=Reporter(lease, every=0)
    )


def shown(simulator: GeminiSimulator) -> dict[str, list[bytes]]:
    """Return the pictures that came with each prompt, by its first line."""
    told = [shown_in(call) for call in simulator.calls]
    return {words.partition("\n")[0]: pictures for words, pictures in told}


async def due(board: Storyboard) -> list[str]:
    """Return which scenes are still to be paid for."""
    priced = await estimate_in("p1", board, PRICES)
    assert priced.storyboard_digest == board.digest
    return [scene.scene_id for scene in priced.scenes if scene.due]


async def test_who_is_named_is_shown_to_the_model_and_nobody_else(
    services: Services, library: Library, gemini_simulator: GeminiSimulator, tmp_path: Path
) -> None:
    assert await due(BOARD) == ["s1", "s2"]
    made = await film(services, tmp_path / "one")
    assert shown(gemini_simulator) == {
        "Mira at her oven": [reference_picture(library.files[FACE.name])],
        "An empty street": [],
    }
    assert made.warnings == ()
    assert await due(BOARD) == []


async def test_another_reference_or_description_makes_those_pictures_anew_that_show_it(
    services: Services, library: Library, gemini_simulator: GeminiSimulator, tmp_path: Path
) -> None:
    await film(services, tmp_path / "one")
    # The document was touched, and is the same picture.
    touched = msgspec.structs.replace(MIRA, references=(with_version("2"),))
    await film(services, tmp_path / "two", of(touched))
    assert len(gemini_simulator.calls) == 2

    library.files[FACE.name] = media_files.picture("png", size=(80, 60))
    exchanged = msgspec.structs.replace(MIRA, references=(with_version("3"),))
    assert await due(of(exchanged)) == ["s1"]
    await film(services, tmp_path / "three", of(exchanged))
    assert len(gemini_simulator.calls) == 3
    assert shown(gemini_simulator)["Mira at her oven"] == [
        reference_picture(library.files[FACE.name])
    ]
    described = msgspec.structs.replace(exchanged, description="A blue coat")
    assert await due(of(described)) == ["s1"]
    assert await due(of(exchanged)) == []


async def test_who_is_missing_is_told_with_the_price_and_with_the_film(
    services: Services, tmp_path: Path
) -> None:
    board = msgspec.structs.replace(
        BOARD, scenes=(Scene(id="s1", picture_prompt="@Ada", cast=("Grace",)),)
    )
    priced = await estimate_in("p1", board, PRICES)
    told = [(one.code, one.params) for one in priced.warnings]
    assert told == [
        ("cast_missing", {"name": "Grace", "scene": 1}),
        ("cast_missing", {"name": "Ada", "scene": 1}),
    ]
    made = await film(services, tmp_path / "one", board)
    assert [one for one in made.warnings if one.code == "cast_missing"] == list(priced.warnings)


@pytest.mark.parametrize(
    ("file", "error"),
    [
        (Upload(asset_id=uuid4()), OwnFileMissing),
        (CmsFile(collection="media", document="8", name="gone.png", version="1"), OwnFileMissing),
        (CmsFile(collection="media", document="9", name="song.mp3", version="1"), OwnFileUnfit),
    ],
    ids=["of another project, or of none", "gone from the CMS", "no picture"],
)
async def test_a_reference_that_is_not_to_be_had_ends_the_film_before_it_costs(
    services: Services, library: Library, tmp_path: Path, file: CmsFile | Upload,
    error: type[OwnFileMissing],
) -> None:  # fmt: skip
    library.files["song.mp3"] = media_files.medium("mp3", tmp_path)
    board = of(msgspec.structs.replace(MIRA, references=(file,)))
    lease = await claimed(await new_job())
    with pytest.raises(error) as raised:
        await make(services, tmp_path, lease, board)
    assert raised.value.params["member"] == "Mira"
    assert await charges.charges_of(lease.job_id) == []
    if isinstance(file, Upload):  # what is the bridge's to know is refused where it is named
        with pytest.raises(OwnFileMissing):
            await own_files.check("p1", board, limits=Limits())


def with_version(version: str) -> CmsFile:
    return msgspec.structs.replace(FACE, version=version)


def of(*cast: CastMember) -> Storyboard:
    return msgspec.structs.replace(BOARD, cast=cast)
