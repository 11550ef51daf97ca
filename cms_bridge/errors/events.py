"""Refusals of what the CMS sends."""

from http import HTTPStatus

from cms_bridge.errors.base import Refusal
from cms_bridge.errors.requests import MalformedBody


class WebhookRejected(Refusal):
    """A webhook that is unsigned, tampered with, or outside the time window."""

    status = HTTPStatus.UNAUTHORIZED
    code = "webhook_rejected"


class MalformedEvent(MalformedBody):
    """A signed body that is not JSON, of an unknown type, or not of the type's form."""

    code = "malformed_event"
    said = "The body is not a known event."


class EventConflict(Refusal):
    """A webhook id that was accepted before, with another body."""

    status = HTTPStatus.CONFLICT
    code = "event_conflict"


class RevisionConflict(Refusal):
    """A revision of a storyboard that was accepted before, with other content."""

    status = HTTPStatus.CONFLICT
    code = "revision_conflict"
