"""A film and an edit of it, sent and approved; and what its daemon said."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from uuid import UUID

from msgspec.structs import replace

from cms_bridge.inbox import intake
from cms_bridge.pricing.estimates import OFFLINE
from cms_bridge.tables import Job
from render.storyboard import AspectRatio, Limits, Scene, Storyboard
from tests.faults.crashes import ago
from tests.support import events

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


async def send(event: object, name: str) -> UUID:
    accepted = await intake.accept(name, b"{}", event, limits=Limits(), prices=OFFLINE)  # type: ignore[arg-type]
    return accepted.job_id


async def approve(job: UUID, board: Storyboard, *, revision: int) -> None:
    """Approve at a price that real providers would keep."""
    await send(events.approved(job, revision=revision, board=board, edits=True), f"a{revision}")
    await Job.update({Job.approved_cost: Decimal(10), Job.wake_at: ago()}).where(Job.id == job)


def log(directory: Path) -> Iterator[dict[str, object]]:
    for line in (directory / "daemon.log").read_text().splitlines():
        if line.startswith("{"):
            yield json.loads(line)
