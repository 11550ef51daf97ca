"""`POST /api/v1/webhooks/payload`: events from the CMS."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

import msgspec
import structlog
from litestar import Request, post
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from cms_bridge import tracing
from cms_bridge.access.keys import public
from cms_bridge.access.rates import Rates
from cms_bridge.api.contract import UNFILMABLE, terms
from cms_bridge.api.resources import resource
from cms_bridge.errors import (
    ApprovalConflict,
    BodyTooLarge,
    EventConflict,
    IllegalMove,
    JobNotFound,
    MalformedEvent,
    PriceChanged,
    RateLimited,
    RevisionConflict,
    Superseded,
    WebhookRejected,
)
from cms_bridge.events import Event, JobEvent, LexiconChanged, VideoSubmitted, tag_of
from cms_bridge.gate import vouch
from cms_bridge.inbox import intake, webhooks
from cms_bridge.inbox.webhooks import Verifier
from cms_bridge.pricing.estimates import Prices
from cms_bridge.states import Status
from render.errors import OwnFileMissing, OwnFileUnfit
from render.storyboard import Limits

log = structlog.get_logger()


class Receiving(msgspec.Struct, frozen=True, kw_only=True):
    """All that receiving needs. Litestar would begin a task for each, of several, and each time."""

    verifier: Verifier
    rates: Rates
    most_bytes: int
    limits: Limits
    prices: Prices


class EventReceipt(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What became of an event."""

    job_id: UUID | None
    """Null of an event that is about a project, as is the next."""
    status: Status | None
    duplicate: bool
    """True when the same event had been accepted before; then nothing was done."""
    superseded: bool
    """True when a newer submission of the video stands in this one's place: an event that comes
    late begins nothing beside it."""


@post(
    "/payload",
    status_code=HTTPStatus.ACCEPTED,
    summary="Accept a signed event from the CMS",
    opt=terms(
        WebhookRejected,
        RateLimited,
        BodyTooLarge,
        MalformedEvent,
        EventConflict,
        JobNotFound,
        IllegalMove,
        ApprovalConflict,
        PriceChanged,
        RevisionConflict,
        Superseded,
        *UNFILMABLE,
        OwnFileMissing,
        OwnFileUnfit,
        signed_body=Event,
    ),
    # The body is bounded here by hand: reading stops at the limit instead of after it.
    request_max_body_size=None,
)
async def receive_event(
    request: Request[Any, Any, Any],
    receiving: NamedDependency[SkipValidation[Receiving]],
) -> EventReceipt:
    """Verify the raw bytes, store event and effect in one transaction, which wakes a worker."""
    verifier, rates = receiving.verifier, receiving.rates
    since = tracing.now()
    try:
        verifier.check(request.headers)
        body = await webhooks.read_bounded(
            request.stream(), limit=receiving.most_bytes, announced=request.content_length
        )
        event_id = verifier.verify(body, request.headers)
    except WebhookRejected:
        await rates.count_refusal(request)
        raise
    vouch(request.scope)
    await rates.count_event(request)
    event = webhooks.decode(body)
    if isinstance(event, LexiconChanged):
        duplicate = await intake.accept_lexicon(event_id, body, event)
        project = event.data.project.id
        log.info("project.lexicon_changed", project_id=project, duplicate=duplicate)
        return EventReceipt(job_id=None, status=None, duplicate=duplicate, superseded=False)
    accepted = await intake.accept(
        event_id, body, event, limits=receiving.limits, prices=receiving.prices
    )
    if not accepted.duplicate:
        _trace(event, accepted.job_id, event_id, since)
    log.info(
        "webhook.accepted",
        event_id=event_id,
        job_id=str(accepted.job_id),
        status=accepted.status,
        duplicate=accepted.duplicate,
        superseded=accepted.superseded,
    )
    return EventReceipt(
        job_id=accepted.job_id,
        status=accepted.status,
        duplicate=accepted.duplicate,
        superseded=accepted.superseded,
    )


def _trace(event: JobEvent, job: UUID, event_id: str, since: float) -> None:
    """Tell of an event in its job's trace, which a submission begins."""
    name = f"webhook {tag_of(event)}"
    if isinstance(event, VideoSubmitted):
        tracing.begun(job, name, since=since, event_id=event_id)
    else:
        tracing.past(name, job=job, since=since, event_id=event_id)


routers = resource(
    "/api/v1/webhooks", [receive_event], tag="webhooks", opt=public("Events bear a signature.")
)
