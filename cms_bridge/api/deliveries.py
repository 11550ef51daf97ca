"""`/api/v1/projects/{id}/webhooks/{id}/deliveries`: what was sent to a subscription, and again."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from cms_bridge.access.callers import Action
from cms_bridge.access.keys import needs
from cms_bridge.api.contract import terms
from cms_bridge.api.pages import Cursor, cursor_of, end_told_by
from cms_bridge.api.resources import resource
from cms_bridge.api.spending import ProjectId
from cms_bridge.errors import DeliveryNotFound, ProjectNotFound, WebhookDisabled, WebhookNotFound
from cms_bridge.fields import Moment
from cms_bridge.webhooks import history, subscriptions
from cms_bridge.webhooks.deliveries import DeliveryStatus
from cms_bridge.webhooks.history import DeliveryRecord

_ONE = "/{delivery_id:uuid}"


class WebhookDelivery(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An event on its way to a subscription, or at its end."""

    id: UUID
    event_id: str
    """The `webhook-id` that it is sent under, at every try."""
    event_type: str
    job_id: UUID | None
    """Null for a test call."""
    status: DeliveryStatus
    attempts: int
    reason: str
    """Why it was not taken, last; empty when it was."""
    created_at: Moment
    next_try_at: Moment | None
    """Null once it is delivered or given up."""
    finished_at: Moment | None


class WebhookDeliveries(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A page of deliveries, newest first."""

    deliveries: list[WebhookDelivery]
    next_cursor: str | None
    """The `cursor` of the next page; null on the last one."""


class WebhookAttempt(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One try."""

    number: int
    started_at: Moment
    seconds: float | None
    """Null while it is under way, and for ever if whoever made it was killed."""
    status_code: int | None
    """Null where nothing answered."""
    answer: str
    """The beginning of what was answered: `REELWRIGHT_WEBHOOK_ANSWER_BYTES`."""
    error: str
    """Why it was not taken; empty when it was."""


class WebhookDeliveryDetails(WebhookDelivery, frozen=True, kw_only=True):
    """A delivery with what is sent, and each try at it."""

    body: str
    """Exactly the bytes that are signed and sent."""
    tries: list[WebhookAttempt]


class WebhookRecovery(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """Since when an address has missed something."""

    since: Annotated[datetime, msgspec.Meta(tz=True)]
    """Of events that happened after this."""

    def __post_init__(self) -> None:
        """Refuse what is no moment in UTC: the year 1, east of it."""
        try:
            self.since.astimezone(UTC)
        except OverflowError:
            raise ValueError("`since` is outside of what can be reckoned with") from None


class WebhookReplays(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What is sent again."""

    replayed: int
    more: bool
    """Whether there is more than goes at once."""


@get(
    "/",
    opt=terms(ProjectNotFound, WebhookNotFound) | needs(Action.READ),
    summary="What was sent to a webhook subscription",
)
async def list_webhook_deliveries(
    project_id: ProjectId,
    subscription_id: FromPath[UUID],
    limit: Annotated[int, QueryParameter(ge=1, le=100)] = 50,
    cursor: Cursor = None,
    status: FromQuery[DeliveryStatus | None] = None,
) -> WebhookDeliveries:
    """Return deliveries, newest first; they are kept for `REELWRIGHT_WEBHOOK_LOG_DAYS`."""
    await subscriptions.find(project_id, subscription_id)
    found = await history.page(
        subscription_id, limit=limit + 1, after=end_told_by(cursor), status=status
    )
    return WebhookDeliveries(
        deliveries=[_delivery(one) for one in found[:limit]],
        next_cursor=cursor_of(found[limit - 1]) if len(found) > limit else None,
    )


@get(
    _ONE,
    opt=terms(ProjectNotFound, WebhookNotFound, DeliveryNotFound) | needs(Action.READ),
    summary="A delivery, with each try at it",
)
async def get_webhook_delivery(
    project_id: ProjectId, subscription_id: FromPath[UUID], delivery_id: FromPath[UUID]
) -> WebhookDeliveryDetails:
    """Return a delivery with what it sends and what came of each try."""
    await subscriptions.find(project_id, subscription_id)
    return await _details(subscription_id, delivery_id)


@post(
    f"{_ONE}/replay",
    status_code=HTTPStatus.ACCEPTED,
    opt=terms(ProjectNotFound, WebhookNotFound, DeliveryNotFound, WebhookDisabled)
    | needs(Action.WRITE),
    summary="Send a delivery again",
)
async def replay_webhook_delivery(
    project_id: ProjectId, subscription_id: FromPath[UUID], delivery_id: FromPath[UUID]
) -> WebhookDeliveryDetails:
    """Send it again at once, with the same body under the same `webhook-id`; retries begin anew.

    A receiver that has taken it before passes it over. 409 while the subscription is disabled.
    """
    subscription = await subscriptions.find(project_id, subscription_id)
    await history.replay(subscription, delivery_id)
    return await _details(subscription_id, delivery_id)


@post(
    "/replay-failed",
    status_code=HTTPStatus.ACCEPTED,
    opt=terms(ProjectNotFound, WebhookNotFound, WebhookDisabled) | needs(Action.WRITE),
    summary="Send again what was given up",
)
async def replay_failed_webhook_deliveries(
    project_id: ProjectId, subscription_id: FromPath[UUID], data: JSONBody[WebhookRecovery]
) -> WebhookReplays:
    """Send what was given up since a moment, the oldest first, under the ids that it had.

    For an address that was away for longer than retries last. 1,000 go at once: ask again while
    there are `more`. 409 while the subscription is disabled.
    """
    subscription = await subscriptions.find(project_id, subscription_id)
    replayed, more = await history.replay_failed(subscription, since=data.since)
    return WebhookReplays(replayed=replayed, more=more)


def _delivery(one: DeliveryRecord) -> WebhookDelivery:
    return WebhookDelivery(
        id=one.id,
        event_id=one.event,
        event_type=one.type,
        job_id=one.job,
        status=one.status,
        attempts=one.attempts,
        reason=one.reason,
        created_at=one.created_at,
        next_try_at=one.due_at,
        finished_at=one.finished_at,
    )


async def _details(subscription: UUID, delivery: UUID) -> WebhookDeliveryDetails:
    found, body, tries = await history.find(subscription, delivery)
    return WebhookDeliveryDetails(
        **{
            name: getattr(one, name) for one in [_delivery(found)] for name in one.__struct_fields__
        },
        body=body,
        tries=[WebhookAttempt(**msgspec.structs.asdict(one)) for one in tries],
    )


routers = resource(
    "/api/v1/projects/{project_id:str}/webhooks/{subscription_id:uuid}/deliveries",
    [
        list_webhook_deliveries,
        get_webhook_delivery,
        replay_webhook_delivery,
        replay_failed_webhook_deliveries,
    ],
    tag="webhooks",
)
