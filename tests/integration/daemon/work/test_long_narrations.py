"""Texts too long for a call, by the real adapters: a call a passage, each bought once."""

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import anyio
import pytest
from msgspec.structs import replace
from pydantic import SecretStr

from cms_bridge.jobs import leases, media
from cms_bridge.jobs.leases import Lease
from cms_bridge.ledger import charges
from cms_bridge.pricing.estimates import Prices, estimate, estimate_in
from cms_bridge.states import JobKind
from daemon.settings import DaemonSettings
from daemon.work.generation import GeneratedAssets, generate_assets
from daemon.work.progress import Reporter
from daemon.work.services import Services
from render.generation.base import Kind, SpeechRequest
from render.generation.models import GeminiModelConfig, ModelsConfig
from render.generation.narration_models import NarrationModel
from render.generation.reading import word_times
from render.generation.requests import request_digest, speech_request
from render.measures import SpeechMeasures
from render.sentences import sentences
from render.sound.wav import wav_duration
from render.storyboard import Limits, Scene, Solid, Storyboard
from render.turns import Speaker
from tests.support.ledger import AMPLE, check_books, claimed, die, new_job
from tests.support.services import opened_services, work_settings
from tests.support.simulators import gemini, replicate
from tests.support.simulators import media as media_files
from tests.support.simulators.gemini import GeminiSimulator
from tests.support.simulators.models import simulated
from tests.support.simulators.replicate import ReplicateSimulator

pytestmark = pytest.mark.anyio

BOUNDS = NarrationModel(longest=8)
CONFIG = ModelsConfig(
    gemini=GeminiModelConfig(max_retries=2, retry_delay_ms=100, check_availability=False),
    narrations={"gemini-3.8-flash-lite-tts": BOUNDS, "minimax/speech-2.6-turbo": BOUNDS},
)
TEXT = (
    "The dough rests in the cold cellar through the night. Before dawn the oven is lit with beech. "
    "At six the first loaves are on the shelf. Nobody in the street is awake yet."
)
SCENE = Scene(id="s1", narration=TEXT, background=Solid(colour="#14213d"))
BOARD = Storyboard(title="Bread", scenes=(SCENE,))


@pytest.fixture(params=["gemini", "replicate"])
def provider(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def settings(provider: str, database_url: str, redis_url: str, tmp_path: Path) -> DaemonSettings:
    return work_settings(
        database_url,
        redis_url,
        tmp_path,
        models=CONFIG,
        gemini_api_key=SecretStr(gemini.KEY) if provider == "gemini" else None,
        replicate_api_token=SecretStr(replicate.TOKEN) if provider == "replicate" else None,
    )


@pytest.fixture
async def services(
    request: pytest.FixtureRequest, provider: str, database: str, settings: DaemonSettings
) -> AsyncIterator[Services]:
    assert database
    async with opened_services(settings, simulated(request, provider, CONFIG)) as services:
        yield services
        await check_books(AMPLE)


async def make(
    services: Services, lease: Lease, folder: Path, board: Storyboard = BOARD
) -> GeneratedAssets:
    await anyio.Path(folder).mkdir(parents=True)
    reporter = Reporter(lease, every=0)
    return await generate_assets(
        lease, board, folder, services=services, reporter=reporter, kinds=[Kind.NARRATION]
    )


def asked(prices: Prices, board: Storyboard = BOARD) -> SpeechRequest:
    return prices.spoken(speech_request(board, board.scenes[0]))


async def paid(job: UUID) -> dict[str, Decimal]:
    rows = await charges.charges_of(job)
    assert {row.kind for row in rows} <= {Kind.NARRATION}
    found = {row.request_digest: row.settled or Decimal(0) for row in rows}
    assert len(found) == len(rows)
    return found


async def test_each_passage_is_a_charge_of_its_own_and_the_estimate_is_their_sum(
    services: Services,
    provider: str,
    gemini_simulator: GeminiSimulator,
    replicate_simulator: ReplicateSimulator,
    tmp_path: Path,
) -> None:
    prices, job = services.settings.prices, await new_job()
    passages = asked(prices).passages
    assert len(passages) > 1
    made = await make(services, await claimed(job), tmp_path / "one")
    charged = await paid(job)
    assert list(charged) == [request_digest(one) for one in passages]
    told = {
        "gemini": [call["contents"][0]["parts"][0]["text"] for call in gemini_simulator.calls],
        "replicate": [one.input["text"] for one in replicate_simulator.predictions.values()],
    }[provider]
    assert told == [one.text for one in passages]

    priced = estimate(BOARD, prices)
    bound = sum((prices.narration(one) for one in passages), Decimal(0))
    assert 0 <= priced.total - bound < Decimal("0.00001")
    assert 0 < sum(charged.values()) <= priced.total

    (record,) = made.records
    heard, file = record.medium.metadata.measures, tmp_path / "one/s1.wav"
    assert isinstance(heard, SpeechMeasures)
    assert heard.seconds == wav_duration(file)
    assert heard.words[-1].character == TEXT.rindex("yet")
    judged = word_times(file, TEXT, "en")
    assert judged
    assert (judged.missing, judged.repeated) == ((), ())


async def test_whoever_is_killed_between_two_passages_buys_neither_twice(
    services: Services, tmp_path: Path
) -> None:
    prices, job = services.settings.prices, await new_job()
    first, *others = asked(prices).passages
    # All that an attempt came to before it was lost: what is asked for a passage is what is
    # asked for a scene that says no more.
    begun = replace(BOARD, scenes=(replace(SCENE, narration=first.text),))
    await make(services, await claimed(job), tmp_path / "lost", begun)
    await die(job)
    left = await estimate_in("p1", BOARD, prices)
    rest = sum((prices.narration(one) for one in others), Decimal(0))
    assert 0 <= left.difference - rest < Decimal("0.00001")
    await make(services, await claimed(job, worker="w2"), tmp_path / "found")
    assert list(await paid(job)) == [request_digest(one) for one in (first, *others)]
    assert (await estimate_in("p1", BOARD, prices)).difference == 0


@pytest.mark.parametrize("provider", ["gemini"], indirect=True)
async def test_a_passage_that_breaks_off_is_bought_again_and_no_other(
    services: Services, gemini_simulator: GeminiSimulator, tmp_path: Path
) -> None:
    first, *others = asked(services.settings.prices).passages
    begun = media_files.speech(sentences(first.text)[0], 24_000)
    mime = "audio/L16;codec=pcm;rate=24000"
    gemini_simulator.script.append(gemini.Made(data=begun, mime=mime))
    job = await new_job()
    made = await make(services, await claimed(job), tmp_path / "one")
    bought = [row.request_digest for row in await charges.charges_of(job)]
    assert bought == [request_digest(one) for one in (first, first, *others)]
    assert not made.fallback
    assert not made.warnings


@pytest.mark.parametrize("provider", ["gemini"], indirect=True)
async def test_what_was_said_whole_is_not_cut_and_bought_again(
    services: Services, tmp_path: Path
) -> None:
    # As before there were passages, or under a larger bound.
    whole = await new_job()
    large = replace(BOARD, scenes=(replace(SCENE, narration=TEXT[:54].strip()),))
    assert not asked(services.settings.prices, large).passages
    await make(services, await claimed(whole), tmp_path / "whole", large)
    strict = replace(services.settings.prices, most_said=NarrationModel(longest=1))
    assert asked(strict, large).passages
    assert (await estimate_in("p1", large, strict)).difference == 0


@pytest.mark.parametrize("provider", ["gemini"], indirect=True)
async def test_a_long_turn_of_a_dialogue_is_cut_within_itself(
    services: Services, tmp_path: Path
) -> None:
    board = replace(
        BOARD,
        scenes=(replace(SCENE, narration=f"Ada: {TEXT}\nBen: Thank you, Ada, for the bread."),),
        speakers=(Speaker(name="Ada", voice="Kore"), Speaker(name="Ben", voice="Puck")),
    )
    prices, job = services.settings.prices, await new_job()
    ada, ben = asked(prices, board).turns
    made = await make(services, await claimed(job), tmp_path / "one", board)
    assert list(await paid(job)) == [request_digest(one) for one in (*ada.passages, ben)]
    (record,) = made.records
    assert isinstance(record.medium.metadata.measures, SpeechMeasures)
    again = await new_job()
    await make(services, await claimed(again), tmp_path / "again", board)
    assert await paid(again) == {}


@pytest.mark.parametrize("provider", ["gemini"], indirect=True)
async def test_a_spoken_text_by_itself_is_there_once_it_is_whole(
    services: Services, tmp_path: Path
) -> None:
    prices = services.settings.prices
    wanted = media.Order(project="p1", kind=JobKind.SPEECH, prompt=TEXT)
    job, missing = await media.order(wanted, key=None, limits=Limits(), prices=prices)
    ordered = await media.find(job)
    board, (scene,) = ordered.storyboard, ordered.storyboard.scenes
    first = asked(prices, board).passages[0]
    assert missing
    assert ordered.job.estimated_cost == estimate(board, prices, kinds=[Kind.NARRATION]).total

    lease = await claimed(job)
    begun = replace(board, scenes=(replace(scene, narration=first.text),))
    await make(services, lease, tmp_path / "begun", begun)
    assert (await media.find(job)).asset is None
    made = await make(services, lease, tmp_path / "whole", board)
    await leases.complete_medium(lease, fallback=False)
    assert (await media.find(job)).asset == made.records[0]
