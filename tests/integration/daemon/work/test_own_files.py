"""A film of what people bring: uploaded, named by its storyboard, filmed and never charged."""

from collections.abc import AsyncIterator, Collection
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import anyio
import httpx
import msgspec
import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from cms_bridge import films
from cms_bridge.jobs import leases
from cms_bridge.jobs.leases import Phase
from cms_bridge.jobs.moves import find
from cms_bridge.ledger import charges
from cms_bridge.outbox.payload import PayloadClient
from cms_bridge.states import Status
from daemon.settings import DaemonSettings
from daemon.tasks import produce
from daemon.work.generation import generate_assets
from daemon.work.progress import Reporter
from daemon.work.services import Services
from render.errors import OwnFileMissing
from render.generation.base import Kind
from render.generation.models import GeminiModelConfig, ModelsConfig
from render.own import CmsFile, Upload
from render.signing import provenance
from render.source import Source
from render.storyboard import Clip, Logo, Music, Scene, Solid, Storyboard
from tests.support import events, media_files
from tests.support.api import running_api
from tests.support.jobs import put
from tests.support.ledger import AMPLE, check_books, claimed, new_job
from tests.support.media_library import media_library
from tests.support.services import opened_services, work_settings
from tests.support.simulators import gemini
from tests.support.simulators.gemini import GeminiSimulator
from tests.support.simulators.models import simulated
from tests.support.sounds import tone, write_wav

pytestmark = pytest.mark.anyio

API_KEY = "an-api-key-of-more-than-32-characters"
PROJECT = "p1"
CONFIG = ModelsConfig(
    gemini=GeminiModelConfig(max_retries=1, retry_delay_ms=100, check_availability=False)
)


@pytest.fixture
def settings(database_url: str, redis_url: str, tmp_path: Path) -> DaemonSettings:
    return work_settings(
        database_url,
        redis_url,
        tmp_path,
        models=CONFIG,
        gemini_api_key=SecretStr(gemini.KEY),
        hls=False,
        max_scene_seconds=2.5,
    )


@pytest.fixture
async def http(settings: DaemonSettings) -> AsyncIterator[httpx.AsyncClient]:
    async with running_api(settings) as client:
        yield client


@pytest.fixture
async def services(
    request: pytest.FixtureRequest, settings: DaemonSettings
) -> AsyncIterator[Services]:
    async with opened_services(settings, simulated(request, "gemini", CONFIG)) as services:
        yield services
        await check_books(AMPLE)


@pytest.fixture
def media(tmp_path: Path) -> dict[str, bytes]:
    return {kind: media_files.medium(kind, tmp_path) for kind in ("heic", "png", "webm", "mp3")}


async def upload(http: httpx.AsyncClient, data: bytes, *, project: str = PROJECT) -> Upload:
    answer = await http.post(
        "/api/v1/upload-asset", data={"projectId": project}, files={"file": ("picture.png", data)}
    )
    assert answer.status_code in {200, 201}, answer.text
    return Upload(asset_id=UUID(answer.json()["id"]))


async def drafted() -> UUID:
    """Store a job whose storyboard lies before its editor."""
    job = await new_job(project=PROJECT)
    await put(job, Status.STORYBOARD_COMPLETE, wake_at=None)
    return job


async def edit(http: httpx.AsyncClient, job: UUID, board: Storyboard) -> httpx.Response:
    body = {
        "basedOn": (await find(job)).storyboard_digest,
        "storyboard": msgspec.to_builtins(board, builtin_types=()),
        "by": "ann@example.com",
    }
    return await http.put(f"/api/v1/jobs/{job}/storyboard", json=body)


async def film(
    http: httpx.AsyncClient, services: Services, job: UUID, board: Storyboard
) -> dict[str, Any]:
    """Edit, approve and film a storyboard; return what the engine said of its segments."""
    edited = (await edit(http, job, board)).json()
    return await make(http, services, job, board, price=edited["price"]["toApprove"])


async def make(
    http: httpx.AsyncClient, services: Services, job: UUID, board: Storyboard, *, price: str
) -> dict[str, Any]:
    """Approve and film what stands."""
    approved = await http.post(
        f"/api/v1/jobs/{job}/approve",
        json={
            "storyboardDigest": board.digest,
            "estimatedCost": price,
            "by": "ann@example.com",
        },
    )
    assert approved.status_code < 300, approved.text
    lease = await leases.claim(
        job,
        Phase.RENDER,
        worker=f"w-{uuid4()}",
        duration=services.lease_duration,
        policy=services.retry_policy,
    )
    assert lease is not None
    with capture_logs() as logs:
        await produce(lease, services)
    return next(line for line in logs if line["event"] == "engine.finished")


async def charged(job: UUID) -> list[tuple[str, str]]:
    return [(row.scene_id, row.kind.value) for row in await charges.charges_of(job)]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_film_of_what_people_bring_costs_what_a_model_makes_of_it(
    http: httpx.AsyncClient,
    services: Services,
    media: dict[str, bytes],
    gemini_simulator: GeminiSimulator,
    tmp_path: Path,
) -> None:
    picture, clip = await upload(http, media["heic"]), await upload(http, media["webm"])
    sound, logo = await upload(http, media["mp3"]), await upload(http, media["png"])
    board = Storyboard(
        title="Bread",
        scenes=(
            Scene(id="shown", picture=picture, duration=1.0),
            Scene(id="moving", clip=Clip(own=clip), duration=1.0),
            Scene(id="heard", background=Solid(colour="#204060"), narration_file=sound),
            Scene(id="made", picture_prompt="A baker", duration=1.0),
        ),
        music=Music(own=sound),
        logo=Logo(own=logo),
    )
    job = await drafted()
    priced = {
        scene["sceneId"]: scene["due"]
        for scene in (await edit(http, job, board)).json()["price"]["scenes"]
    }
    assert {name for name, due in priced.items() if float(due)} == {"made"}

    before = (await http.get(f"/api/v1/jobs/{job}/timeline")).json()
    shown, moving, heard, _ = before["scenes"]
    told = [shown["view"]["asset"], moving["view"]["asset"], heard["narration"]["asset"]]
    told += [before["music"]["asset"], before["logo"]["asset"]]
    assert [one["source"] for one in told] == ["upload"] * 5
    for one in told:
        link = await http.get(one["contentUrl"])
        got = await http.get(link.headers["location"])
        assert got.content in media.values()

    first = await film(http, services, job, board)
    assert await charged(job) == [("made", "picture")]
    made = await films.finished(job)
    signed = provenance.read(services.settings.storage_directory / made.key)
    assert {
        (one.scene, one.ingredient.field)
        for one in signed.origins
        if one.ingredient.source == "upload"
    } == {
        ("shown", "scenes.shown.picture"),
        ("moving", "scenes.moving.clip.own"),
        ("heard", "scenes.heard.narrationFile"),
        ("", "music.own"),
        ("", "logo.own"),
    }
    after = (await http.get(f"/api/v1/jobs/{job}/timeline")).json()
    assert after["scenes"][0]["view"]["cropExact"]
    assert not after["estimated"]

    other = await upload(http, media["png"])
    scenes = (msgspec.structs.replace(board.scenes[0], picture=other), *board.scenes[1:])
    again = await film(http, services, job, msgspec.structs.replace(board, scenes=scenes))
    assert again["segments"] - again["reused"] < first["segments"]
    assert again["reused"] > 0
    assert await charged(job) == [("made", "picture")]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("kind", "forms"),
    [
        (Kind.PICTURE, media_files.PICTURES),
        (Kind.CLIP, media_files.CLIPS),
        (Kind.NARRATION, media_files.SOUNDS),
    ],
    ids=lambda one: one.value if isinstance(one, Kind) else "",
)
async def test_a_file_of_any_format_comes_from_its_upload_into_a_film_s_media(
    http: httpx.AsyncClient, services: Services, tmp_path: Path, kind: Kind, forms: Collection[str]
) -> None:
    files = {form: media_files.medium(form, tmp_path) for form in forms}
    own = {form: await upload(http, data) for form, data in files.items()}
    board = Storyboard(title="Bread", scenes=tuple(bringing(kind, *one) for one in own.items()))
    await anyio.Path(folder := tmp_path / "media").mkdir()
    lease = await claimed(await new_job(project=PROJECT))
    made = await generate_assets(
        lease, board, folder, services=services, reporter=Reporter(lease, every=0)
    )
    laid = {path.stem: path.read_bytes() for path in folder.iterdir()}
    assert laid == files
    assert {one.scene_id: one.medium.source for one in made.records if one.kind is kind} == (
        dict.fromkeys(forms, Source.UPLOAD)
    )
    assert await charged(lease.job_id) == []


def bringing(kind: Kind, name: str, own: Upload) -> Scene:
    """Return a scene that shows or says a file, and needs nothing else."""
    match kind:
        case Kind.PICTURE:
            return Scene(id=name, duration=1.0, picture=own)
        case Kind.CLIP:
            return Scene(id=name, duration=1.0, clip=Clip(own=own))
        case _:
            return Scene(id=name, background=Solid(colour="#204060"), narration_file=own)


@pytest.mark.slow
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_file_that_is_replaced_in_the_cms_is_encoded_where_it_is_shown_and_costs_nothing(
    http: httpx.AsyncClient,
    services: Services,
    media: dict[str, bytes],
    gemini_simulator: GeminiSimulator,
) -> None:
    before = CmsFile(collection="media", document="7", name="oven.png", version="1")
    after = msgspec.structs.replace(before, name="oven-1.heic", version="2")
    shown = Scene(id="shown", picture=before, duration=1.0)
    board = Storyboard(
        title="Bread",
        scenes=(
            Scene(id="made", picture_prompt="A baker", duration=1.0),
            Scene(id="plain", background=Solid(colour="#204060"), duration=1.0),
            shown,
        ),
    )
    with media_library() as library:
        library.files[before.name] = media["png"]
        async with httpx.AsyncClient(timeout=30) as client:
            payload = PayloadClient(client, url=library.url, secret=events.SECRET, api_path="/cms")
            services = replace(services, payload=payload)
            job = await drafted()
            first = await film(http, services, job, board)
            assert first["reused"] == 0

            # The CMS deletes the bytes that it has others for.
            del library.files[before.name]
            library.files[after.name] = media["heic"]
            scenes = (*board.scenes[:2], msgspec.structs.replace(shown, picture=after))
            changed = msgspec.structs.replace(board, scenes=scenes)
            body, headers = events.signed(events.replaced(job, after, revision=9, board=changed))
            told = await http.post("/api/v1/webhooks/payload", content=body, headers=headers)
            assert told.status_code == 202, told.text
            again = await http.post("/api/v1/webhooks/payload", content=body, headers=headers)
            assert again.json()["duplicate"]
            price = (await http.get(f"/api/v1/jobs/{job}/storyboard")).json()["price"]
            assert [(one["number"], one["parts"]) for one in price["changes"]] == [(3, ["picture"])]
            assert float(price["toApprove"]) == 0

            second = await make(http, services, job, changed, price=price["toApprove"])
    assert library.asked == [f"media/{before.name}", f"media/{after.name}"]
    # The scene itself, and the way into it.
    assert second["segments"] - second["reused"] == 2
    assert await charged(job) == [("made", "picture")]
    assert [one.number for one in await films.of_job(job)] == [2, 1]


async def test_what_cannot_serve_is_refused_where_it_is_named(
    http: httpx.AsyncClient, media: dict[str, bytes]
) -> None:
    job = await drafted()
    sound = await upload(http, media["mp3"])
    elsewhere = await upload(http, media["png"], project="another")
    nowhere = Upload(asset_id=uuid4())
    for scene, code, field in (
        (Scene(id="s1", picture=nowhere), "own_file_missing", "picture"),
        (Scene(id="s1", picture=elsewhere), "own_file_missing", "picture"),
        (Scene(id="s1", picture=sound), "own_file_unfit", "picture"),
        (Scene(id="s1", clip=Clip(own=sound)), "own_file_unfit", "clip.own"),
        (Scene(id="s1", narration_file=nowhere), "own_file_missing", "narrationFile"),
    ):
        answer = await edit(http, job, Storyboard(title="T", scenes=(scene,)))
        assert answer.status_code == 422, answer.text
        problem = answer.json()
        assert (problem["code"], problem["params"]["field"]) == (code, field)
        assert problem["params"]["scene"] == "1"
    board = Storyboard(title="T", scenes=(Scene(id="s1"),), music=Music(own=nowhere))
    assert (await edit(http, job, board)).json()["params"]["field"] == "music.own"
    board = Storyboard(title="T", scenes=(Scene(id="s1"),), logo=Logo(own=sound))
    assert (await edit(http, job, board)).json()["params"]["field"] == "logo.own"


async def test_a_recording_that_is_too_long_for_a_scene_is_refused(
    http: httpx.AsyncClient, tmp_path: Path
) -> None:
    write_wav(tmp_path / "long.wav", tone(seconds=3))
    job = await drafted()
    recording = await upload(http, (tmp_path / "long.wav").read_bytes())
    scene = Scene(id="s1", narration_file=recording)
    answer = await edit(http, job, Storyboard(title="T", scenes=(scene,)))
    assert answer.status_code == 422, answer.text
    assert answer.json()["code"] == "limit_exceeded"


async def test_a_file_that_is_deleted_after_its_approval_ends_the_film_before_it_costs(
    http: httpx.AsyncClient,
    services: Services,
    media: dict[str, bytes],
    gemini_simulator: GeminiSimulator,
) -> None:
    picture = await upload(http, media["png"])
    board = Storyboard(
        title="T",
        scenes=(Scene(id="s1", picture_prompt="A baker"), Scene(id="s2", picture=picture)),
    )
    job = await drafted()
    edited = (await edit(http, job, board)).json()
    await http.delete(f"/api/v1/assets/{picture.asset_id}")
    approved = await http.post(
        f"/api/v1/jobs/{job}/approve",
        json={
            "storyboardDigest": board.digest,
            "estimatedCost": edited["price"]["toApprove"],
            "by": "ann@example.com",
        },
    )
    assert approved.status_code < 300, approved.text
    lease = await leases.claim(
        job,
        Phase.RENDER,
        worker="w",
        duration=services.lease_duration,
        policy=services.retry_policy,
    )
    assert lease is not None
    with pytest.raises(OwnFileMissing) as raised:
        await produce(lease, services)
    assert raised.value.params == {"role": "picture", "field": "picture", "scene": "2"}
    assert await charged(job) == []
