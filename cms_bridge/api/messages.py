"""The messages that subscribers are sent, as the contract shows them: OpenAPI's `webhooks`."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from cms_bridge.fields import camel_case
from cms_bridge.inbox.webhooks import HEADERS
from cms_bridge.states import JobKind, Status
from cms_bridge.webhooks.events import (
    TRIAL,
    EventType,
    JobMessage,
    JobNews,
    TrialMessage,
    WebhookMessage,
    job_links,
    trial_message,
)
from render.problem import Problem

_AT = datetime(2026, 11, 28, 10, 12, 30, tzinfo=UTC)
_ID = UUID("6f1c6f52-3c43-4a0e-9a2f-0d3f2b7c1f5e")
_DIGEST = "9d1f5c0a6b2e48d7f3a1c5e7092b4d6f8a0c2e4f6b8d0a1c3e5f7092b4d6f8a0"
_ERROR = Problem(code="generation_refused", message="Scene 2: The model refused this picture.")
_STATUSES = {
    "ready": Status.STORYBOARD_COMPLETE,
    "approved": Status.APPROVED,
    "completed": Status.COMPLETED,
    "failed": Status.FAILED,
    "cancelled": Status.CANCELLED,
}


def described() -> tuple[dict[str, Any], list[tuple[dict[str, Any], Any]]]:
    """Return each type's operation, and the place of its body's form with the form's type."""
    operations: dict[str, Any] = {}
    slots: list[tuple[dict[str, Any], Any]] = []
    for name in (*map(str, EventType), TRIAL):
        media: dict[str, Any] = {"examples": {name: {"value": msgspec.to_builtins(example(name))}}}
        operations[name] = {"post": _operation(name, media)}
        slots.append((media, TrialMessage if name == TRIAL else JobMessage))
    return operations, slots


def example(name: str) -> WebhookMessage:
    """Return a message of a type."""
    if name == TRIAL:
        return msgspec.structs.replace(trial_message("bakery", _ID), timestamp=_AT)
    about, _, happened = name.partition(".")
    made = JobKind.IMAGE if about == "task" else JobKind.VIDEO
    status = _STATUSES.get(happened, Status.PENDING)
    done = status is Status.COMPLETED
    return JobMessage(
        type=EventType(name),
        timestamp=_AT,
        data=JobNews(
            project_id="bakery",
            job_id=_ID,
            kind=made,
            video_id="42",
            submission=int(made is JobKind.VIDEO),
            status=status,
            sequence=9,
            progress=100 if done else 5,
            storyboard_digest=_DIGEST,
            estimated_cost=Decimal("0.140000"),
            actual_cost=Decimal("0.120000"),
            error=_ERROR if status is Status.FAILED else None,
            links=job_links(_ID, made, done=done),
        ),
    )


def _operation(name: str, media: dict[str, Any]) -> dict[str, Any]:
    return {
        "operationId": camel_case(f"on_{name.replace('.', '_')}"),
        "tags": ["webhooks"],
        "summary": name,
        "description": "Sent to every subscription of this type, signed by Standard Webhooks.",
        "parameters": [
            {"name": header, "in": "header", "required": True, "schema": {"type": "string"}}
            for header in HEADERS
        ],
        "requestBody": {"required": True, "content": {"application/json": media}},
        "responses": {
            "2XX": {"description": "Taken. What is answered otherwise is tried again."},
            "410": {"description": "Nothing is wanted any more: the subscription is disabled."},
        },
    }
