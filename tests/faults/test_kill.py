"""Killed at any step, the installation finishes each job exactly once and leaves nothing behind."""

import random
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import msgspec
import psutil
import pytest
from anyio.from_thread import start_blocking_portal
from redis import Redis

from cms_bridge.events import (
    StoryboardApproved,
    StoryboardChange,
    VideoCancelled,
    VideoRef,
)
from daemon.client import SenderError
from daemon.local.redis import embedded_redis
from render.storyboard import AspectRatio, Brief, Scene, Storyboard
from tests.support.installation import (
    COMPLETED,
    DRAFTED,
    PATIENCE,
    RunningInstallation,
    eventually,
    last,
    running_installation,
    sample,
)

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(600)]

SHORT = Brief(
    title="A short one", script="Bread is flour and time.", aspect_ratio=AspectRatio.SQUARE
)
THREE_SCENES = msgspec.structs.replace(SHORT, script="\n\n".join(sample().script.split("\n\n")[:3]))
SLOW_TO_DRAFT = msgspec.structs.replace(SHORT, script=("Bread is flour and time.\n\n" * 1_500))
ONE_SCENE = Storyboard(
    title="A short one",
    scenes=(Scene(id="s1", narration="Bread is flour and time."),),
    aspect_ratio=AspectRatio.SQUARE,
)

IMPATIENT = {
    "lease_seconds": "3",
    "sweep_seconds": "1",
    "retry_first_delay_seconds": "0.5",
    "progress_seconds": "0.1",
}
"""What makes an installation notice a dead worker soon; nothing else is changed."""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningInstallation]:
    with running_installation(
        tmp_path_factory.mktemp("installation"), cms=False, **IMPATIENT
    ) as running:
        yield running


@pytest.fixture(autouse=True)
def nothing_is_left_half_done(running: RunningInstallation) -> Iterator[None]:
    yield
    running.check_tidy(killed=True)
    assert running.engines() == []


async def submitted(running: RunningInstallation, brief: Brief) -> str:
    async with running.sender() as sender:
        return await sender.submit(brief)


async def approved(running: RunningInstallation, job: str, board: Storyboard | None = None) -> None:
    """Wait for a job's storyboard and approve it, or another in its place."""
    async with running.sender() as sender:
        drafted = await last(sender.follow(job, until=DRAFTED, seconds=PATIENCE))
        if board is None:
            await sender.approve(drafted)
            return
        change = StoryboardChange(job_id=job, storyboard_id="1", revision=1, storyboard=board)
        await sender.send(StoryboardApproved(timestamp=datetime.now(UTC), data=change))


async def completed(running: RunningInstallation, job: str) -> dict[str, Any]:
    async with running.sender() as sender:
        return await last(sender.follow(job, until=COMPLETED, seconds=PATIENCE))


async def named(running: RunningInstallation, job: str) -> VideoRef:
    """Return the name by which a CMS knows a job."""
    known = await running.status(job)
    return VideoRef(
        project_id=known["projectId"], video_id=known["videoId"], submission=known["submission"]
    )


def status(running: RunningInstallation, job: str) -> str:
    [row] = running.rows("SELECT status, error_message FROM job WHERE id = ?", job)
    assert row["status"] != "failed", row["error_message"]
    return row["status"]


def attempts(running: RunningInstallation, job: str, phase: str) -> list[str]:
    """Return how each attempt at a phase ended, in order."""
    rows = running.rows(
        "SELECT outcome FROM attempt WHERE job = ? AND phase = ? ORDER BY number", job, phase
    )
    return [row["outcome"] for row in rows]


def workers(running: RunningInstallation, job: str) -> list[str]:
    rows = running.rows(
        "SELECT worker FROM attempt WHERE job = ? AND phase = 'render' ORDER BY number", job
    )
    return [row["worker"] for row in rows]


def videos(running: RunningInstallation, job: str) -> int:
    [row] = running.rows("SELECT COUNT(*) AS n FROM generated_video WHERE job = ?", job)
    return row["n"]


async def reached(running: RunningInstallation, job: str, *wanted: str) -> None:
    await eventually(lambda: status(running, job) in wanted, every=0.001)


async def killed_at(running: RunningInstallation, wanted: str) -> str:
    """Kill the daemon while a job of its has a status, and return the job."""
    for _ in range(10):
        drafting = wanted == "storyboarding"
        job = await submitted(running, SLOW_TO_DRAFT if drafting else SHORT)
        if not drafting:
            await approved(running, job)
        await reached(running, job, wanted, "completed")
        engines = running.engines() if wanted == "composing" else []
        await kill_daemon(running)
        if status(running, job) == wanted:
            psutil.wait_procs(engines, timeout=5)
            assert not [engine for engine in engines if engine.is_running()]
            return job
        # The job was quicker than the signal; then it is somebody else's turn.
    raise AssertionError(f"no job could be caught {wanted}")


async def kill_daemon(running: RunningInstallation) -> None:
    process = psutil.Process(running.installation.stack.pid("daemon"))
    process.kill()
    await eventually(lambda: not process.is_running() or process.status() == "zombie", every=0.01)


@pytest.mark.parametrize(
    "wanted",
    [
        "storyboarding",
        *(
            pytest.param(stage, marks=pytest.mark.slow)
            for stage in ("generating", "composing", "uploading")
        ),
    ],
)
async def test_a_job_outlives_its_daemon(running: RunningInstallation, wanted: str) -> None:
    job = await killed_at(running, wanted)
    if wanted == "storyboarding":
        await approved(running, job, ONE_SCENE)
    finished = await completed(running, job)

    assert finished["progress"] == 100
    assert videos(running, job) == 1
    hit, spared = ["lost", "succeeded"], ["succeeded"]
    drafting = wanted == "storyboarding"
    assert attempts(running, job, "storyboard") == (hit if drafting else spared)
    assert attempts(running, job, "render") == (spared if drafting else hit)


async def test_a_cancelled_render_stops_within_two_seconds(running: RunningInstallation) -> None:
    job = await submitted(running, THREE_SCENES)
    await approved(running, job)
    await reached(running, job, "composing")
    engines = await eventually(running.engines)
    event = VideoCancelled(timestamp=datetime.now(UTC), data=await named(running, job))
    async with running.sender() as sender:
        await sender.send(event)
    asked = time.monotonic()
    _, alive = psutil.wait_procs(engines, timeout=10)
    took = time.monotonic() - asked

    assert alive == []
    # By itself a second (`test_cancellation.py`), but here all runs at once on this machine.
    assert took < 3, f"it took {took:.1f} seconds"
    assert status(running, job) == "cancelled"
    assert attempts(running, job, "render") == ["cancelled"]
    assert videos(running, job) == 0


async def test_a_job_whose_engine_was_killed_is_tried_again_by_itself(
    running: RunningInstallation,
) -> None:
    job = await submitted(running, THREE_SCENES)
    await approved(running, job)
    await reached(running, job, "composing")
    for engine in await eventually(running.engines):
        engine.kill()
    await completed(running, job)
    assert attempts(running, job, "render") == ["postponed", "succeeded"]
    assert videos(running, job) == 1


class TestTwoDaemons:
    @pytest.fixture(autouse=True)
    def _second(self, running: RunningInstallation) -> Iterator[None]:
        running.add_daemon("daemon-2")
        yield
        running.halt("daemon-2")

    async def test_each_job_is_worked_on_once(self, running: RunningInstallation) -> None:
        jobs = [await submitted(running, SHORT) for _ in range(4)]
        for job in jobs:
            await approved(running, job)
        for job in jobs:
            await completed(running, job)
            assert attempts(running, job, "storyboard") == ["succeeded"]
            # Once more if it was let go of for another to encode.
            tried = attempts(running, job, "render")
            assert tried in (["succeeded"], ["released", "succeeded"])
            assert videos(running, job) == 1

    async def test_a_daemon_that_is_told_to_stop_hands_a_job_over_at_once_that_has_begun(
        self, running: RunningInstallation
    ) -> None:
        job, holder = await self._composing(running)
        running.signal(holder, signal.SIGTERM)
        await completed(running, job)
        assert attempts(running, job, "render") == ["released", "succeeded"]
        first, second = workers(running, job)
        assert first != second
        assert videos(running, job) == 1

    async def test_a_daemon_that_was_thought_dead_changes_nothing_when_it_comes_back(
        self, running: RunningInstallation
    ) -> None:
        job, holder = await self._composing(running)
        running.signal(holder, signal.SIGSTOP)
        try:
            await eventually(lambda: len(workers(running, job)) == 2)
            await reached(running, job, "composing", "uploading", "completed")
        finally:
            running.signal(holder, signal.SIGCONT)
        await completed(running, job)
        assert attempts(running, job, "render") == ["lost", "succeeded"]
        assert videos(running, job) == 1

    async def _composing(self, running: RunningInstallation) -> tuple[str, str]:
        """Return a job that is being composed, and the name of the daemon that does it."""
        job = await submitted(running, THREE_SCENES)
        await approved(running, job)
        await reached(running, job, "composing")
        await eventually(running.engines)
        # A worker is named host:pid:…
        pid = int(workers(running, job)[0].split(":")[1])
        names = ("daemon", "daemon-2")
        return job, next(name for name in names if running.installation.stack.pid(name) == pid)


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [60, 0])
async def test_a_daemon_that_is_told_to_stop_finishes_what_is_nearly_done(
    tmp_path: Path, seconds: int
) -> None:
    """Beside another that would take the job up once its lease was not renewed."""
    # Every film is, from its first frame on; and it takes longer than a lease.
    near = {"finish_percent": "0", "finish_seconds": f"{seconds}", "lease_seconds": "5"}
    with running_installation(tmp_path, cms=False, **(IMPATIENT | near)) as running:
        job = await submitted(running, THREE_SCENES)
        await approved(running, job)
        await reached(running, job, "composing")
        await eventually(lambda: progress(running, job) > 40, every=0.01)
        first = running.installation.stack.pid("daemon")
        running.signal("daemon", signal.SIGTERM)
        later = await submitted(running, SHORT)
        await completed(running, job)
        begun = attempts(running, job, "render")
        assert begun[-1] == "succeeded"
        assert (len(begun) == 1) == bool(seconds), begun
        assert videos(running, job) == 1
        # What came after it was told is another daemon's.
        async with running.sender() as sender:
            await last(sender.follow(later, until=DRAFTED, seconds=PATIENCE))
        [row] = running.rows("SELECT worker FROM attempt WHERE job = ?", later)
        assert f":{first}:" not in row["worker"]
        running.check_tidy(killed=True)
        running.halt("daemon")


def progress(running: RunningInstallation, job: str) -> int:
    [row] = running.rows("SELECT progress FROM job WHERE id = ?", job)
    return row["progress"]


@pytest.mark.slow
async def test_jobs_outlive_redis(tmp_path: Path) -> None:
    """Killed in the middle of a render, and back after events were accepted without it."""
    with start_blocking_portal() as portal:

        def redis() -> Any:
            return portal.wrap_async_context_manager(embedded_redis(tmp_path / "redis"))

        first = redis()
        url = first.__enter__()
        with running_installation(
            tmp_path / "installation", cms=False, redis_url=url, **IMPATIENT
        ) as running:
            rendering = await submitted(running, THREE_SCENES)
            await approved(running, rendering)
            await reached(running, rendering, "composing")
            with Redis.from_url(url) as client:
                psutil.Process(client.info()["process_id"]).kill()
            first.__exit__(None, None, None)
            accepted = await submitted(running, SHORT)
            with redis() as again:
                assert again == url
                await approved(running, accepted)
                await completed(running, accepted)
                await completed(running, rendering)
                assert videos(running, rendering) == videos(running, accepted) == 1
                assert attempts(running, rendering, "render")[-1] == "succeeded"
                running.check_tidy(killed=True)
                running.halt("daemon")


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(30))
async def test_a_job_outlives_its_daemon_wherever_it_is_killed(
    running: RunningInstallation, seed: int
) -> None:
    moment = random.Random(seed).uniform(0, 6)  # noqa: S311 - a place in time, not a secret
    job = await submitted(running, THREE_SCENES)
    await approved(running, job)
    await anyio.sleep(moment)
    await kill_daemon(running)
    await completed(running, job)
    assert videos(running, job) == 1
    assert attempts(running, job, "render") in (["succeeded"], ["lost", "succeeded"])


@pytest.mark.slow
async def test_a_job_that_kills_its_daemon_each_time_is_given_up_with_a_reason(
    tmp_path: Path,
) -> None:
    with running_installation(tmp_path, cms=False, max_retries="1", **IMPATIENT) as running:
        job = await submitted(running, THREE_SCENES)
        await approved(running, job)
        for killed in (1, 2):
            await eventually(
                lambda killed=killed: (
                    attempts(running, job, "render") == ["lost"] * (killed - 1) + ["running"]
                )
            )
            await kill_daemon(running)
        with pytest.raises(SenderError, match="The work stopped 2 times in a row"):
            await completed(running, job)
        running.check_tidy(killed=True)
