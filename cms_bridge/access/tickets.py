"""Tickets: what opens the progress of one job to a browser, which can send no key.

`EventSource` and `WebSocket` take an address and no headers, and a key belongs into no
address. So whoever has a key asks for a ticket and hands that to the browser: it is for
one job and for reading alone, lasts some minutes, and is worth as much as its key is by
then. Nothing is kept of it: HMAC-SHA256 over job, key and expiry.
"""

import hmac
import re
from base64 import urlsafe_b64encode
from uuid import UUID

from cms_bridge import clock
from cms_bridge.errors import Unauthorised

_TICKET = re.compile(
    r"(?P<expires>[0-9]{1,12})\.(?P<key>[a-z0-9]{1,16})\.(?P<sign>[\w-]{43})", re.ASCII
)

_UNKNOWN = "This ticket is none of this service, or for another job."
_EXPIRED = "This ticket has expired; ask for a new one."


class Tickets:
    """Issues tickets, and tells whose they are."""

    def __init__(self, secret: str, *, seconds: int) -> None:
        """Take secrets, separated by spaces, of which the first signs; and how long one lasts."""
        # Keys of their own: a signature made here is worth nothing wherever else a secret serves.
        self._secrets = [
            hmac.digest(part.encode(), b"reelwright progress tickets, version 1", "sha256")
            for part in secret.split()
        ]
        self.seconds = seconds

    def issue(self, job: UUID, *, key: str) -> str:
        """Return a ticket for a job, in the name of a key."""
        expires = int(clock.now().timestamp()) + self.seconds
        return f"{expires}.{key}.{_signature(self._secrets[0], job, key, expires)}"

    def holder(self, ticket: str, job: UUID) -> str:
        """Return the id of the key that a ticket was issued to; raise `Unauthorised`."""
        if (parts := _TICKET.fullmatch(ticket)) is None:
            raise Unauthorised(_UNKNOWN)
        key, expires = parts["key"], int(parts["expires"])
        good = [
            hmac.compare_digest(_signature(secret, job, key, expires), parts["sign"])
            for secret in self._secrets
        ]
        if not any(good):
            raise Unauthorised(_UNKNOWN)
        if expires <= clock.now().timestamp():
            raise Unauthorised(_EXPIRED)
        return key


def _signature(secret: bytes, job: UUID, key: str, expires: int) -> str:
    digest = hmac.digest(secret, f"{job}\n{key}\n{expires}".encode(), "sha256")
    return urlsafe_b64encode(digest).decode().rstrip("=")
