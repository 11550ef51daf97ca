"""What every error of the bridge is built on, and what is told of one over HTTP."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import ClassVar

from cms_bridge.fields import camel_case
from render.errors import RenderError


class BridgeError(Exception):
    """The base of everything that the bridge raises by itself."""


class Refusal(BridgeError):
    """The base of every refusal; its text is safe to show to the sender."""

    status: ClassVar[HTTPStatus]
    code: ClassVar[str]
    retry_after: ClassVar[int | None] = None
    """Seconds after which the very same may succeed."""
    headers: Mapping[str, str] = {}
    """What its answer tells besides."""

    def __init__(self, message: str, **params: str | float) -> None:
        super().__init__(message)
        self.params = {camel_case(name): value for name, value in params.items()}
        """The values its text speaks of."""


def kind(error: type[Exception]) -> tuple[HTTPStatus, str]:
    """Return the HTTP status and the code of a kind of error that `problem` knows."""
    if issubclass(error, Refusal):
        return error.status, error.code
    assert issubclass(error, RenderError), error  # noqa: S101
    return HTTPStatus.UNPROCESSABLE_ENTITY, error.code


def problem(error: Refusal | RenderError) -> tuple[HTTPStatus, str, dict[str, object]]:
    """Return an error's HTTP status, its code, and the values its sentence speaks of."""
    params: dict[str, object] = {**error.params}
    return (*kind(type(error)), params)
