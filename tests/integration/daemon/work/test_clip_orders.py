"""Clips asked for by themselves: over HTTP, made by a worker through the same ledger as any."""

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest
from pydantic import SecretStr

from cms_bridge.jobs import leases
from cms_bridge.jobs.leases import Phase
from cms_bridge.ledger import charges
from cms_bridge.pricing.estimates import OFFLINE, Prices, prices_of
from cms_bridge.tables import Asset, Job
from daemon.settings import DaemonSettings
from daemon.tasks import produce
from daemon.work.services import Services
from render.errors import UnsafeRequest
from render.generation.models import GeminiModelConfig, ModelsConfig
from render.generation.requests import clip_request, expected_seconds, request_digest
from render.storyboard import Storyboard
from tests.support import media_files
from tests.support.api import running_api
from tests.support.ledger import AMPLE, check_books
from tests.support.services import opened_services, work_settings
from tests.support.simulators import gemini, replicate
from tests.support.simulators.gemini import Clip, GeminiSimulator
from tests.support.simulators.models import simulated
from tests.support.simulators.replicate import ReplicateSimulator

pytestmark = pytest.mark.anyio

API_KEY = "an-api-key-of-more-than-32-characters"
GENERATE, SUBMIT = "/api/v1/media/generate", "/api/v1/tasks/submit"
CONFIG = ModelsConfig(
    gemini=GeminiModelConfig(max_retries=1, retry_delay_ms=100, check_availability=False),
    clip_seconds=3,
)
WANTED = {"projectId": "p1", "kind": "video", "prompt": "A boat leaves", "seconds": 4}


@pytest.fixture
def provider() -> str:
    return "gemini"


@pytest.fixture
def settings(database_url: str, redis_url: str, tmp_path: Path, provider: str) -> DaemonSettings:
    keys = {
        "gemini": {"gemini_api_key": SecretStr(gemini.KEY)},
        "replicate": {"replicate_api_token": SecretStr(replicate.TOKEN)},
    }
    return work_settings(database_url, redis_url, tmp_path, models=CONFIG, **keys[provider])


@pytest.fixture
def prices(provider: str) -> Prices:
    return prices_of(CONFIG, gemini=provider == "gemini", replicate=provider == "replicate")


@pytest.fixture
async def http(settings: DaemonSettings, prices: Prices) -> AsyncIterator[httpx.AsyncClient]:
    async with running_api(settings, prices=prices) as client:
        yield client


@pytest.fixture
async def services(
    request: pytest.FixtureRequest,
    http: httpx.AsyncClient,
    settings: DaemonSettings,
    provider: str,
) -> AsyncIterator[Services]:
    assert http
    async with opened_services(settings, simulated(request, provider, CONFIG)) as services:
        yield services
        await check_books(AMPLE)


async def work(services: Services, job: str) -> None:
    lease = await leases.claim(
        UUID(job),
        Phase.RENDER,
        worker=f"w-{uuid4()}",
        duration=services.lease_duration,
        policy=services.retry_policy,
    )
    assert lease is not None
    await produce(lease, services)


async def ordered(http: httpx.AsyncClient, **changes: Any) -> Any:
    answer = await http.post(GENERATE, json={**WANTED, **changes})
    assert answer.status_code == 202, answer.text
    return answer.json()


async def charged(job: str) -> list[str]:
    return sorted(row.kind.value for row in await charges.charges_of(UUID(job)))


async def test_a_still_is_drawn_and_set_in_motion_within_the_price_that_is_told(
    http: httpx.AsyncClient, services: Services
) -> None:
    order = await ordered(http)
    assert (order["kind"], order["status"]) == ("clip", "queued")
    assert Decimal(order["estimatedCost"]) > 0
    await work(services, order["id"])
    made = (await http.get(f"/api/v1/media/assets/{order['id']}")).json()
    assert (made["status"], made["mediaType"], made["kind"]) == ("ready", "video/mp4", "clip")
    assert 0 < Decimal(made["cost"]) <= Decimal(order["estimatedCost"])
    assert await charged(order["id"]) == ["clip", "picture"]
    content = await http.get(f"/api/v1/media/assets/{order['id']}/content")
    assert content.status_code == 307
    task = (await http.get(f"/api/v1/tasks/{order['id']}/status")).json()
    assert (task["kind"], task["status"]) == ("clip", "completed")
    # The very same is there, and is not bought again.
    again = await http.post(SUBMIT, json={**WANTED, "kind": "clip"})
    assert (again.status_code, again.json()["status"]) == (200, "completed")
    assert await charged(again.json()["id"]) == []


async def test_one_with_sound_is_not_handed_over_where_none_was_asked_for(
    http: httpx.AsyncClient, services: Services
) -> None:
    order = await ordered(http)
    await work(services, order["id"])
    row = await Job.select(Job.storyboard_data).where(Job.id == UUID(order["id"])).first()
    board = msgspec.json.decode((row or {})["storyboard_data"], type=Storyboard)
    (scene,) = board.scenes
    asked = clip_request(board, scene, seconds=expected_seconds(board, scene))
    assert await Asset.exists().where(Asset.request_digest == request_digest(asked))
    audible = request_digest(msgspec.structs.replace(asked, sound=True))
    await Asset.update({Asset.request_digest: audible}).where(Asset.kind == "clip")
    again = await ordered(http)
    assert again["status"] == "queued"
    await work(services, again["id"])
    assert await charged(again["id"]) == ["clip"]


async def test_one_with_its_own_sound_is_asked_for_with_it_and_serves_nobody_else(
    http: httpx.AsyncClient, services: Services, gemini_simulator: GeminiSimulator
) -> None:
    silent = await ordered(http)
    order = await ordered(http, sound=True)
    await work(services, order["id"])
    row = await Job.select(Job.storyboard_data).where(Job.id == UUID(order["id"])).first()
    board = msgspec.json.decode((row or {})["storyboard_data"], type=Storyboard)
    (scene,) = board.scenes
    asked = clip_request(board, scene, seconds=expected_seconds(board, scene), sounds=True)
    assert asked.sound
    # Told from the beginning, and what is made in the end.
    assert order["promptHash"] == request_digest(asked)
    assert await Asset.exists().where(Asset.request_digest == request_digest(asked))
    again = await http.post(SUBMIT, json={**WANTED, "kind": "clip", "sound": True})
    assert (again.status_code, again.json()["status"]) == (200, "completed")
    # With sound it serves nobody who asked for one without: nobody would mute it.
    await work(services, silent["id"])
    assert await charged(silent["id"]) == ["clip"]


SILENT = prices_of(
    msgspec.structs.replace(CONFIG, replicate_clips="wan-video/wan-2.2-i2v-fast"),
    gemini=False,
    replicate=True,
)


@pytest.mark.parametrize("prices", [SILENT])
async def test_where_the_model_cannot_be_asked_for_sound_none_is_promised(
    http: httpx.AsyncClient,
) -> None:
    for path, kind in ((GENERATE, "video"), (SUBMIT, "clip")):
        answer = await http.post(path, json={**WANTED, "kind": kind, "sound": True})
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_storyboard")
        assert "sound" in answer.json()["detail"]
    assert await Job.count() == 0


async def test_a_picture_that_the_project_was_given_is_where_it_begins(
    http: httpx.AsyncClient, services: Services, tmp_path: Path
) -> None:
    picture = media_files.medium("png", tmp_path)

    async def given(project: str) -> str:
        answer = await http.post(
            "/api/v1/upload-asset",
            data={"projectId": project},
            files={"file": ("first.png", picture)},
        )
        return answer.json()["id"]

    order = await ordered(http, firstFrame=await given("p1"))
    await work(services, order["id"])
    made = (await http.get(f"/api/v1/media/assets/{order['id']}")).json()
    assert (made["status"], made["mediaType"]) == ("ready", "video/mp4")
    assert await charged(order["id"]) == ["clip"]
    # Another project's picture is none of this one's.
    refused = await http.post(GENERATE, json={**WANTED, "firstFrame": await given("another")})
    assert refused.status_code == 422, refused.text


@pytest.mark.parametrize("provider", ["replicate"])
async def test_replicate_makes_one_by_itself_too(
    http: httpx.AsyncClient, services: Services, replicate_simulator: ReplicateSimulator
) -> None:
    order = await ordered(http)
    await work(services, order["id"])
    made = (await http.get(f"/api/v1/media/assets/{order['id']}")).json()
    assert (made["status"], made["mediaType"], made["kind"]) == ("ready", "video/mp4", "clip")
    assert await charged(order["id"]) == ["clip", "picture"]
    assert replicate_simulator.charges == [CONFIG.replicate_images, CONFIG.replicate_clips]
    assert 0 < Decimal(made["cost"]) <= Decimal(order["estimatedCost"])


async def test_nothing_stands_in_for_a_clip_that_is_refused(
    http: httpx.AsyncClient, services: Services, gemini_simulator: GeminiSimulator
) -> None:
    filtered = {"raiMediaFilteredCount": 1}
    gemini_simulator.begins.append(Clip(empty=True, charged=False, usage=False, told=filtered))
    order = await ordered(http, prompt="A boat that is not made")
    with pytest.raises(UnsafeRequest):
        await work(services, order["id"])
    states = {
        row.kind.value: row.state.value for row in await charges.charges_of(UUID(order["id"]))
    }
    assert states == {"picture": "settled", "clip": "released"}
    assert gemini_simulator.charges.count(CONFIG.gemini_clips) == 0


@pytest.mark.parametrize("prices", [OFFLINE])
async def test_where_no_model_makes_clips_none_is_promised(http: httpx.AsyncClient) -> None:
    for path, kind in ((GENERATE, "video"), (SUBMIT, "clip")):
        answer = await http.post(path, json={**WANTED, "kind": kind})
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_storyboard")
        assert "makes clips" in answer.json()["detail"]
    assert await Job.count() == 0


async def test_one_that_is_too_long_is_refused(http: httpx.AsyncClient) -> None:
    answer = await http.post(GENERATE, json={**WANTED, "seconds": 61})
    assert answer.status_code == 422, answer.text
    assert await Job.count() == 0
