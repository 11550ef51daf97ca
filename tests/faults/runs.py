"""Runs of one daemon or several, each with a database and a directory of its own."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any
from uuid import UUID

import anyio
import anyio.to_thread
import msgspec

from cms_bridge.database import connected
from cms_bridge.inbox import intake
from cms_bridge.pricing.estimates import OFFLINE
from cms_bridge.states import Status
from cms_bridge.tables import Job
from render.storyboard import AspectRatio, Limits, Scene, Storyboard
from tests.faults.harness import Harness, daemon
from tests.support import events
from tests.support.installation import eventually
from tests.support.ledger import PLENTY

CALLS = 4
SECONDS = 2.0
"""How long each call takes."""


class Set(msgspec.Struct, frozen=True):
    """One run's own directory and a daemon's settings for it."""

    harness: Harness
    directory: Path
    settings: dict[str, str]

    @contextmanager
    def daemon(self) -> Iterator[BaseProcess]:
        with daemon(self.settings, self.directory) as process:
            yield process

    def said(self) -> str:
        return (self.directory / "daemon.log").read_text()


@asynccontextmanager
async def one_set(harness: Harness, **settings: str) -> AsyncIterator[Set]:
    directory = await anyio.to_thread.run_sync(harness.reset)
    made = harness.settings(directory, provider="gemini", drafting=False)
    made["REELWRIGHT_CONCURRENT_GENERATIONS"] = str(CALLS)
    made |= {f"REELWRIGHT_{name.upper()}": value for name, value in settings.items()}
    harness.google.latency = SECONDS
    async with connected(made["REELWRIGHT_DATABASE_URL"]):
        yield Set(harness, directory, made)
    # Whoever hung up is charged all the same, a while later: not in the next run.
    await eventually(lambda: not harness.google.at_once)


async def ordered(
    name: str,
    *,
    approved: bool = True,
    project: str = "project-1",
    seconds: float | None = None,
) -> UUID:
    """Store a job of one scene that no other job's media will do for; it waits for a worker.

    The scene lasts as long as its narration, or so many seconds.
    """
    event = events.submitted(video=name, project=project, title=name, script=f"{name}.")
    job = (
        await intake.accept(f"submit-{name}", b"{}", event, limits=Limits(), prices=OFFLINE)
    ).job_id
    if approved:
        board = Storyboard(
            title=name,
            scenes=(
                Scene(
                    id="s1",
                    narration=f"{name}.",
                    picture_prompt=f"A cup of {name}",
                    duration=seconds,
                ),
            ),
            aspect_ratio=AspectRatio.SQUARE,
        )
        values: dict[Any, Any] = {
            Job.status: Status.APPROVED,
            Job.storyboard_data: msgspec.json.encode(board).decode(),
            Job.storyboard_digest: board.digest,
            Job.approved: True,
            Job.approved_digest: board.digest,
            Job.approved_cost: PLENTY,
        }
        await Job.update(values).where(Job.id == job)
    await Job.update({Job.wake_at: datetime.now(UTC) - timedelta(seconds=1)}).where(Job.id == job)
    return job
