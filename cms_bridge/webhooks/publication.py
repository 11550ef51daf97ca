"""Publication: what happens to a job is told to whoever subscribed to it, in its own transaction.

One look into an index finds a project's subscriptions. Where there is none, that
is all; where there are some, the event is written down once, as it will be sent.
"""

from datetime import datetime
from typing import Any, cast
from uuid import UUID, uuid4

import msgspec

from cms_bridge import clock
from cms_bridge.database import transaction
from cms_bridge.records import JobRecord
from cms_bridge.tables import Job, WebhookEvent, WebhookSubscription
from cms_bridge.webhooks import deliveries
from cms_bridge.webhooks.events import (
    Occasion,
    WebhookMessage,
    job_message,
    trial_message,
    type_of,
)
from cms_bridge.webhooks.subscriptions import Subscription, events_of

_RECEIVERS = (
    "SELECT id, events FROM webhook_subscription"
    " WHERE project = (SELECT project FROM job WHERE id = {}) AND enabled = {}"
)


UNHEARD = (
    "NOT EXISTS (SELECT 1 FROM webhook_subscription WHERE project = :project AND enabled = TRUE)"
)
"""The condition under which `publish` has nobody to tell."""


async def publish(job: UUID, happened: Occasion | None) -> None:
    """Tell what has just happened to a job, if anybody subscribed; call in that transaction."""
    if happened is None:
        return
    rows = cast(
        list[dict[str, Any]],
        await WebhookSubscription.raw(_RECEIVERS, job, True),  # noqa: FBT003 - a column's value
    )
    if not rows:
        return
    (row,) = await Job.select(*Job.all_columns()).where(Job.id == job)
    record = JobRecord.of(row)
    kind = type_of(record.kind, happened)
    receivers = [
        one["id"]
        for one in rows
        for events in [events_of(one["events"])]
        if kind and (events is None or kind in events)
    ]
    if kind is None or not receivers:
        return
    now = clock.now()
    message = job_message(record, kind, at=now)
    event = await _write(record.project, message, job=job, at=now)
    await deliveries.enqueue(event, receivers, at=now)


async def publish_trial(subscription: Subscription) -> UUID:
    """Write down a test call; return its delivery, which is for the caller to make."""
    now = clock.now()
    async with transaction():
        message = trial_message(subscription.project, subscription.id)
        event = await _write(subscription.project, message, job=None, at=now)
        (delivery,) = await deliveries.enqueue(event, [subscription.id], at=now, due=False)
    return delivery


async def _write(project: str, message: WebhookMessage, *, job: UUID | None, at: datetime) -> str:
    event = f"evt_{uuid4().hex}"
    await WebhookEvent.insert(
        WebhookEvent(
            id=event,
            project=project,
            job=job,
            type=message.type,
            body=msgspec.json.encode(message).decode(),
            created_at=at,
        )
    )
    return event
