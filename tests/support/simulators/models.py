"""Real adapters on simulated providers."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from render.generation.chain import Chain
from render.generation.models import ModelsConfig
from render.generation.providers import Providers, open_providers
from tests.support.simulators import gemini, replicate
from tests.support.simulators.gemini import GeminiSimulator
from tests.support.simulators.replicate import ReplicateSimulator

C = TypeVar("C", bound=Chain[Any, Any])

ROOMS = Path(__file__).parents[3] / "render/generation"


def providers_of(medium: str) -> set[str]:
    """Return the providers that have an adapter for a medium, by the names of their rooms."""
    return {path.parent.name for path in ROOMS.glob(f"*/{medium}.py")}


@asynccontextmanager
async def simulated(
    request: pytest.FixtureRequest, provider: str, config: ModelsConfig | None = None
) -> AsyncGenerator[Providers]:
    """Yield the chains of one provider, or of both for `chain`, and offline."""
    google: GeminiSimulator = request.getfixturevalue("gemini_simulator")
    predictions: ReplicateSimulator = request.getfixturevalue("replicate_simulator")
    async with open_providers(
        config or ModelsConfig(),
        gemini_key="" if provider == "replicate" else gemini.KEY,
        replicate_token="" if provider == "gemini" else replicate.TOKEN,
        gemini_url=google.url,
        replicate_url=predictions.url,
        outputs_from=[predictions.url],
    ) as providers:
        yield providers


def alone(chain: C) -> C:
    """Return a chain of the first rung only, which shows that rung's faults."""
    return replace(chain, rungs=chain.rungs[:1])
