"""What may stand in a log: plain values, bounded in length, without secrets.

A net under everything that writes a line, not a licence to write anything: the
configured secrets are left out wherever they turn up, and whatever looks like
a credential. Bodies have no look of their own; they are kept out by never
being logged, and where they are by mistake, by the bound.
"""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import Any, cast
from urllib.parse import quote, quote_plus
from uuid import UUID

from render import tracebacks

MAX_TEXT = 500
_MAX_READ = 4 * MAX_TEXT
_MAX_ITEMS = 50
_MAX_DEPTH = 5
_SHORTEST_SECRET = 8
_HALF_A_CREDENTIAL = 200
"""Characters at the end of what was read that may be the beginning of one."""
HIDDEN = "[hidden]"

_CREDENTIALS = (
    (re.compile(r"(?i)\b(bearer|basic)\s+[^\s\"',;]+"), rf"\1 {HIDDEN}"),
    (re.compile(r"\bwhsec_[\w+/=-]+"), HIDDEN),
    # Its id may be seen: it says which key to revoke.
    (re.compile(r"\b(rw_[a-z0-9]{12})_[0-9A-Za-z]{8,}"), rf"\1_{HIDDEN}"),
    # A password may hold anything up to the last @.
    (re.compile(r"(?<=://)\S+@"), f"{HIDDEN}@"),
    # Links of the local store, of S3 and of providers carry their permission in the query.
    (re.compile(r"\?[\w.~%-]+=[^\s\"'<>]*"), f"?{HIDDEN}"),
    (
        re.compile(
            r"(?i)((?:api[_-]?key|token|secret|passw(?:or)?d|signature|authorization)"
            r"[\"']?\s*[:=]\s*[\"']?)(?!\[hidden)[^\s\"',;&}]+"
        ),
        rf"\1{HIDDEN}",
    ),
)


_UNPRINTABLE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""What ends a line, moves a terminal's cursor, turns the reading order or is no character."""


_PLAIN = re.compile(r"(?:[\w.+-]|(?<=\d):(?=\d))*", re.ASCII)
"""Ids, names and moments, most of what is logged: none of the above matches in one, but for keys by
their first letters."""
_KEYS = ("whsec_", "rw_")


def _forms(secret: str) -> set[str]:
    """Return a secret as it stands in texts: itself, in URLs, in JSON, in Python's `repr`."""
    escaped = {quote(secret), quote(secret, safe=""), quote_plus(secret)}
    # Clients differ in how they write an escape's digits.
    escaped |= {re.sub("%..", lambda found: found[0].lower(), form) for form in escaped}
    return {secret, *escaped, json.dumps(secret)[1:-1], repr(secret)[1:-1]}


class Redactor:
    """Makes values fit for a log."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        """Take the secrets that must never be seen; very short ones would tear up every text."""
        forms = {form for s in secrets if len(s) >= _SHORTEST_SECRET for form in _forms(s)}
        known = sorted(forms, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None
        self._longest = len(known[0]) if known else 0

    def text(self, text: str, *, limit: int = MAX_TEXT) -> str:
        """Return a text without credentials, cut to its limit."""
        # Cut twice: hiding must not become expensive, nor leave half a secret at the end.
        read = _MAX_READ + limit + self._longest
        clean = text[:read]
        if self._known:
            clean = self._known.sub(HIDDEN, clean)
        if len(text) <= limit and _PLAIN.fullmatch(clean) and not any(k in clean for k in _KEYS):
            return clean
        for pattern, instead in _CREDENTIALS:
            clean = pattern.sub(instead, clean)
        if len(text) > read:
            # Where much was hidden the end of what was read has come within the limit.
            clean = clean[: -max(self._longest, _HALF_A_CREDENTIAL)]
        left_out = len(text) - limit if len(clean) > limit or len(text) > read else 0
        # A stranger's text stays within its line, in every form of the log and on every terminal.
        shown = _UNPRINTABLE.sub(lambda found: ascii(found[0])[1:-1], clean[:limit])
        return f"{shown}… ({left_out} more)" if left_out > 0 else shown

    def value(self, value: Any, *, depth: int = 0) -> Any:  # noqa: PLR0911 - one a kind
        """Return a value as JSON takes it; what is no plain value is only its type."""
        match value:
            case None | bool() | int() | float():
                return value
            case str():
                return self.text(value)
            case BaseException():
                return tracebacks.summary(value)
            case UUID() | Decimal() | date() | timedelta() | PurePath() | Enum():
                return self.text(str(value))
            case bytes() | bytearray() | memoryview():
                return f"<{len(cast('bytes', value))} bytes>"
            case Mapping() if depth < _MAX_DEPTH:
                pairs = list(cast("Mapping[Any, Any]", value).items())[:_MAX_ITEMS]
                return {self.text(str(k)): self.value(v, depth=depth + 1) for k, v in pairs}
            case list() | tuple() | set() | frozenset() if depth < _MAX_DEPTH:
                items = list(cast("Iterable[Any]", value))[:_MAX_ITEMS]
                return [self.value(item, depth=depth + 1) for item in items]
            case _:
                return f"<{type(value).__module__}.{type(value).__qualname__}>"
