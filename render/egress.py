"""Egress: addresses named by others, reached only where they lie on the public internet.

A link in somebody's answer may name anything: this machine, its neighbours,
the metadata service that hands out a cloud's keys. So every hop is resolved
here, once, and refused if any of its addresses is not public; the connection
then goes to an address that was checked and to no other, while TLS and `Host`
keep the name. A name that resolves to something else a moment later changes
nothing, since nobody asks again. Only HTTPS is spoken.

What an operator trusts by name (`trusted`, origins such as
`http://127.0.0.1:9000`) is exempt: a simulator, a cache inside the house.

Address ranges: IANA's special-purpose registries for IPv4 and IPv6, RFC 6890,
6052 (NAT64) and 3056 (6to4), written out because `ipaddress.is_global` answers
differently from one Python to the next and calls multicast and 6to4 global.
"""

import socket
import ssl
from collections.abc import Awaitable, Callable, Collection
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import anyio
import httpx

Lookup = Callable[[str, int], Awaitable[list[str]]]
"""Returns a host's addresses, all of them fit to connect to; raises `AddressForbidden`, OSError."""

_INWARD_4 = tuple(
    ip_network(each)
    for each in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",  # carriers' NAT, and Alibaba's metadata
        "127.0.0.0/8",
        "168.63.129.16/32",  # Azure's host agent, on an address that looks public
        "169.254.0.0/16",  # link-local, and most clouds' metadata
        "172.16.0.0/12",
        "192.0.0.0/24",  # protocol assignments, and Oracle's metadata
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
_GLOBAL_6 = ip_network("2000::/3")
_INWARD_6 = tuple(
    ip_network(each)
    for each in (
        "2001::/23",  # protocol assignments, Teredo among them
        "2001:db8::/32",
        "3fff::/20",
    )
)
_NAT64 = ip_network("64:ff9b::/96")
_LOW_32_BITS = 0xFFFF_FFFF


@cache
def certificates() -> ssl.SSLContext:
    """Return whom connections trust: read once a process, since it takes longer than a call."""
    return httpx.create_ssl_context()


class AddressForbidden(Exception):
    """A link that leads somewhere it must not be followed to."""


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Tell whether an address lies on the public internet, also where it wraps another."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _INWARD_4)
    if address.scope_id is not None:
        return False
    inner = address.ipv4_mapped or address.sixtofour
    if inner is None and address in _NAT64:
        inner = IPv4Address(int(address) & _LOW_32_BITS)
    if inner is not None:
        return is_public(inner)
    return address in _GLOBAL_6 and not any(address in network for network in _INWARD_6)


async def public_addresses(host: str, port: int) -> list[str]:
    """Return a host's addresses; raise `AddressForbidden` if even one of them is not public."""
    entries = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in entries))
    for address in addresses:
        if not is_public(ip_address(address)):
            raise AddressForbidden(f"“{host}” is not on the public internet.")
    return addresses


def origin(url: httpx.URL | str) -> str:
    """Return scheme, host and port of an address, all written out."""
    url = httpx.URL(url)
    port = url.port or {"http": 80, "https": 443}.get(url.scheme, 0)
    return f"{url.scheme}://{url.host}:{port}"


class PinnedTransport(httpx.AsyncBaseTransport):
    """A transport that connects to checked addresses only, and follows nothing by itself."""

    def __init__(
        self,
        inner: httpx.AsyncBaseTransport,
        *,
        trusted: Collection[str] = (),
        lookup: Lookup = public_addresses,
    ) -> None:
        self._inner = inner
        self._trusted = frozenset(map(origin, trusted))
        self._lookup = lookup

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request to the first address of its host that answers; nothing is sent twice.

        Raises `AddressForbidden` before anything has left.
        """
        if origin(request.url) in self._trusted:
            return await self._inner.handle_async_request(request)
        if request.url.scheme != "https":
            raise AddressForbidden(f"A link is not HTTPS but “{request.url.scheme[:20]}”.")
        host = request.url.raw_host.decode("ascii")
        try:
            addresses = await self._lookup(host, request.url.port or 443)
        except OSError as error:
            raise httpx.ConnectError(f"{host} has no address: {error}", request=request) from error
        unreached = httpx.ConnectError(f"{host} has no address.", request=request)
        for address in addresses:
            try:
                return await self._inner.handle_async_request(_pin(request, address, host))
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                unreached = httpx.ConnectError(str(error), request=request)
        raise unreached

    async def aclose(self) -> None:
        """Close whatever is open."""
        await self._inner.aclose()


def _pin(request: httpx.Request, address: str, host: str) -> httpx.Request:
    """Return the same request to a given address: its `Host` and its TLS keep the name."""
    return httpx.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": host},
    )
