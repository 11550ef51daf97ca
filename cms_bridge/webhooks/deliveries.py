"""Deliveries: events on their way to subscriptions, each tried until it is taken or given up.

A delivery is due at a moment, and locked while somebody makes a try at it. The
try is written down before it is made and completed by what came of it, so that
whoever is killed in between leaves a lock that ends, a try without an answer, and
the same event for the next one, under the same `webhook-id`: nothing is lost, and
what was taken just before may come twice. Which of a subscription's deliveries
comes first is not promised.
"""

import random
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

import anyio
import msgspec
import structlog
from piccolo.custom_types import Combinable

from cms_bridge import clock, metrics, wakeups
from cms_bridge.database import transaction
from cms_bridge.tables import WebhookAttempt, WebhookDelivery, WebhookEvent, WebhookSubscription
from cms_bridge.webhooks import subscriptions
from cms_bridge.webhooks.events import TRIAL
from cms_bridge.webhooks.signing import SecretLost, Secrets
from cms_bridge.webhooks.subscriptions import DisabledReason, Subscription
from cms_bridge.webhooks.targets import Answer, Targets

log = structlog.get_logger()

_MOST_JITTER = 0.2
_LOCK_MARGIN_SECONDS = 5
"""Beyond the time that a call may take: for writing down what came of it."""
_DISABLED = "The subscription was disabled."


class DeliveryStatus(StrEnum):
    """Where a delivery stands."""

    WAITING = "waiting"
    """Its first try, or the next one, is to come."""
    DELIVERED = "delivered"
    """The target took it."""
    FAILED = "failed"
    """Given up, for a reason that it tells; it can be replayed."""


class Patience(msgspec.Struct, frozen=True, kw_only=True):
    """How long and how often a delivery is tried."""

    first: timedelta = timedelta(seconds=5)
    longest: timedelta = timedelta(hours=4)
    horizon: timedelta = timedelta(hours=24)
    """After this long without success a delivery is given up."""
    disable_after: timedelta = timedelta(days=5)
    """A subscription that took nothing for so long is disabled when one of its is given up."""

    def delay(self, failures: int, *, retry_after: float | None = None) -> timedelta:
        """Return the wait after so many failures: trebling, a little by chance, up to the longest.

        It is no shorter than the target asked for, in seconds, as far as the longest allows.
        """
        # Else all that failed together would come again together.
        chance = random.uniform(1 - _MOST_JITTER, 1 + _MOST_JITTER)  # noqa: S311 - no secret
        own = self.first.total_seconds() * 3.0 ** min(failures - 1, 100) * chance
        asked = max(own, retry_after or 0.0)
        return timedelta(seconds=min(asked, self.longest.total_seconds()))


class DueDelivery(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery whose time has come."""

    id: UUID
    subscription: UUID
    failing: bool
    """Whether its subscription has not taken what it was sent last."""


class _Claim(msgspec.Struct, frozen=True, kw_only=True):
    """A try at a delivery that is about to be made."""

    id: UUID
    attempt: UUID
    number: int
    failures: int
    waiting_since: datetime
    locked_until: datetime
    event: str
    type: str
    body: str
    subscription: Subscription

    @property
    def trial(self) -> bool:
        """Whether it is a test call, which is made once and bears no consequences."""
        return self.type == TRIAL


async def enqueue(
    event: str, receivers: Iterable[UUID], *, at: datetime, due: bool = True
) -> list[UUID]:
    """Write down whom an event goes to, due or for the caller to send; call in a transaction."""
    rows = [
        WebhookDelivery(
            id=uuid4(),
            subscription=subscription,
            event=event,
            status=DeliveryStatus.WAITING,
            waiting_since=at,
            due_at=at if due else None,
            created_at=at,
        )
        for subscription in receivers
    ]
    await WebhookDelivery.insert(*rows)
    if due:
        wakeups.webhooks_due()
    return [row.id for row in rows]


async def due(
    *, limit: int, besides: Collection[UUID] = (), healthy: bool = False
) -> list[DueDelivery]:
    """Return the deliveries whose time has come, the longest overdue first.

    Left out are those to some subscriptions, or with `healthy` to all that fail.
    """
    now = clock.now()
    conditions = [WebhookDelivery.due_at <= now, _is_unlocked(now)]
    if besides:
        conditions.append(WebhookDelivery.subscription.not_in(list(besides)))
    failing_since = WebhookDelivery.subscription.failing_since
    if healthy:
        conditions.append(failing_since.is_null())
    rows = (
        await WebhookDelivery.select(
            WebhookDelivery.id,
            WebhookDelivery.subscription,
            failing_since.as_alias("failing_since"),
        )
        .where(*conditions)
        .order_by(WebhookDelivery.due_at)
        .limit(limit)
    )
    return [
        DueDelivery(
            id=row["id"],
            subscription=row["subscription"],
            failing=row["failing_since"] is not None,
        )
        for row in rows
    ]


async def deliver(
    delivery: UUID, targets: Targets, *, secrets: Secrets, patience: Patience
) -> Answer | None:
    """Make a try at a delivery that is due and in nobody's hands; return what came of it."""
    claim = await _claim(delivery, seconds=targets.seconds)
    return await _attempt(claim, targets, secrets=secrets, patience=patience) if claim else None


async def deliver_trial(delivery: UUID, targets: Targets, *, secrets: Secrets) -> Answer:
    """Make the one try at a test call, whether its subscription is enabled or not."""
    claim = await _claim(delivery, seconds=targets.seconds, trial=True)
    if claim is None:
        raise LookupError("A test call that nobody else makes is gone.")
    return await _attempt(claim, targets, secrets=secrets, patience=Patience())


async def end_waiting(subscription: UUID) -> None:
    """Give up whatever waits for a subscription, which is disabled."""
    await _end(WebhookDelivery.subscription == subscription, WebhookDelivery.due_at.is_not_null())


async def _claim(delivery: UUID, *, seconds: float, trial: bool = False) -> _Claim | None:
    now = clock.now()
    locked_until = now + timedelta(seconds=seconds + _LOCK_MARGIN_SECONDS)
    conditions = [WebhookDelivery.id == delivery, _is_unlocked(now)]
    if not trial:
        conditions.append(WebhookDelivery.due_at <= now)
    async with transaction():
        claimed = (
            await WebhookDelivery.update(
                {
                    WebhookDelivery.locked_until: locked_until,
                    WebhookDelivery.attempts: WebhookDelivery.attempts + 1,
                }
            )
            .where(*conditions)
            .returning(*WebhookDelivery.all_columns())
        )
        if not claimed:
            return None
        row = claimed[0]
        subscription = await _subscription(row["subscription"])
        if not subscription.enabled and not trial:
            await _end(WebhookDelivery.id == delivery, tries=row["attempts"] - 1)
            return None
        event = (
            await WebhookEvent.select(WebhookEvent.type, WebhookEvent.body)
            .where(WebhookEvent.id == row["event"])
            .first()
        )
        claim = _Claim(
            id=delivery,
            attempt=uuid4(),
            number=row["attempts"],
            failures=row["failures"],
            waiting_since=row["waiting_since"],
            locked_until=locked_until,
            event=row["event"],
            type=event["type"] if event else "",
            body=event["body"] if event else "",
            subscription=subscription,
        )
        await WebhookAttempt.insert(
            WebhookAttempt(id=claim.attempt, delivery=delivery, number=claim.number, started_at=now)
        )
    return claim


async def _subscription(subscription: UUID) -> Subscription:
    rows = await WebhookSubscription.select(*WebhookSubscription.all_columns()).where(
        WebhookSubscription.id == subscription
    )
    return Subscription.of(rows[0])


async def _attempt(
    claim: _Claim, targets: Targets, *, secrets: Secrets, patience: Patience
) -> Answer:
    subscription, now = claim.subscription, clock.now()
    try:
        headers = secrets.headers(
            subscription.id,
            subscription.secret_versions,
            message=claim.event,
            body=claim.body,
            at=now,
        )
    except SecretLost as error:
        answer = Answer(seconds=0, error=str(error))
    else:
        try:
            answer = await targets.call(subscription.url, claim.body, headers)
        except anyio.get_cancelled_exc_class():
            # Another may make the next try at once; that it is the next one stays written.
            with anyio.CancelScope(shield=True):
                await WebhookDelivery.update({WebhookDelivery.locked_until: None}).where(
                    *_held(claim)
                )
            raise
    outcome = await _settle(claim, answer, patience)
    metrics.WEBHOOK_DELIVERIES.labels(outcome).inc()
    log.info(
        "webhook.attempted",
        project_id=subscription.project,
        subscription_id=str(subscription.id),
        delivery_id=str(claim.id),
        event_id=claim.event,
        event_type=claim.type,
        attempt=claim.number,
        status_code=answer.status_code,
        seconds=answer.seconds,
        outcome=outcome,
    )
    return answer


async def _settle(claim: _Claim, answer: Answer, patience: Patience) -> str:
    """Write down what came of a try; return what becomes of the delivery, in a word."""
    now = clock.now()
    stopped = False
    async with transaction():
        await WebhookAttempt.update(
            {
                WebhookAttempt.seconds: answer.seconds,
                WebhookAttempt.status_code: answer.status_code,
                WebhookAttempt.answer: answer.text,
                WebhookAttempt.error: answer.error,
            }
        ).where(WebhookAttempt.id == claim.attempt)
        if answer.taken:
            outcome = "delivered"
            await _write(claim, status=DeliveryStatus.DELIVERED, due_at=None, reason="")
            if not claim.trial:
                await subscriptions.took(claim.subscription.id)
            return outcome
        ends = claim.waiting_since + patience.horizon
        given_up = claim.trial or answer.gone or now >= ends
        outcome = "given_up" if given_up else "postponed"
        wait = patience.delay(claim.failures + 1, retry_after=answer.retry_after)
        await _write(
            claim,
            status=DeliveryStatus.FAILED if given_up else DeliveryStatus.WAITING,
            # The last try is made when the time is over, not some hours later.
            due_at=None if given_up else min(now + wait, ends),
            reason=answer.error,
        )
        if not claim.trial:
            await subscriptions.failed(claim.subscription.id, at=now)
            if answer.gone:
                stopped = await subscriptions.disable(claim.subscription.id, DisabledReason.GONE)
            elif given_up:
                stopped = await subscriptions.disable(
                    claim.subscription.id,
                    DisabledReason.FAILING,
                    failing_before=now - patience.disable_after,
                )
    if stopped:
        await end_waiting(claim.subscription.id)
    return outcome


async def _write(
    claim: _Claim, *, status: DeliveryStatus, due_at: datetime | None, reason: str
) -> None:
    failed = status is not DeliveryStatus.DELIVERED
    await WebhookDelivery.update(
        {
            WebhookDelivery.status: status,
            WebhookDelivery.due_at: due_at,
            WebhookDelivery.failures: claim.failures + 1 if failed else 0,
            WebhookDelivery.reason: reason,
            WebhookDelivery.locked_until: None,
            WebhookDelivery.finished_at: None if due_at else clock.now(),
        }
    ).where(*_held(claim))


async def _end(*which: Combinable, tries: int | None = None) -> None:
    values: dict[Any, Any] = {
        WebhookDelivery.status: DeliveryStatus.FAILED,
        WebhookDelivery.due_at: None,
        WebhookDelivery.locked_until: None,
        WebhookDelivery.finished_at: clock.now(),
        WebhookDelivery.reason: _DISABLED,
    }
    if tries is not None:
        values[WebhookDelivery.attempts] = tries
    await WebhookDelivery.update(values).where(*which)


def _held(claim: _Claim) -> tuple[Combinable, ...]:
    """Return the conditions under which a delivery is still in this try's hands."""
    return WebhookDelivery.id == claim.id, WebhookDelivery.locked_until == claim.locked_until


def _is_unlocked(now: datetime) -> Combinable:
    return WebhookDelivery.locked_until.is_null() | (WebhookDelivery.locked_until <= now)
