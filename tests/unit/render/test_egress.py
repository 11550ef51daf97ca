"""Where links of others may lead: only to addresses that were checked, and to those by number."""

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address

import httpx
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from render import egress
from render.egress import AddressForbidden, PinnedTransport, is_public, origin, public_addresses

pytestmark = pytest.mark.anyio

INWARD = [
    "0.0.0.0", "10.1.2.3", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.0.0.2",  # noqa: S104
    "168.63.129.16", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.0.2.1",
    "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.251",
    "239.255.255.250", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::7f00:1", "fe80::1", "fe80::1%eth0", "fec0::1", "fc00::1", "fd00:ec2::254",
    "fd20:ce::254", "ff02::1", "100::1", "2001:db8::1", "2001::1", "2001:10::1", "3fff::1",
    "5f00::1", "64:ff9b:1::1", "2606:4700::1111%eth0",
]  # fmt: skip
PUBLIC = ["1.1.1.1", "8.8.8.8", "172.15.0.1", "172.32.0.1", "100.63.255.255", "100.128.0.1",
          "223.255.255.255", "2606:4700::1111", "2a00:1450:4001:80b::200e"]  # fmt: skip
INWARD_4 = [each for each in INWARD if ":" not in each]
PUBLIC_4 = [each for each in PUBLIC if ":" not in each]


def wrapped(address: str) -> list[IPv6Address]:
    """Return an IPv4 address in every form that IPv6 gives it."""
    number = int(IPv4Address(address))
    return [
        IPv6Address(0xFFFF_0000_0000 + number),
        IPv6Address((0x2002 << 112) + (number << 80) + 1),
        IPv6Address((0x0064_FF9B << 96) + number),
    ]


@pytest.mark.parametrize("address", INWARD)
def test_what_lies_inside_is_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_what_lies_outside_is_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(("addresses", "public"), [(INWARD_4, False), (PUBLIC_4, True)])
def test_an_address_in_the_clothes_of_another_is_judged_by_what_it_is(
    addresses: list[str], *, public: bool
) -> None:
    for address in addresses:
        assert [is_public(each) for each in wrapped(address)] == [public] * 3


@given(st.ip_addresses())
def test_nothing_is_public_that_pythons_own_list_calls_private(
    address: IPv4Address | IPv6Address,
) -> None:
    if isinstance(address, IPv6Address):
        # Judged by what they wrap; Python calls 6to4 private from one version on.
        nat64 = int(address) >> 32 == 0x0064_FF9B << 64
        assume(not (address.ipv4_mapped or address.sixtofour or nat64))
    if address.is_private or address.is_multicast or address.is_reserved:
        assert not is_public(address)


class Recorder(httpx.AsyncBaseTransport):
    """Takes down what would be sent, and fails to connect to some addresses."""

    def __init__(self, *down: str) -> None:
        self.down = down
        self.seen: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        if request.url.host in self.down:
            raise httpx.ConnectError("Away.")
        return httpx.Response(200)


async def asked(
    url: str, *answers: list[str], down: tuple[str, ...] = (), trusted: tuple[str, ...] = ()
) -> list[httpx.Request]:
    """Return what leaves for a link whose host has these addresses, one list for each look."""
    looks = list(answers)

    async def look(_host: str, _port: int) -> list[str]:
        return looks.pop(0)

    recorder = Recorder(*down)
    transport = PinnedTransport(recorder, trusted=trusted, lookup=look)
    async with httpx.AsyncClient(transport=transport) as client:
        await client.get(url)
    return recorder.seen


async def test_the_connection_goes_to_the_checked_address_under_the_hosts_name() -> None:
    # A second look would find this machine: nobody looks twice.
    (sent,) = await asked("https://outputs.example/a?b", ["1.1.1.1"], ["127.0.0.1"])
    assert (sent.url.host, sent.url.raw_path) == ("1.1.1.1", b"/a?b")
    assert sent.headers["Host"] == "outputs.example"
    assert sent.extensions["sni_hostname"] == "outputs.example"


async def test_the_next_address_is_tried_where_one_cannot_be_reached() -> None:
    sent = await asked(
        "https://outputs.example:8443/", ["2606:4700::1111", "1.1.1.1"], down=("2606:4700::1111",)
    )
    assert [str(each.url) for each in sent] == [
        "https://[2606:4700::1111]:8443/",
        "https://1.1.1.1:8443/",
    ]
    with pytest.raises(httpx.ConnectError):
        await asked("https://outputs.example/", ["1.1.1.1"], down=("1.1.1.1",))


@pytest.mark.parametrize("url", ["http://outputs.example/", "ftp://outputs.example/"])
async def test_only_https_is_spoken(url: str) -> None:
    recorder = Recorder()
    with pytest.raises(AddressForbidden):
        await PinnedTransport(recorder).handle_async_request(httpx.Request("GET", url))
    assert recorder.seen == []


async def test_what_an_operator_trusts_by_name_is_exempt_and_nothing_beside_it() -> None:
    trusted = ("http://127.0.0.1:9000/anything",)
    (sent,) = await asked("http://127.0.0.1:9000/a", trusted=trusted)
    assert str(sent.url) == "http://127.0.0.1:9000/a"
    for beside in ("http://127.0.0.1:9001/a", "http://127.0.0.1/a", "http://localhost:9000/a"):
        with pytest.raises(AddressForbidden):
            await asked(beside, trusted=trusted)


async def test_one_address_inside_condemns_a_host(monkeypatch: pytest.MonkeyPatch) -> None:
    found = ["1.1.1.1", "10.0.0.1"]

    async def resolve(*_: object, **__: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, 443)) for each in found]

    monkeypatch.setattr(egress.anyio, "getaddrinfo", resolve)
    with pytest.raises(AddressForbidden, match="public internet"):
        await public_addresses("outputs.example", 443)
    found.pop()
    assert await public_addresses("outputs.example", 443) == ["1.1.1.1"]


def test_an_origin_is_written_out() -> None:
    assert origin("https://Outputs.example/a?b#c") == "https://outputs.example:443"
    assert origin("http://user:secret@127.0.0.1:9000") == "http://127.0.0.1:9000"
