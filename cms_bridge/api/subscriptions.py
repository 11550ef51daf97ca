"""`/api/v1/projects/{id}/webhooks`: who is told what happens in a project."""

from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

import msgspec
import structlog
from litestar import Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import BodyKwarg, FromPath, JSONBody, SkipValidation

from cms_bridge import clock
from cms_bridge.access.callers import Action
from cms_bridge.access.keys import needs
from cms_bridge.api.contract import terms
from cms_bridge.api.resources import resource
from cms_bridge.api.spending import ProjectId
from cms_bridge.errors import (
    ProjectNotFound,
    WebhookLimitReached,
    WebhookNotFound,
    WebhookTargetRefused,
    WebhookTestUnderWay,
    WebhookUrlTaken,
)
from cms_bridge.fields import ONE_LINE, Moment
from cms_bridge.pricing import caps
from cms_bridge.settings import BridgeSettings
from cms_bridge.webhooks import deliveries, history, subscriptions
from cms_bridge.webhooks.events import EventType
from cms_bridge.webhooks.signing import Secrets, good
from cms_bridge.webhooks.subscriptions import Changes, DisabledReason, Subscription
from cms_bridge.webhooks.targets import LONGEST_URL, Targets
from cms_bridge.webhooks.trials import Trials

log = structlog.get_logger()

_ONE = "/{subscription_id:uuid}"
_MOST_OVERLAP_HOURS = 168

Url = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_URL, pattern=ONE_LINE)]
Description = Annotated[str, msgspec.Meta(max_length=200, pattern=ONE_LINE)]
Types = Annotated[list[EventType], msgspec.Meta(min_length=1, max_length=100)]


class _Asked(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A body: what it does not know it refuses."""


class _Told(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An answer."""


class WebhookSubscriptionRequest(_Asked, frozen=True, kw_only=True):
    """An address that wants to be told."""

    url: Url
    """HTTPS on the public internet, without a name or a password in it."""
    events: Types | None = None
    """The types that it is told of; null for all, those to come included."""
    description: Description = ""
    """What it is, in words for people."""
    enabled: bool = True


class WebhookSubscriptionChange(_Asked, frozen=True, kw_only=True):
    """What is to become of a subscription; what is left out stays as it is."""

    url: Url | msgspec.UnsetType = msgspec.UNSET
    events: Types | msgspec.UnsetType | None = msgspec.UNSET
    description: Description | msgspec.UnsetType = msgspec.UNSET
    enabled: bool | msgspec.UnsetType = msgspec.UNSET
    """False gives up what waits, and what happens meanwhile is not told later. True begins anew,
    whatever it was disabled for."""


class SecretRotation(_Asked, frozen=True, kw_only=True):
    """How long the secrets before the new one go on signing."""

    overlap_hours: Annotated[int, msgspec.Meta(ge=0, le=_MOST_OVERLAP_HOURS)] = 24
    """Both sign until then; 0 where the old one has leaked."""


class SecretStanding(_Told, frozen=True, kw_only=True):
    """A secret that messages are signed with."""

    number: int
    valid_until: Moment | None
    """Null for the newest."""


class WebhookSubscriptionDetails(_Told, frozen=True, kw_only=True):
    """A subscription, but for its secret."""

    id: UUID
    project_id: str
    url: str
    events: list[EventType] | None
    description: str
    enabled: bool
    disabled_reason: DisabledReason | None
    """`person`: somebody switched it off; `gone`: it answered 410; `failing`: it has taken nothing
    for `REELWRIGHT_WEBHOOK_DISABLE_DAYS`."""
    disabled_at: Moment | None
    failing_since: Moment | None
    """When it first failed after it last took something."""
    secrets: list[SecretStanding]
    """Newest first."""
    created_at: Moment
    updated_at: Moment


class WebhookSubscriptionSecret(WebhookSubscriptionDetails, frozen=True, kw_only=True):
    """A subscription and its newest secret, which is not shown again."""

    secret: str
    """`whsec_…`, as libraries of Standard Webhooks take it."""


class WebhookTrial(_Told, frozen=True, kw_only=True):
    """What came of a test call."""

    delivered: bool
    delivery_id: UUID
    event_id: str
    """The `webhook-id` that it was sent under."""
    status_code: int | None
    seconds: float
    answer: str
    error: str


_AT = datetime(2026, 11, 28, 10, 12, 30, tzinfo=UTC)
_ID = UUID("6f1c6f52-3c43-4a0e-9a2f-0d3f2b7c1f5e")
_WANTED = WebhookSubscriptionRequest(
    url="https://shop.example/reelwright",
    events=[EventType.VIDEO_COMPLETED, EventType.VIDEO_FAILED],
    description="The shop's product pages",
)
_CREATED = WebhookSubscriptionSecret(
    id=_ID,
    project_id="bakery",
    url=_WANTED.url,
    events=_WANTED.events,
    description=_WANTED.description,
    enabled=True,
    disabled_reason=None,
    disabled_at=None,
    failing_since=None,
    secrets=[SecretStanding(number=1, valid_until=None)],
    created_at=_AT,
    updated_at=_AT,
    secret="whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDqYYvGg6gT7E=",  # noqa: S106 - an example
)


@post(
    "/",
    opt=terms(ProjectNotFound, WebhookTargetRefused, WebhookUrlTaken, WebhookLimitReached)
    | needs(Action.MANAGE),
    summary="Subscribe an address to what happens in a project",
    responses={
        HTTPStatus.CREATED: ResponseSpec(
            WebhookSubscriptionSecret,
            generate_examples=False,
            description="Subscribed; the secret is not shown again",
            examples=[Example(summary="Two types", value=_CREATED)],
        )
    },
)
async def create_webhook(
    project_id: ProjectId,
    data: Annotated[
        WebhookSubscriptionRequest,
        BodyKwarg(examples=[Example(summary="Two types", value=_WANTED)]),
    ],
    settings: NamedDependency[BridgeSettings],
    targets: NamedDependency[SkipValidation[Targets]],
    secrets: NamedDependency[SkipValidation[Secrets]],
) -> Response[WebhookSubscriptionSecret]:
    """Subscribe an address; its secret is in this answer and in no other.

    A project that is not known yet begins with this. 422 names what is wrong with the address,
    409 tells that the project has it already, or as many as it may have.
    """
    made = await subscriptions.create(
        project_id,
        url=await targets.check(data.url),
        events=None if data.events is None else tuple(data.events),
        description=data.description,
        enabled=data.enabled,
        most=settings.webhook_subscriptions_per_project,
        secrets=secrets,
    )
    log.info("webhook.subscribed", project_id=project_id, subscription_id=str(made.id))
    return Response(
        _with_secret(made, secrets),
        status_code=HTTPStatus.CREATED,
        headers={
            "Location": f"/api/v1/projects/{project_id}/webhooks/{made.id}",
            "Cache-Control": "no-store",
        },
    )


@get(
    "/",
    opt=terms(ProjectNotFound) | needs(Action.READ),
    summary="A project's webhook subscriptions",
)
async def list_webhooks(project_id: ProjectId) -> list[WebhookSubscriptionDetails]:
    """Return a project's subscriptions, oldest first, without their secrets; 404 without it."""
    await caps.check_project(project_id)
    return [_view(one) for one in await subscriptions.listed(project_id)]


@get(
    _ONE,
    opt=terms(ProjectNotFound, WebhookNotFound) | needs(Action.READ),
    summary="A webhook subscription",
)
async def get_webhook(
    project_id: ProjectId, subscription_id: FromPath[UUID]
) -> WebhookSubscriptionDetails:
    """Return a subscription, without its secret; 404 if the project has none of this id."""
    return _view(await subscriptions.find(project_id, subscription_id))


@patch(
    _ONE,
    opt=terms(ProjectNotFound, WebhookNotFound, WebhookTargetRefused, WebhookUrlTaken)
    | needs(Action.MANAGE),
    summary="Change, disable or enable a webhook subscription",
)
async def change_webhook(
    project_id: ProjectId,
    subscription_id: FromPath[UUID],
    data: JSONBody[WebhookSubscriptionChange],
    targets: NamedDependency[SkipValidation[Targets]],
) -> WebhookSubscriptionDetails:
    """Change what is named and leave the rest; a new address is judged like the first."""
    await subscriptions.find(project_id, subscription_id)
    changes = Changes(
        url=await targets.check(data.url) if isinstance(data.url, str) else msgspec.UNSET,
        events=tuple(data.events) if isinstance(data.events, list) else data.events,
        description=data.description,
        enabled=data.enabled,
    )
    changed = await subscriptions.change(project_id, subscription_id, changes)
    if not changed.enabled:
        await deliveries.end_waiting(subscription_id)
    log.info(
        "webhook.changed",
        project_id=project_id,
        subscription_id=str(subscription_id),
        enabled=changed.enabled,
    )
    return _view(changed)


@delete(
    _ONE,
    opt=terms(ProjectNotFound, WebhookNotFound) | needs(Action.MANAGE),
    summary="Delete a webhook subscription",
)
async def delete_webhook(project_id: ProjectId, subscription_id: FromPath[UUID]) -> None:
    """Delete a subscription, with its log: it is told nothing more, and what waits is given up."""
    await subscriptions.delete(project_id, subscription_id)
    await deliveries.end_waiting(subscription_id)
    log.info("webhook.deleted", project_id=project_id, subscription_id=str(subscription_id))


@post(
    f"{_ONE}/rotate-secret",
    status_code=HTTPStatus.OK,
    opt=terms(ProjectNotFound, WebhookNotFound) | needs(Action.MANAGE),
    summary="Give a webhook subscription a new secret",
)
async def rotate_webhook_secret(
    project_id: ProjectId,
    subscription_id: FromPath[UUID],
    data: JSONBody[SecretRotation],
    secrets: NamedDependency[SkipValidation[Secrets]],
) -> Response[WebhookSubscriptionSecret]:
    """Make a new secret, which is in this answer and in no other; both sign while both are good.

    Of four that are good at once the oldest gives way.
    """
    rotated = await subscriptions.rotate(
        project_id,
        subscription_id,
        secrets=secrets,
        overlap=timedelta(hours=data.overlap_hours),
    )
    log.info("webhook.rotated", project_id=project_id, subscription_id=str(subscription_id))
    return Response(
        _with_secret(rotated, secrets),
        status_code=HTTPStatus.OK,
        headers={"Cache-Control": "no-store"},
    )


@post(
    f"{_ONE}/test",
    status_code=HTTPStatus.OK,
    opt=terms(ProjectNotFound, WebhookNotFound, WebhookTestUnderWay) | needs(Action.WRITE),
    summary="Call a webhook subscription now, and show its answer",
)
async def test_webhook(
    project_id: ProjectId,
    subscription_id: FromPath[UUID],
    trials: NamedDependency[SkipValidation[Trials]],
) -> WebhookTrial:
    """Send a signed `webhook.test` once, enabled or not; it is logged, and disables nothing.

    The answer is 200 whatever came of it: `delivered` says whether it was taken.
    """
    subscription = await subscriptions.find(project_id, subscription_id)
    delivery, answer = await trials.make(subscription)
    found, _, _ = await history.find(subscription_id, delivery)
    return WebhookTrial(
        delivered=answer.taken,
        delivery_id=delivery,
        event_id=found.event,
        status_code=answer.status_code,
        seconds=answer.seconds,
        answer=answer.text,
        error=answer.error,
    )


def _view(one: Subscription) -> WebhookSubscriptionDetails:
    return WebhookSubscriptionDetails(
        id=one.id,
        project_id=one.project,
        url=one.url,
        events=None if one.events is None else list(one.events),
        description=one.description,
        enabled=one.enabled,
        disabled_reason=one.disabled_reason,
        disabled_at=one.disabled_at,
        failing_since=one.failing_since,
        secrets=[
            SecretStanding(number=version.number, valid_until=version.valid_until)
            for version in good(one.secret_versions, clock.now())
        ],
        created_at=one.created_at,
        updated_at=one.updated_at,
    )


def _with_secret(one: Subscription, secrets: Secrets) -> WebhookSubscriptionSecret:
    return WebhookSubscriptionSecret(
        **msgspec.structs.asdict(_view(one)),
        secret=secrets.reveal(one.id, one.secret_versions[0]),
    )


routers = resource(
    "/api/v1/projects/{project_id:str}/webhooks",
    [
        create_webhook,
        list_webhooks,
        get_webhook,
        change_webhook,
        delete_webhook,
        rotate_webhook_secret,
        test_webhook,
    ],
    tag="webhooks",
)
