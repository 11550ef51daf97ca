import base64
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cms_bridge import clock
from cms_bridge.errors import BodyTooLarge, MalformedEvent, WebhookRejected
from cms_bridge.inbox.webhooks import Verifier, decode, read_bounded
from tests.support import events

OTHER_SECRET = "whsec_" + base64.b64encode(b"another secret of thirty-two byt").decode()


@pytest.fixture
def verifier() -> Verifier:
    return Verifier([events.SECRET])


def test_a_genuine_message_gives_its_id(verifier: Verifier) -> None:
    body, headers = events.signed(events.submitted(), message="evt_1")
    assert verifier.verify(body, headers) == "evt_1"


def test_either_secret_is_good_while_one_is_being_rotated() -> None:
    both = Verifier([OTHER_SECRET, events.SECRET])
    for secret in (events.SECRET, OTHER_SECRET):
        body, headers = events.signed(events.submitted(), message="evt_1", secret=secret)
        assert both.verify(body, headers) == "evt_1"


@pytest.mark.parametrize("position", [0, 10, -1])
def test_one_changed_byte_is_refused(verifier: Verifier, position: int) -> None:
    body, headers = events.signed(events.submitted())
    changed = bytearray(body)
    changed[position] ^= 1
    with pytest.raises(WebhookRejected):
        verifier.verify(bytes(changed), headers)


def test_the_same_json_in_other_bytes_is_refused(verifier: Verifier) -> None:
    body, headers = events.signed(events.submitted())
    again = msgspec.json.format(body, indent=1)
    assert msgspec.json.decode(again) == msgspec.json.decode(body)
    with pytest.raises(WebhookRejected):
        verifier.verify(again, headers)


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_message_outside_the_time_window_is_refused(verifier: Verifier, minutes: int) -> None:
    at = datetime.now(UTC) + timedelta(minutes=minutes)
    body, headers = events.signed(events.submitted(), at=at)
    with pytest.raises(WebhookRejected):
        verifier.verify(body, headers)


@pytest.mark.parametrize("apart", [timedelta(hours=1), timedelta(hours=-1)])
def test_a_bridge_whose_own_clock_is_off_goes_by_the_one_that_all_share(
    verifier: Verifier, apart: timedelta
) -> None:
    moment = time.monotonic()
    clock.set_by(datetime.now(UTC) + apart, asked=moment, answered=moment)
    try:
        for at in (clock.now(), datetime.now(UTC)):  # of another machine, and of this very one
            body, headers = events.signed(events.submitted(), message="evt_1", at=at)
            assert verifier.verify(body, headers) == "evt_1"
        body, headers = events.signed(events.submitted(), at=clock.now() + apart)
        with pytest.raises(WebhookRejected):
            verifier.verify(body, headers)
    finally:
        clock.go_alone()


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_missing_header_is_refused(verifier: Verifier, name: str) -> None:
    body, headers = events.signed(events.submitted())
    del headers[name]
    with pytest.raises(WebhookRejected):
        verifier.verify(body, headers)


def test_an_overlong_id_is_refused(verifier: Verifier) -> None:
    body, headers = events.signed(events.submitted(), message="e" * 129)
    with pytest.raises(WebhookRejected):
        verifier.verify(body, headers)


@given(body=st.binary(), headers=st.lists(st.text(), min_size=3, max_size=3))
def test_garbage_is_refused_and_never_crashes(body: bytes, headers: list[str]) -> None:
    names = ("webhook-id", "webhook-timestamp", "webhook-signature")
    with pytest.raises(WebhookRejected):
        Verifier([events.SECRET]).verify(body, dict(zip(names, headers, strict=True)))


@pytest.mark.parametrize("event", [events.submitted(), events.approved("j"), events.cancelled()])
def test_every_event_survives_the_wire(event: object) -> None:
    assert decode(msgspec.json.encode(event)) == event


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"not json", "not a known event"),
        (b"{}", "type"),
        (
            b'{"type":"video.exploded","timestamp":"2026-01-01T00:00:00Z","data":{}}',
            "video.exploded",
        ),
        (b'{"type":"video.cancelled","timestamp":"2026-01-01T00:00:00Z","data":{}}', "projectId"),
        (b"[" * 100_000, "not a known event|nested"),
        (b"\xff\xfe", "not a known event"),
    ],
)
def test_what_is_no_event_says_what_is_wrong(body: bytes, said: str) -> None:
    with pytest.raises(MalformedEvent, match=said):
        decode(body)


@given(st.binary())
def test_decoding_raises_nothing_else(body: bytes) -> None:
    with pytest.raises(MalformedEvent):
        decode(body)


@pytest.mark.anyio
async def test_reading_stops_at_the_limit() -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 100
            yield bytes(100)

    with pytest.raises(BodyTooLarge, match="at most 1000 bytes"):
        await read_bounded(endless(), limit=1000)
    assert read == 1100


@pytest.mark.anyio
async def test_a_body_of_exactly_the_limit_is_read() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"12345"
        yield b"67890"

    assert await read_bounded(chunks(), limit=10) == b"1234567890"
