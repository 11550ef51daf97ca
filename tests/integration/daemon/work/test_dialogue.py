"""Several speakers in a scene: each turn is bought once with its own voice, and found again."""

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import anyio
import pytest
from msgspec.structs import replace
from pydantic import SecretStr

from cms_bridge.jobs.leases import Lease
from cms_bridge.ledger import charges
from cms_bridge.pricing.estimates import Estimate, estimate, estimate_in, prices_of
from daemon.settings import DaemonSettings
from daemon.work.generation import GeneratedAssets, generate_assets
from daemon.work.progress import Reporter
from daemon.work.services import Services
from render.generation.base import Kind
from render.generation.models import GeminiModelConfig, ModelsConfig
from render.generation.requests import request_digest, speech_request
from render.measures import SpeechMeasures
from render.sound.wav import wav_duration
from render.storyboard import Scene, Solid, Storyboard
from render.turns import Speaker
from tests.support import events
from tests.support.ledger import AMPLE, check_books, claimed, die, new_job
from tests.support.services import opened_services
from tests.support.simulators import gemini
from tests.support.simulators.models import simulated

pytestmark = pytest.mark.anyio

CONFIG = ModelsConfig(
    gemini=GeminiModelConfig(max_retries=1, retry_delay_ms=100, check_availability=False)
)
PRICES = prices_of(CONFIG, gemini=True, replicate=False)
ADA, BEN = Speaker(name="Ada", voice="gemini:Kore"), Speaker(name="Ben", voice="gemini:Puck")
SCENE = Scene(
    id="s1",
    narration="Ada: How long does it rest?\nBen: A whole night in the cold cellar.",
    background=Solid(colour="#14213d"),
)
BOARD = Storyboard(title="Bread", scenes=(SCENE,), speakers=(ADA, BEN))


@pytest.fixture
async def services(
    request: pytest.FixtureRequest, database: str, database_url: str, redis_url: str, tmp_path: Path
) -> AsyncIterator[Services]:
    assert database
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
    async with opened_services(settings, simulated(request, "gemini", CONFIG)) as services:
        yield services
        await check_books(AMPLE)


async def make(
    services: Services, lease: Lease, folder: Path, board: Storyboard = BOARD
) -> GeneratedAssets:
    await anyio.Path(folder).mkdir(parents=True)
    reporter = Reporter(lease, every=0)
    return await generate_assets(lease, board, folder, services=services, reporter=reporter)


async def paid(job: UUID) -> dict[str, Decimal | None]:
    rows = await charges.charges_of(job)
    assert {row.kind for row in rows} <= {Kind.NARRATION}
    return {row.request_digest: row.settled for row in rows}


async def test_each_turn_is_a_charge_of_its_own_and_the_estimate_is_what_they_cost_at_most(
    services: Services, tmp_path: Path
) -> None:
    job = await new_job()
    made = await make(services, await claimed(job), tmp_path / "one")
    turns = speech_request(BOARD, SCENE).turns
    charged = await paid(job)
    assert set(charged) == {request_digest(turn) for turn in turns}
    priced = estimate(BOARD, PRICES)
    bound = sum((PRICES.narration(turn) for turn in turns), Decimal(0))
    assert 0 <= priced.total - bound < Decimal("0.00001")
    assert sum(cost or 0 for cost in charged.values()) <= priced.total
    (record,) = made.records
    assert record.medium.cost == 0
    heard = record.medium.metadata.measures
    assert isinstance(heard, SpeechMeasures)
    assert heard.seconds == wav_duration(tmp_path / "one" / "s1.wav")


async def test_what_was_said_is_bought_once_and_another_voice_alone_anew(
    services: Services, tmp_path: Path
) -> None:
    first = await new_job()
    await make(services, await claimed(first), tmp_path / "one")

    async def priced(board: Storyboard) -> Estimate:
        return await estimate_in("p1", board, PRICES)

    assert (await priced(BOARD)).difference == 0
    again = await new_job()
    await make(services, await claimed(again), tmp_path / "again")
    assert await paid(again) == {}
    whole = [tmp_path / folder / "s1.wav" for folder in ("one", "again")]
    assert whole[0].read_bytes() == whole[1].read_bytes()

    other = replace(BOARD, speakers=(ADA, replace(BEN, voice="gemini:Charon")))
    bens = speech_request(other, SCENE).turns[1]
    due = (await priced(other)).difference
    assert 0 <= due - PRICES.narration(bens) < Decimal("0.00001")
    third = await new_job()
    await make(services, await claimed(third), tmp_path / "other", other)
    assert set(await paid(third)) == {request_digest(bens)}


async def test_whoever_is_killed_between_two_turns_pays_for_neither_twice(
    services: Services, tmp_path: Path
) -> None:
    job = await new_job()
    lease = await claimed(job)
    reporter = Reporter(lease, every=0)
    ada = replace(SCENE, narration="Ada: How long does it rest?")
    # All that an attempt came to before it was lost: the first turn.
    folder = tmp_path / "lost"
    folder.mkdir()
    await generate_assets(
        lease, replace(BOARD, scenes=(ada,)), folder, services=services, reporter=reporter
    )
    await die(job)
    await make(services, await claimed(job, worker="w2"), tmp_path / "found")
    assert set(await paid(job)) == {
        request_digest(turn) for turn in speech_request(BOARD, SCENE).turns
    }
    assert len(await charges.charges_of(job)) == 2
