"""A film that two real daemons encode, each with a cache of its own; the helper killed or not."""

import json
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import pytest

from cms_bridge import wakeups
from cms_bridge.inbox import intake
from cms_bridge.jobs import transitions
from cms_bridge.jobs.queue import open_queue
from cms_bridge.pricing.estimates import OFFLINE
from cms_bridge.states import Status
from cms_bridge.tables import Attempt, Job, Piece, Worker
from render.storyboard import AspectRatio, Limits, Scene, Storyboard
from tests.faults.crashes import ago
from tests.faults.harness import Harness, daemon, kill, open_harness
from tests.faults.runs import one_set
from tests.support import events
from tests.support.installation import eventually, processes_of

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(600)]

SOON = 1.0
"""Seconds until nobody encodes a film that was cancelled."""

FILM = Storyboard(
    title="Cups",
    aspect_ratio=AspectRatio.SQUARE,
    scenes=tuple(
        Scene(id=f"s{number}", picture_prompt=f"Cup number {number}", duration=4)
        for number in range(12)
    ),
)


@pytest.fixture(scope="module")
def harness(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harness]:
    with open_harness(tmp_path_factory.mktemp("harness")) as harness:
        yield harness


class End(StrEnum):
    """What becomes of a film that two encode."""

    MADE = "both live"
    HELPER_KILLED = "the helper is killed"
    CANCELLED = "it is cancelled"


@pytest.mark.parametrize("end", End)
async def test_an_idle_daemon_helps_with_a_film_that_another_holds(
    harness: Harness, end: End
) -> None:
    async with one_set(harness, gemini_api_key="") as run:
        homes = [run.directory / name for name in ("one", "two")]
        for home in homes:
            home.mkdir()
        settings = [
            run.settings
            | {
                "REELWRIGHT_WORK_DIRECTORY": f"{home}/work",
                "REELWRIGHT_SHARED_CACHE_MEBIBYTES": "200",
                "REELWRIGHT_RENDER_THREADS": "1",
                "REELWRIGHT_HLS": "false",
            }
            for home in homes
        ]
        with daemon(settings[0], homes[0]) as one, daemon(settings[1], homes[1]) as two:
            await eventually(two_are_there, seconds=60)
            accepted = await intake.accept(
                "m1", b"{}", events.submitted(), limits=Limits(), prices=OFFLINE
            )
            job = accepted.job_id
            await Job.update({Job.status: Status.STORYBOARD_COMPLETE}).where(Job.id == job)
            await intake.accept(
                "m2",
                b"{}",
                events.approved(job, revision=1, board=FILM, edits=True),
                limits=Limits(),
                prices=OFFLINE,
            )
            await Job.update({Job.wake_at: ago()}).where(Job.id == job)
            await eventually(lambda: both_encode(homes), seconds=120)
            (attempt,) = await Attempt.select().where(Attempt.job == job)
            holder, helper = (one, two) if f":{one.pid}:" in attempt["worker"] else (two, one)
            home = homes[0] if helper is one else homes[1]
            if end is End.CANCELLED:
                async with open_queue(harness.redis_url) as queue:
                    with wakeups.sent_to(queue):
                        await transitions.cancel_job(job)
                await eventually(
                    lambda: (
                        not any("--json" in one.cmdline() for one in processes_of(run.directory))
                    ),
                    seconds=SOON,
                    every=0.01,
                )
                return
            if end is End.HELPER_KILLED:
                kill(helper)
            await eventually(lambda: completed(job), seconds=300)
            assert holder.is_alive()
            # Nobody had to begin again.
            assert await Attempt.count().where(Attempt.job == job) == 1
            await eventually(all_is_kept, seconds=60)
            if end is End.MADE:
                await eventually(lambda: has_helped(home), seconds=30)


async def two_are_there() -> bool:
    return await Worker.count() == 2


async def both_encode(homes: list[Path]) -> bool:
    return all(any((home / "work" / "cache").glob("*.mp4")) for home in homes)


async def all_is_kept() -> bool:
    return not await Piece.exists().where(Piece.ready.eq(False))


async def completed(job: object) -> bool:
    return await Job.exists().where(Job.id == job, Job.status == Status.COMPLETED)


async def has_helped(home: Path) -> bool:
    return any(
        told.get("event") == "help.finished" and told["encoded"] > 0
        for line in (home / "daemon.log").read_text().splitlines()
        if line.startswith("{") and (told := json.loads(line))
    )
