"""A film is edited by a scene and filmed again by a real daemon, killed on the way or not.

What did not change is neither paid for nor encoded again, and the film before stays.
"""

import json
from collections.abc import Iterator
from decimal import Decimal
from multiprocessing.connection import wait
from pathlib import Path
from uuid import UUID

import anyio
import anyio.to_thread
import pytest
from msgspec.structs import replace

from cms_bridge import films
from cms_bridge.database import connected
from cms_bridge.inbox import intake
from cms_bridge.jobs import approvals, moves
from cms_bridge.ledger import charges
from cms_bridge.pricing.estimates import OFFLINE
from cms_bridge.states import Status
from cms_bridge.tables import Job
from render.storyboard import AspectRatio, Limits, Scene, Storyboard
from tests.faults.crashes import ago, at_rest
from tests.faults.harness import Harness, daemon, open_harness
from tests.support import events

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(300)]

FIRST = Storyboard(
    title="Tea",
    scenes=tuple(
        Scene(id=f"s{number}", narration=f"{word}.", picture_prompt=f"A cup of {word}", duration=1)
        for number, word in enumerate(("Tea", "Cocoa", "Milk"), start=1)
    ),
    aspect_ratio=AspectRatio.SQUARE,
)
SECOND = replace(FIRST, scenes=(*FIRST.scenes[:2], replace(FIRST.scenes[2], picture_take=1)))
"""The last scene's picture is made once more."""


@pytest.fixture(scope="module")
def harness(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harness]:
    with open_harness(tmp_path_factory.mktemp("harness")) as harness:
        yield harness


async def send(event: object, name: str) -> UUID:
    accepted = await intake.accept(name, b"{}", event, limits=Limits(), prices=OFFLINE)  # type: ignore[arg-type]
    return accepted.job_id


async def due(job: UUID) -> None:
    """Let nobody wait for a lease that a killed daemon holds."""
    await Job.update({Job.lease_expires_at: ago(), Job.wake_at: ago()}).where(
        Job.id == job, Job.wake_at.is_not_null()
    )


async def approve(job: UUID, board: Storyboard, *, revision: int) -> None:
    """Approve at a price that real providers would keep."""
    await send(events.approved(job, revision=revision, board=board, edits=True), f"a{revision}")
    await Job.update({Job.approved_cost: Decimal(10), Job.wake_at: ago()}).where(Job.id == job)


@pytest.mark.parametrize(
    "point",
    [
        "",
        "after the intent",
        "before keeping",
        "before the asset",
        "before settling",
        "before the film is recorded",
        "after the film is recorded",
    ],
)
async def test_a_scene_is_made_anew_and_nothing_else(harness: Harness, point: str) -> None:
    directory = await anyio.to_thread.run_sync(harness.reset)
    settings = harness.settings(directory, provider="gemini", drafting=False)
    async with connected(settings["REELWRIGHT_DATABASE_URL"]):
        job = await send(events.submitted(), "s1")
        await Job.update({Job.status: Status.STORYBOARD_COMPLETE}).where(Job.id == job)
        await approve(job, FIRST, revision=1)
        with daemon(settings, directory):
            assert await at_rest(job, {Status.COMPLETED}) is Status.COMPLETED
        first = await films.finished(job)
        paid = len(await charges.charges_of(job))
        spent = await approvals.spent_on(job)
        assert paid == harness.charges().total() == 6
        bytes_of_first = await stored(directory, first.key)

        await approve(job, SECOND, revision=2)
        if point:
            with daemon(settings, directory, point=point) as victim:
                await anyio.to_thread.run_sync(wait, [victim.sentinel], 90)
                assert victim.exitcode == -9, f"not killed: {directory}/daemon.log"
            assert (await films.of_job(job))[-1] == first
            assert await stored(directory, first.key) == bytes_of_first
            await due(job)
        with daemon(settings, directory):
            status = await at_rest(job, {Status.COMPLETED})
        if point == "before keeping":
            # Whether it was charged nobody knows: a person says, and the film before is shown.
            assert status is Status.FAILED
            assert await films.finished(job) == first
            return
        assert status is Status.COMPLETED
        newest, before = await films.of_job(job)
        assert before == first
        assert (newest.number, newest.storyboard_revision) == (2, 2)
        assert newest.storyboard == SECOND
        assert newest.key != first.key
        assert await stored(directory, first.key) == bytes_of_first
        settled = [one for one in await charges.charges_of(job) if one.settled is not None]
        assert len(settled) == harness.charges().total() == 7
        assert {one.scene_id for one in settled[6:]} == {"s3"}
        assert await approvals.spent_on(job) > spent
        assert (await moves.find(job)).approved_digest == SECOND.digest
        reused = [line for line in log(directory) if line.get("event") == "engine.finished"]
        # Only what shows the third scene is encoded: it, and the crossfade into it.
        segments = reused[0]["segments"]
        assert isinstance(segments, int)
        assert [one["reused"] for one in reused] == [
            0,
            *([segments - 2] if "film" in point or not point else []),
            *([segments] if "film" in point else [segments - 2] if point else []),
        ]


async def stored(directory: Path, key: str) -> bytes:
    return await anyio.Path(directory / "objects" / key).read_bytes()


def log(directory: Path) -> Iterator[dict[str, object]]:
    for line in (directory / "daemon.log").read_text().splitlines():
        if line.startswith("{"):
            yield json.loads(line)
