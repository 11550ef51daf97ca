"""The guard: who may ask what, decided before a byte of the body is read.

It stands before the whole application, so that a route is closed unless it says
what it is: `public`, or what a key needs for it (`needs`). Refused are, in this
order, who has no good key (401), a key that asks too often (429), one that is not
for the route's action, or not for all projects where it tells of all (403), and one
whose projects have nothing by the path's names (404).
"""

from collections.abc import Callable
from enum import Enum, auto
from typing import Any

import msgspec
from litestar import Request
from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler

from cms_bridge.access import owners
from cms_bridge.access.callers import Action, Caller
from cms_bridge.access.keyring import MISSING, Keyring
from cms_bridge.access.owners import Owners
from cms_bridge.access.rates import Rates
from cms_bridge.access.tickets import Tickets
from cms_bridge.errors import AllProjectsOnly, Forbidden, Unauthorised
from cms_bridge.gate import vouch

_PUBLIC = "public"
_NEEDS = "needs"
_CALLER = "caller"
_TICKETED = "ticketed"
_AHEAD = "ahead"
TICKET = "ticket"
"""The query parameter that a ticket comes in."""


class Whose(Enum):
    """Where a route says whose objects it is about."""

    PATH = auto()
    """In its path: the guard looks up which project that is (`cms_bridge.access.owners`)."""
    REQUEST = auto()
    """In a body or a query, or it lists what the caller may see: the handler takes the `caller`
    and asks it."""
    NOBODYS = auto()
    """It is about nothing of any project's."""
    EVERYBODYS = auto()
    """It tells of all projects together: for keys of all alone."""


class Needs(msgspec.Struct, frozen=True):
    """What a key needs for a route."""

    action: Action
    whose: Whose


def public(reason: str) -> dict[str, Any]:
    """Return the `opt` that opens a route, or a router's, to those without a key."""
    return {_PUBLIC: reason}


def needs(action: Action, *, whose: Whose = Whose.PATH) -> dict[str, Any]:
    """Return the `opt` that opens a route to keys for an action."""
    return {_NEEDS: Needs(action, whose)}


def ticketed() -> dict[str, Any]:
    """Return the `opt` that opens a route of a job to tickets as well.

    Only where a browser must be able to ask without a header (`cms_bridge.access.tickets`).
    """
    return {_TICKETED: True}


def asks_ahead(ask: Callable[[ASGIConnection[Any, Any, Any, Any]], None]) -> dict[str, Any]:
    """Return the `opt` of a route that asks something together with the guard, before it decides.

    What is asked may change nothing, and is told to nobody whom the guard refuses.
    """
    return {_AHEAD: ask}


def takes_tickets(handler: BaseRouteHandler) -> bool:
    """Tell whether a registered route is open to tickets as well."""
    return _TICKETED in handler.opt


def is_public(handler: BaseRouteHandler) -> bool:
    """Tell whether a registered route is open to those without a key."""
    return _PUBLIC in handler.opt


def needs_of(handler: BaseRouteHandler) -> Needs | None:
    """Return what a key needs for a registered route; None where nobody may ask."""
    said: Needs | None = handler.opt.get(_NEEDS)
    if said and said.whose is Whose.REQUEST:
        return said if _CALLER in handler.parsed_fn_signature.parameters else None
    return said


def caller_of(request: Request[Any, Any, Any]) -> Caller:
    """Return who asks: the dependency `caller` of handlers."""
    return request.auth


async def requires_key(
    connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler
) -> None:
    """Guard an application; raise a `Refusal` of those that the module tells of."""
    if is_public(handler):
        return
    rates: Rates = connection.app.state.rates
    try:
        caller = await _caller(connection, handler)
    except Unauthorised:
        await rates.count_refusal(connection)
        raise
    vouch(connection.scope)
    connection.scope["auth"] = caller
    needed, named = needs_of(handler), connection.path_params
    if ask := handler.opt.get(_AHEAD):
        ask(connection)
    await rates.count_request(connection, caller, needed.action if needed else None)
    if needed is None or (needed.whose is Whose.PATH and not owners.known(named)):
        raise Forbidden("No key is for this yet: it does not say what it needs.", action="")
    if needed.action not in caller.actions:
        raise Forbidden(f"This needs a key that may `{needed.action}`.", action=needed.action.value)
    if needed.whose is Whose.EVERYBODYS and caller.projects is not None:
        raise AllProjectsOnly
    if needed.whose is Whose.PATH:
        own: Owners = connection.app.state.owners
        await own.check(caller, named)


async def _caller(
    connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler
) -> Caller:
    keyring: Keyring = connection.app.state.keyring
    if takes_tickets(handler) and (ticket := connection.query_params.get(TICKET)):
        tickets: Tickets = connection.app.state.tickets
        holder = await keyring.holder(tickets.holder(ticket, connection.path_params["job_id"]))
        return msgspec.structs.replace(holder, actions=holder.actions & {Action.READ})
    scheme, _, presented = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not presented:
        raise Unauthorised(MISSING)
    return await keyring.caller(presented)
