"""One house with everything, Payload included, for as many tests as possible."""

from collections.abc import Iterator

import pytest

from tests.houses import RunningHouse, running_house


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHouse]:
    with running_house(
        tmp_path_factory.mktemp("house"),
        cms=True,
        # After an outage nobody wants to wait longer than that for the next attempt.
        outbox_max_delay_seconds="2",
        # Long enough for the sample, and soon passed.
        max_scene_seconds="30",
    ) as running:
        yield running
