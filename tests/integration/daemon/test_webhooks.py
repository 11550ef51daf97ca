"""A daemon's calls to integrators: one that hangs holds up nobody else; both databases."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import cast

import anyio
import pytest
from anyio import to_thread

from cms_bridge.tables import WebhookDelivery, WebhookSubscription
from daemon.webhooks import WebhookDeliveries
from daemon.work.services import Services
from tests.support import events
from tests.support.jobs import accept
from tests.support.receivers import Receiver, receiving
from tests.support.webhooks import PATIENCE, SECRETS, reaching, subscribed

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("database")]


@pytest.fixture
def quick() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


@pytest.fixture
def slow() -> Iterator[Receiver]:
    with receiving() as one:
        one.delay = 60
        yield one


@asynccontextmanager
async def sending(
    *receivers: Receiver, places: int = 8, each: int = 2, seconds: float = 3
) -> AsyncIterator[WebhookDeliveries]:
    settings = SimpleNamespace(
        concurrent_webhooks=places, concurrent_webhooks_per_subscription=each
    )
    async with reaching(*(one.url for one in receivers), seconds=seconds) as targets:
        services = SimpleNamespace(
            settings=settings, webhook_secrets=SECRETS, webhook_patience=PATIENCE
        )
        some = WebhookDeliveries(cast("Services", services), targets)
        try:
            async with anyio.create_task_group() as group:
                group.start_soon(lambda: some.poll(every=60))
                yield some
                group.cancel_scope.cancel()
        finally:
            await some.pool.cancel()


async def until(number: int, receiver: Receiver, *, seconds: float = 20) -> None:
    await to_thread.run_sync(lambda: receiver.wait(number, seconds=seconds))


async def test_what_hangs_takes_its_own_places_alone(quick: Receiver, slow: Receiver) -> None:
    await subscribed(slow.url)
    await subscribed(quick.url)
    for number in range(30):
        await accept(events.submitted(video=f"video-{number}"))
    async with sending(quick, slow, seconds=30):
        await until(30, quick)
        assert len(slow.calls) == 2
    assert len(set(quick.ids)) == 30


async def test_many_that_fail_leave_half_of_the_places(quick: Receiver, slow: Receiver) -> None:
    for number in range(8):
        await subscribed(f"{slow.url}/{number}")
    await WebhookSubscription.update(
        {WebhookSubscription.failing_since: datetime.now(UTC)}, force=True
    )
    await subscribed(quick.url)
    for number in range(10):
        await accept(events.submitted(video=f"video-{number}"))
    async with sending(quick, slow, seconds=30):
        await until(10, quick)
        assert len(slow.calls) == 4


async def test_what_is_due_is_sent_when_woken_and_once(quick: Receiver) -> None:
    await subscribed(quick.url)
    async with sending(quick) as some:
        await anyio.sleep(0.2)
        for number in range(12):
            await accept(events.submitted(video=f"video-{number}"))
            some.wake()
        await until(12, quick)
        await anyio.sleep(0.3)
    assert len(quick.calls) == len(set(quick.ids)) == 12
    rows = await WebhookDelivery.select(WebhookDelivery.attempts, WebhookDelivery.status)
    assert all(row == {"attempts": 1, "status": "delivered"} for row in rows)


async def test_a_daemon_that_stops_leaves_nothing_locked(slow: Receiver) -> None:
    await subscribed(slow.url)
    await accept(events.submitted())
    async with sending(slow, seconds=30):
        await until(1, slow)
    (row,) = await WebhookDelivery.select()
    assert (row["status"], row["locked_until"], row["attempts"]) == ("waiting", None, 1)
    assert row["due_at"] is not None
