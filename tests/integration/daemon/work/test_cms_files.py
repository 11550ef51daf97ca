"""Files of the CMS's media library: named by a storyboard, fetched over HTTP, kept and filmed."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import anyio
import httpx
import msgspec
import pytest
from pydantic import SecretStr

from cms_bridge import assets, own_files
from cms_bridge.assets import AssetRecord
from cms_bridge.ledger import charges
from cms_bridge.outbox.payload import PayloadClient
from cms_bridge.storage.base import UPLOADS
from cms_bridge.tables import Asset
from daemon.settings import DaemonSettings
from daemon.work.cms_files import OwnFileUnavailable
from daemon.work.generation import GeneratedAssets, generate_assets
from daemon.work.progress import Reporter
from daemon.work.services import Services
from render.errors import (
    LimitExceeded,
    OwnFileMissing,
    OwnFileReplaced,
    OwnFileUnfit,
    RenderError,
)
from render.generation.models import ModelsConfig
from render.generation.providers import open_providers
from render.own import CmsFile
from render.source import Source
from render.storyboard import Scene, Storyboard
from tests.support import events, media_files
from tests.support.ledger import claimed, new_job
from tests.support.media_library import Library, media_library
from tests.support.services import opened_services

pytestmark = pytest.mark.anyio

PICTURE = CmsFile(collection="media", document="7", name="Brot & Öl.png", version="1")


@pytest.fixture
def library() -> Iterator[Library]:
    with media_library() as library:
        yield library


@pytest.fixture
async def services(
    database: str, database_url: str, redis_url: str, library: Library, tmp_path: Path
) -> AsyncIterator[Services]:
    settings = DaemonSettings(
        redis_url=redis_url,
        database_url=database_url,
        storage_directory=tmp_path / "objects",
        work_directory=tmp_path / "work",
        webhook_secret=SecretStr(events.SECRET),
        api_key=SecretStr("an-api-key-of-more-than-32-characters"),
        link_secret=SecretStr("a-link-secret-of-more-than-32-characters"),
        upload_max_bytes=50_000,
    )
    async with (
        opened_services(settings, open_providers(ModelsConfig())) as opened,
        httpx.AsyncClient(timeout=5) as http,
    ):
        payload = PayloadClient(http, url=library.url, secret=events.SECRET, api_path="/cms")
        yield replace(opened, payload=payload)


async def bring(services: Services, folder: Path, *files: CmsFile) -> GeneratedAssets:
    """Lay the media of a film that shows these files into a folder, as its daemon does."""
    await anyio.Path(folder).mkdir(parents=True)
    scenes = tuple(Scene(id=f"s{number}", picture=file) for number, file in enumerate(files, 1))
    lease = await claimed(await new_job())
    made = await generate_assets(
        lease,
        Storyboard(title="T", scenes=scenes),
        folder,
        services=services,
        reporter=Reporter(lease, every=0),
    )
    assert await charges.charges_of(lease.job_id) == []
    return made


async def test_a_file_of_the_cms_is_fetched_once_and_filmed_as_it_is(
    services: Services, library: Library, tmp_path: Path
) -> None:
    library.files[PICTURE.name] = media_files.picture("png")
    made = await bring(services, tmp_path / "one", PICTURE)
    laid = await anyio.Path(tmp_path / "one/s1.png").read_bytes()
    assert laid == library.files[PICTURE.name]
    (record,) = made.records
    assert isinstance(record, AssetRecord)
    assert (record.medium.source, record.medium.cost) == (Source.UPLOAD, 0)
    (origin,) = made.ingredients["s1"]
    assert (origin.source, origin.field) == (Source.UPLOAD, "scenes.s1.picture")
    await bring(services, tmp_path / "two", PICTURE)
    assert library.asked == [f"media/{PICTURE.name}"]


async def test_what_a_model_drew_here_stays_its_work_when_the_library_brings_it_back(
    services: Services, library: Library, tmp_path: Path
) -> None:
    library.files[PICTURE.name] = media_files.picture("png")
    (brought,) = (await bring(services, tmp_path / "one", PICTURE)).records
    assert isinstance(brought, AssetRecord)
    drawn = msgspec.structs.replace(
        brought.medium,
        key=brought.medium.key.removeprefix(UPLOADS),
        source=Source.MODEL,
        provider="gemini",
        model_used="a-model",
    )
    # As if it had been drawn first: what was brought once is known by what it was then.
    await Asset.delete().where(Asset.id == brought.id)
    await assets.record(msgspec.structs.replace(brought, request_digest="5" * 64, medium=drawn))
    made = await bring(services, tmp_path / "two", PICTURE)
    (record,) = made.records
    assert isinstance(record, AssetRecord)
    assert (record.medium.source, record.medium.cost) == (Source.UPLOAD, 0)
    (origin,) = made.ingredients["s1"]
    assert (origin.source, origin.provider, origin.model) == (Source.MODEL, "gemini", "a-model")
    assert origin.field == "scenes.s1.picture"


async def test_two_files_of_one_name_are_two_files(
    services: Services, library: Library, tmp_path: Path
) -> None:
    first, second = media_files.picture("png"), media_files.picture("png", size=(80, 60))
    library.files[PICTURE.name] = first
    await bring(services, tmp_path / "one", PICTURE)
    library.files[PICTURE.name] = second
    replaced = msgspec.structs.replace(PICTURE, version="2")
    await bring(services, tmp_path / "two", PICTURE, replaced)
    laid = [await anyio.Path(tmp_path / f"two/s{number}.png").read_bytes() for number in (1, 2)]
    assert laid == [first, second]


async def test_two_names_of_one_content_are_two_references_to_one_upload(
    services: Services, library: Library, tmp_path: Path
) -> None:
    other = msgspec.structs.replace(PICTURE, document="8", name="Brot, noch einmal.png")
    library.files |= dict.fromkeys([PICTURE.name, other.name], media_files.picture("png"))
    await bring(services, tmp_path / "one", PICTURE, other)
    # Each is known from now on, also when the library has neither any more.
    library.files.clear()
    await bring(services, tmp_path / "two", PICTURE, other)
    assert library.asked == [f"media/{PICTURE.name}", f"media/{other.name}"]
    scenes = tuple(Scene(id=f"s{n}", picture=file) for n, file in enumerate([PICTURE, other]))
    brought = await own_files.brought("p1", Storyboard(title="T", scenes=scenes))
    assert len({upload.id for upload in brought.values()}) == 1
    assert set(brought) == {PICTURE, other}


async def test_a_file_that_was_replaced_since_it_was_approved_is_not_filmed(
    services: Services, library: Library, tmp_path: Path
) -> None:
    library.files[PICTURE.name] = media_files.picture("png")
    library.replaced = {PICTURE.document}
    with pytest.raises(OwnFileReplaced, match="was replaced in the media library"):
        await bring(services, tmp_path / "one", PICTURE)
    library.replaced = set()
    await bring(services, tmp_path / "two", PICTURE)
    # What was fetched as it was approved is filmed, whatever lies in the library by now.
    library.replaced = {PICTURE.document}
    await bring(services, tmp_path / "three", PICTURE)


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ("nothing", OwnFileMissing),
        ("a redirect", OwnFileMissing),
        ("no medium", OwnFileUnfit),
        ("a sound", OwnFileUnfit),
        ("too many bytes", LimitExceeded),
        ("an error", OwnFileUnavailable),
        ("another secret", OwnFileUnavailable),
    ],
)
async def test_what_the_cms_does_not_hand_over_ends_the_film_with_a_word_on_which(
    services: Services, library: Library, tmp_path: Path, given: str, error: type[RenderError]
) -> None:
    files = {
        "no medium": b"<html>" + bytes(100),
        "a sound": media_files.medium("mp3", tmp_path),
        "too many bytes": bytes(50_001),
    }
    if given in files:
        library.files[PICTURE.name] = files[given]
    library.away = given == "an error"
    if given == "another secret":
        library.secret = "whsec_" + "b" * 44
    library.elsewhere = "http://127.0.0.1:1/elsewhere" if given == "a redirect" else ""
    with pytest.raises(error) as raised:
        await bring(services, tmp_path / "one", PICTURE)
    assert raised.value.params["scene"] == "1"


async def test_without_a_cms_there_is_nowhere_to_fetch_from(
    services: Services, tmp_path: Path
) -> None:
    with pytest.raises(OwnFileMissing, match="no CMS is configured"):
        await bring(replace(services, payload=None), tmp_path / "one", PICTURE)
