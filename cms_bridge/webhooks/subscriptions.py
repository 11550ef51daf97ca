"""Subscriptions: who is told what of a project, and where; found in that project alone."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Self
from uuid import UUID, uuid4

import msgspec
import structlog
from piccolo.custom_types import Combinable

from cms_bridge import clock, projects
from cms_bridge.database import AlreadyStored, transaction, unique_violations
from cms_bridge.errors import WebhookLimitReached, WebhookNotFound, WebhookUrlTaken
from cms_bridge.tables import WebhookSubscription
from cms_bridge.webhooks.events import EventType
from cms_bridge.webhooks.signing import Secrets, SecretVersion, rotated

log = structlog.get_logger()


class DisabledReason(StrEnum):
    """Why a subscription is told nothing."""

    PERSON = "person"
    """Somebody switched it off."""
    GONE = "gone"
    """Its address answered 410."""
    FAILING = "failing"
    """Its address has taken nothing for days."""


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """A subscription as it was when it was read."""

    id: UUID
    project: str
    url: str
    events: tuple[EventType, ...] | None
    """None for all, those to come included."""
    description: str
    enabled: bool
    disabled_reason: DisabledReason | None
    disabled_at: datetime | None
    failing_since: datetime | None
    secret_versions: tuple[SecretVersion, ...]
    """Newest first."""
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """Decode a row that holds all columns."""
        return cls(
            **{name: row[name] for name in cls.__struct_fields__ if name not in _DECODED},
            events=events_of(row["events"]),
            enabled=bool(row["enabled"]),
            disabled_reason=DisabledReason(row["disabled_reason"])
            if row["disabled_reason"]
            else None,
            secret_versions=msgspec.json.decode(
                row["secret_versions"], type=tuple[SecretVersion, ...]
            ),
        )


_DECODED = {"events", "enabled", "disabled_reason", "secret_versions"}


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """What is to become of a subscription; what is unset stays."""

    url: str | msgspec.UnsetType = msgspec.UNSET
    events: tuple[EventType, ...] | msgspec.UnsetType | None = msgspec.UNSET
    description: str | msgspec.UnsetType = msgspec.UNSET
    enabled: bool | msgspec.UnsetType = msgspec.UNSET


def events_of(stored: str | None) -> tuple[EventType, ...] | None:
    """Decode the types that a subscription is told of."""
    return None if stored is None else msgspec.json.decode(stored, type=tuple[EventType, ...])


async def create(  # noqa: PLR0913 - what somebody subscribes to
    project: str,
    *,
    url: str,
    events: tuple[EventType, ...] | None,
    description: str,
    enabled: bool,
    most: int,
    secrets: Secrets,
) -> Subscription:
    """Subscribe an address; raise `WebhookLimitReached` or `WebhookUrlTaken`.

    A project that is not known yet begins with this.
    """
    now, version = clock.now(), secrets.version(1)
    row = WebhookSubscription(
        id=uuid4(),
        project=project,
        url=url,
        events=_stored(events),
        description=description,
        enabled=enabled,
        disabled_reason="" if enabled else DisabledReason.PERSON,
        disabled_at=None if enabled else now,
        secret_versions=msgspec.json.encode([version]).decode(),
        created_at=now,
        updated_at=now,
    )
    async with transaction():
        # Whoever subscribes holds the project: two at once cannot both be the last.
        await projects.upsert(project)
        if await WebhookSubscription.count().where(*_of(project)) >= most:
            raise WebhookLimitReached(
                f"A project may have {most} webhook subscriptions.", limit=most
            )
        with _once():
            await WebhookSubscription.insert(row)
    return await find(project, row.id)


async def find(project: str, subscription: UUID) -> Subscription:
    """Return a subscription of a project; raise `WebhookNotFound`."""
    row = (
        await WebhookSubscription.select(*WebhookSubscription.all_columns())
        .where(WebhookSubscription.id == subscription, *_of(project))
        .first()
    )
    if row is None:
        raise _unknown()
    return Subscription.of(row)


async def listed(project: str) -> list[Subscription]:
    """Return a project's subscriptions, oldest first."""
    rows = (
        await WebhookSubscription.select(*WebhookSubscription.all_columns())
        .where(*_of(project))
        .order_by(WebhookSubscription.created_at)
    )
    return [Subscription.of(row) for row in rows]


async def change(project: str, subscription: UUID, changes: Changes) -> Subscription:
    """Change what is set; raise `WebhookNotFound` or `WebhookUrlTaken`.

    One that is enabled, or moved to another address, begins without a past.
    """
    now = clock.now()
    values: dict[Any, Any] = {}
    if changes.url is not msgspec.UNSET:
        values |= {WebhookSubscription.url: changes.url, WebhookSubscription.failing_since: None}
    if changes.events is not msgspec.UNSET:
        values[WebhookSubscription.events] = _stored(changes.events)
    if changes.description is not msgspec.UNSET:
        values[WebhookSubscription.description] = changes.description
    async with transaction():
        before = await find(project, subscription)
        if changes.enabled is not msgspec.UNSET and changes.enabled != before.enabled:
            values |= _switched(enabled=changes.enabled, reason=DisabledReason.PERSON, at=now)
        if values:
            with _once():
                await WebhookSubscription.update(
                    {**values, WebhookSubscription.updated_at: now}
                ).where(WebhookSubscription.id == subscription, *_of(project))
        return await find(project, subscription)


async def delete(project: str, subscription: UUID) -> None:
    """Delete a subscription: nobody sees it, or is told by it, from now on. `WebhookNotFound`."""
    now = clock.now()
    deleted = (
        await WebhookSubscription.update(
            {
                WebhookSubscription.deleted_at: now,
                **_switched(enabled=False, reason=DisabledReason.PERSON, at=now),
            }
        )
        .where(WebhookSubscription.id == subscription, *_of(project))
        .returning(WebhookSubscription.id)
    )
    if not deleted:
        raise _unknown()


async def rotate(
    project: str, subscription: UUID, *, secrets: Secrets, overlap: timedelta
) -> Subscription:
    """Give a subscription a new secret; those before it sign as well until the overlap ends."""
    now = clock.now()
    async with transaction():
        # Two at once are told apart: the second counts on from the first.
        touched = (
            await WebhookSubscription.update({WebhookSubscription.updated_at: now})
            .where(WebhookSubscription.id == subscription, *_of(project))
            .returning(*WebhookSubscription.all_columns())
        )
        if not touched:
            raise _unknown()
        versions = Subscription.of(touched[0]).secret_versions
        version = secrets.version(max(one.number for one in versions) + 1)
        kept = rotated(versions, version, until=now + overlap, at=now)
        await WebhookSubscription.update(
            {WebhookSubscription.secret_versions: msgspec.json.encode(kept).decode()}
        ).where(WebhookSubscription.id == subscription)
        return await find(project, subscription)


async def took(subscription: UUID) -> None:
    """Note that a subscription takes what it is sent; call inside a transaction."""
    await WebhookSubscription.update({WebhookSubscription.failing_since: None}).where(
        WebhookSubscription.id == subscription, WebhookSubscription.failing_since.is_not_null()
    )


async def failed(subscription: UUID, *, at: datetime) -> None:
    """Note that it did not; call inside a transaction."""
    await WebhookSubscription.update({WebhookSubscription.failing_since: at}).where(
        WebhookSubscription.id == subscription, WebhookSubscription.failing_since.is_null()
    )


async def disable(
    subscription: UUID, reason: DisabledReason, *, failing_before: datetime | None = None
) -> bool:
    """Stop telling a subscription, unless somebody did; call inside a transaction.

    `failing_before` is the moment since which it must have failed. Returns whether it was stopped.
    """
    conditions = [WebhookSubscription.id == subscription, WebhookSubscription.enabled == True]  # noqa: E712 - Piccolo's
    if failing_before is not None:
        conditions.append(WebhookSubscription.failing_since <= failing_before)
    stopped = (
        await WebhookSubscription.update(_switched(enabled=False, reason=reason, at=clock.now()))
        .where(*conditions)
        .returning(WebhookSubscription.id, WebhookSubscription.project)
    )
    for row in stopped:
        log.warning(
            "webhook.disabled",
            subscription_id=str(row["id"]),
            project_id=row["project"],
            reason=reason.value,
        )
    return bool(stopped)


def _switched(*, enabled: bool, reason: DisabledReason, at: datetime) -> dict[Any, Any]:
    return {
        WebhookSubscription.enabled: enabled,
        WebhookSubscription.disabled_reason: "" if enabled else reason,
        WebhookSubscription.disabled_at: None if enabled else at,
        WebhookSubscription.updated_at: at,
        **({WebhookSubscription.failing_since: None} if enabled else {}),
    }


def _of(project: str) -> tuple[Combinable, ...]:
    return WebhookSubscription.project == project, WebhookSubscription.deleted_at.is_null()


def _stored(events: tuple[EventType, ...] | None) -> str | None:
    return None if events is None else msgspec.json.encode(list(dict.fromkeys(events))).decode()


def _unknown() -> WebhookNotFound:
    return WebhookNotFound("There is no such webhook subscription.")


@contextmanager
def _once() -> Generator[None]:
    try:
        with unique_violations():
            yield
    except AlreadyStored:
        raise WebhookUrlTaken(
            "The project has a subscription of this address already: change that one, or rotate"
            " its secret.",
            field="url",
        ) from None
