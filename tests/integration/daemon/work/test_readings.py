"""Readings: what nobody has spoken yet is read by a free voice, for the animatic alone."""

import io
import wave
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import anyio
import httpx
import msgspec
import numpy as np
import pytest
from msgspec.structs import replace
from pydantic import SecretStr

from cms_bridge import clock, voices
from cms_bridge.jobs import leases, readings, turns
from cms_bridge.jobs.readings import ReadingState
from cms_bridge.operations import project_data
from cms_bridge.pricing.estimates import estimate_in, prices_of
from cms_bridge.states import JobKind, Lane, Status
from cms_bridge.tables import Approval, Asset, Attempt, Charge, Job, Turn, Voice, WebhookEvent
from cms_bridge.webhooks.targets import Targets
from daemon import worker
from daemon.settings import DaemonSettings
from daemon.tasks import open_dispatcher, produce
from daemon.work.generation import generate_assets
from daemon.work.progress import Reporter
from daemon.work.services import Services
from render.generation.base import Kind
from render.generation.models import GeminiModelConfig, ModelsConfig
from render.generation.providers import open_providers
from render.own import Upload
from render.preview.document import NarrationPreview, TimelinePreview
from render.problem import Problem
from render.storyboard import CaptionStyle, Limits, Storyboard
from render.turns import Speaker
from tests.support import events
from tests.support.api import running_api
from tests.support.jobs import claimed, put
from tests.support.ledger import new_job
from tests.support.services import opened_services
from tests.support.simulators import gemini
from tests.support.simulators.gemini import GeminiSimulator

pytestmark = pytest.mark.anyio

API_KEY = "an-api-key-of-more-than-32-characters"
CONFIG = ModelsConfig(
    gemini=GeminiModelConfig(max_retries=1, retry_delay_ms=100, check_availability=False)
)
BOARD = events.storyboard(
    "The first loaf leaves the oven at five.",
    "By seven, the shop is full.",
    voice="gemini:Kore",
    captions=CaptionStyle.BOX,
)
CHANGED = replace(
    BOARD,
    scenes=(BOARD.scenes[0], replace(BOARD.scenes[1], narration="By eight it is empty again.")),
)


@pytest.fixture
def settings(database_url: str, redis_url: str, tmp_path: Path) -> DaemonSettings:
    return DaemonSettings(
        redis_url=redis_url,
        database_url=database_url,
        storage_directory=tmp_path / "objects",
        work_directory=tmp_path / "work",
        webhook_secret=SecretStr(events.SECRET),
        api_key=SecretStr(API_KEY),
        link_secret=SecretStr("a-link-secret-of-more-than-32-characters"),
        models=CONFIG,
        gemini_api_key=SecretStr(gemini.KEY),
    )


@pytest.fixture
async def http(settings: DaemonSettings) -> AsyncIterator[httpx.AsyncClient]:
    prices = prices_of(CONFIG, gemini=True, replicate=False)
    async with running_api(settings, prices=prices) as client:
        yield client


@pytest.fixture(autouse=True)
async def services(
    settings: DaemonSettings, http: httpx.AsyncClient, gemini_simulator: GeminiSimulator
) -> AsyncIterator[Services]:
    """Beside the bridge, a daemon with Gemini's voices and espeak-ng's, that has told of them."""
    assert http
    opened = open_providers(CONFIG, gemini_key=gemini.KEY, gemini_url=gemini_simulator.url)
    async with opened_services(settings, opened) as services:
        await voices.report(services.providers.voices)
        yield services


async def drafted(board: Storyboard = BOARD, *, project: str = "p1") -> UUID:
    """Return a video that waits for approval."""
    job = await new_job(project=project)
    await put(
        job,
        Status.STORYBOARD_COMPLETE,
        storyboard_data=msgspec.json.encode(board).decode(),
        storyboard_digest=board.digest,
        approved=False,
        wake_at=None,
    )
    return job


async def ask(
    http: httpx.AsyncClient, job: UUID, board: Storyboard | None = None
) -> dict[str, Any]:
    body = {} if board is None else {"storyboard": msgspec.to_builtins(board)}
    answer = await http.post(f"/api/v1/jobs/{job}/readings", json=body)
    return answer.json() | {"status": answer.status_code}


async def work(services: Services, job: UUID) -> None:
    """Have a video's reading read by a daemon."""
    await produce(await claimed(readings.id_of(job)), services)


async def narrations(
    http: httpx.AsyncClient, job: UUID, board: Storyboard = BOARD
) -> list[NarrationPreview]:
    answer = await http.post(
        f"/api/v1/jobs/{job}/timeline", json={"storyboard": msgspec.to_builtins(board)}
    )
    assert answer.status_code == 200, answer.text
    preview = msgspec.json.decode(answer.content, type=TimelinePreview)
    return [scene.narration for scene in preview.scenes if scene.narration]


async def heard(http: httpx.AsyncClient, address: str) -> tuple[float, float]:
    """Return how loud a sound is, as the root of its mean square, and its seconds."""
    answer = await http.get(address, follow_redirects=True)
    with wave.open(io.BytesIO(answer.content)) as file:
        pcm = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(float)
        return float(np.sqrt((pcm**2).mean())), file.getnframes() / file.getframerate()


async def film(services: Services, job: UUID, folder: Path, board: Storyboard = BOARD) -> None:
    """Approve a video and have its narrations spoken for the film."""
    encoded = msgspec.json.encode(board).decode()
    await put(job, Status.APPROVED, storyboard_data=encoded, approved=True, wake_at=clock.now())
    await anyio.Path(folder).mkdir(parents=True)
    lease = await claimed(job)
    await generate_assets(
        lease,
        board,
        folder,
        services=services,
        reporter=Reporter(lease, every=0),
        kinds=(Kind.NARRATION,),
    )


class TestTheAnimatic:
    async def test_it_is_read_aloud_at_no_cost_with_real_lengths_and_words(
        self, http: httpx.AsyncClient, services: Services
    ) -> None:
        job = await drafted()
        for guessed in await narrations(http, job):
            assert (guessed.asset, guessed.reading, guessed.estimated) == (None, None, True)
        under_way = {"state": "under_way", "left": 2, "error": None, "status": 200}
        assert await ask(http, job) == under_way
        await work(services, job)
        assert await ask(http, job) == {"state": "ready", "left": 0, "error": None, "status": 200}
        for narration in await narrations(http, job):
            # It is told apart from the film's own, whose length nobody knows yet.
            assert (narration.asset, narration.estimated) == (None, True)
            assert narration.reading
            loudness, seconds = await heard(http, narration.reading.content_url)
            assert loudness > 100
            assert narration.span.duration == pytest.approx(seconds, abs=0.001)
        told = await http.get(f"/api/v1/jobs/{job}/timeline")
        preview = msgspec.json.decode(told.content, type=TimelinePreview)
        assert preview.captions.cues[0].words
        assert await Charge.count() == 0
        (reading,) = await Job.select(Job.actual_cost, Job.estimated_cost, Job.approved_cost).where(
            Job.kind == JobKind.READING
        )
        assert set(reading.values()) == {0}

    async def test_it_begins_at_once_though_films_take_every_place(
        self, http: httpx.AsyncClient, services: Services
    ) -> None:
        targets = Targets(httpx.AsyncHTTPTransport(), seconds=1, most_bytes=1)
        dispatcher = open_dispatcher(services, targets)
        film = await drafted()
        for limit in (services.generations, services.clips):
            for _ in range(int(limit.total_tokens)):
                await limit.acquire_on_behalf_of(object())
        async with anyio.create_task_group() as group:
            services.generating.start(anyio.sleep_forever())
            # Of the same project, due for longer, and before it by priority.
            waits = await new_job(project="p1")
            await Job.update({Job.wake_at: clock.now()}).where(Job.id == waits)
            for subscription in worker._subscriptions(dispatcher):
                group.start_soon(worker._listen, subscription, dispatcher, services)
            with anyio.fail_after(10):
                assert (await ask(http, film))["state"] == "under_way"
                while (await ask(http, film))["state"] != "ready":  # noqa: ASYNC110 - as a page asks
                    await anyio.sleep(0.1)
            group.cancel_scope.cancel()
        await services.generating.cancel()
        begun = await Attempt.select(Attempt.job, Attempt.started_at, Attempt.job.created_at)
        (reading,) = begun
        assert reading["job"] == readings.id_of(film)
        assert reading["started_at"] - reading["job.created_at"] < timedelta(seconds=2)

    async def test_films_and_readings_take_no_turns_of_each_other(
        self, http: httpx.AsyncClient
    ) -> None:
        film = await drafted()
        waits = await new_job(project="p1")
        await ask(http, film)
        both = [waits, readings.id_of(film)]
        await Job.update({Job.wake_at: clock.now()}).where(Job.id.is_in(both))
        soon = timedelta(seconds=1)
        taken = await turns.next_in(Lane.GENERATION, limit=9, fresh=soon)
        assert [one.id for one in taken] == [waits]
        aside = await turns.next_in(Lane.GENERATION, limit=9, fresh=soon, readings=True)
        assert [one.id for one in aside] == [readings.id_of(film)]
        assert await turns.places(Lane.GENERATION, [waits, readings.id_of(film)], fresh=soon) == {
            waits: 1
        }
        await claimed(readings.id_of(film))
        assert {row["id"] for row in await Turn.select(Turn.id)} == {"reading:p1"}

    async def test_the_film_s_own_narration_takes_its_place_and_costs_what_it_did(
        self, http: httpx.AsyncClient, services: Services, tmp_path: Path
    ) -> None:
        job = await drafted()
        prices = prices_of(CONFIG, gemini=True, replicate=False)
        before = await estimate_in("p1", BOARD, prices, jobs=[job])
        await ask(http, job)
        await work(services, job)
        read = [one.reading.id for one in await narrations(http, job) if one.reading]
        assert await estimate_in("p1", BOARD, prices, jobs=[job]) == before
        await film(services, job, tmp_path / "film")
        assert await Charge.count().where(Charge.job == job) == 2
        spoken = await narrations(http, job)
        assert all(one.reading is None and not one.estimated for one in spoken)
        assert {one.asset.id for one in spoken if one.asset}.isdisjoint(read)
        rows = await Asset.select(Asset.provider).where(Asset.job == job)
        assert [row["provider"] for row in rows] == ["gemini", "gemini"]

    async def test_another_project_hears_nothing_of_it(
        self, http: httpx.AsyncClient, services: Services
    ) -> None:
        ours, theirs = await drafted(), await drafted(project="p2")
        await ask(http, ours)
        await work(services, ours)
        assert all(one.reading is None for one in await narrations(http, theirs))
        assert (await ask(http, theirs))["left"] == 2
        # In its own project it need not be read again.
        assert (await ask(http, await drafted()))["state"] == "ready"


class TestWhatIsRead:
    async def test_what_was_read_is_not_read_again(
        self, http: httpx.AsyncClient, services: Services
    ) -> None:
        job = await drafted()
        await ask(http, job)
        await work(services, job)
        assert (await ask(http, job, CHANGED))["left"] == 1
        await work(services, job)
        assert (await ask(http, job, CHANGED))["state"] == "ready"
        assert (await ask(http, job))["state"] == "ready"
        assert await Asset.count() == 3
        assert await Job.count().where(Job.kind == JobKind.READING) == 1
        # Nobody has approved anything, however often it was begun.
        assert await Approval.count() == 0

    async def test_a_newer_one_takes_the_place_of_one_that_nobody_has_begun(
        self, http: httpx.AsyncClient, services: Services
    ) -> None:
        job = await drafted()
        await ask(http, job)
        await ask(http, job, CHANGED)
        lease = await claimed(readings.id_of(job))
        assert lease.storyboard
        assert [one.narration for one in lease.storyboard.scenes] == [
            one.narration for one in CHANGED.scenes
        ]
        # What is being read is read to its end.
        assert (await ask(http, job))["state"] == "under_way"
        await produce(lease, services)
        assert (await ask(http, job, CHANGED))["state"] == "ready"
        assert await ask(http, job) == {
            "state": "under_way",
            "left": 1,
            "error": None,
            "status": 200,
        }
        await work(services, job)
        assert (await ask(http, job))["state"] == "ready"

    async def test_speakers_are_read_in_turn_by_whoever_is_free(
        self, http: httpx.AsyncClient, services: Services
    ) -> None:
        board = replace(
            events.storyboard("Ada: How long does it rest?\nBen: A night, in the cold."),
            speakers=(
                Speaker(name="Ada", voice="gemini:Kore"),
                Speaker(name="Ben", voice="offline:en-gb"),
            ),
        )
        job = await drafted(board)
        await ask(http, job)
        await work(services, job)
        (narration,) = await narrations(http, job, board)
        assert narration.reading
        assert narration.text == "How long does it rest?\n\nA night, in the cold."
        assert await Charge.count() == 0

    async def test_the_free_voice_that_a_film_asks_for_is_the_one_it_has(
        self, http: httpx.AsyncClient, services: Services
    ) -> None:
        board = replace(BOARD, voice="offline:en-gb")
        job = await drafted(board)
        await ask(http, job)
        await work(services, job)
        for narration in await narrations(http, job, board):
            assert narration.reading is None
            assert narration.asset
            assert narration.asset.placeholder

    async def test_what_somebody_recorded_is_not_read(self, http: httpx.AsyncClient) -> None:
        recorded = tuple(
            replace(scene, narration_file=Upload(asset_id=UUID(int=1))) for scene in BOARD.scenes
        )
        board = replace(BOARD, scenes=recorded)
        assert (await ask(http, await drafted(board)))["state"] == "ready"
        assert await Job.count().where(Job.kind == JobKind.READING) == 0


class TestRefusals:
    async def test_a_language_that_no_free_voice_speaks(self, http: httpx.AsyncClient) -> None:
        job = await drafted()
        tlingit = replace(BOARD, locale="tli")
        refused = await ask(http, job, tlingit)
        assert (refused["status"], refused["code"]) == (409, "no_free_voice")
        await Voice.delete(force=True)
        assert (await ask(http, job))["code"] == "no_free_voice"
        assert await Job.count() == 1

    async def test_what_is_no_video_has_no_storyboard_or_is_too_long(
        self, http: httpx.AsyncClient
    ) -> None:
        assert (await ask(http, UUID(int=7)))["status"] == 404
        job = await drafted()
        assert (await ask(http, job, events.storyboard("Bread. " * 20_000)))["status"] == 422
        await ask(http, job)
        assert (await ask(http, readings.id_of(job)))["code"] == "job_not_found"
        await put(job, Status.PENDING, storyboard_data=None)
        assert (await ask(http, job))["code"] == "storyboard_not_ready"

    async def test_what_failed_is_told_and_left_alone_for_a_minute(
        self, http: httpx.AsyncClient
    ) -> None:
        job = await drafted()
        await ask(http, job)
        reading = readings.id_of(job)
        await leases.fail(await claimed(reading), Problem(code="voice_broke", message="It broke."))
        failed = await ask(http, job)
        assert (failed["state"], failed["error"]["code"]) == ("failed", "voice_broke")
        # Another text may fare better.
        assert (await ask(http, job, CHANGED))["state"] == "under_way"
        await leases.fail(await claimed(reading), Problem(code="voice_broke", message="It broke."))
        await put(reading, Status.FAILED, updated_at=clock.now() - timedelta(minutes=2))
        assert (await ask(http, job, CHANGED))["state"] == "under_way"
        # As long as the settings say.
        await leases.fail(await claimed(reading), Problem(code="voice_broke", message="It broke."))
        rested = await readings.read(job, limits=Limits(), edited=CHANGED, rest=timedelta(0))
        assert rested.state is ReadingState.UNDER_WAY


class TestBesideOtherWork:
    async def test_it_is_listed_where_it_is_asked_for_and_nobody_is_told(
        self, http: httpx.AsyncClient, services: Services
    ) -> None:
        job = await drafted()
        await http.post("/api/v1/projects/p1/webhooks", json={"url": "https://example.com/hook"})
        await ask(http, job)
        await work(services, job)

        async def listed(**asked: str) -> list[str]:
            answer = await http.get("/api/v1/projects/p1/tasks", params=asked)
            return [one["id"] for one in answer.json()["tasks"]]

        assert await listed() == await listed(status="storyboard_complete") == [str(job)]
        assert await listed(status="completed") == []
        assert await listed(kind="reading") == [str(readings.id_of(job))]
        assert await WebhookEvent.count() == 0
        status = (await http.get(f"/api/v1/tasks/{readings.id_of(job)}/status")).json()
        assert (status["kind"], status["scenesDone"], status["priority"]) == ("reading", 2, "low")
        exports = await http.get(f"/api/v1/videos/{job}/exports")
        assert exports.json()["exports"] == []

    async def test_it_stands_in_no_erasure_s_way_and_goes_with_its_project(
        self, http: httpx.AsyncClient, services: Services
    ) -> None:
        job = await drafted()
        await ask(http, job)
        await put(job, Status.CANCELLED)
        await project_data.erase("p1", services.store)
        assert await Job.count() == 0
