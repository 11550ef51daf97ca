"""Killed at any step of a paid call: paid once, nothing lost, nothing untold.

One run for each way of being killed; `make faults` makes a hundred of them,
thoroughly, and writes the crash table.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from cms_bridge.database import connected
from cms_bridge.states import Status
from tests.faults.crashes import STEPS, Step, Work, at_rest, crash, submitted
from tests.faults.matrix import planned, sound
from tests.faults.stage import Stage, daemon, open_stage

pytestmark = pytest.mark.anyio

WAYS = {(step.point, step.moment, step.call): step for step in reversed(STEPS)}


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with open_stage(tmp_path_factory.mktemp("stage")) as stage:
        yield stage


@pytest.mark.parametrize(
    "step", WAYS.values(), ids=lambda step: f"{step.work.name.lower()}: {step.words}"
)
async def test_killed(stage: Stage, step: Step) -> None:
    ending = await crash(stage, step, thorough=False)
    assert sound(ending), ending
    # Only a call that was announced and not answered for can be unknown.
    assert ending.charged <= ending.settled + ending.unknown


async def test_two_jobs_that_want_the_same_at_the_same_time_pay_once(
    stage: Stage, tmp_path: Path
) -> None:
    directory = stage.reset()
    stage.google.latency = 0.5
    settings = stage.settings(directory, provider="gemini", drafting=False)
    with ExitStack() as stack:
        async with connected(settings["REELWRIGHT_DATABASE_URL"]):
            made = [await submitted(Work.PICTURE, video=name) for name in ("v1", "v2")]
            for _ in made:
                stack.enter_context(daemon(settings, directory))
            for job in made:
                assert await at_rest(job, {Status.COMPOSING, Status.COMPLETED}) != Status.FAILED
    # A picture and a narration, each charged for once.
    assert sorted(stage.charges().values()) == [1, 1]


def test_a_hundred_runs_reach_every_step() -> None:
    assert set(planned(100)) == set(STEPS)
