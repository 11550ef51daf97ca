"""The secrets that integrators verify by: derived, and so nowhere to be stolen from.

    HMAC-SHA256(the installation's secret, subscription and number)

A subscription keeps the numbers of its secrets, when each ends, and by which of
the installation's secrets it was derived: a name made of a digest, which tells
nothing. While an installation's secret is being replaced both are configured, and
each subscription moves to the new one when its own secret is rotated.
"""

import base64
import hmac
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from standardwebhooks import Webhook

from cms_bridge.errors import BridgeError

MOST_AT_ONCE = 4
"""Secrets of one subscription that are good at the same time: a rotation drops the oldest."""

_PURPOSE = "reelwright/webhooks"
_NAME_CHARS = 16


class SecretLost(BridgeError):
    """A subscription whose secrets were derived by an installation's secret that is gone."""


class SecretVersion(msgspec.Struct, frozen=True, kw_only=True):
    """One secret of a subscription, but for the secret."""

    number: int
    derived_by: str
    """The name of the installation's secret."""
    valid_until: datetime | None = None
    """None for the newest."""


class Secrets:
    """Derives secrets, and signs with them."""

    def __init__(self, installation: Sequence[str]) -> None:
        """Take the installation's secrets; new ones are derived by the first."""
        self._named = {_name(one): one.encode() for one in installation}
        self._newest = _name(installation[0])

    def version(self, number: int) -> SecretVersion:
        """Return a new version of a subscription's secret."""
        return SecretVersion(number=number, derived_by=self._newest)

    def reveal(self, subscription: UUID, version: SecretVersion) -> str:
        """Return a secret as `whsec_…`; raise `SecretLost`."""
        key = self._named.get(version.derived_by)
        if key is None:
            raise SecretLost("The secret it was derived by is no longer configured: rotate it.")
        derived = f"{_PURPOSE}/{subscription}/{version.number}".encode()
        digest = hmac.digest(key, derived, "sha256")
        return f"whsec_{base64.b64encode(digest).decode()}"

    def headers(
        self,
        subscription: UUID,
        versions: Sequence[SecretVersion],
        *,
        message: str,
        body: str,
        at: datetime,
    ) -> dict[str, str]:
        """Return the headers of Standard Webhooks, signed with every secret that is still good.

        Raises `SecretLost` where the newest can no longer be derived.
        """
        signatures: list[str] = []
        for version in good(versions, at):
            try:
                webhook = Webhook(self.reveal(subscription, version))
            except SecretLost:
                if version.valid_until is None:
                    raise
                continue
            signatures.append(webhook.sign(message, at, body))
        return {
            "webhook-id": message,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": " ".join(signatures),
        }


def good(versions: Sequence[SecretVersion], at: datetime) -> list[SecretVersion]:
    """Return the versions that are good at a moment, newest first."""
    return [one for one in versions if one.valid_until is None or one.valid_until > at]


def rotated(
    versions: Sequence[SecretVersion], new: SecretVersion, *, until: datetime, at: datetime
) -> list[SecretVersion]:
    """Return the versions after a rotation: the old ones end at a moment, if not before."""
    older = [
        msgspec.structs.replace(one, valid_until=min(until, one.valid_until or until))
        for one in good(versions, at)
    ]
    return [new, *(one for one in older if until > at)][:MOST_AT_ONCE]


def _name(installation: str) -> str:
    # Of a purpose of its own: nothing else that is made of this secret may look the same.
    return hmac.digest(installation.encode(), f"{_PURPOSE}/name".encode(), "sha256").hex()[
        :_NAME_CHARS
    ]
