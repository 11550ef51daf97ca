"""A transaction whose task is cancelled: whole, and out of everybody's way at once."""

import threading
from datetime import UTC, datetime

import anyio
import anyio.lowlevel
import pytest

from cms_bridge.database import transaction
from cms_bridge.tables import Project
from tests.support.installation import eventually

pytestmark = pytest.mark.anyio


async def add(name: str) -> None:
    await Project.insert(Project(id=name, name=name, created_at=datetime.now(UTC)))


async def test_it_is_whole_and_blocks_nobody(database: str) -> None:
    threads = threading.active_count()
    with anyio.CancelScope() as scope:
        async with transaction():
            await add("first")
            scope.cancel()
            await add("second")
        await anyio.lowlevel.checkpoint()
    assert scope.cancelled_caught

    with anyio.fail_after(5):
        async with transaction():
            await add("third")
    assert await Project.count() == 3
    # A connection's thread ends a moment after it was closed.
    await eventually(lambda: threading.active_count() <= threads, seconds=5)


@pytest.mark.parametrize("steps", range(1, 12))
async def test_it_may_be_cancelled_at_any_step(database: str, steps: int) -> None:
    async with anyio.create_task_group() as group:

        async def write() -> None:
            async with transaction():
                await add("first")

        group.start_soon(write)
        for _ in range(steps):
            await anyio.sleep(0.0002)
        group.cancel_scope.cancel()

    with anyio.fail_after(5):
        async with transaction():
            await add("second")
