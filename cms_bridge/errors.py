"""Everything the bridge refuses, as RFC 9457 problems.

    BridgeError
    ├── WebhookRejected    401  unsigned, tampered with, or outside the time window
    ├── MalformedEvent     400  not JSON, of an unknown type, or not of the type's form
    ├── BodyTooLarge       413  more bytes than `max_webhook_bytes`
    ├── EventConflict      409  an id that was used before, with another body
    ├── Unauthorised       401  no key, or not the right one
    ├── JobNotFound        404  no such job, or not one of this caller's
    └── LeaseLost          409  a worker whose claim has passed to another

`states.IllegalMove` (409) and the engine's `InvalidStoryboard` (422) are
reported the same way; `problem` maps every one of them.
"""

from http import HTTPStatus
from typing import ClassVar

from cms_bridge.states import IllegalMove
from render.errors import RenderError


class BridgeError(Exception):
    """The base of every refusal; its text is safe to show to the sender."""

    status: ClassVar[HTTPStatus] = HTTPStatus.INTERNAL_SERVER_ERROR
    code: ClassVar[str] = "bridge_error"


class WebhookRejected(BridgeError):
    """A webhook that is unsigned, tampered with, or outside the time window."""

    status = HTTPStatus.UNAUTHORIZED
    code = "webhook_rejected"


class MalformedEvent(BridgeError):
    """A signed body that is not JSON, of an unknown type, or not of the type's form."""

    status = HTTPStatus.BAD_REQUEST
    code = "malformed_event"


class BodyTooLarge(BridgeError):
    """A body past its limit."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    code = "body_too_large"


class EventConflict(BridgeError):
    """A webhook id that was accepted before, with another body."""

    status = HTTPStatus.CONFLICT
    code = "event_conflict"


class Unauthorised(BridgeError):
    """A request without the right key."""

    status = HTTPStatus.UNAUTHORIZED
    code = "unauthorised"


class JobNotFound(BridgeError):
    """No job by this name that the caller may see."""

    status = HTTPStatus.NOT_FOUND
    code = "job_not_found"


class LeaseLost(BridgeError):
    """A worker's claim that has passed to another, or ended by cancellation."""

    status = HTTPStatus.CONFLICT
    code = "lease_lost"


def problem(
    error: BridgeError | IllegalMove | RenderError,
) -> tuple[HTTPStatus, str, dict[str, object]]:
    """Return an error's HTTP status, its code, and the values its sentence speaks of."""
    if isinstance(error, BridgeError):
        return error.status, error.code, {}
    if isinstance(error, IllegalMove):
        return HTTPStatus.CONFLICT, "illegal_move", {"from": error.origin, "to": error.target}
    return HTTPStatus.UNPROCESSABLE_ENTITY, error.code, dict(error.params)
