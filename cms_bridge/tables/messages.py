"""What the CMS sends and is sent, and what subscribers are told."""

from piccolo.columns import (
    JSON,
    UUID,
    Boolean,
    Bytea,
    DoublePrecision,
    ForeignKey,
    Integer,
    Text,
    Timestamptz,
    Varchar,
)
from piccolo.columns.base import OnDelete
from piccolo.table import Table

from cms_bridge.tables.jobs import Job, Project


class InboundEvent(Table):
    """The inbox: a webhook that was verified and accepted, byte for byte.

    One that is about a project and no job is kept as its digest alone.
    """

    id = Varchar(length=128, primary_key=True)
    type = Varchar(length=64)
    body = Bytea()
    body_sha256 = Varchar(length=64)
    job = ForeignKey(Job, on_delete=OnDelete.cascade)
    received_at = Timestamptz()


class OutboxMessage(Table):
    """What the CMS has yet to be told of a job: a topic, its newest and its delivered version."""

    id = UUID(primary_key=True)
    job = ForeignKey(Job, on_delete=OnDelete.cascade, null=False)
    topic = Varchar(length=16)
    """`storyboard` or `rendition`."""
    version = Integer()
    delivered_version = Integer()
    attempts = Integer()
    """Failed deliveries since the last success."""
    due_at = Timestamptz(null=True, default=None, index=True)
    """When to try next; None once everything is delivered or given up."""
    pending_since = Timestamptz(null=True, default=None)
    locked_until = Timestamptz(null=True, default=None)
    last_error = Text(null=True, default=None)


class WebhookSubscription(Table):
    """An address of an integrator's that is told what happens to a project's jobs."""

    id = UUID(primary_key=True)
    project = ForeignKey(Project, on_delete=OnDelete.restrict, null=False, index=True)
    url = Text()
    events = JSON(null=True, default=None)
    """The types that it is told of; None for all, those to come included."""
    description = Varchar(length=200)
    enabled = Boolean(default=True)
    disabled_reason = Varchar(length=16)
    """One of `cms_bridge.webhooks.subscriptions.DisabledReason`; empty while it is enabled."""
    disabled_at = Timestamptz(null=True, default=None)
    failing_since = Timestamptz(null=True, default=None)
    """When it first failed after it last took something; None while it takes what it is sent."""
    secret_versions = JSON(default="[]")
    """Of its secrets, which are derived and stand nowhere, the numbers and their ends."""
    created_at = Timestamptz()
    updated_at = Timestamptz()
    deleted_at = Timestamptz(null=True, default=None)
    """Nobody sees it any more; what was delivered to it is deleted a little at a time."""


class WebhookEvent(Table):
    """What happened, as it is told: written with the change itself, and the same at every try."""

    id = Varchar(length=64, primary_key=True)
    """The `webhook-id` of every delivery."""
    project = ForeignKey(Project, on_delete=OnDelete.restrict, null=False)
    job = UUID(null=True, default=None)
    """None for a test."""
    type = Varchar(length=64)
    body = Text()
    created_at = Timestamptz(index=True)


class WebhookDelivery(Table):
    """An event on its way to one subscription, until it has been taken or is given up."""

    id = UUID(primary_key=True)
    subscription = ForeignKey(WebhookSubscription, on_delete=OnDelete.cascade, null=False)
    event = ForeignKey(WebhookEvent, on_delete=OnDelete.cascade, null=False, index=True)
    status = Varchar(length=16)
    """One of `cms_bridge.webhooks.deliveries.DeliveryStatus`."""
    attempts = Integer()
    """Every try there was."""
    failures = Integer()
    """Those that failed since it began to wait, by which the next wait is reckoned."""
    waiting_since = Timestamptz()
    """When it was written down, or replayed last."""
    due_at = Timestamptz(null=True, default=None)
    """When to try next; None once it is delivered or given up."""
    locked_until = Timestamptz(null=True, default=None)
    finished_at = Timestamptz(null=True, default=None)
    reason = Text()
    """Why it was not taken, last; empty when it was."""
    created_at = Timestamptz(index=True)


class WebhookAttempt(Table):
    """One try at a delivery: written before it is made, and completed by what came of it."""

    id = UUID(primary_key=True)
    delivery = ForeignKey(WebhookDelivery, on_delete=OnDelete.cascade, null=False, index=True)
    number = Integer()
    started_at = Timestamptz()
    seconds = DoublePrecision(null=True, default=None)
    """None while it is under way, and for ever if whoever made it was killed."""
    status_code = Integer(null=True, default=None)
    """None where nothing answered."""
    answer = Text()
    """The beginning of what was answered."""
    error = Text()
