"""Who may ask: the key of the CMS's server.

Keys are compared by digest and in constant time; the key itself is not kept.
"""

import hashlib
import hmac
from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler

from cms_bridge.errors import Unauthorised
from cms_bridge.gate import vouch


class ApiKey:
    """The digest of a secret key."""

    def __init__(self, key: str) -> None:
        """Take the key in clear; only its digest is kept."""
        self._digest = hashlib.sha256(key.encode()).digest()

    def matches(self, presented: str) -> bool:
        """Tell whether this is the key, in time that does not depend on how nearly it is."""
        return hmac.compare_digest(self._digest, hashlib.sha256(presented.encode()).digest())


def requires_api_key(
    connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler
) -> None:
    """Guard a route: `Authorization: Bearer …` must hold the key; raise `Unauthorised`."""
    scheme, _, presented = connection.headers.get("authorization", "").partition(" ")
    key: ApiKey = connection.app.state.api_key
    if scheme.lower() != "bearer" or not key.matches(presented):
        raise Unauthorised("This needs the key: `Authorization: Bearer …`.")
    # Guards run before a byte of the body is read.
    vouch(connection.scope)
