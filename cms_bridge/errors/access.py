"""Refusals of whoever asks: no key, the wrong one, or too often."""

from http import HTTPStatus

from cms_bridge.errors.base import Refusal


class Unauthorised(Refusal):
    """A request without a key, or with one that is unknown, expired or revoked."""

    status = HTTPStatus.UNAUTHORIZED
    code = "unauthorised"


class Forbidden(Refusal):
    """A key that is not for this action."""

    status = HTTPStatus.FORBIDDEN
    code = "action_not_allowed"


class AllProjectsOnly(Refusal):
    """A key of single projects, where all of them are told of together."""

    status = HTTPStatus.FORBIDDEN
    code = "all_projects_only"

    def __init__(self) -> None:
        super().__init__("This tells of all projects together: it needs a key of all projects.")


class RateLimited(Refusal):
    """More requests than may come in a minute."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    code = "rate_limited"
