"""A dead daemon's work is taken up within half a minute by the settings' defaults."""

import time
from collections.abc import Iterator

import msgspec
import pytest

from cms_bridge.states import Status
from cms_bridge.tables import Attempt, Job
from daemon.settings import DaemonSettings
from tests.faults.harness import Harness, kill, open_harness
from tests.faults.runs import one_set, ordered
from tests.support.installation import eventually
from tests.support.services import NEEDED

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(300)]

SECONDS = 30
OWN = ("lease_seconds", "heartbeat_seconds", "sweep_seconds", "task_timeout_minutes")
"""What these tests leave as it is by default."""


@pytest.fixture(scope="module")
def harness(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harness]:
    with open_harness(tmp_path_factory.mktemp("harness")) as harness:
        yield harness


def test_a_lease_and_a_sweep_are_over_within_half_a_minute() -> None:
    defaults = DaemonSettings.model_validate(NEEDED)
    assert defaults.task_timeout_minutes == 300
    assert defaults.lease_seconds + defaults.sweep_seconds < SECONDS


@pytest.mark.slow
@pytest.mark.parametrize("status", [Status.GENERATING, Status.COMPOSING])
async def test_a_dead_daemons_work_is_taken_up(harness: Harness, status: Status) -> None:
    key = {} if status is Status.GENERATING else {"gemini_api_key": ""}
    async with one_set(harness, **key) as patient:
        harness.google.latency = 4
        settings = {
            name: value
            for name, value in patient.settings.items()
            if name.removeprefix("REELWRIGHT_").lower() not in OWN
        }
        run = msgspec.structs.replace(patient, settings=settings)
        job = await ordered("tea", seconds=60)

        async def begun() -> bool:
            return await Job.exists().where(
                Job.id == job, Job.status == status, Job.lease_owner != ""
            )

        async def claimed_anew() -> bool:
            return await Attempt.count().where(Attempt.job == job) > before

        with run.daemon() as victim:
            await eventually(begun, every=0.01)
            if status is Status.GENERATING:
                await eventually(lambda: harness.google.at_once, every=0.01)
            before = await Attempt.count().where(Attempt.job == job)
            with run.daemon():
                await eventually(lambda: run.said().count("daemon.ready") == 2)
                kill(victim)
                died = time.monotonic()
                await eventually(claimed_anew, seconds=2 * SECONDS)
                took = time.monotonic() - died
        print(f"{status}: taken up after {took:.1f} s")  # noqa: T201 - what is measured here
        assert took < SECONDS
