"""A film's music: composed once by a model, and the nearest built-in music where none does."""

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import anyio
import pytest
from msgspec.structs import replace
from pydantic import SecretStr

from cms_bridge.assets import WHOLE
from cms_bridge.jobs.leases import Lease
from cms_bridge.ledger import charges
from cms_bridge.pricing.estimates import estimate, estimate_in, prices_of
from daemon.settings import DaemonSettings
from daemon.work.generation import GeneratedAssets, generate_assets
from daemon.work.progress import Reporter
from daemon.work.services import Services
from render.errors import RunningGeneration
from render.generation.base import Kind
from render.generation.models import GeminiModelConfig, ModelsConfig
from render.generation.music_inspection import inspect_music
from render.source import Source
from render.storyboard import Mood, Music, Scene, Storyboard
from tests.support import events
from tests.support.ledger import AMPLE, check_books, claimed, die, new_job
from tests.support.services import opened_services
from tests.support.simulators import gemini, media, replicate
from tests.support.simulators.gemini import Clip, GeminiSimulator
from tests.support.simulators.models import simulated
from tests.support.simulators.replicate import ReplicateSimulator

pytestmark = pytest.mark.anyio

CONFIG = ModelsConfig(
    gemini=GeminiModelConfig(max_retries=1, retry_delay_ms=100, check_availability=False),
    replicate_music="",
    music_seconds=2.5,
)
BOARD = Storyboard(
    title="Harbour",
    music=Music(prompt="Sparse, dark and tense strings", duck=6),
    scenes=(
        Scene(
            id="s1", narration="The boat leaves the harbour at dawn.", picture_prompt="A harbour"
        ),
        Scene(id="s2", picture_prompt="A lighthouse"),
    ),
)
PRICES = prices_of(CONFIG, gemini=True, replicate=False)


BY_REPLICATE = replace(CONFIG, gemini_music="", replicate_music=ModelsConfig().replicate_music)
"""No music by Gemini, which makes the pictures and speaks all the same."""


@pytest.fixture
def config() -> ModelsConfig:
    """Return which models there are; a test may give others."""
    return CONFIG


@pytest.fixture
async def services(  # noqa: PLR0917 - fixtures
    request: pytest.FixtureRequest,
    config: ModelsConfig,
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
        models=config,
        gemini_api_key=SecretStr(gemini.KEY),
    )
    async with opened_services(settings, simulated(request, "chain", config)) as services:
        yield services
        await check_books(AMPLE)


async def make(
    services: Services, lease: Lease, folder: Path, board: Storyboard = BOARD
) -> GeneratedAssets:
    await anyio.Path(folder).mkdir(parents=True)
    reporter = Reporter(lease, every=0)
    return await generate_assets(lease, board, folder, services=services, reporter=reporter)


async def of_music(job: UUID) -> list[tuple[str, Decimal | None]]:
    return [
        (row.state.value, row.settled)
        for row in await charges.charges_of(job)
        if row.kind is Kind.MUSIC
    ]


async def test_music_is_bought_once_a_film_at_its_length_and_within_its_price(
    services: Services, tmp_path: Path, gemini_simulator: GeminiSimulator
) -> None:
    job = await new_job()
    made = await make(services, await claimed(job), tmp_path / "one")
    shown = made.shown(BOARD).music
    assert shown is not None
    assert (shown.prompt, shown.mood, shown.duck) == ("", None, 6)
    assert shown.file is not None
    # Two scenes, one of them silent: some nine seconds.
    seconds = inspect_music(tmp_path / "one" / shown.file).milliseconds / 1000
    assert 5 < seconds < 12
    (origin,) = made.ingredients[WHOLE]
    assert (origin.role.value, origin.model, origin.field) == ("music", "lyria-3.5", "music.prompt")
    assert origin.source is Source.MODEL
    assert await of_music(job) == [("settled", Decimal("0.08"))]
    priced = estimate(BOARD, PRICES)
    assert priced.music
    assert priced.music.most == Decimal("0.08")
    assert (await estimate_in("p1", BOARD, PRICES)).difference == 0
    (begun,) = gemini_simulator.interactions.values()
    assert begun["body"]["labels"]["charge"]


async def test_changed_words_buy_no_music_again_and_other_music_does(
    services: Services, tmp_path: Path, gemini_simulator: GeminiSimulator
) -> None:
    await make(services, await claimed(await new_job()), tmp_path / "one")
    again = replace(BOARD.scenes[0], narration="The boat leaves at noon, and nobody waves.")
    board = replace(BOARD, scenes=(again,))
    await make(services, await claimed(await new_job()), tmp_path / "two", board)
    assert len(gemini_simulator.interactions) == 1
    board = replace(BOARD, music=Music(prompt="A brass band"))
    await make(services, await claimed(await new_job()), tmp_path / "three", board)
    assert len(gemini_simulator.interactions) == 2


@pytest.mark.parametrize(
    ("act", "code", "states", "charged"),
    [
        (gemini.Refuse(status=400, code="INVALID_ARGUMENT"), "built_in_music", ["released"], 0),
        (Clip(empty=True, charged=False, usage=False, told={"raiMediaFilteredCount": 1}),
         "built_in_music", ["released"], 0),
        (Clip(empty=True, tokens=900, told={"raiMediaFilteredCount": 1}),
         "built_in_music", ["settled"], 1),
        (Clip(data=media.wav(bytes(96_000), 16_000)), "built_in_music", ["settled"], 1),
        (Clip(empty=True, usage=False), "music_not_generated", ["unknown"], 1),
        (Clip(looks=10_000), "music_not_generated", ["unknown"], 1),
        (Clip(lost=True), "music_not_generated", ["unknown"], 1),
    ],
    ids=["refused", "filtered", "filtered at a price", "silent", "done without a file",
         "gone by the deadline", "answer lost"],
)  # fmt: skip
async def test_where_no_music_comes_the_nearest_mood_plays_and_the_film_says_so(  # noqa: PLR0917 - fixtures
    services: Services,
    tmp_path: Path,
    gemini_simulator: GeminiSimulator,
    act: gemini.Act,
    code: str,
    states: list[str],
    charged: int,
) -> None:
    gemini_simulator.begins.append(act)
    job = await new_job()
    made = await make(services, await claimed(job), tmp_path / "one")
    told = {said.code: said for said in made.warnings}
    assert code in told
    assert "scene" not in told[code].params
    assert "placeholder_used" not in told
    shown = made.shown(BOARD).music
    assert shown
    assert (shown.prompt, shown.file, shown.mood) == ("", None, Mood.TENSE)
    assert made.ingredients[WHOLE] == ()
    assert [state for state, _ in await of_music(job)] == states
    assert gemini_simulator.charges.count(CONFIG.gemini_music) == charged


async def test_music_that_would_pass_what_was_approved_is_not_bought(
    services: Services, tmp_path: Path, gemini_simulator: GeminiSimulator
) -> None:
    # Enough for two pictures and a voice.
    job = await new_job(approved=Decimal("0.15"))
    made = await make(services, await claimed(job), tmp_path / "one")
    told = next(said for said in made.warnings if said.code == "music_not_generated")
    # With the amounts that the reason's own sentence speaks of, in any language.
    assert told.params["reason"] == "approved_cost_reached"
    assert told.params.keys() == {"reason", "approved", "more", "needed", "spent"}
    assert not gemini_simulator.interactions


async def test_music_that_runs_on_after_a_kill_is_fetched_and_not_begun_again(
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
    assert [state for state, _ in await of_music(job)] == ["started"]
    (begun,) = gemini_simulator.interactions.values()
    begun["looks"] = 10_000
    await die(job)
    made = await make(services, await claimed(job), tmp_path / "two")
    assert made.music, made.warnings
    assert len(gemini_simulator.interactions) == 1
    assert await of_music(job) == [("settled", Decimal("0.08"))]


async def test_music_that_cannot_be_fetched_ends_no_film_and_is_fetched_for_the_next(
    services: Services, tmp_path: Path, gemini_simulator: GeminiSimulator
) -> None:
    gemini_simulator.begins.append(Clip(delivery="files/{}", processing=10_000))
    job = await new_job()
    with pytest.raises(RunningGeneration):
        await make(services, await claimed(job), tmp_path / "one")
    await die(job)
    last = replace(await claimed(job), last_try=True)
    made = await make(services, last, tmp_path / "two")
    told = next(said for said in made.warnings if said.code == "music_not_generated")
    assert told.params == {"reason": "generation_running"}
    assert [state for state, _ in await of_music(job)] == ["started"]
    (begun,) = gemini_simulator.interactions.values()
    begun["file_looks"] = 10_000
    await die(job)
    made = await make(services, await claimed(job), tmp_path / "three")
    assert made.music
    assert len(gemini_simulator.interactions) == 1


class TestByReplicate:
    """The same film where predictions on Replicate compose."""

    @pytest.fixture
    def config(self) -> ModelsConfig:
        return BY_REPLICATE

    async def test_music_is_bought_once_a_film_at_its_length_and_within_its_price(
        self, services: Services, tmp_path: Path, replicate_simulator: ReplicateSimulator
    ) -> None:
        job = await new_job()
        made = await make(services, await claimed(job), tmp_path / "one")
        shown = made.shown(BOARD).music
        assert shown is not None
        assert shown.file is not None
        seconds = inspect_music(tmp_path / "one" / shown.file).milliseconds / 1000
        (begun,) = replicate_simulator.predictions.values()
        assert begun.model == BY_REPLICATE.replicate_music
        assert seconds == pytest.approx(begun.input["duration"], abs=0.5)
        assert 5 < seconds < 12
        (origin,) = made.ingredients[WHOLE]
        assert (origin.role.value, origin.model) == ("music", BY_REPLICATE.replicate_music)
        assert origin.source is Source.MODEL
        assert await of_music(job) == [("settled", Decimal("0.20"))]
        priced = estimate(BOARD, prices_of(BY_REPLICATE, gemini=True, replicate=True))
        assert priced.music
        assert priced.music.most == Decimal("0.20")
        assert replicate_simulator.charges == [BY_REPLICATE.replicate_music]

    async def test_music_that_runs_on_after_a_kill_is_fetched_and_not_begun_again(
        self, services: Services, tmp_path: Path, replicate_simulator: ReplicateSimulator
    ) -> None:
        # Who is killed cancels nothing; here the cancellation is not heeded.
        replicate_simulator.creates.append(replicate.Run(seconds=600, stubborn=True))
        job = await new_job()
        lease = await claimed(job)
        with anyio.move_on_after(30):
            async with anyio.create_task_group() as group:
                group.start_soon(make, services, lease, tmp_path / "one")
                while not replicate_simulator.polled:  # noqa: ASYNC110 - another thread's
                    await anyio.sleep(0.02)
                services.in_flight.cut_off(lease)
                group.cancel_scope.cancel()
        assert [state for state, _ in await of_music(job)] == ["started"]
        (begun,) = replicate_simulator.predictions.values()
        begun.started -= 600
        await die(job)
        made = await make(services, await claimed(job), tmp_path / "two")
        assert made.music, made.warnings
        assert len(replicate_simulator.predictions) == 1
        assert await of_music(job) == [("settled", Decimal("0.20"))]

    async def test_music_that_fails_at_the_provider_is_the_nearest_mood_s(
        self, services: Services, tmp_path: Path, replicate_simulator: ReplicateSimulator
    ) -> None:
        failing = replicate.Run(status="failed", error="CUDA out of memory")
        replicate_simulator.creates.extend([failing] * 10)
        job = await new_job()
        made = await make(services, await claimed(job), tmp_path / "one")
        shown = made.shown(BOARD).music
        assert shown is not None
        assert (shown.file, shown.mood) == (None, Mood.TENSE)
        assert "built_in_music" in [told.code for told in made.warnings]
        assert not replicate_simulator.charges
        assert {state for state, _ in await of_music(job)} == {"released"}
