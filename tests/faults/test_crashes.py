"""Killed at any step of a paid call: paid once, nothing lost, nothing untold.

One run for each way of being killed; `make faults` makes a hundred of them,
thoroughly, and writes the crash table.
"""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from cms_bridge.database import connected
from cms_bridge.states import Status
from tests.faults.crashes import at_rest, crash, submitted
from tests.faults.harness import Harness, daemon, open_harness
from tests.faults.matrix import planned, sound
from tests.faults.steps import STEPS, Step, Work

pytestmark = pytest.mark.anyio

BORDERS = {"sending", "the id", "keeping", "the receipt", "the asset", "settling"}

WAYS = {
    # Of music its own: where a model's is lost, the film goes on with other music.
    (step.point, step.moment, step.call, step.work is Work.MUSIC and step.first): step
    for step in reversed(STEPS)
    if step.work is not Work.MUSIC or step.moment == "charged"
}


def quick(step: Step) -> bool:
    """Whether what may be lost or bought twice is most at this step; CI runs these."""
    # A file that is still processed is asked for as one that is not.
    return not step.processing and (
        step.moment == "charged" or step.point.removeprefix("before ") in BORDERS
    )


@pytest.fixture(scope="module")
def harness(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harness]:
    with open_harness(tmp_path_factory.mktemp("harness")) as harness:
        yield harness


@pytest.mark.parametrize(
    "step",
    [pytest.param(step, marks=() if quick(step) else pytest.mark.slow) for step in WAYS.values()],
    ids=lambda step: f"{step.work.name.lower()}: {step.words}",
)
async def test_killed(harness: Harness, step: Step) -> None:
    ending = await crash(harness, step, thorough=False)
    assert sound(ending), ending
    # Only a call that was announced and not answered for can be unknown.
    assert ending.charged <= ending.settled + ending.unknown


LOST = [
    step
    for step in STEPS
    if step.work in {Work.PICTURE, Work.NARRATION}
    and (step.moment == "charged" or step.point == "before sending")
]


@pytest.mark.parametrize("step", LOST, ids=lambda step: f"{step.work.name.lower()}: {step.words}")
async def test_killed_within_the_budget_for_lost_calls_it_is_finished_alone(
    harness: Harness, step: Step
) -> None:
    budget = {"REELWRIGHT_LOST_CALL_DOLLARS": "0.10", "REELWRIGHT_LOST_VIDEO_DOLLARS": "0.10"}
    ending = await crash(harness, step, thorough=False, also=budget)
    assert ending.alone, ending
    # Which it was nobody knows: charged, and so bought a second time, or never sent.
    assert ending.charged == (3 if step.moment else 2)
    assert (ending.settled, ending.presumed, ending.unknown) == (3, 1, 0)
    assert (ending.shown, ending.missing) == (1, 0)


@pytest.mark.parametrize(
    ("work", "done", "paid"),
    [
        # A picture and a narration, each charged for once.
        (Work.PICTURE, {Status.COMPOSING, Status.UPLOADING, Status.COMPLETED}, [1, 1]),
        (Work.DRAFT, {Status.STORYBOARD_COMPLETE}, [1]),
    ],
)
async def test_two_jobs_that_want_the_same_at_the_same_time_pay_once(
    harness: Harness, work: Work, done: set[Status], paid: list[int]
) -> None:
    directory = harness.reset()
    harness.google.latency = 0.5
    settings = harness.settings(directory, provider="gemini", drafting=work is Work.DRAFT)
    settings["REELWRIGHT_CONCURRENT_GENERATIONS"] = "4"
    with ExitStack() as stack:
        async with connected(settings["REELWRIGHT_DATABASE_URL"]):
            made = [await submitted(work, video=name) for name in ("v1", "v2")]
            for _ in made:
                stack.enter_context(daemon(settings, directory))
            for job in made:
                assert await at_rest(job, done) in done
    assert sorted(harness.charges().values()) == paid


def test_a_hundred_runs_reach_every_step() -> None:
    assert set(planned(100)) == set(STEPS)
