"""The log of deliveries: what was sent to a subscription, each try at it, and sending it again."""

from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

import msgspec

from cms_bridge import clock, wakeups
from cms_bridge.database import transaction
from cms_bridge.errors import DeliveryNotFound, WebhookDisabled
from cms_bridge.records import PageEnd
from cms_bridge.tables import WebhookAttempt, WebhookDelivery, WebhookEvent, WebhookSubscription
from cms_bridge.webhooks.deliveries import DeliveryStatus
from cms_bridge.webhooks.events import TRIAL
from cms_bridge.webhooks.subscriptions import Subscription

_AT_ONCE = 500
"""Rows that one sweep deletes, so that nobody waits for it."""
MOST_REPLAYED = 1_000
"""Deliveries that one request sends again."""
_UNUSED = (
    "SELECT id FROM webhook_event WHERE created_at < {} AND NOT EXISTS"
    " (SELECT 1 FROM webhook_delivery WHERE webhook_delivery.event = webhook_event.id) LIMIT {}"
)
_UNDISTURBED = timedelta(hours=1)
"""Longer than any transaction that may still write to a deleted subscription."""


class AttemptRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One try."""

    number: int
    started_at: datetime
    seconds: float | None
    """None while it is under way, and for ever if whoever made it was killed."""
    status_code: int | None
    answer: str
    error: str


class DeliveryRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery as it was when it was read."""

    id: UUID
    event: str
    type: str
    job: UUID | None
    status: DeliveryStatus
    attempts: int
    reason: str
    created_at: datetime
    due_at: datetime | None
    finished_at: datetime | None


_EVENT = WebhookDelivery.event
_COLUMNS = (
    WebhookDelivery.id,
    _EVENT,
    _EVENT.type.as_alias("type"),
    _EVENT.job.as_alias("job"),
    WebhookDelivery.status,
    WebhookDelivery.attempts,
    WebhookDelivery.reason,
    WebhookDelivery.created_at,
    WebhookDelivery.due_at,
    WebhookDelivery.finished_at,
)


async def page(
    subscription: UUID,
    *,
    limit: int,
    after: PageEnd | None = None,
    status: DeliveryStatus | None = None,
) -> list[DeliveryRecord]:
    """Return so many deliveries to a subscription, newest first, behind the end of a page."""
    at, of = WebhookDelivery.created_at, WebhookDelivery.subscription
    conditions: list[Any] = [of == subscription]
    if after:
        conditions.append(
            (at < after.created_at) | ((at == after.created_at) & (WebhookDelivery.id < after.id))
        )
    if status:
        conditions.append(WebhookDelivery.status == status)
    rows = (
        await WebhookDelivery.select(*_COLUMNS)
        .where(*conditions)
        .order_by(at, WebhookDelivery.id, ascending=False)
        .limit(limit)
    )
    return [msgspec.convert(row, DeliveryRecord) for row in rows]


async def find(
    subscription: UUID, delivery: UUID
) -> tuple[DeliveryRecord, str, list[AttemptRecord]]:
    """Return a delivery, the body that it sends, and each try; raise `DeliveryNotFound`."""
    row = (
        await WebhookDelivery.select(*_COLUMNS, _EVENT.body.as_alias("body"))
        .where(WebhookDelivery.id == delivery, WebhookDelivery.subscription == subscription)
        .first()
    )
    if row is None:
        raise _unknown()
    tries = (
        await WebhookAttempt.select(*WebhookAttempt.all_columns())
        .where(WebhookAttempt.delivery == delivery)
        .order_by(WebhookAttempt.number)
    )
    body = row.pop("body")
    return (
        msgspec.convert(row, DeliveryRecord),
        body,
        [msgspec.convert(one, AttemptRecord) for one in tries],
    )


async def replay(subscription: Subscription, delivery: UUID) -> None:
    """Send a delivery again, under the id that it had; raise `WebhookDisabled`, `DeliveryNotFound`.

    What waits is tried at once; a try that is under way is the one that was asked for.
    """
    if not subscription.enabled:
        raise _disabled()
    now = clock.now()
    async with transaction():
        replayed = (
            await WebhookDelivery.update(_anew(now))
            .where(
                WebhookDelivery.id == delivery,
                WebhookDelivery.subscription == subscription.id,
                WebhookDelivery.locked_until.is_null() | (WebhookDelivery.locked_until <= now),
            )
            .returning(WebhookDelivery.id)
        )
        if replayed:
            wakeups.webhooks_due()
    if not replayed:
        await find(subscription.id, delivery)


async def replay_failed(subscription: Subscription, *, since: datetime) -> tuple[int, bool]:
    """Send again what was given up since a moment, the oldest first; raise `WebhookDisabled`.

    Returns how many are sent, and whether there are more than are at once.
    """
    if not subscription.enabled:
        raise _disabled()
    async with transaction():
        # Test calls are nothing that anybody missed.
        rows = (
            await WebhookDelivery.select(WebhookDelivery.id)
            .where(
                WebhookDelivery.subscription == subscription.id,
                WebhookDelivery.created_at >= since,
                WebhookDelivery.status == DeliveryStatus.FAILED,
                _EVENT.type != TRIAL,
            )
            .order_by(WebhookDelivery.created_at)
            .limit(MOST_REPLAYED + 1)
        )
        if rows:
            await WebhookDelivery.update(_anew(clock.now())).where(
                WebhookDelivery.id.is_in([row["id"] for row in rows[:MOST_REPLAYED]]),
                WebhookDelivery.status == DeliveryStatus.FAILED,
            )
            wakeups.webhooks_due()
    return min(len(rows), MOST_REPLAYED), len(rows) > MOST_REPLAYED


async def prune(keep: timedelta) -> int:
    """Delete a little of what is older than the log is kept, and of what was deleted.

    Returns the number of deliveries that went.
    """
    now = clock.now()
    old = WebhookDelivery.created_at < now - keep
    gone = await _delete(old & WebhookDelivery.due_at.is_null())
    for row in (
        await WebhookSubscription.select(WebhookSubscription.id)
        .where(WebhookSubscription.deleted_at <= now - _UNDISTURBED)
        .limit(10)
    ):
        if deleted := await _delete(WebhookDelivery.subscription == row["id"]):
            gone += deleted
        else:
            await WebhookSubscription.delete().where(WebhookSubscription.id == row["id"])
    # Of a time that nothing is kept of, but for what a replay still sends.
    unused = cast(list[dict[str, Any]], await WebhookEvent.raw(_UNUSED, now - keep, _AT_ONCE))
    if unused:
        await WebhookEvent.delete().where(WebhookEvent.id.is_in([row["id"] for row in unused]))
    return gone


async def _delete(which: Any) -> int:
    rows = await WebhookDelivery.select(WebhookDelivery.id).where(which).limit(_AT_ONCE)
    if rows:
        await WebhookDelivery.delete().where(
            # One that is replayed just now no longer is among them.
            WebhookDelivery.id.is_in([row["id"] for row in rows]),
            which,
        )
    return len(rows)


def _anew(now: datetime) -> dict[Any, Any]:
    """Return what a delivery that is sent again becomes."""
    return {
        WebhookDelivery.status: DeliveryStatus.WAITING,
        WebhookDelivery.failures: 0,
        WebhookDelivery.waiting_since: now,
        WebhookDelivery.due_at: now,
        WebhookDelivery.locked_until: None,
        WebhookDelivery.finished_at: None,
        WebhookDelivery.reason: "",
    }


def _disabled() -> WebhookDisabled:
    return WebhookDisabled("The subscription is disabled: enable it first.")


def _unknown() -> DeliveryNotFound:
    return DeliveryNotFound("There is no such delivery; they are kept for a while.")
