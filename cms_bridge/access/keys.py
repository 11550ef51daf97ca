"""Who may ask: whoever has the key of the CMS's server, but for what is marked as public.

The guard stands before the whole application, so that a route is closed unless
something opens it. Keys are compared by digest and in constant time; the key
itself is not kept.
"""

import hashlib
import hmac
from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler

from cms_bridge.errors import Unauthorised
from cms_bridge.gate import vouch

_PUBLIC = "public"


class ApiKey:
    """The digest of a secret key."""

    def __init__(self, key: str) -> None:
        """Take the key in clear; only its digest is kept."""
        self._digest = hashlib.sha256(key.encode()).digest()

    def matches(self, presented: str) -> bool:
        """Tell whether this is the key, in time that does not depend on how nearly it is."""
        return hmac.compare_digest(self._digest, hashlib.sha256(presented.encode()).digest())


def public(reason: str) -> dict[str, Any]:
    """Return the `opt` that opens a route, or a router's, to those without the key."""
    return {_PUBLIC: reason}


def is_public(handler: BaseRouteHandler) -> bool:
    """Tell whether a registered route is open to those without the key."""
    return _PUBLIC in handler.opt


def requires_api_key(
    connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler
) -> None:
    """Guard an application: `Authorization: Bearer …` must hold the key; raise `Unauthorised`."""
    if is_public(handler):
        return
    scheme, _, presented = connection.headers.get("authorization", "").partition(" ")
    key: ApiKey = connection.app.state.api_key
    if scheme.lower() != "bearer" or not key.matches(presented):
        raise Unauthorised("This needs the key: `Authorization: Bearer …`.")
    # Guards run before a byte of the body is read.
    vouch(connection.scope)
