"""The watch over models: real adapters on a simulated provider, a real database."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import anyio
import pytest

from cms_bridge.database import connected
from cms_bridge.health import models as model_health
from cms_bridge.health.models import CircuitState, ModelReport
from cms_bridge.tables import ModelHealth
from daemon.model_watch import ModelWatch
from render.generation.base import ImageRequest
from render.generation.models import GeminiModelConfig, ModelsConfig
from render.generation.providers import Providers, open_providers
from tests.support.simulators import gemini
from tests.support.simulators.gemini import GeminiSimulator

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("database")]

RETIRED = "gemini-2.5-flash-image"
CONFIG = ModelsConfig(gemini=GeminiModelConfig(primary=RETIRED, max_retries=1))
FALLBACK = CONFIG.gemini.fallback
MODELS = 6
"""Two for pictures, and one each for speech, texts, clips and music."""
PICTURE = ImageRequest(prompt="A lighthouse")


@asynccontextmanager
async def daemon(simulator: GeminiSimulator, *, every: float = 60) -> AsyncGenerator[Providers]:
    watch = ModelWatch(every=every, keep=timedelta(days=30))
    async with (
        open_providers(
            CONFIG, gemini_key=gemini.KEY, gemini_url=simulator.url, witness=watch.record
        ) as providers,
        watch.watching(providers),
    ):
        yield providers


async def models() -> dict[str, ModelReport]:
    now = datetime.now(UTC)
    hour = timedelta(hours=1)
    return {one.model: one for one in await model_health.health(since=now - hour, until=now + hour)}


async def looked(*, after: datetime | None = None) -> dict[str, ModelReport]:
    """Wait until every model was looked at and reported; return them."""
    with anyio.fail_after(30):
        while True:
            known = await models()
            if len(known) == MODELS and all(
                one.reported_at > (after or one.reported_at - timedelta(1))
                and (one.last_seen_at or one.last_failure)
                for one in known.values()
            ):
                return known
            await anyio.sleep(0.02)


async def test_every_model_is_looked_at_as_soon_as_a_daemon_starts(
    gemini_simulator: GeminiSimulator,
) -> None:
    async with daemon(gemini_simulator):
        known = await looked()
    assert gemini_simulator.charges == []
    gone = known.pop(RETIRED)
    assert (gone.retired, gone.available) == (True, False)
    assert gone.successor == "gemini-nano-banana-2.1"
    assert all(one.available and one.last_seen_at for one in known.values())


async def test_models_are_looked_at_again_and_again(gemini_simulator: GeminiSimulator) -> None:
    async with daemon(gemini_simulator, every=0.05):
        first = await looked()
        await looked(after=max(one.reported_at for one in first.values()))


async def test_what_calls_show_is_written_down_as_they_end(
    gemini_simulator: GeminiSimulator,
) -> None:
    async with daemon(gemini_simulator) as providers:
        await looked()
        await providers.images.draw(PICTURE)
        with anyio.fail_after(30):
            # The watch tells nobody when it has written.
            while not (known := await models())[RETIRED].fallbacks:  # noqa: ASYNC110
                await anyio.sleep(0.02)
    assert known[RETIRED].fallbacks == 1
    assert known[FALLBACK].calls == 1
    assert known[FALLBACK].last_success_at is not None
    assert known[FALLBACK].p50 is not None


async def test_what_was_seen_last_is_written_when_the_daemon_stops(
    gemini_simulator: GeminiSimulator,
) -> None:
    async with daemon(gemini_simulator) as providers:
        await providers.images.draw(PICTURE)
    assert (await models())[FALLBACK].calls == 1


async def test_a_daemon_that_starts_again_leaves_alone_what_failed_before(
    gemini_simulator: GeminiSimulator,
) -> None:
    async with daemon(gemini_simulator):
        await looked()
    gemini_simulator.calls.clear()
    async with daemon(gemini_simulator) as providers:
        circuits = {model: circuit for _, model, circuit in providers.circuits()}
        assert not circuits[RETIRED].available
        assert circuits[FALLBACK].available
    assert (await models())[RETIRED].circuit.state is CircuitState.OPEN


async def test_evidence_is_held_while_the_database_is_away(
    database: str, gemini_simulator: GeminiSimulator
) -> None:
    async with daemon(gemini_simulator) as providers:
        await looked()
        await ModelHealth.raw("ALTER TABLE model_health RENAME TO elsewhere")
        await providers.images.draw(PICTURE)
        await anyio.sleep(0.2)
        await ModelHealth.raw("ALTER TABLE elsewhere RENAME TO model_health")
    async with connected(database):
        assert (await models())[FALLBACK].calls == 1
