"""A disk that is really full: nothing is paid for without room, and work goes on by itself.

The work directory lies on a small disk of its own, which somebody else fills.
"""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from cms_bridge.ledger import charges
from cms_bridge.ledger.charges import ChargeState
from cms_bridge.states import Status
from cms_bridge.tables import Attempt, Job
from tests.faults.crashes import at_rest
from tests.faults.harness import Harness, open_harness
from tests.faults.runs import one_set, ordered
from tests.support.installation import eventually

pytestmark = pytest.mark.anyio

SIZE_MB = 96


@pytest.fixture(scope="module")
def harness(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harness]:
    with open_harness(tmp_path_factory.mktemp("harness")) as harness:
        yield harness


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m", "tmpfs", tmp_path]
    if subprocess.run(mount, check=False).returncode:
        pytest.skip("Only root may mount a disk.")
    yield tmp_path
    subprocess.run(["umount", "--lazy", tmp_path], check=True)


def fill(disk: Path) -> Path:
    """Take all the room that there is, and return what takes it."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return ballast


async def has_waited(job: UUID) -> bool:
    return await Attempt.exists().where(Attempt.job == job, Attempt.outcome == "waiting")


async def ends_well(job: UUID, harness: Harness) -> None:
    """All was paid for once, and no retry counted: it was nobody's failure but the disk's."""
    assert await at_rest(job, {Status.COMPLETED}) == Status.COMPLETED
    assert {row.state for row in await charges.charges_of(job)} == {ChargeState.SETTLED}
    assert set(harness.charges().values()) == {1}
    assert await Job.select(Job.retry_count) == [{"retry_count": 0}]


async def test_nothing_is_paid_for_that_has_no_room(harness: Harness, disk: Path) -> None:
    async with one_set(harness, work_directory=str(disk), work_room_mb="32") as run:
        harness.google.latency = 0
        ballast = fill(disk)
        job = await ordered("tea", seconds=1)
        with run.daemon():
            await eventually(lambda: has_waited(job))
            assert not harness.google.calls
            ballast.unlink()
            await ends_well(job, harness)


async def test_a_film_is_encoded_once_there_is_room_again(harness: Harness, disk: Path) -> None:
    async with one_set(harness, work_directory=str(disk), work_room_mb="0") as run:
        harness.google.latency = 0
        job = await ordered("milk", seconds=4)

        async def is_composed() -> bool:
            return await Job.exists().where(Job.id == job, Job.status == Status.COMPOSING)

        with run.daemon():
            await eventually(is_composed, every=0.01)
            ballast = fill(disk)
            await eventually(lambda: has_waited(job))
            ballast.unlink()
            await ends_well(job, harness)
