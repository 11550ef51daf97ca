"""A film's timeline over HTTP: before and after its media are made."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest
from pydantic import SecretStr

from cms_bridge import assets
from cms_bridge.assets import WHOLE, AssetRecord, Condition, Metadata, StoredMedium
from cms_bridge.jobs import media
from cms_bridge.jobs.media import Order
from cms_bridge.pricing.estimates import OFFLINE
from cms_bridge.states import JobKind, Status
from cms_bridge.tables import Asset, Job
from daemon.settings import DaemonSettings
from daemon.work.generation import generate_assets
from daemon.work.progress import Reporter
from daemon.work.services import Services
from render.assets import gather
from render.generation.base import Kind
from render.generation.models import ModelsConfig
from render.generation.offline.account import OfflineImages, OfflineSpeech
from render.generation.providers import open_providers
from render.generation.requests import music_request, request_digest
from render.placing import build
from render.preview.beds import bed_file, bed_url
from render.preview.document import StillView, TimelinePreview
from render.sound.mix import voice_parts
from render.storyboard import CaptionStyle, Limits, Mood, Music, Solid, Storyboard
from tests.support import events
from tests.support.api import api_settings, running_api
from tests.support.bridge_process import API_KEY, LINK_SECRET
from tests.support.jobs import put
from tests.support.ledger import claimed, new_job
from tests.support.services import opened_services

pytestmark = pytest.mark.anyio

BOARD = events.storyboard(
    "The first loaf leaves the oven at five.",
    "By seven, the shop is full.",
    captions=CaptionStyle.BOX,
)


@pytest.fixture
async def http(
    database_url: str, redis_url: str, tmp_path: Path
) -> AsyncIterator[httpx.AsyncClient]:
    async with running_api(api_settings(database_url, redis_url, tmp_path)) as client:
        yield client


@pytest.fixture
async def services(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Services]:
    settings = DaemonSettings(
        redis_url=redis_url,
        database_url=database_url,
        storage_directory=tmp_path / "objects",
        work_directory=tmp_path / "work",
        webhook_secret=SecretStr(events.SECRET),
        api_key=SecretStr(API_KEY),
        link_secret=SecretStr(LINK_SECRET),
    )
    providers = open_providers(ModelsConfig())
    async with opened_services(settings, providers, generations=1) as services:
        yield services


async def approved(board: Storyboard = BOARD, *, project: str = "p1") -> UUID:
    job = await new_job(project=project)
    encoded = msgspec.json.encode(board).decode()
    await put(job, Status.APPROVED, storyboard_data=encoded, storyboard_digest=board.digest)
    return job


def path(job: UUID) -> str:
    return f"/api/v1/jobs/{job}/timeline"


async def shown(http: httpx.AsyncClient, job: UUID, **query: str) -> TimelinePreview:
    answer = await http.get(path(job), params=query)
    assert answer.status_code == 200, answer.text
    return msgspec.json.decode(answer.content, type=TimelinePreview)


async def test_a_film_before_and_after_its_media_are_made(
    http: httpx.AsyncClient, services: Services, tmp_path: Path
) -> None:
    job = await approved()
    before = await shown(http, job)
    assert before.storyboard_digest == BOARD.digest
    assert before.estimated
    assert all(
        isinstance(scene.view, StillView) and scene.view.asset is None for scene in before.scenes
    )

    folder = tmp_path / "assets"
    folder.mkdir()
    lease = await claimed(job)
    await generate_assets(
        lease, BOARD, folder, services=services, reporter=Reporter(lease, every=0)
    )
    after = await shown(http, job)
    assert not after.estimated
    for scene in after.scenes:
        assert scene.narration
        assert scene.narration.asset
        assert scene.narration.asset.placeholder
        assert isinstance(scene.view, StillView)
        assert scene.view.asset
        assert scene.view.crop_exact
        for asset, size in (
            (scene.view.asset, (folder / f"{scene.id}.png").stat().st_size),
            (scene.narration.asset, (folder / f"{scene.id}.wav").stat().st_size),
        ):
            content = await http.get(asset.content_url, follow_redirects=True)
            assert content.status_code == 200
            assert len(content.content) == size

    gathered = await gather(
        BOARD, folder=folder, stand_in_folder=folder, images=OfflineImages(), speech=OfflineSpeech()
    )
    timeline = build(BOARD, gathered.media)
    assert after.frames == timeline.frames
    assert [(scene.span.start_frame, scene.span.frames) for scene in after.scenes] == [
        (shot.start, shot.frames) for shot in timeline.shots
    ]
    assert [scene.narration.span.start_sample for scene in after.scenes if scene.narration] == [
        part.start for part in voice_parts(timeline, [0.0] * len(timeline.voices))
    ]
    assert [cue.text for cue in after.captions.cues] == [cue.text for cue in timeline.captions]
    assert [(cue.span.start_frame, cue.span.frames) for cue in after.captions.cues if cue.span] == [
        (text.start, text.frames) for text in timeline.texts if isinstance(text.style, CaptionStyle)
    ]


async def test_what_has_not_changed_is_not_sent_again(http: httpx.AsyncClient) -> None:
    job = await approved()
    first = await http.get(path(job))
    etag = first.headers["etag"]
    assert first.headers["cache-control"] == "private, no-cache"
    assert first.headers["content-type"] == "application/json"
    for sent in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        again = await http.get(path(job), headers={"If-None-Match": sent})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == etag
    edited = events.storyboard("Another sentence altogether.")
    await put(
        job,
        Status.APPROVED,
        storyboard_data=msgspec.json.encode(edited).decode(),
        storyboard_digest=edited.digest,
    )
    changed = await http.get(path(job), headers={"If-None-Match": etag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != etag


async def test_any_shape_may_be_asked_for(http: httpx.AsyncClient) -> None:
    job = await approved()
    wide, tall = await shown(http, job), await shown(http, job, aspectRatio="9:16")
    assert (wide.canvas.width, wide.canvas.height) == (1920, 1080)
    assert (tall.canvas.width, tall.canvas.height) == (1080, 1920)
    assert [scene.span for scene in tall.scenes] == [scene.span for scene in wide.scenes]
    refused = await http.get(path(job), params={"aspectRatio": "4:3"})
    assert refused.status_code == 400
    assert "aspectRatio" in refused.text


async def test_what_has_no_timeline_says_why(http: httpx.AsyncClient) -> None:
    unknown = await http.get(path(uuid4()))
    assert (unknown.status_code, unknown.json()["code"]) == (404, "job_not_found")
    job = await new_job()
    await put(job, Status.PENDING, approved=False, storyboard_data=None)
    early = await http.get(path(job))
    assert (early.status_code, early.json()["code"]) == (409, "storyboard_not_ready")
    assert "no storyboard yet" in early.json()["detail"]
    medium, _ = await media.order(
        Order(project="p1", kind=JobKind.IMAGE, prompt="A loaf"),
        key=None,
        limits=Limits(),
        prices=OFFLINE,
    )
    picture = await http.get(path(medium))
    assert (picture.status_code, picture.json()["code"]) == (404, "job_not_found")
    assert (await http.get(path(job), headers={"Authorization": ""})).status_code == 401


async def test_an_asset_of_another_project_is_not_shown(
    http: httpx.AsyncClient, services: Services, tmp_path: Path
) -> None:
    board = events.storyboard("Ours.")
    theirs, ours = await approved(board, project="p2"), await approved(board, project="p1")
    folder = tmp_path / "assets"
    folder.mkdir()
    lease = await claimed(theirs)
    await generate_assets(
        lease, board, folder, services=services, reporter=Reporter(lease, every=0)
    )
    # As if a model had made them: within their project they would be found again.
    await Asset.update({Asset.source: "model"}).where(Asset.job == theirs)
    assert not (await shown(http, theirs)).estimated
    assert (await shown(http, ours)).estimated
    shared = await approved(board, project="p2")
    assert not (await shown(http, shared)).estimated


async def test_a_damaged_asset_and_one_that_was_never_measured(
    http: httpx.AsyncClient, services: Services, tmp_path: Path
) -> None:
    board = events.storyboard("Measured once.")
    job = await approved(board)
    folder = tmp_path / "assets"
    folder.mkdir()
    lease = await claimed(job)
    await generate_assets(
        lease, board, folder, services=services, reporter=Reporter(lease, every=0)
    )
    await Asset.update({Asset.condition: "unusable"}).where(Asset.kind == Kind.PICTURE)
    (row,) = await Asset.select(Asset.generation_metadata).where(Asset.kind == Kind.NARRATION)
    told = msgspec.json.decode(row["generation_metadata"])
    del told["measures"]
    written = msgspec.json.encode(told).decode()
    await Asset.update({Asset.generation_metadata: written}).where(Asset.kind == Kind.NARRATION)
    (scene,) = (await shown(http, job)).scenes
    assert isinstance(scene.view, StillView)
    assert scene.view.asset is None
    assert scene.narration
    assert scene.narration.asset
    assert scene.narration.estimated


async def test_what_cannot_be_filmed_is_told(http: httpx.AsyncClient) -> None:
    board = events.storyboard("A.")
    scene = msgspec.structs.replace(
        board.scenes[0], duration=601.0, background=Solid(colour="#000000")
    )
    job = await approved(msgspec.structs.replace(board, scenes=(scene,)))
    refused = await http.get(path(job))
    assert (refused.status_code, refused.json()["code"]) == (422, "limit_exceeded")
    assert await Job.exists().where(Job.id == job)


async def test_what_is_typed_is_laid_out_and_kept_nowhere(http: httpx.AsyncClient) -> None:
    job = await approved()
    edited = events.storyboard("Bread.", captions=CaptionStyle.LIT)
    answer = await http.post(path(job), json={"storyboard": msgspec.to_builtins(edited)})
    assert answer.status_code == 200, answer.text
    preview = msgspec.json.decode(answer.content, type=TimelinePreview)
    assert preview.storyboard_digest == edited.digest
    assert [scene.narration.text for scene in preview.scenes if scene.narration] == ["Bread."]
    assert (await shown(http, job)).storyboard_digest == BOARD.digest


async def test_a_film_of_colours_without_a_word_is_laid_out_and_priced(
    http: httpx.AsyncClient,
) -> None:
    """Nothing is made for it, and so nothing is looked for."""
    board = events.storyboard("A.")
    scene = msgspec.structs.replace(
        board.scenes[0], narration="", duration=2.0, background=Solid(colour="#204060")
    )
    silent = msgspec.structs.replace(board, scenes=(scene,))
    job = await approved(silent)
    for answer in (
        await http.get(path(job)),
        await http.post(path(job), json={"storyboard": msgspec.to_builtins(silent)}),
        await http.get(f"/api/v1/jobs/{job}/estimate"),
    ):
        assert answer.status_code == 200, answer.text
    empty = msgspec.to_builtins(msgspec.structs.replace(silent, scenes=()))
    answer = await http.post(path(job), json={"storyboard": empty})
    assert answer.status_code == 422, answer.text


async def test_what_is_typed_keeps_to_the_limits(http: httpx.AsyncClient) -> None:
    endless = events.storyboard("Bread. " * 20_000)
    answer = await http.post(
        path(await approved()), json={"storyboard": msgspec.to_builtins(endless)}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "limit_exceeded")


async def test_the_music_of_a_film_has_its_file(
    http: httpx.AsyncClient, services: Services
) -> None:
    board = msgspec.structs.replace(BOARD, music=Music(mood=Mood.WARM))
    (music,) = [(await shown(http, await approved(board))).music]
    assert music
    assert music.bed_url
    bed = await http.get(music.bed_url)
    assert (bed.status_code, bed.headers["content-type"]) == (200, "audio/ogg")
    assert bed.content == bed_file(Mood.WARM).read_bytes()
    part = await http.get(music.bed_url, headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.content) == (206, b"OggS")
    assert (await http.get("/api/v1/beds?mood=loud")).status_code == 400


async def test_a_models_music_is_heard_once_it_is_there(
    http: httpx.AsyncClient, services: Services
) -> None:
    board = msgspec.structs.replace(BOARD, music=Music(prompt="A warm guitar"))
    job = await approved(board)
    before = (await shown(http, job)).music
    assert before
    assert (before.mood, before.asset) == (Mood.WARM, None)
    assert before.bed_url == bed_url(Mood.WARM)
    asked = music_request(board, seconds=0)
    assert asked
    composed = AssetRecord(
        id=uuid4(),
        job=job,
        scene_id=WHOLE,
        kind=Kind.MUSIC,
        request_digest=request_digest(asked),
        medium=StoredMedium(
            key="projects/p1/song",
            media_type="audio/mpeg",
            bytes=1,
            provider="gemini",
            model_intended="lyria",
            model_used="lyria",
            cost=Decimal("0.08"),
            metadata=Metadata(
                attempt=1, calls=1, seconds=1, latency=1, warnings=(), video_id="v", version=""
            ),
            condition=Condition.USABLE,
        ),
        created_at=datetime.now(UTC),
    )
    await assets.record(composed)
    after = (await shown(http, job)).music
    assert after
    assert after.asset
    assert (after.asset.id, after.bed_url) == (str(composed.id), None)


async def test_every_face_of_a_film_has_its_file(http: httpx.AsyncClient) -> None:
    said = "Bread パン خبز ขนมปัง 빵 ☀"
    edited = events.storyboard(said, captions=CaptionStyle.BOX)
    answer = await http.post(
        path(await approved()), json={"storyboard": msgspec.to_builtins(edited)}
    )
    preview = msgspec.json.decode(answer.content, type=TimelinePreview)
    assert len(preview.faces) > 5
    for face in preview.faces:
        font = await http.get("/api/v1/fonts", params={"file": face.file})
        assert font.status_code == 200, face
        assert font.content[:4] in {b"OTTO", b"\0\1\0\0"}
    for other in ("OFL.txt", "../fonts/Inter-Medium.ttf", ""):
        answer = await http.get("/api/v1/fonts", params={"file": other})
        assert answer.status_code in {400, 404}, other
