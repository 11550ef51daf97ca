"""Requests as handlers read them: known parameters, plain bodies of the form a handler names.

What Litestar passes over is refused here: a parameter that nobody reads is one that was
misspelt, and a compressed body would be taken for what it is not, or be a bomb.
"""

from typing import Any

from litestar import HttpMethod, Request
from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler

from cms_bridge.access.keys import TICKET, takes_tickets
from cms_bridge.api.contract import takes_body
from cms_bridge.decoding import decode
from cms_bridge.errors import CompressedBody, UnknownParameter
from cms_bridge.fields import FieldError

_MOST_TOLD = 10
_LONGEST = 100
"""Characters of a name that an answer repeats."""


class BridgeRequest(Request[Any, Any, Any]):
    """A request whose body is read strictly: Litestar would take "1" for 1."""

    async def json(self) -> Any:
        """Return the body as the handler's `data`; raise `MalformedBody`."""
        form = self.route_handler.parsed_fn_signature.parameters["data"].annotation
        return decode(await self.body() or b"null", form)


async def plain_body(
    connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler
) -> None:
    """Guard an application; raise `CompressedBody`."""
    coding = connection.headers.get("content-encoding", "").strip().lower()
    if coding not in {"", "identity"} and takes_body(handler):
        raise CompressedBody


class KnownParameters:
    """The guard of an application's queries; it learns each route's parameters once."""

    def __init__(self) -> None:
        self._known: dict[BaseRouteHandler, frozenset[str]] = {}

    async def __call__(
        self, connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler
    ) -> None:
        """Raise `UnknownParameter`, which names each that is not known and those that are."""
        if not connection.scope["query_string"]:
            return
        # What a browser asks before a request has that request's whole address.
        if connection.scope.get("method") == HttpMethod.OPTIONS:
            return
        if (known := self._known.get(handler)) is None:
            known = self._known[handler] = _parameters(connection, handler)
        if unknown := [
            name for name in dict.fromkeys(connection.query_params) if name not in known
        ]:
            there_are = f"there are: {', '.join(sorted(known))}" if known else "there are none"
            said = f"There is no such parameter; {there_are}"
            raise UnknownParameter(
                tuple(
                    FieldError(message=said, key=name[:_LONGEST], source="query")
                    for name in unknown[:_MOST_TOLD]
                )
            )


def _parameters(
    connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler
) -> frozenset[str]:
    model = handler.create_kwargs_model(dict.fromkeys(connection.path_params))  # pyright: ignore[reportArgumentType] - only the names are read
    names = {parameter.field_alias for parameter in model.expected_query_params}
    return frozenset(names | ({TICKET} if takes_tickets(handler) else set()))
