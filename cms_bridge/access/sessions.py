"""Sessions: what keeps an operator's browser at the ops page once a key was presented there.

A cookie holds the key's id, an end and a signature; nothing is kept of it. It is worth what its
key is by then: one that was revoked opens nothing. What a form sends beside it (`form_token`)
can be made by nobody else's page. HMAC-SHA256, with keys of their own.
"""

import hmac
import re
from base64 import urlsafe_b64encode

from cms_bridge import clock
from cms_bridge.access.callers import Action, Caller
from cms_bridge.access.keyring import Keyring
from cms_bridge.errors import AllProjectsOnly, Forbidden, Unauthorised

COOKIE = "reelwright_ops"
_COOKIE = re.compile(
    r"(?P<expires>[0-9]{1,12})\.(?P<key>[a-z0-9]{1,16})\.(?P<sign>[\w-]{43})", re.ASCII
)
_NONE = "Sign in with a key for all projects."


class Sessions:
    """Issues sessions, and tells whose they are."""

    def __init__(self, secret: str, keyring: Keyring, *, seconds: int) -> None:
        """Take secrets, separated by spaces, of which the first signs; and how long one lasts."""
        self._secrets = [
            hmac.digest(part.encode(), b"reelwright ops sessions, version 1", "sha256")
            for part in secret.split()
        ]
        self._keyring = keyring
        self.seconds = seconds

    async def issue(self, presented: str) -> str:
        """Return a cookie for whoever presents a key of all projects that may read.

        Raises `Unauthorised`, `Forbidden` or `AllProjectsOnly`.
        """
        caller = operator(await self._keyring.caller(presented))
        expires = int(clock.now().timestamp()) + self.seconds
        said = f"{expires}.{caller.key}"
        return f"{said}.{_signature(self._secrets[0], said)}"

    async def holder(self, cookie: str | None) -> Caller:
        """Return who holds a cookie; raise as `issue` does."""
        parts = _COOKIE.fullmatch(cookie or "")
        if parts is None or int(parts["expires"]) <= clock.now().timestamp():
            raise Unauthorised(_NONE)
        said = f"{parts['expires']}.{parts['key']}"
        good = [
            hmac.compare_digest(_signature(secret, said), parts["sign"]) for secret in self._secrets
        ]
        if not any(good):
            raise Unauthorised(_NONE)
        return operator(await self._keyring.holder(parts["key"]))

    def form_token(self, cookie: str) -> str:
        """Return what a form of this session sends."""
        return _signature(self._secrets[0], f"form\n{cookie}")

    def check_form(self, cookie: str, token: str) -> None:
        """Raise `Forbidden` unless a form is one of this session's."""
        good = [
            hmac.compare_digest(_signature(secret, f"form\n{cookie}"), token)
            for secret in self._secrets
        ]
        if not any(good):
            raise Forbidden("This form is from another session: look again.", action="")


def operator(caller: Caller) -> Caller:
    """Return a caller that may see everything; raise `Forbidden` or `AllProjectsOnly`."""
    if Action.READ not in caller.actions:
        raise Forbidden("This needs a key that may `read`.", action=Action.READ.value)
    if caller.projects is not None:
        raise AllProjectsOnly
    return caller


def _signature(secret: bytes, said: str) -> str:
    return urlsafe_b64encode(hmac.digest(secret, said.encode(), "sha256")).decode().rstrip("=")
