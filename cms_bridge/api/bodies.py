"""Requests as handlers read them: known parameters, plain bodies of the form a handler names.

What Litestar passes over is refused here: a parameter that nobody reads is one that was
misspelt, one that stands twice has no value, no more than one that is `null`, and a compressed
body would be taken for what it is not, or be a bomb.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from litestar import HttpMethod, Request
from litestar.connection import ASGIConnection
from litestar.datastructures import MultiDict
from litestar.exceptions import ValidationException
from litestar.handlers.base import BaseRouteHandler
from litestar.routes import BaseRoute, HTTPRoute, WebSocketRoute

from cms_bridge.access.keys import TICKET, takes_tickets
from cms_bridge.api.contract import takes_body
from cms_bridge.decoding import decode
from cms_bridge.errors import CompressedBody, UnknownParameter
from cms_bridge.fields import FieldError

_MOST_TOLD = 10
_LONGEST = 100
"""Characters of a name that an answer repeats."""
_NULL = "`null` is no value of it; leave it out"


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


class _Parameters(NamedTuple):
    """What a route reads of a query and of headers, by their names."""

    query: frozenset[str]
    once: frozenset[str]
    """Those of the query that have one value."""
    written: frozenset[str]
    """Those of the query that are left out or have a value, which `null` is none of."""
    headers: Mapping[str, str]
    """Headers of which the same holds, and what faults call them."""


_NONE = _Parameters(frozenset(), frozenset(), frozenset(), {})


class KnownParameters:
    """The guard of an application's parameters, once it has learned those of its routes."""

    def __init__(self) -> None:
        self._known: dict[object, _Parameters] = {}

    def learn(self, routes: Iterable[BaseRoute]) -> None:
        """Take the routes of the application, before the contract adds to what they say."""
        for route in routes:
            if isinstance(route, HTTPRoute):
                for handler, model in route.route_handler_map.values():
                    self._known[handler] = _parameters(handler, model)
            elif isinstance(route, WebSocketRoute):
                handler = route.route_handler
                self._known[handler] = _parameters(handler, route.handler_parameter_model)

    async def __call__(
        self, connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler
    ) -> None:
        """Raise `UnknownParameter`, which names each that is not known and those that are.

        Raises `ValidationException` for those that stand twice or are `null`.
        """
        # What a browser asks before a request has that request's whole address.
        if connection.scope.get("method") == HttpMethod.OPTIONS:
            return
        # What a guard is handed is a copy, another one for each request.
        known = self._known.get(connection.scope["route_handler"], _NONE)
        faults = [
            _fault(key, "header", _NULL)
            for name, key in known.headers.items()
            if _is_null(connection.headers.get(name, ""))
        ]
        if connection.scope["query_string"]:
            _check_names(connection.query_params, known.query)
            faults += _faults_in(connection.query_params, known)
        if faults:
            raise ValidationException("A parameter is not of its form.", extra=faults)


def _check_names(given: Iterable[str], known: frozenset[str]) -> None:
    if unknown := [name for name in dict.fromkeys(given) if name not in known]:
        there_are = f"there are: {', '.join(sorted(known))}" if known else "there are none"
        said = f"There is no such parameter; {there_are}"
        raise UnknownParameter(
            tuple(
                FieldError(message=said, key=name[:_LONGEST], source="query")
                for name in unknown[:_MOST_TOLD]
            )
        )


def _faults_in(query: MultiDict[str], known: _Parameters) -> Iterator[dict[str, str]]:
    for name in dict.fromkeys(query):
        values = query.getall(name)
        # Of two readers one takes the first, the other the last.
        if name in known.once and len(values) > 1:
            yield _fault(name, "query", "It stands twice")
        elif name in known.written and any(map(_is_null, values)):
            yield _fault(name, "query", _NULL)


def _is_null(value: str) -> bool:
    # Litestar takes it for a parameter that was left out, in any case.
    return value.lower() == "null"


def _fault(name: str, source: str, said: str) -> dict[str, str]:
    return {"message": said, "key": name, "source": source}


def _parameters(handler: BaseRouteHandler, model: Any) -> _Parameters:
    # The model is Litestar's own, and of a private type.
    in_query = model.expected_query_params
    optional = {
        name
        for name, field in handler.parsed_fn_signature.parameters.items()
        if field.is_optional and str not in field.args
    }
    return _Parameters(
        query=frozenset(
            {one.field_alias for one in in_query} | ({TICKET} if takes_tickets(handler) else set())
        ),
        once=frozenset(one.field_alias for one in in_query if not one.is_sequence),
        written=frozenset(one.field_alias for one in in_query if one.field_name in optional),
        headers={
            one.field_alias: one.field_name
            for one in model.expected_header_params
            if one.field_name in optional
        },
    )
