"""Whom a message may be sent to: judged when it is named, and at every call."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_address

import httpx
import pytest

from cms_bridge.errors import WebhookTargetRefused
from cms_bridge.webhooks.targets import Targets
from render.egress import AddressForbidden, Lookup, is_public, public_addresses

pytestmark = pytest.mark.anyio

PUBLIC = "93.184.216.34"


class Wire(httpx.AsyncBaseTransport):
    """Keeps what would have left, and answers it."""

    def __init__(self, status: int = 204, **headers: str) -> None:
        self.sent: list[httpx.Request] = []
        self.status = status
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        return httpx.Response(self.status, headers=self.headers, stream=httpx.ByteStream(b"said"))


def names(**known: list[str]) -> Lookup:
    """Return a resolver of hosts, by the first part of their names, one answer at a time."""
    left = {name: list(addresses) for name, addresses in known.items()}

    async def look(host: str, _port: int) -> list[str]:
        known = left.get(host.partition(".")[0])
        if known is None:
            return await public_addresses(host, 443)
        address = known.pop(0) if len(known) > 1 else known[0]
        if not is_public(ip_address(address)):
            raise AddressForbidden(host)
        return [address]

    return look


@asynccontextmanager
async def targets(
    wire: Wire | None = None, *, trusted: tuple[str, ...] = (), **known: list[str]
) -> AsyncIterator[Targets]:
    yield Targets(wire or Wire(), trusted=trusted, seconds=5, most_bytes=100, lookup=names(**known))


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/hook",
        "https://[::1]/hook",
        "https://10.0.0.8",
        "https://172.16.0.1",
        "https://192.168.1.1",
        "https://169.254.169.254/latest/meta-data",
        "https://[fe80::1]/",
        "https://[fd00:ec2::254]/",
        "https://100.64.0.1/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:a9fe:a9fe]/",
        "https://[2002:7f00:1::]/",
        "https://[64:ff9b::7f00:1]/",
        "https://0.0.0.0/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0177.0.0.1/",
        "https://localhost/",
    ],
)
async def test_what_is_not_public_is_refused_when_named_and_when_called(url: str) -> None:
    wire = Wire()
    async with targets(wire) as some:
        with pytest.raises(WebhookTargetRefused, match=r"^url: ") as refused:
            await some.check(url)
        answer = await some.call(url, "{}", {})
    assert refused.value.params["field"] == "url"
    assert wire.sent == []
    assert not answer.taken


@pytest.mark.parametrize(
    "url",
    [
        "http://shop.example/hook",
        "ftp://shop.example",
        "file:///etc/passwd",
        "gopher://shop.example",
        "https://",
        "https:///hook",
        "shop.example",
        "https://user:password@shop.example",
        "https://shop.example:99999/",
        "https://exa mple.com/",
        "https://" + "a" * 300 + ".example/",
        "https://shop.example/" + "a" * 2_000,
        "https://☃☃☃" + "é" * 80 + ".example",
        "",
    ],
)
async def test_what_is_no_target_is_refused_with_the_field_named(url: str) -> None:
    async with targets(shop=[PUBLIC]) as some:
        with pytest.raises(WebhookTargetRefused, match=r"^url: "):
            await some.check(url)


async def test_a_name_that_changes_its_answer_is_judged_again_and_pinned() -> None:
    """DNS rebinding: public when it is subscribed, this machine when it is called."""
    wire = Wire()
    async with targets(wire, rebinds=[PUBLIC, PUBLIC, "127.0.0.1"]) as some:
        url = await some.check("https://rebinds.example/hook")
        assert (await some.call(url, "{}", {})).taken
        answer = await some.call(url, "{}", {})
    assert answer.error.startswith("Its address may not be called")
    (sent,) = wire.sent
    assert sent.url.host == PUBLIC
    assert sent.headers["host"] == "rebinds.example"
    assert sent.extensions["sni_hostname"] == "rebinds.example"


async def test_what_an_operator_trusts_needs_neither() -> None:
    wire = Wire()
    async with targets(wire, trusted=("http://127.0.0.1:9000",)) as some:
        assert await some.check("http://127.0.0.1:9000/a?b=c#d") == "http://127.0.0.1:9000/a?b=c"
        assert (await some.call("http://127.0.0.1:9000/a", "{}", {})).taken
        for other in ("http://127.0.0.1:9001/a", "https://127.0.0.1:9000/a"):
            with pytest.raises(WebhookTargetRefused):
                await some.check(other)


async def test_one_call_leaves_nothing_for_the_next() -> None:
    wire = Wire(200, set_cookie="a=b")
    async with targets(wire, shop=[PUBLIC]) as some:
        for _ in range(2):
            await some.call("https://shop.example", "{}", {"webhook-id": "evt_1"})
    assert all("cookie" not in sent.headers for sent in wire.sent)
    assert {sent.headers["connection"] for sent in wire.sent} == {"close"}


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("120", 120),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
        ("", None),
        ("-5", None),
        ("x" * 99, None),
    ],
)
async def test_retry_after_is_read_in_both_its_forms(said: str, seconds: float | None) -> None:
    wire = Wire(503, retry_after=said)
    async with targets(wire, shop=[PUBLIC]) as some:
        answer = await some.call("https://shop.example", "{}", {})
    assert answer.retry_after == seconds
