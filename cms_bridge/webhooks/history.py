"""The log of deliveries: what was sent to a subscription, each try at it, and sending it again."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from cms_bridge import wakeups
from cms_bridge.database import transaction
from cms_bridge.errors import DeliveryNotFound, WebhookDisabled
from cms_bridge.tables import WebhookAttempt, WebhookDelivery, WebhookEvent, WebhookSubscription
from cms_bridge.webhooks.deliveries import DeliveryStatus
from cms_bridge.webhooks.subscriptions import Subscription

_AT_ONCE = 500
"""Rows that one sweep deletes, so that nobody waits for it."""
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


class Position(msgspec.Struct, frozen=True, array_like=True):
    """The last delivery of a page, behind which the next one begins."""

    created_at: datetime
    id: UUID


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
    after: Position | None = None,
    status: DeliveryStatus | None = None,
) -> list[DeliveryRecord]:
    """Return so many deliveries to a subscription, newest first, from behind a position on."""
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
        raise WebhookDisabled("The subscription is disabled: enable it first.")
    now = datetime.now(UTC)
    async with transaction():
        replayed = (
            await WebhookDelivery.update(
                {
                    WebhookDelivery.status: DeliveryStatus.WAITING,
                    WebhookDelivery.failures: 0,
                    WebhookDelivery.waiting_since: now,
                    WebhookDelivery.due_at: now,
                    WebhookDelivery.locked_until: None,
                    WebhookDelivery.finished_at: None,
                    WebhookDelivery.reason: "",
                }
            )
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


async def prune(keep: timedelta) -> int:
    """Delete a little of what is older than the log is kept, and of what was deleted.

    Returns the number of deliveries that went.
    """
    now = datetime.now(UTC)
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
    await WebhookEvent.raw(
        "DELETE FROM webhook_event WHERE id IN (SELECT e.id FROM webhook_event e"
        " WHERE e.created_at < {} AND NOT EXISTS"
        " (SELECT 1 FROM webhook_delivery d WHERE d.event = e.id) LIMIT {})",
        now - keep,
        _AT_ONCE,
    )
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


def _unknown() -> DeliveryNotFound:
    return DeliveryNotFound("There is no such delivery; they are kept for a while.")
