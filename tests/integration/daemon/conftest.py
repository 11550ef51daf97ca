"""What a worker works with, as far as an attempt alone needs it."""

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from cms_bridge.jobs.retries import RetryPolicy
from cms_bridge.ledger.outages import OutagePatience
from daemon.work.in_flight import InFlight
from daemon.work.services import Services
from daemon.work.stops import Stops


@pytest.fixture
def services(tmp_path: Path) -> Services:
    settings = SimpleNamespace(
        heartbeat_seconds=0.05,
        work_directory=tmp_path,
        outage_patience=OutagePatience(longest=5, pause=0.01),
    )
    return cast(
        "Services",
        SimpleNamespace(
            settings=settings,
            worker="w1",
            retry_policy=RetryPolicy(max_retries=1, first_delay=timedelta(0)),
            lease_duration=timedelta(seconds=30),
            task_seconds=60,
            in_flight=InFlight(),
            stops=Stops(),
        ),
    )
