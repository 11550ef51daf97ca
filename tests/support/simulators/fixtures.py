"""Fixtures: each simulator is started once a session, and handed to each test as if fresh."""

from collections.abc import Iterator

import pytest

from tests.support.simulators.gemini import GeminiSimulator
from tests.support.simulators.replicate import ReplicateSimulator
from tests.support.simulators.serving import served


@pytest.fixture(scope="session")
def gemini_server() -> Iterator[GeminiSimulator]:
    simulator = GeminiSimulator()
    with served(simulator.app) as simulator.url:
        yield simulator


@pytest.fixture
def gemini_simulator(gemini_server: GeminiSimulator) -> GeminiSimulator:
    gemini_server.reset()
    return gemini_server


@pytest.fixture(scope="session")
def replicate_server() -> Iterator[ReplicateSimulator]:
    simulator = ReplicateSimulator()
    with served(simulator.app) as simulator.url:
        yield simulator


@pytest.fixture
def replicate_simulator(replicate_server: ReplicateSimulator) -> ReplicateSimulator:
    replicate_server.reset()
    return replicate_server
