"""Media that nothing can be made of: paid for and told, never kept, never found again."""

import hashlib
from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import anyio
import httpx
import msgspec
import pytest

from cms_bridge.assets import Condition, Metadata
from cms_bridge.jobs import leases
from cms_bridge.jobs.leases import Lease, Phase
from cms_bridge.ledger import charges
from cms_bridge.pricing.estimates import Prices
from cms_bridge.pricing.made import MADE
from cms_bridge.tables import Asset
from daemon.settings import DaemonSettings
from daemon.work.generation import GeneratedAssets, generate_assets
from daemon.work.media_order import fulfil_media_order
from daemon.work.progress import Reporter
from daemon.work.services import Services
from render.generation.base import Kind
from render.generation.chain import accept_unseen
from render.generation.models import GeminiModelConfig, ModelsConfig
from render.generation.providers import Providers, open_providers
from render.pictures.still import check_picture
from render.sound.wav import wav_duration
from render.source import Credit, Source
from render.storyboard import Storyboard
from tests.support import events
from tests.support.api import running_api
from tests.support.ledger import AMPLE, check_books, claimed, die, new_job
from tests.support.services import opened_services, work_settings
from tests.support.simulators import gemini, media, replicate
from tests.support.simulators.gemini import GeminiSimulator
from tests.support.simulators.models import simulated
from tests.support.simulators.replicate import ReplicateSimulator
from tests.support.stock_pictures import stock_picture

pytestmark = pytest.mark.anyio

CONFIG = ModelsConfig(gemini=GeminiModelConfig(max_retries=2, retry_delay_ms=100))
API_KEY = "an-api-key-of-more-than-32-characters"
BOARD = events.storyboard("The boat leaves the harbour at dawn.")
STORY = (
    "Long before the town is awake, the oven glows. Ada has baked here for thirty years. "
    "Nobody hurries here. In the evening the lamps along the water are lit."
)
ALL = 40
"""More calls than any chain makes of one model."""


@pytest.fixture
def settings(database_url: str, redis_url: str, tmp_path: Path) -> DaemonSettings:
    return work_settings(
        database_url,
        redis_url,
        tmp_path,
        models=CONFIG,
    )


@pytest.fixture
async def services(
    request: pytest.FixtureRequest, database: str, settings: DaemonSettings
) -> AsyncIterator[Services]:
    providers = simulated(request, "chain", CONFIG)
    async with opened_services(settings, providers, generations=1) as services:
        yield services
        await check_books(AMPLE)


async def make(
    services: Services,
    lease: Lease,
    folder: Path,
    *,
    kinds: Collection[Kind] = MADE,
    board: Storyboard = BOARD,
) -> GeneratedAssets:
    """Make the media of a film, and see that the engine takes every one of them."""
    made = await generated(services, lease, folder, kinds=kinds, board=board)
    if Kind.PICTURE in kinds:
        (drawn,) = [p async for p in anyio.Path(folder).glob("s1.*") if p.suffix != ".wav"]
        check_picture(Path(drawn))
    assert wav_duration(folder / "s1.wav") > 0
    return made


async def generated(
    services: Services,
    lease: Lease,
    folder: Path,
    *,
    kinds: Collection[Kind] = MADE,
    board: Storyboard = BOARD,
) -> GeneratedAssets:
    await anyio.Path(folder).mkdir(parents=True)
    reporter = Reporter(lease, every=0)
    return await generate_assets(
        lease, board, folder, services=services, reporter=reporter, kinds=kinds
    )


def careless(services: Services) -> Services:
    """Return the services as they were before answers were looked at."""
    chains: Providers = services.providers
    return replace(
        services,
        providers=replace(
            chains,
            images=replace(chains.images, inspect=accept_unseen),
            speech=replace(chains.speech, inspect=accept_unseen),
        ),
    )


async def rows(kind: str) -> list[dict[str, Any]]:
    return await Asset.select().where(Asset.kind == kind).order_by(Asset.created_at)


async def check_paid(job: UUID, charged: int) -> None:
    """Fail unless the ledger has every call that the providers charged, and no other."""
    paid = [row for row in await charges.charges_of(job) if row.state == "settled"]
    assert len(paid) == charged
    assert all(row.settled > 0 for row in paid)


def bad_speech(name: str) -> gemini.Made:
    pcm, rate = media.BAD_SPEECH[name]
    return said(pcm, rate)


def said(pcm: bytes, rate: int = 24_000) -> gemini.Made:
    return gemini.Made(data=pcm, mime=f"audio/L16;codec=pcm;rate={rate}")


@pytest.mark.parametrize("bad", media.BAD_PICTURES.values(), ids=media.BAD_PICTURES.keys())
async def test_a_picture_of_no_use_is_paid_for_and_the_next_model_draws(
    services: Services,
    tmp_path: Path,
    gemini_simulator: GeminiSimulator,
    replicate_simulator: ReplicateSimulator,
    bad: Callable[[], bytes],
) -> None:
    data = bad()
    gemini_simulator.script.extend([gemini.Made(data=data, mime="image/png")] * 4)
    job = await new_job()
    made = await make(services, await claimed(job), tmp_path / "one")
    (picture,) = await rows("picture")
    assert (picture["provider"], picture["condition"]) == ("replicate", Condition.USABLE)
    assert hashlib.sha256(data).hexdigest() not in picture["key"]
    assert made.fallback
    told = next(said for said in made.warnings if said.code == "model_fallback")
    assert "cannot be used" in told.message
    assert told.params["reason"] == "generation_unusable"
    await check_paid(job, len(gemini_simulator.charges) + len(replicate_simulator.charges))
    assert len(gemini_simulator.charges) == 5, "two models twice, and the voice"


@pytest.mark.parametrize("bad", media.BAD_SPEECH)
async def test_speech_of_no_use_is_paid_for_and_the_next_model_speaks(
    services: Services,
    tmp_path: Path,
    gemini_simulator: GeminiSimulator,
    replicate_simulator: ReplicateSimulator,
    bad: str,
) -> None:
    job = await new_job()
    gemini_simulator.script.extend([bad_speech(bad)] * 2)
    await make(services, await claimed(job), tmp_path / "one", kinds=[Kind.NARRATION])
    (narration,) = await rows("narration")
    assert (narration["provider"], narration["condition"]) == ("replicate", Condition.USABLE)
    await check_paid(job, len(gemini_simulator.charges) + len(replicate_simulator.charges))
    assert len(gemini_simulator.charges) == 2


@pytest.mark.parametrize("times", [1, 2])
async def test_a_voice_that_breaks_off_is_asked_once_more_and_then_the_next_one(
    services: Services,
    tmp_path: Path,
    gemini_simulator: GeminiSimulator,
    replicate_simulator: ReplicateSimulator,
    times: int,
) -> None:
    job, pcm = await new_job(), media.speech(STORY, 24_000)
    gemini_simulator.script.extend([said(pcm[: len(pcm) // 4 * 2])] * times)
    made = await make(
        services,
        await claimed(job),
        tmp_path / "one",
        kinds=[Kind.NARRATION],
        board=events.storyboard(STORY),
    )
    (narration,) = await rows("narration")
    assert narration["provider"] == ("gemini" if times == 1 else "replicate")
    assert not {one.code for one in made.warnings} & {"sentence_unsaid", "sentence_repeated"}
    assert made.records[0].medium.metadata.measures.words, "and when each word is said is known"
    await check_paid(job, len(gemini_simulator.charges) + len(replicate_simulator.charges))
    assert len(gemini_simulator.charges) == 2


@pytest.mark.parametrize(
    ("heard", "code"),
    [
        (STORY.replace("Nobody hurries here. ", ""), "sentence_unsaid"),
        (STORY.replace("Nobody", "Nobody hurries here. Nobody"), "sentence_repeated"),
    ],
    ids=["left out", "said twice"],
)
async def test_what_a_voice_leaves_out_or_says_twice_is_kept_and_told_of_its_scene(
    services: Services, tmp_path: Path, gemini_simulator: GeminiSimulator, heard: str, code: str
) -> None:
    gemini_simulator.script.append(said(media.speech(heard, 24_000)))
    board = events.storyboard(STORY)
    made = await make(
        services,
        await claimed(await new_job()),
        tmp_path / "one",
        kinds=[Kind.NARRATION],
        board=board,
    )
    (told,) = (one for one in made.warnings if one.code.startswith("sentence"))
    assert (told.code, told.params["sentence"]) == (code, "Nobody hurries here.")
    assert len(gemini_simulator.charges) == 1


async def test_where_every_model_sends_what_is_of_no_use_the_film_has_placeholders(
    services: Services,
    tmp_path: Path,
    gemini_simulator: GeminiSimulator,
    replicate_simulator: ReplicateSimulator,
) -> None:
    broken = media.BAD_PICTURES["truncated"]()
    gemini_simulator.script.extend([gemini.Made(data=broken, mime="image/png")] * ALL)
    replicate_simulator.downloads.extend([replicate.Raw(body=broken)] * ALL)
    job = await new_job()
    made = await make(services, await claimed(job), tmp_path / "one")
    for kind in ("picture", "narration"):
        (row,) = await rows(kind)
        assert (row["source"], row["condition"]) == (Source.RULE, Condition.USABLE)
    assert made.warnings[0].code == "placeholder_used"
    sources = {one.source for one in made.ingredients["s1"]}
    assert sources == {Source.RULE}
    await check_paid(job, len(gemini_simulator.charges) + len(replicate_simulator.charges))


@pytest.mark.parametrize("again", ["retry", "another film"])
async def test_a_project_that_has_kept_something_damaged_is_healed(
    services: Services,
    tmp_path: Path,
    gemini_simulator: GeminiSimulator,
    replicate_simulator: ReplicateSimulator,
    again: str,
) -> None:
    job, broken = await new_job(), media.BAD_PICTURES["truncated"]()
    gemini_simulator.script.append(gemini.Made(data=broken, mime="image/png"))
    await generated(careless(services), await claimed(job), tmp_path / "old")
    assert {row["condition"] for row in await Asset.select()} == {Condition.UNCHECKED}

    gemini_simulator.script.clear()
    if again == "retry":
        await die(job)
    next_job = job if again == "retry" else await new_job()
    lease = await claimed(next_job, worker="w2")
    made = await make(services, lease, tmp_path / "new")
    damaged, whole = await rows("picture")
    assert (damaged["condition"], whole["condition"]) == (Condition.UNUSABLE, Condition.USABLE)
    assert "asset_remade" in {said.code for said in made.warnings}
    # What the older version had kept whole is looked at once, and costs nothing again.
    assert {row["condition"] for row in await rows("narration")} == {Condition.USABLE}
    assert len(gemini_simulator.charges) == 3
    settled = [
        row
        for one in {job, next_job}
        for row in await charges.charges_of(one)
        if row.state == "settled"
    ]
    assert len(settled) == 3, "what was paid stays in the ledger"
    third = await claimed(await new_job(), worker="w3")
    await make(services, third, tmp_path / "third")
    assert len(gemini_simulator.charges) == 3


@pytest.mark.parametrize("loss", ["gone", "changed"])
async def test_what_the_store_has_lost_is_made_anew(
    services: Services,
    settings: DaemonSettings,
    tmp_path: Path,
    gemini_simulator: GeminiSimulator,
    loss: str,
) -> None:
    job = await new_job()
    await make(services, await claimed(job), tmp_path / "one")
    (picture,) = await rows("picture")
    place = settings.storage_directory / picture["key"]
    data = bytearray(place.read_bytes())
    place.unlink()
    if loss == "changed":
        data[len(data) // 2] ^= 0xFF
        place.write_bytes(data)
    await die(job)
    made = await make(services, await claimed(job, worker="w2"), tmp_path / "two")
    assert "asset_remade" in {said.code for said in made.warnings}
    assert [row["condition"] for row in await rows("picture")] == ["unusable", "usable"]
    assert len(gemini_simulator.charges) == 3


async def test_stock_is_told_and_signed_as_what_it_is(services: Services, tmp_path: Path) -> None:
    stock = tmp_path / "stock"
    await anyio.Path(stock).mkdir()
    licence = "SPDX-FileCopyrightText: 2024 Ann\nSPDX-License-Identifier: CC-BY-4.0\n"
    stock_picture(stock / "boat.jpg", caption="A boat leaves the harbour", licence=licence)
    async with open_providers(ModelsConfig(), stock=stock) as providers:
        housed = replace(services, providers=providers)
        job = await new_job()
        made = await make(housed, await claimed(job), tmp_path / "one")
        other = await make(housed, await claimed(await new_job()), tmp_path / "two")
    picture, narration = made.ingredients["s1"]
    assert (picture.source, narration.source) == (Source.STOCK, Source.RULE)
    assert picture.credit == Credit(author="2024 Ann", licence="CC-BY-4.0")
    assert other.ingredients["s1"][0].credit == picture.credit, "kept with the asset"
    assert made.warnings[0].params == {"pictures": 1, "narrations": 1}
    assert (await rows("picture"))[0]["source"] == "stock"


AMPLE_PRICES = Prices(picture=lambda _: Decimal(1), narration=lambda _: Decimal(1))
"""So that what was approved ends no chain here."""


@pytest.fixture
async def http(settings: DaemonSettings, services: Services) -> AsyncIterator[httpx.AsyncClient]:
    async with running_api(settings, prices=AMPLE_PRICES) as client:
        yield client


async def order(http: httpx.AsyncClient, services: Services, **wanted: str) -> dict[str, Any]:
    """Order a medium, let a worker make it, and return how it stands then."""
    body = {"projectId": "bakery", "kind": "image", "prompt": "An oven that glows", **wanted}
    answer = await http.post("/api/v1/media/generate", json=body)
    medium = answer.json()["id"]
    if answer.status_code == 202:
        lease = await leases.claim(
            UUID(medium),
            Phase.RENDER,
            worker="w",
            duration=services.lease_duration,
            policy=services.retry_policy,
        )
        assert lease
        await fulfil_media_order(lease, services)
    return (await http.get(f"/api/v1/media/assets/{medium}")).json()


class TestMediaByThemselves:
    @pytest.mark.parametrize(
        ("data", "code"),
        [
            (media.picture(640, 360), "picture_small"),
            (media.plain(1376, 768), "picture_flat"),
        ],
        ids=["small", "black"],
    )
    async def test_what_somebody_should_look_at_is_told(
        self,
        http: httpx.AsyncClient,
        services: Services,
        gemini_simulator: GeminiSimulator,
        data: bytes,
        code: str,
    ) -> None:
        gemini_simulator.script.append(gemini.Made(data=data, mime="image/png"))
        said = await order(http, services)
        assert (said["status"], said["provider"], said["source"]) == ("ready", "gemini", "model")
        assert [warning["code"] for warning in said["warnings"]] == [code]
        again = await order(http, services)
        assert [warning["code"] for warning in again["warnings"]] == [code]
        assert len(gemini_simulator.charges) == 1

    async def test_one_pixel_and_silence_are_no_answers(
        self, http: httpx.AsyncClient, services: Services, gemini_simulator: GeminiSimulator
    ) -> None:
        tiny = gemini.Made(data=media.BAD_PICTURES["tiny"](), mime="image/png")
        gemini_simulator.script.extend([tiny] * 4)
        picture = await order(http, services)
        gemini_simulator.script.extend([bad_speech("silence")] * 2)
        speech = await order(http, services, kind="speech", prompt="Good morning, everybody.")
        for said in (picture, speech):
            assert (said["status"], said["provider"]) == ("ready", "replicate")
            *paid, warning = said["warnings"]
            assert warning["params"]["reason"] == "generation_unusable"
            assert {one["code"] for one in paid} == {"answers_useless"}

    async def test_what_older_versions_kept_is_not_handed_over_unseen(
        self, http: httpx.AsyncClient, services: Services, gemini_simulator: GeminiSimulator
    ) -> None:
        broken = media.BAD_PICTURES["magic"]()
        gemini_simulator.script.append(gemini.Made(data=broken, mime="image/png"))
        old = await order(http, careless(services))
        new = await order(http, services)
        assert (new["status"], new["bytes"] > len(broken)) == ("ready", True)
        assert "asset_remade" in {warning["code"] for warning in new["warnings"]}
        told = (await http.get(f"/api/v1/media/assets/{old['id']}")).json()
        assert (told["status"], told["contentUrl"]) == ("failed", None)
        assert told["error"]["code"] == "asset_damaged"
        assert Decimal(told["cost"]) > 0
        assert (await http.get(f"/api/v1/media/assets/{old['id']}/content")).status_code == 404

    async def test_what_was_found_out_later_is_told_from_then_on(
        self, http: httpx.AsyncClient, services: Services, gemini_simulator: GeminiSimulator
    ) -> None:
        black = gemini.Made(data=media.plain(1376, 768), mime="image/png")
        gemini_simulator.script.append(black)
        assert (await order(http, careless(services)))["warnings"] == []
        for _ in range(2):
            (warning,) = (await order(http, services))["warnings"]
            assert warning["code"] == "picture_flat"
        assert len(gemini_simulator.charges) == 1

    async def test_a_placeholder_is_told_as_one_whoever_made_it(
        self, http: httpx.AsyncClient, services: Services
    ) -> None:
        said = await order(http, services)
        metadata = msgspec.json.encode(
            Metadata(attempt=1, calls=1, seconds=0, latency=0, warnings=(), video_id="", version="")
        ).decode()
        for source in Source:
            await Asset.update(
                {Asset.source: source.value, Asset.generation_metadata: metadata}
            ).where(Asset.job == UUID(said["id"]))
            told = (await http.get(f"/api/v1/media/assets/{said['id']}")).json()
            assert (told["source"], told["placeholder"]) == (
                source.value,
                source in {Source.STOCK, Source.RULE},
            )
