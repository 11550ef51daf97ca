"""Pictures and spoken texts asked for by themselves: over HTTP, and made by a worker."""

from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import anyio
import httpx
import pytest
from redis.asyncio import Redis

from cms_bridge.errors import SpendCapReached
from cms_bridge.jobs import leases
from cms_bridge.jobs.leases import Phase
from cms_bridge.jobs.queue import QueueName, deserialise
from cms_bridge.ledger import charges
from cms_bridge.outbox import messages
from cms_bridge.pricing.amounts import Caps
from cms_bridge.pricing.caps import held, video_row
from cms_bridge.pricing.estimates import Prices
from cms_bridge.settings import BridgeSettings
from cms_bridge.tables import Approval, Asset, Job
from daemon.settings import DaemonSettings
from daemon.tasks import produce
from daemon.work.services import Services
from render.errors import GenerationError, OutcomeUnknown
from render.generation.base import Generated, ImageRequest, Kind, MusicRequest, Ticket
from render.generation.chain import ImageChain, MusicChain, Rung
from render.generation.models import ModelsConfig
from render.generation.providers import open_providers
from tests.support import events
from tests.support.api import running_api
from tests.support.jobs import accept
from tests.support.ledger import check_books, die
from tests.support.services import opened_services, work_settings

pytestmark = pytest.mark.anyio

API_KEY = "an-api-key-of-more-than-32-characters"
GENERATE = "/api/v1/media/generate"
PRICE = Decimal("0.04")
PRICES = Prices(
    picture=lambda _: PRICE,
    narration=lambda _: Decimal("0.01"),
    music=lambda request: Decimal("0.02") if request.seconds <= 30 else Decimal("0.05"),
)
WANTED = {
    "projectId": "bakery",
    "kind": "image",
    "prompt": "An oven that glows",
    "document": "42",
    "field": "hero",
    "version": "v7",
    "by": "ann@example.com",
}


@pytest.fixture
def settings(database_url: str, redis_url: str, tmp_path: Path) -> DaemonSettings:
    return work_settings(
        database_url,
        redis_url,
        tmp_path,
        cap_video_dollars=Decimal("0.05"),
    )


@pytest.fixture
async def http(settings: BridgeSettings) -> AsyncIterator[httpx.AsyncClient]:
    async with running_api(settings, prices=PRICES) as client:
        yield client


class Painter:
    """A paid model that draws what it is asked, and counts."""

    def __init__(self) -> None:
        self.charged = 0
        self.prompts: list[str] = []
        self.fails: GenerationError | None = None

    async def draw(self, request: ImageRequest, _ticket: Ticket) -> Generated:
        self.charged += 1
        self.prompts.append(request.prompt)
        if self.fails:
            raise self.fails
        return Generated(
            data=f"A picture of: {request.prompt}".encode(),
            media_type="image/png",
            provider="gemini",
            model="painter-1",
            cost=Decimal("0.03"),
            inspected=True,
        )


@pytest.fixture
def painter() -> Painter:
    return Painter()


@pytest.fixture
async def services(settings: DaemonSettings, painter: Painter) -> AsyncIterator[Services]:
    rung = Rung(provider="gemini", model="painter-1", price=lambda _: PRICE, make=painter.draw)
    async with opened_services(settings, open_providers(ModelsConfig())) as services:
        images = ImageChain(kind=Kind.PICTURE, rungs=[rung])
        yield replace(services, providers=replace(services.providers, images=images))


async def work(services: Services, job: UUID) -> None:
    """Let a worker claim the job and do it."""
    lease = await leases.claim(
        job,
        Phase.RENDER,
        worker=f"w-{uuid4()}",
        duration=services.lease_duration,
        policy=services.retry_policy,
    )
    assert lease is not None
    await produce(lease, services)


async def order(http: httpx.AsyncClient, *, key: str = "", **changes: Any) -> httpx.Response:
    headers = {"Idempotency-Key": key} if key else {}
    return await http.post(GENERATE, json={**WANTED, **changes}, headers=headers)


class TestOrdering:
    async def test_it_is_accepted_at_its_price_and_a_worker_is_woken(
        self, http: httpx.AsyncClient, redis_url: str
    ) -> None:
        answer = await order(http)
        said = answer.json()
        assert answer.status_code == 202
        assert answer.headers["location"] == f"/api/v1/media/assets/{said['id']}"
        assert (said["status"], said["kind"], said["contentUrl"]) == ("queued", "image", None)
        assert (said["document"], said["field"], said["version"]) == ("42", "hero", "v7")
        assert (said["estimatedCost"], said["cost"]) == ("0.040000", "0.000000")
        assert (await http.get(answer.headers["location"])).json() == said
        async with Redis.from_url(redis_url) as redis:
            (name,) = await redis.zrange(QueueName.GENERATION, 0, -1)
            woken = deserialise(await redis.get(b"arq:job:" + name))
        assert (woken["f"], woken["a"]) == ("render_video", [said["id"], 0])
        (approval,) = await Approval.select()
        assert (approval["by"], approval["estimated_cost"]) == ("ann@example.com", PRICE)

    async def test_the_same_key_is_the_same_order(self, http: httpx.AsyncClient) -> None:
        answers: list[httpx.Response] = []

        async def ask() -> None:
            answers.append(await order(http, key="k"))

        async with anyio.create_task_group() as group:
            for _ in range(5):
                group.start_soon(ask)
        assert {answer.status_code for answer in answers} == {202}
        assert len({answer.json()["id"] for answer in answers}) == 1
        assert await Job.count() == 1
        other = await order(http, key="k2")
        assert other.json()["id"] != answers[0].json()["id"]

    @pytest.mark.parametrize(
        "change",
        [
            {"prompt": "Another"},
            {"kind": "speech"},
            {"kind": "music"},
            {"document": "43"},
            {"style": "Ink"},
        ],
    )
    async def test_a_key_used_with_another_request_is_refused(
        self, http: httpx.AsyncClient, change: dict[str, str]
    ) -> None:
        await order(http, key="k")
        answer = await order(http, key="k", **change)
        assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_conflict")

    async def test_what_may_cost_more_than_it_may_is_told_its_price_and_not_made(
        self, http: httpx.AsyncClient
    ) -> None:
        refused = await order(http, upTo="0.039999")
        assert (refused.status_code, refused.json()["code"]) == (409, "approval_conflict")
        assert refused.json()["params"]["estimatedCost"] == "0.040000"
        assert await Job.count() == 0
        assert (await order(http, upTo="0.04")).status_code == 202

    async def test_a_key_belongs_to_its_project(self, http: httpx.AsyncClient) -> None:
        first = await order(http, key="k")
        other = await order(http, key="k", projectId="another", prompt="Something else")
        assert (first.status_code, other.status_code) == (202, 202)

    @pytest.mark.parametrize(
        ("change", "status"),
        [
            ({"prompt": " \n\x00"}, 422),
            ({"prompt": "x" * 5_001}, 422),
            ({"kind": "film"}, 400),
            ({"kind": "video"}, 422),
            ({"projectId": ""}, 400),
            ({"document": "x" * 129}, 400),
            ({"locale": "not a tag"}, 400),
            ({"aspectRatio": "4:3"}, 400),
            ({"promt": "?"}, 400),
        ],
    )
    async def test_what_cannot_be_made_is_a_problem(
        self, http: httpx.AsyncClient, change: dict[str, str], status: int
    ) -> None:
        answer = await order(http, **change)
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
        assert await Job.count() == 0

    async def test_it_leaves_the_videos_of_its_document_alone(
        self, http: httpx.AsyncClient
    ) -> None:
        asked = await order(http, projectId="project-1", document="video-1")
        first = await accept(events.submitted())
        await accept(events.submitted(submission=2))
        again = await order(http, projectId="project-1", document="video-1", field="other")
        assert {asked.status_code, again.status_code} == {202}
        told = {row["id"]: row["status"] for row in await Job.select(Job.id, Job.status)}
        assert told[first.job_id] == "cancelled"
        assert told[UUID(asked.json()["id"])] == "approved"

    async def test_without_the_key_nothing_is_told_or_done(self, http: httpx.AsyncClient) -> None:
        medium = (await order(http)).json()["id"]
        http.headers.pop("Authorization")
        for path in (f"/api/v1/media/assets/{medium}", f"/api/media/assets/{medium}/content"):
            assert (await http.get(path)).status_code == 401
        assert (await order(http)).status_code == 401
        assert await Job.count() == 1


class TestMaking:
    async def test_a_picture_comes_with_its_record(
        self, http: httpx.AsyncClient, services: Services
    ) -> None:
        medium = UUID((await order(http)).json()["id"])
        await work(services, medium)
        said = (await http.get(f"/api/v1/media/assets/{medium}")).json()
        assert (said["status"], said["provider"], said["placeholder"]) == ("ready", "gemini", False)
        assert said["modelIntended"] == said["modelUsed"] == "painter-1"
        assert (said["attempts"], said["cost"], said["modelFallbackOccurred"]) == (
            1,
            "0.030000",
            False,
        )
        assert (said["mediaType"], said["bytes"]) == ("image/png", 32)
        assert said["latency"] >= 0
        assert said["warnings"] == []
        (row,) = await Asset.select()
        assert said["promptHash"] == row["request_digest"]
        assert await held(video_row("bakery", "42")) == Decimal("0.03")

    async def test_a_reference_of_a_cast_is_drawn_alone_and_anew_for_another_take(
        self, http: httpx.AsyncClient, services: Services, painter: Painter
    ) -> None:
        wanted = {
            "prompt": "Mira, 60, grey plait",
            "reference": "person",
            "document": "",
            "upTo": "0.04",
        }
        first = await order(http, **wanted)
        await work(services, UUID(first.json()["id"]))
        assert painter.prompts[0].startswith("Mira, 60, grey plait\nOne person alone")
        # What is there costs nothing, whatever it may.
        again = await order(http, **wanted | {"upTo": "0"})
        assert (again.status_code, again.json()["status"]) == (200, "ready")
        other = await order(http, **wanted, take=1)
        assert other.status_code == 202
        await work(services, UUID(other.json()["id"]))
        assert painter.charged == 2
        refused = await order(http, kind="speech", reference="person")
        assert refused.status_code == 422

    async def test_music_is_composed_at_its_price_and_kept_for_the_next_who_asks(
        self, http: httpx.AsyncClient, services: Services
    ) -> None:
        asked: list[MusicRequest] = []

        async def compose(request: MusicRequest, _ticket: Ticket) -> Generated:
            asked.append(request)
            return Generated(
                data=b"ID3 a song",
                media_type="audio/mpeg",
                provider="gemini",
                model="composer-1",
                cost=Decimal("0.02"),
                inspected=True,
            )

        price = PRICES.music
        rung = Rung(provider="gemini", model="composer-1", price=price, make=compose)
        music = MusicChain(kind=Kind.MUSIC, rungs=[rung])
        services = replace(services, providers=replace(services.providers, music=music))
        answer = await order(http, kind="music", seconds=12, prompt="A warm guitar")
        assert (answer.status_code, answer.json()["estimatedCost"]) == (202, "0.020000")
        medium = UUID(answer.json()["id"])
        await work(services, medium)
        said = (await http.get(f"/api/v1/media/assets/{medium}")).json()
        assert (said["kind"], said["status"], said["cost"]) == ("music", "ready", "0.020000")
        assert (said["modelUsed"], said["mediaType"]) == ("composer-1", "audio/mpeg")
        assert asked == [MusicRequest(prompt="A warm guitar", seconds=12)]
        again = await order(http, kind="music", prompt="A warm guitar")
        assert (again.status_code, again.json()["cost"]) == (200, "0.000000")

    async def test_without_a_model_music_is_the_nearest_mood_s_and_says_so(
        self, http: httpx.AsyncClient, services: Services
    ) -> None:
        medium = UUID((await order(http, kind="music", prompt="Tense strings")).json()["id"])
        await work(services, medium)
        said = (await http.get(f"/api/v1/media/assets/{medium}")).json()
        assert (said["status"], said["placeholder"], said["cost"]) == ("ready", True, "0.000000")
        (told,) = said["warnings"]
        assert (told["code"], told["params"]) == ("built_in_music", {"mood": "tense"})

    async def test_its_bytes_are_behind_a_link_that_knows_range(
        self, http: httpx.AsyncClient, services: Services
    ) -> None:
        medium = UUID((await order(http)).json()["id"])
        content = f"/api/v1/media/assets/{medium}/content"
        early = await http.get(content)
        assert (early.status_code, early.json()["code"]) == (409, "medium_not_ready")
        await work(services, medium)
        moved = await http.get(content)
        assert (moved.status_code, moved.headers["cache-control"]) == (307, "private, no-store")
        link = httpx.URL(moved.headers["location"])
        part = await http.get(
            link.raw_path.decode(), headers={"Authorization": "", "Range": "bytes=2-8"}
        )
        assert (part.status_code, part.content) == (206, b"picture")
        assert part.headers["content-type"] == "image/png"

    async def test_speech_is_spoken_and_no_picture_is_drawn(
        self, http: httpx.AsyncClient, services: Services, painter: Painter
    ) -> None:
        medium = UUID((await order(http, kind="speech", prompt="Good morning.")).json()["id"])
        await work(services, medium)
        said = (await http.get(f"/api/v1/media/assets/{medium}")).json()
        assert (said["status"], said["kind"], said["mediaType"]) == (
            "ready",
            "speech",
            "audio/wav",
        )
        assert said["placeholder"]
        assert painter.charged == 0

    async def test_what_the_project_has_is_there_at_once_and_costs_nothing(
        self, http: httpx.AsyncClient, services: Services
    ) -> None:
        first = UUID((await order(http)).json()["id"])
        await work(services, first)
        answer = await order(http, document="43", field="teaser", key="k")
        said = answer.json()
        assert (answer.status_code, said["status"], said["cost"]) == (200, "ready", "0.000000")
        assert (said["document"], said["field"]) == ("43", "teaser")
        assert said["id"] != str(first)
        assert (await order(http, document="43", field="teaser", key="k")).json() == said
        other = await order(http, projectId="another")
        assert other.status_code == 202

    async def test_a_video_finds_it_too(self, http: httpx.AsyncClient, services: Services) -> None:
        medium = UUID((await order(http, projectId="project-1")).json()["id"])
        await work(services, medium)
        job = (await accept(events.submitted())).job_id
        answer = await http.post(
            f"/api/v1/jobs/{job}/estimate",
            json={"storyboard": {"title": "T", "scenes": [
                {"id": "s1", "narration": "One.", "picturePrompt": WANTED["prompt"]}]}},
        )  # fmt: skip
        assert [scene["due"] for scene in answer.json()["scenes"]] == ["0.010000"]

    async def test_an_asset_of_a_video_is_told_of_by_its_own_name(
        self, http: httpx.AsyncClient, services: Services
    ) -> None:
        medium = UUID((await order(http)).json()["id"])
        await work(services, medium)
        (asset,) = await Asset.select(Asset.id)
        job = (await accept(events.submitted())).job_id
        await Asset.update({Asset.job: job, Asset.scene_id: "s1"}).where(Asset.id == asset["id"])
        said = (await http.get(f"/api/media/assets/{asset['id']}")).json()
        assert (said["jobId"], said["document"]) == (str(job), "video-1")
        assert (said["field"], said["version"]) == ("scenes.s1.picturePrompt", "v1")
        assert (said["status"], said["cost"], said["estimatedCost"]) == ("ready", "0.030000", None)

    async def test_unknown_names_are_not_found(self, http: httpx.AsyncClient) -> None:
        job = (await accept(events.submitted())).job_id
        for name in (uuid4(), job):
            for path in (f"assets/{name}", f"assets/{name}/content"):
                answer = await http.get(f"/api/v1/media/{path}")
                assert (answer.status_code, answer.json()["code"]) == (404, "medium_not_found")


class TestMoney:
    async def test_the_cap_of_its_document_holds(
        self, http: httpx.AsyncClient, services: Services, painter: Painter
    ) -> None:
        first, second = [
            UUID((await order(http, prompt=prompt)).json()["id"]) for prompt in ("One", "Two")
        ]
        await work(services, first)
        assert isinstance(await failure(work(services, second)), SpendCapReached)
        assert painter.charged == 1

    async def test_a_worker_that_died_leaves_nothing_to_be_paid_twice(
        self, http: httpx.AsyncClient, services: Services, painter: Painter
    ) -> None:
        medium = UUID((await order(http)).json()["id"])
        painter.fails = OutcomeUnknown("The connection was lost.")
        await failure(work(services, medium))
        await die(medium)
        painter.fails = None
        lost = await failure(work(services, medium))
        assert isinstance(lost, OutcomeUnknown)
        assert painter.charged == 1
        said = (await http.get(f"/api/v1/media/assets/{medium}")).json()
        (warning,) = said["warnings"]
        assert warning["code"] == "charge_unknown"
        resolved = await http.post(
            f"/api/v1/videos/jobs/{medium}/charges/{warning['params']['charge']}/resolve",
            json={"outcome": "not_charged", "by": "ann"},
        )
        assert resolved.status_code == 200
        await die(medium)
        await work(services, medium)
        said = (await http.get(f"/api/v1/media/assets/{medium}")).json()
        assert (said["status"], said["cost"], said["warnings"]) == ("ready", "0.030000", [])
        assert painter.charged == 2
        assert len(await charges.charges_of(medium)) == 2
        await check_books(Caps(**{name: Decimal(9) for name in ("video", "project", "month")}))

    async def test_the_cms_is_told_nothing(
        self, http: httpx.AsyncClient, services: Services
    ) -> None:
        medium = UUID((await order(http)).json()["id"])
        await work(services, medium)
        told: list[object] = []

        class Cms:
            async def write_storyboard(self, write: object) -> None:
                told.append(write)

            write_rendition = write_storyboard

        for message in await messages.due_for(medium):
            assert await messages.deliver(message, Cms(), backoff=services.backoff)
        assert told == []
        assert await messages.due_for(medium) == []


async def failure(doing: Any) -> Exception:
    """Return what a worker's attempt ended with."""
    try:
        await doing
    except Exception as error:  # noqa: BLE001 - it is what is asked for
        return error
    raise AssertionError("It did not fail.")
