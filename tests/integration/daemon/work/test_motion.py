"""Scenes set in motion: the still first, the clip second, and the camera where no clip comes."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import anyio
import msgspec
import pytest
from pydantic import SecretStr

from cms_bridge.jobs import previews
from cms_bridge.jobs.leases import Lease
from cms_bridge.ledger import charges
from cms_bridge.ledger.vault import SpoolFull
from cms_bridge.pricing.estimates import estimate, estimate_in, prices_of
from cms_bridge.states import Status
from cms_bridge.tables import Job
from daemon.settings import DaemonSettings
from daemon.work.generation import GeneratedAssets, generate_assets
from daemon.work.motion import NoClipModel
from daemon.work.progress import Reporter
from daemon.work.services import Services
from render.errors import AccessDenied, RunningGeneration
from render.generation.base import Fate, Kind
from render.generation.clip_inspection import inspect_clip
from render.generation.models import GeminiModelConfig, ModelsConfig
from render.generation.requests import clip_request
from render.preview.document import ClipView, StillView, TimelinePreview
from render.source import Source
from render.storyboard import Limits, Motion, Role, Scene, Storyboard
from tests.support import events
from tests.support.ledger import AMPLE, check_books, claimed, die, new_job
from tests.support.services import opened_services
from tests.support.simulators import gemini, media
from tests.support.simulators.gemini import Clip, GeminiSimulator
from tests.support.simulators.models import simulated

pytestmark = pytest.mark.anyio

CONFIG = ModelsConfig(
    gemini=GeminiModelConfig(max_retries=1, retry_delay_ms=100, check_availability=False),
    replicate_clips="",
    clip_seconds=3,
)
BOARD = Storyboard(
    title="Harbour",
    scenes=(
        Scene(
            id="s1",
            narration="The boat leaves the harbour at dawn.",
            picture_prompt="A harbour",
            motion=Motion.GENERATED,
            motion_prompt="The boat leaves",
        ),
        Scene(id="s2", picture_prompt="A lighthouse"),
    ),
)
PRICES = prices_of(CONFIG, gemini=True, replicate=False)


@pytest.fixture
async def services(
    request: pytest.FixtureRequest,
    database: str,
    database_url: str,
    redis_url: str,
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
    async with opened_services(settings, simulated(request, "chain", CONFIG)) as services:
        yield services
        await check_books(AMPLE)


async def make(
    services: Services, lease: Lease, folder: Path, board: Storyboard = BOARD
) -> GeneratedAssets:
    await anyio.Path(folder).mkdir(parents=True)
    reporter = Reporter(lease, every=0)
    return await generate_assets(lease, board, folder, services=services, reporter=reporter)


async def of_clips(job: UUID) -> list[tuple[str, Decimal | None]]:
    return [
        (row.state.value, row.settled)
        for row in await charges.charges_of(job)
        if row.kind.value == "clip"
    ]


async def test_a_clip_is_made_of_the_very_still_and_paid_within_its_price(
    services: Services, tmp_path: Path, gemini_simulator: GeminiSimulator
) -> None:
    job = await new_job()
    made = await make(services, await claimed(job), tmp_path / "one")
    (still,) = [path async for path in anyio.Path(tmp_path / "one").glob("s1.jpg")]
    asked = clip_request(BOARD, BOARD.scenes[0], seconds=4)
    first = await still.read_bytes()
    inspect_clip(tmp_path / "one/s1.mp4", msgspec.structs.replace(asked, first=first))
    assert made.camera == frozenset()
    ((state, paid),) = await of_clips(job)
    scene = estimate(BOARD, PRICES).scenes[0]
    assert state == "settled"
    assert paid
    assert paid <= scene.clip
    assert [one.role.value for one in made.ingredients["s1"]] == ["picture", "narration", "clip"]
    assert gemini_simulator.calls[-1]["labels"]["charge"]
    assert gemini_simulator.downloaded == 1
    told = await previews.preview(
        job, aspect_ratio=None, limits=Limits(), prices=PRICES, edited=BOARD
    )
    shown = msgspec.json.decode(told.body, type=TimelinePreview).scenes
    assert [type(scene.view) for scene in shown] == [ClipView, StillView]
    left = await estimate_in("p1", BOARD, PRICES)
    assert left.difference == 0


async def test_a_second_film_and_changed_words_buy_nothing_again(
    services: Services, tmp_path: Path, gemini_simulator: GeminiSimulator
) -> None:
    await make(services, await claimed(await new_job()), tmp_path / "one")
    before = len(gemini_simulator.interactions)
    job = await new_job()
    again = msgspec.structs.replace(BOARD.scenes[0], narration="The boat leaves at noon.")
    board = msgspec.structs.replace(BOARD, scenes=(again,))
    made = await make(services, await claimed(job), tmp_path / "two", board)
    assert (tmp_path / "two/s1.mp4").exists()
    assert len(gemini_simulator.interactions) == before
    assert made.camera == frozenset()


async def test_a_clip_with_sound_is_bought_where_it_is_asked_for_and_serves_without(
    services: Services, tmp_path: Path, gemini_simulator: GeminiSimulator
) -> None:
    heard = msgspec.structs.replace(BOARD.scenes[0], clip_sound=True)
    loud = msgspec.structs.replace(BOARD, scenes=(heard, *BOARD.scenes[1:]))
    job = await new_job()
    made = await make(services, await claimed(job), tmp_path / "one", loud)
    ((state, paid),) = await of_clips(job)
    assert state == "settled"
    assert paid
    assert paid <= estimate(loud, PRICES).scenes[0].clip
    (clip,) = (one for one in made.ingredients["s1"] if one.role is Role.CLIP)
    assert (clip.model, clip.source) == (CONFIG.gemini_clips, Source.MODEL)
    told = await previews.preview(
        job, aspect_ratio=None, limits=Limits(), prices=PRICES, edited=loud
    )
    view = msgspec.json.decode(told.body, type=TimelinePreview).scenes[0].view
    assert isinstance(view, ClipView)
    assert view.sound
    before = len(gemini_simulator.interactions)
    await make(services, await claimed(await new_job()), tmp_path / "two")
    assert len(gemini_simulator.interactions) == before, "without its sound it shows the same"
    assert (await estimate_in("p1", BOARD, PRICES)).difference == 0


async def test_nothing_is_paid_for_that_the_disk_has_no_room_for(
    services: Services, tmp_path: Path, gemini_simulator: GeminiSimulator
) -> None:
    too_much = services.settings.model_copy(update={"work_room_mb": 2**30})
    job = await new_job()
    with pytest.raises(SpoolFull):
        await make(replace(services, settings=too_much), await claimed(job), tmp_path / "one")
    assert await charges.charges_of(job) == []
    assert gemini_simulator.calls == []


@pytest.mark.parametrize(
    ("act", "reason", "states", "charged"),
    [
        (gemini.Refuse(status=400, code="INVALID_ARGUMENT"), "generation_refused", ["released"], 0),
        (Clip(empty=True, charged=False, usage=False, told={"raiMediaFilteredCount": 1}),
         "generation_unsafe", ["released"], 0),
        (Clip(empty=True, told={"raiMediaFilteredCount": 1}),
         "generation_unsafe", ["settled"], 1),
        (Clip(empty=True, usage=False), "generation_outcome_unknown", ["unknown"], 1),
        (Clip(looks=10_000), "generation_outcome_unknown", ["unknown"], 1),
        (Clip(lost=True), "generation_outcome_unknown", ["unknown"], 1),
        (Clip(data=media.clip(media.BLACK, 3)), "generation_unusable", ["settled"], 1),
        (Clip(data=media.clip(media.picture(640, 360), 3)), "generation_unusable", ["settled"], 1),
    ],
    ids=["refused", "filtered", "filtered at a price", "done without a clip", "not done in time",
         "answer lost", "black", "of another picture"],
)  # fmt: skip
async def test_where_no_clip_comes_the_camera_moves_and_the_scene_says_why(  # noqa: PLR0917 - fixtures
    services: Services,
    tmp_path: Path,
    gemini_simulator: GeminiSimulator,
    act: gemini.Act,
    reason: str,
    states: list[str],
    charged: int,
) -> None:
    gemini_simulator.begins.append(act)
    job = await new_job()
    made = await make(services, await claimed(job), tmp_path / "one")
    told = next(said for said in made.warnings if said.code == "motion_not_generated")
    assert told.params == {"reason": reason, "scene": 1}
    assert made.camera == {"s1"}
    assert made.shown(BOARD).scenes[0].motion is Motion.ZOOM_IN
    assert "placeholder_used" not in {said.code for said in made.warnings}
    assert (tmp_path / "one/s1.jpg").exists()
    assert not (tmp_path / "one/s1.mp4").exists()
    assert [state for state, _ in await of_clips(job)] == states
    assert gemini_simulator.charges.count(CONFIG.gemini_clips) == charged


async def test_what_would_pass_what_was_approved_is_not_bought(
    services: Services, tmp_path: Path, gemini_simulator: GeminiSimulator
) -> None:
    job = await new_job(approved=Decimal("0.30"))
    made = await make(services, await claimed(job), tmp_path / "one")
    told = next(said for said in made.warnings if said.code == "motion_not_generated")
    assert told.params["reason"] == "approved_cost_reached"
    assert not gemini_simulator.interactions


async def test_what_runs_on_after_a_kill_is_fetched_and_nothing_is_begun(
    services: Services, tmp_path: Path, gemini_simulator: GeminiSimulator
) -> None:
    gemini_simulator.begins.append(Clip(looks=10_000))
    job = await new_job()
    lease = await claimed(job)
    with anyio.move_on_after(30):
        async with anyio.create_task_group() as group:
            group.start_soon(make, services, lease, tmp_path / "one")
            while not any(one["looks"] for one in gemini_simulator.interactions.values()):  # noqa: ASYNC110 - another thread's
                await anyio.sleep(0.02)
            services.in_flight.cut_off(lease)
            group.cancel_scope.cancel()
    assert [state for state, _ in await of_clips(job)] == ["started"]
    (begun,) = gemini_simulator.interactions.values()
    begun["looks"] = 10_000
    await die(job)
    made = await make(services, await claimed(job), tmp_path / "two")
    assert made.camera == frozenset()
    assert (tmp_path / "two/s1.mp4").exists()
    assert len(gemini_simulator.interactions) == 1
    assert [state for state, _ in await of_clips(job)] == ["settled"]


async def test_a_clip_that_cannot_be_fetched_ends_no_film_and_is_fetched_for_the_next(
    services: Services, tmp_path: Path, gemini_simulator: GeminiSimulator
) -> None:
    gemini_simulator.begins.append(Clip(delivery="files/{}", processing=10_000))
    job = await new_job()
    with pytest.raises(RunningGeneration):
        await make(services, await claimed(job), tmp_path / "one")
    await die(job)
    last = msgspec.structs.replace(await claimed(job), last_try=True)
    made = await make(services, last, tmp_path / "two")
    told = next(said for said in made.warnings if said.code == "motion_not_generated")
    assert told.params == {"reason": "generation_running", "scene": 1}
    assert made.camera == {"s1"}
    assert [state for state, _ in await of_clips(job)] == ["started"]
    (charge,) = [one for one in await charges.charges_of(job) if one.kind is Kind.CLIP]
    fate = services.providers.fate
    assert await fate("gemini", charge.model, charge.provider_id or "") is Fate.MADE
    assert await fate("gemini", "of-yore", charge.provider_id or "") is Fate.MADE
    assert await fate("gemini", charge.model, "v1_of_yore") is Fate.LOST
    with pytest.raises(AccessDenied):
        await fate("elsewhere", charge.model, charge.provider_id or "")
    (begun,) = gemini_simulator.interactions.values()
    begun["file_looks"] = 10_000
    await die(job)
    made = await make(services, await claimed(job), tmp_path / "three")
    assert made.camera == frozenset()
    assert (tmp_path / "three/s1.mp4").exists()
    assert len(gemini_simulator.interactions) == 1
    assert [state for state, _ in await of_clips(job)] == ["settled"]


async def test_a_clip_that_an_ended_film_went_on_without_is_fetched_for_another_video(
    services: Services, tmp_path: Path, gemini_simulator: GeminiSimulator
) -> None:
    gemini_simulator.begins.append(Clip(delivery="files/{}", processing=10_000))
    job, other = await new_job(), await new_job()
    last = msgspec.structs.replace(await claimed(job), last_try=True)
    assert (await make(services, last, tmp_path / "one")).camera == {"s1"}
    long_ago = datetime.now(UTC) - timedelta(minutes=5)
    await Job.update({Job.status: Status.COMPLETED, Job.updated_at: long_ago}).where(Job.id == job)
    (begun,) = gemini_simulator.interactions.values()
    begun["file_looks"] = 10_000
    made = await make(services, await claimed(other), tmp_path / "two")
    assert made.camera == frozenset()
    assert (tmp_path / "two/s1.mp4").exists()
    assert len(gemini_simulator.interactions) == 1
    assert await of_clips(job) == []
    assert [state for state, _ in await of_clips(other)] == ["settled"]


async def test_without_a_model_for_clips_the_camera_moves(
    services: Services, tmp_path: Path
) -> None:
    without = replace(services, providers=replace(services.providers, clips=None))
    made = await make(without, await claimed(await new_job()), tmp_path / "one")
    told = next(said for said in made.warnings if said.code == "motion_not_generated")
    assert told.params["reason"] == NoClipModel.code


async def test_nobody_sets_a_placeholder_in_motion(
    services: Services, tmp_path: Path, gemini_simulator: GeminiSimulator
) -> None:
    gemini_simulator.script.extend([gemini.Refuse(status=400)] * 40)
    images = replace(services.providers.images, rungs=services.providers.images.rungs[-1:])
    drawn = replace(services, providers=replace(services.providers, images=images))
    made = await make(drawn, await claimed(await new_job()), tmp_path / "one")
    told = next(said for said in made.warnings if said.code == "motion_not_generated")
    assert told.params["reason"] == "placeholder_still"
    assert not gemini_simulator.interactions
