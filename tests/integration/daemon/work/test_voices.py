"""Voices: what a daemon has told of is listed, refused where it is not, and heard on demand."""

from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from cms_bridge import voices
from cms_bridge.jobs import leases
from cms_bridge.jobs.leases import Phase
from cms_bridge.pricing.estimates import prices_of
from cms_bridge.tables import Job
from daemon.settings import DaemonSettings
from daemon.tasks import produce
from daemon.work.services import Services
from render.generation.models import ModelsConfig
from render.generation.providers import open_providers
from render.generation.voices import Voice
from tests.support.api import running_api
from tests.support.services import opened_services, work_settings
from tests.support.simulators import gemini
from tests.support.simulators.gemini import GeminiSimulator

pytestmark = pytest.mark.anyio

API_KEY = "an-api-key-of-more-than-32-characters"
VOICES = "/api/v1/voices"
SAMPLES = f"{VOICES}/samples"


@pytest.fixture
def settings(database_url: str, redis_url: str, tmp_path: Any) -> DaemonSettings:
    return work_settings(database_url, redis_url, tmp_path)


@pytest.fixture
async def http(settings: DaemonSettings) -> AsyncIterator[httpx.AsyncClient]:
    async with running_api(
        settings, prices=prices_of(ModelsConfig(), gemini=True, replicate=False)
    ) as client:
        yield client


@pytest.fixture(autouse=True)
async def services(
    settings: DaemonSettings, http: httpx.AsyncClient, gemini_simulator: GeminiSimulator
) -> AsyncIterator[Services]:
    """Beside the bridge, a daemon with Gemini's voices and espeak-ng's, that has told of them."""
    assert http
    opened = open_providers(ModelsConfig(), gemini_key=gemini.KEY, gemini_url=gemini_simulator.url)
    async with opened_services(settings, opened) as services:
        await voices.report(services.providers.voices)
        yield services


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


async def listed(http: httpx.AsyncClient, **asked: str) -> list[dict[str, Any]]:
    """Return a list, page after page of seven."""
    found: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        answer = await http.get(VOICES, params={"limit": "7", **asked, **cursor})
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert len(page["voices"]) <= 7
        found += page["voices"]
        if page["nextCursor"] is None:
            return found
        cursor = {"cursor": page["nextCursor"]}


async def sample(http: httpx.AsyncClient, **changes: str) -> httpx.Response:
    return await http.post(SAMPLES, json={"projectId": "bakery", **changes})


class TestTheCatalogue:
    async def test_every_voice_is_listed_once_with_what_its_provider_says(
        self, http: httpx.AsyncClient, services: Services
    ) -> None:
        every = await listed(http)
        assert [one["id"] for one in every] == sorted(one.id for one in services.providers.voices)
        told = {one["id"]: one for one in every}
        assert told["gemini:Kore"] | {"samplePrice": "0"} == {
            "id": "gemini:Kore",
            "name": "Kore",
            "provider": "gemini",
            "languages": [],
            "gender": "female",
            "description": "firm",
            "sampleUrl": None,
            "samplePrice": "0",
        }
        assert Decimal(told["gemini:Kore"]["samplePrice"]) > 0
        assert told["offline:de"]["samplePrice"] == "0.000000"

    async def test_a_language_finds_its_dialects_and_whoever_speaks_all(
        self, http: httpx.AsyncClient
    ) -> None:
        offline = await listed(http, language="pt", provider="offline")
        assert {one["name"] for one in offline} == {"pt", "pt-br"}
        assert {
            one["name"] for one in await listed(http, language="de-AT", provider="offline")
        } == {"de"}
        assert len(await listed(http, language="de", provider="gemini")) == 30
        assert await listed(http, provider="nobody") == []

    async def test_what_no_daemon_has_any_more_is_forgotten(self, http: httpx.AsyncClient) -> None:
        await voices.prune(timedelta(days=1))
        assert len(await listed(http, provider="gemini")) == 30
        await voices.prune(timedelta(0))
        assert await listed(http) == []
        # What was told of twice is there once.
        one = Voice(provider="piper", name="anna", languages=("de",))
        await voices.report([one])
        await voices.report([one])
        assert [voice["id"] for voice in await listed(http)] == ["piper:anna"]

    async def test_what_is_not_of_its_form_is_refused(self, http: httpx.AsyncClient) -> None:
        for asked in ({"language": "de;--"}, {"limit": "0"}, {"limit": "101"}, {"offset": "1"}):
            assert (await http.get(VOICES, params=asked)).status_code == 400, asked


class TestNames:
    """A name that nobody has is refused where it is asked for, with those that are nearly so."""

    @staticmethod
    def bodies(voice: str) -> dict[str, dict[str, Any]]:
        brief = {"title": "Bread", "script": "A loaf.", "voice": voice}
        return {
            "/api/v1/videos/generate": {"projectId": "p", "brief": brief},
            "/api/v1/tasks/submit": {"projectId": "p", "kind": "video", "brief": brief},
            "/api/v1/media/generate": {
                "projectId": "p",
                "kind": "speech",
                "prompt": "A loaf.",
                "voice": voice,
            },
        }

    async def test_a_voice_that_there_is_not_is_refused_by_name(
        self, http: httpx.AsyncClient
    ) -> None:
        for path, body in self.bodies("Corey").items():
            answer = await http.post(path, json=body)
            problem = answer.json()
            assert (answer.status_code, problem["code"]) == (422, "voice_not_found"), path
            assert "“Corey”" in problem["detail"]
            assert "gemini:Kore" in problem["detail"]
        assert (await sample(http, voice="gemini:Corey")).json()["code"] == "voice_not_found"
        assert await Job.count() == 0

    async def test_a_voice_is_named_by_its_id_or_as_its_provider_calls_it(
        self, http: httpx.AsyncClient
    ) -> None:
        for voice in ("", "gemini:Kore", "kore", "offline:de", "de+f3", "en-us+f2"):
            for path, body in self.bodies(voice).items():
                answer = await http.post(path, json=body)
                assert answer.status_code in {200, 202}, (path, voice, answer.text)

    async def test_as_long_as_nobody_has_told_of_any_no_name_is_refused(
        self, http: httpx.AsyncClient
    ) -> None:
        await voices.prune(timedelta(0))
        for path, body in self.bodies("whoever").items():
            assert (await http.post(path, json=body)).status_code == 202, path


class TestSamples:
    async def test_one_that_costs_nothing_is_made_once_for_everybody(
        self, http: httpx.AsyncClient, services: Services
    ) -> None:
        answer = await sample(http, voice="offline:de")
        told = answer.json()
        assert (answer.status_code, told["language"], told["url"]) == (202, "de", None)
        assert answer.headers["Location"] == f"/api/v1/media/assets/{told['assetId']}"
        await work(services, told["assetId"])
        medium = (await http.get(answer.headers["Location"])).json()
        assert (medium["status"], medium["cost"]) == ("ready", "0.000000")
        again = await sample(http, voice="offline:de", projectId="another")
        assert (again.status_code, again.json()["assetId"]) == (200, None)
        (told,) = [one for one in await listed(http, language="de") if one["id"] == "offline:de"]
        for url in (told["sampleUrl"], again.json()["url"]):
            sound = await http.get(url)
            assert sound.content.startswith(b"RIFF")
        assert await Job.count() == 1

    async def test_one_that_is_paid_is_bought_for_the_price_that_is_named_and_no_more(
        self, http: httpx.AsyncClient, services: Services
    ) -> None:
        (kore,) = [
            one for one in await listed(http, provider="gemini") if one["id"] == "gemini:Kore"
        ]
        refused = await sample(http, voice="gemini:Kore")
        assert (refused.status_code, refused.json()["code"]) == (409, "approval_conflict")
        assert refused.json()["params"]["estimatedCost"] == kore["samplePrice"]
        assert await Job.count() == 0
        ordered = await sample(http, voice="gemini:Kore", upTo=kore["samplePrice"])
        await work(services, ordered.json()["assetId"])
        job = await Job.objects().get(Job.id == UUID(ordered.json()["assetId"]))
        assert job is not None
        assert 0 < job.actual_cost <= Decimal(kore["samplePrice"])
        (kore,) = [
            one for one in await listed(http, provider="gemini") if one["id"] == "gemini:Kore"
        ]
        assert (kore["samplePrice"], kore["sampleUrl"] is None) == ("0.000000", False)
        # In another language it is another sample.
        german = await sample(http, voice="gemini:Kore", language="de")
        assert german.status_code == 409
