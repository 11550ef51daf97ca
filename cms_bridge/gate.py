"""The gate: how much of the server those may take up whom nobody has vouched for yet.

Until a key or a signature was found right, a request may be anybody's: what it
has sent counts against one budget for all of them, and its connection gives way
when room is needed. The crowd that takes up most goes first, and of it whoever
holds most or has kept the door open longest, so that a flood pays before an
honest request does.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Any, Protocol, cast

import msgspec
import structlog

log = structlog.get_logger()

_EXTENSION = "reelwright.vouched"
_CLOSING = "reelwright.closing"
_PACE = "reelwright.pace"
_QUIET_SECONDS = 1.0
_IPV6_LINE = 64
"""Bits that the network of one customer begins with."""


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """The limits of a server; times are in seconds, sizes in bytes."""

    header_seconds: float = 10
    """From a connection's first moment, or a further request's first byte, to its last header."""
    body_seconds: float = 30
    """From the last header to the last byte of the body."""
    send_seconds: float = 60
    """How long a client may take none of its answer."""
    connections: int = 1_024
    unauthenticated_bytes: int = 32 * 1024 * 1024
    """Received and not yet vouched for, over all connections."""
    header_bytes: int = 16 * 1024
    """Request line and headers of one request."""


class Following(msgspec.Struct, frozen=True, kw_only=True):
    """The limits of streams that follow a job; times are in seconds."""

    heartbeat_seconds: float = 15
    """Of quiet, after which a stream shows that it lives."""
    lasts_seconds: float = 3_600
    """After which a stream ends, and whoever listens asks again."""
    poll_seconds: float = 2
    """Between two looks into the database while Redis is away."""
    listeners: int = 512
    """At once."""
    listeners_per_key: int = 100
    """At once; 0 for as many as there may be."""


class Connection(Protocol):
    """What the gate can do to a connection."""

    @property
    def crowd(self) -> str:
        """Whom it comes from: connections of one crowd count together (see `crowd_of`)."""
        ...

    def give_way(self, *, code: str) -> None:
        """Be refused and closed."""
        ...


class Gate:
    """All connections of one server."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self._open: set[Connection] = set()
        self._unproven: dict[Connection, None] = {}
        self._held: dict[Connection, int] = {}
        self._bytes = 0
        self._refusals: dict[str, int] = {}
        self._told = 0.0

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self._open)

    @property
    def held(self) -> int:
        """The bytes received that nobody has vouched for."""
        return self._bytes

    def enter(self, connection: Connection) -> bool:
        """Let a connection in; at the bound an older one gives way, and if none can, return False.

        Those give way that wait for a request, or are in the middle of sending
        one that is not vouched for.
        """
        if len(self._open) >= self.bounds.connections:
            if not self._unproven:
                return False
            crowds = Counter(one.crowd for one in self._unproven)
            # The first of equals: they stand in the order in which they began to wait.
            oldest = max(self._unproven, key=lambda one: crowds[one.crowd])
            oldest.give_way(code="too_many_connections")
            self.leave(oldest)
        self._open.add(connection)
        return True

    def leave(self, connection: Connection) -> None:
        """Forget a connection."""
        self._open.discard(connection)
        self._unproven.pop(connection, None)
        self.release(connection)

    def may_give_way(self, connection: Connection, *, may: bool) -> None:
        """Note whether a connection gives way when room is needed, as the youngest that does."""
        self._unproven.pop(connection, None)
        if may and connection in self._open:
            self._unproven[connection] = None

    def hold(self, connection: Connection, size: int) -> None:
        """Count bytes that a connection sent; past the budget whoever holds most gives way."""
        self._held[connection] = self._held.get(connection, 0) + size
        self._bytes += size
        while self._bytes > self.bounds.unauthenticated_bytes:
            greediest = self._greediest()
            greediest.give_way(code="too_many_bytes")
            # Whatever it did with that, its bytes are gone.
            self.release(greediest)

    def _greediest(self) -> Connection:
        crowds: Counter[str] = Counter()
        for one, size in self._held.items():
            crowds[one.crowd] += size
        return max(self._held, key=lambda one: (crowds[one.crowd], self._held[one]))

    def release(self, connection: Connection) -> None:
        """Count a connection's bytes no longer: they are vouched for, answered or thrown away."""
        self._bytes -= self._held.pop(connection, 0)

    def refused(self, code: str) -> None:
        """Tell of refusals, once a second at most: a flood is not to fill the log."""
        self._refusals[code] = self._refusals.get(code, 0) + 1
        now = time.monotonic()
        if now - self._told >= _QUIET_SECONDS:
            log.warning("server.connections_refused", connections=len(self._open), **self._refusals)
            self._refusals.clear()
            self._told = now


def crowd_of(address: str) -> str:
    """Return whom an address stands for: itself, or all of an IPv6 line's, which are one sender's.

    Behind a proxy all are one crowd, and single connections are told apart as before.
    """
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return str(IPv6Network((parsed, _IPV6_LINE), strict=False))
    return str(getattr(parsed, "ipv4_mapped", None) or parsed)


def vouching(scope: Any, vouched: Callable[[], None]) -> None:
    """Give a request's scope the way to say that it was vouched for."""
    cast("dict[str, Any]", scope).setdefault("extensions", {})[_EXTENSION] = vouched


def pacing(scope: Any, paced: Callable[[int], None]) -> None:
    """Give a request's scope the way to say at which pace its body may come."""
    cast("dict[str, Any]", scope).setdefault("extensions", {})[_PACE] = paced


def pace(scope: Mapping[str, Any], bytes_per_second: int) -> None:
    """Let a body that is vouched for take longer than others, if it comes at this pace."""
    extensions = cast("dict[str, Callable[[int], None]]", scope.get("extensions") or {})
    if _PACE in extensions:
        extensions[_PACE](bytes_per_second)


def vouch(scope: Mapping[str, Any]) -> None:
    """Say that a request bears the right key or signature; without a gate nothing happens."""
    extensions = cast("dict[str, Callable[[], None]]", scope.get("extensions") or {})
    if _EXTENSION in extensions:
        extensions[_EXTENSION]()


def closing(scope: Any, register: Callable[[Callable[[], None]], None]) -> None:
    """Give a request's scope the way to be told that the server stops."""
    cast("dict[str, Any]", scope).setdefault("extensions", {})[_CLOSING] = register


def on_closing(scope: Mapping[str, Any], end: Callable[[], None]) -> None:
    """Have an answer that goes on and on end when the server stops, instead of being cut off."""
    extensions = cast("dict[str, Any]", scope.get("extensions") or {})
    if _CLOSING in extensions:
        extensions[_CLOSING](end)
