"""Refusals of a request before anybody looks at what it is about."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import ClassVar

from cms_bridge.errors.base import Refusal
from cms_bridge.fields import FieldError


class MalformedBody(Refusal):
    """A body that is not JSON, or not of the form that is expected."""

    status = HTTPStatus.BAD_REQUEST
    code = "bad_request"
    said: ClassVar[str] = "A parameter or the body is not of its form."

    def __init__(self, errors: tuple[FieldError, ...]) -> None:
        super().__init__(" ".join((self.said, *map(str, errors))))
        self.errors = errors
        """All that is wrong with it."""


class UnknownParameter(MalformedBody):
    """A query parameter that this path does not know."""

    code = "unknown_parameter"
    said = "A query parameter is not known here."


class CompressedBody(Refusal):
    """A body with a `Content-Encoding`: it is to be sent as it is."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    code = "compressed_body"
    headers: Mapping[str, str] = {"Accept-Encoding": "identity"}

    def __init__(self) -> None:
        super().__init__("This body has a Content-Encoding; send it without one, as it is.")


class BodyTooLarge(Refusal):
    """A body past its limit."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    code = "body_too_large"


class TooManyListeners(Refusal):
    """More streams of progress than one key may hold open at once."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    code = "too_many_listeners"
    retry_after = 5


class ListenersFull(Refusal):
    """More streams of progress than this bridge holds open at once."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "listeners_full"
    retry_after = 5


class UpgradeRequired(Refusal):
    """A WebSocket's address, asked for without wanting one."""

    status = HTTPStatus.UPGRADE_REQUIRED
    code = "upgrade_required"


class RangeNotSatisfiable(Refusal):
    """A range of bytes that the file does not have; `Content-Range` tells its size."""

    status = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
    code = "range_not_satisfiable"

    def __init__(self, size: int) -> None:
        super().__init__(f"The file has {size} bytes, and none of those.", size=size)
        self.headers = {"Content-Range": f"bytes */{size}"}


class HostNotServed(Refusal):
    """A request by a name that this bridge was not told to go by."""

    status = HTTPStatus.MISDIRECTED_REQUEST
    code = "host_not_served"


class IdempotencyConflict(Refusal):
    """An idempotency key that was used before, with another request."""

    status = HTTPStatus.CONFLICT
    code = "idempotency_conflict"
