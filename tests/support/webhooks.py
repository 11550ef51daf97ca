"""Subscriptions and deliveries for tests, with a way to receivers on this machine."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from cms_bridge.tables import WebhookDelivery
from cms_bridge.webhooks import deliveries, subscriptions
from cms_bridge.webhooks.deliveries import Patience
from cms_bridge.webhooks.events import EventType
from cms_bridge.webhooks.signing import Secrets
from cms_bridge.webhooks.subscriptions import Subscription
from cms_bridge.webhooks.targets import Answer, Targets, open_targets

SECRETS = Secrets(["an installation's secret of more than 32 characters"])
PROJECT = "project-1"
"""That of `tests.support.events`."""
PATIENCE = Patience()


async def subscribed(
    url: str = "https://receiver.example/hook",
    *,
    project: str = PROJECT,
    events: tuple[EventType, ...] | None = None,
    enabled: bool = True,
    most: int = 1_000,
) -> Subscription:
    return await subscriptions.create(
        project,
        url=url,
        events=events,
        description="",
        enabled=enabled,
        most=most,
        secrets=SECRETS,
    )


def secret_of(subscription: Subscription) -> str:
    return SECRETS.reveal(subscription.id, subscription.secret_versions[0])


@asynccontextmanager
async def reaching(
    *origins: str, seconds: float = 5, most_bytes: int = 1_024
) -> AsyncIterator[Targets]:
    async with open_targets(trusted=origins, seconds=seconds, most_bytes=most_bytes) as targets:
        yield targets


async def deliver_due(targets: Targets, *, patience: Patience = PATIENCE) -> list[Answer | None]:
    return [
        await deliveries.deliver(one.id, targets, secrets=SECRETS, patience=patience)
        for one in await deliveries.due(limit=100)
    ]


async def make_due(**past: Any) -> None:
    """Let the time of everything that waits have come; `past` sets columns besides."""
    columns = {getattr(WebhookDelivery, name): value for name, value in past.items()}
    before = datetime.now(UTC) - timedelta(seconds=1)
    await WebhookDelivery.update({WebhookDelivery.due_at: before, **columns}).where(
        WebhookDelivery.due_at.is_not_null()
    )
