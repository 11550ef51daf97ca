"""Receiving webhooks: bounded raw bytes in, a verified and typed event out.

The order matters and is fixed: refuse what cannot be verified before a byte of
it is read, bound, verify the bytes as they came, and only then decode.
"""

import hmac
import time
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import cast

from standardwebhooks import Webhook

from cms_bridge import clock, decoding
from cms_bridge.errors import BodyTooLarge, MalformedEvent, WebhookRejected
from cms_bridge.events import Event

HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")
MAX_ID_CHARS = 128
_MAX_SIGNATURE_CHARS = 1_024
_MAX_STAMP_CHARS = 13
_WINDOW_SECONDS = 300
"""Standard Webhooks' own."""
_REJECTED = "The signature is missing, wrong, or outside its time window."


class Verifier:
    """Checks signatures against one secret, or several while one is being rotated."""

    def __init__(self, secrets: list[str]) -> None:
        """Take secrets as `whsec_…`."""
        self._webhooks = [Webhook(secret) for secret in secrets]

    @staticmethod
    def check(headers: Mapping[str, str]) -> None:
        """Raise `WebhookRejected` if no body could be verified under these headers."""
        message, stamp, signature = (headers.get(name, "") for name in HEADERS)
        whole = 0 < len(message) <= MAX_ID_CHARS and 0 < len(signature) <= _MAX_SIGNATURE_CHARS
        # Longer stamps than those of the next thousand years are garbage, and dear to read.
        dated = stamp.isascii() and stamp.isdecimal() and len(stamp) < _MAX_STAMP_CHARS
        if not whole or not dated or not _in_window(int(stamp)):
            raise WebhookRejected(_REJECTED)

    def verify(self, body: bytes, headers: Mapping[str, str]) -> str:
        """Return the message's id; raise `WebhookRejected`.

        The time window is that of Standard Webhooks, five minutes either way, by the clock that all
        go by or this machine's own.
        """
        self.check(headers)
        message, stamp, signatures = (headers[name] for name in HEADERS)
        at = datetime.fromtimestamp(int(stamp), UTC)
        try:
            text = body.decode()
        except UnicodeDecodeError:
            raise WebhookRejected(_REJECTED) from None
        # The library would judge the time by this machine's clock alone.
        expected = [webhook.sign(message, at, text).encode() for webhook in self._webhooks]
        given = [one.encode() for one in signatures.split(" ")]
        if not any(hmac.compare_digest(one, each) for one in given for each in expected):
            raise WebhookRejected(_REJECTED)
        return message


def _in_window(stamp: int) -> bool:
    # Whoever sends from this very machine shows its clock, all others none that is off by so much.
    # What was sent before is known by its id, whatever it shows.
    shared, own = clock.now().timestamp(), time.time()
    return min(abs(stamp - shared), abs(stamp - own)) <= _WINDOW_SECONDS


async def read_bounded(
    chunks: AsyncIterator[bytes], *, limit: int, announced: int | None = None
) -> bytes:
    """Return a whole body; raise `BodyTooLarge` as soon as it passes the limit, or says it will."""
    if announced is not None and announced > limit:
        raise BodyTooLarge(f"A webhook may hold at most {limit} bytes.")
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        if len(body) > limit:
            raise BodyTooLarge(f"A webhook may hold at most {limit} bytes.")
    return bytes(body)


def decode(body: bytes) -> Event:
    """Return the typed event; raise `MalformedEvent` saying what is wrong where."""
    return decoding.decode(body, cast(type[Event], Event), refusal=MalformedEvent)
