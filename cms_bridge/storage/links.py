"""Links to objects: how long they may last, how they are signed, what they are saved as."""

import hmac
import re
from base64 import urlsafe_b64encode
from datetime import timedelta
from urllib.parse import quote, urlencode

from cms_bridge import clock
from cms_bridge.errors import BridgeError

LONGEST = timedelta(days=7)
"""What S3 signatures allow; the local store keeps to it so that both behave alike."""


class InvalidLink(BridgeError):
    """A link that nobody here signed."""


class ExpiredLink(BridgeError):
    """A link that was good once."""


class LinkSigner:
    """Signs and verifies the links of the local store: HMAC-SHA256 over key, expiry and name.

    `secret` may hold several secrets separated by spaces: the first signs, all
    of them verify. To rotate, put the new one in front and take the old one
    away once the longest link has expired.
    """

    def __init__(self, secret: str) -> None:
        # Keys of their own: a signature made here is worth nothing wherever else a secret serves.
        self._keys = [
            hmac.digest(part.encode(), b"reelwright object links, version 1", "sha256")
            for part in secret.split()
        ]
        if not self._keys:
            raise ValueError("a secret is needed to sign links")

    def query(self, key: str, *, expires_in: timedelta, name: str | None) -> str:
        """Return the query string that opens an object until the link expires."""
        expires = int(clock.now().timestamp()) + whole_seconds(expires_in)
        fields = {"expires": str(expires)}
        if name:
            fields["name"] = name
        fields["signature"] = _signature(self._keys[0], key=key, expires=expires, name=name)
        return urlencode(fields)

    def verify(self, key: str, *, expires: int, name: str | None, signature: str) -> timedelta:
        """Return how long the link is still good; raise `InvalidLink` or `ExpiredLink`."""
        expected = [
            _signature(secret, key=key, expires=expires, name=name) for secret in self._keys
        ]
        if not any(hmac.compare_digest(each.encode(), signature.encode()) for each in expected):
            raise InvalidLink
        remaining = expires - clock.now().timestamp()
        if remaining <= 0:
            raise ExpiredLink
        return timedelta(seconds=remaining)


def whole_seconds(expires_in: timedelta) -> int:
    """Return a link's lifetime in seconds; raise ValueError past what a store can sign."""
    if not timedelta(seconds=1) <= expires_in <= LONGEST:
        raise ValueError(f"a link lasts from one second to {LONGEST.days} days, not {expires_in}")
    return int(expires_in.total_seconds())


def content_disposition(name: str | None) -> str:
    """Return the header that plays an object in place, or saves it under a name (RFC 6266)."""
    if not name:
        return "inline"
    name = name.replace("/", "_").replace("\\", "_")
    # Browsers of today read `filename*`; the other one is for what is older and simpler.
    plain = re.sub(r'[^\x20-\x7e]|["%]', "_", name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _signature(secret: bytes, *, key: str, expires: int, name: str | None) -> str:
    # Neither a signed key nor a number holds a newline, so no two messages read the same.
    message = f"{key}\n{expires}\n{name or ''}"
    digest = hmac.digest(secret, message.encode(), "sha256")
    return urlsafe_b64encode(digest).decode().rstrip("=")
