"""An answer is written in one go, and one that goes on is not held up."""

from types import SimpleNamespace
from typing import Any, cast

import anyio.lowlevel
import pytest

from cms_bridge.answers import Together, together

pytestmark = pytest.mark.anyio


class Wire:
    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.closed = False

    def write(self, data: bytes) -> None:
        assert not self.closed
        self.written.append(data)

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed


def answering() -> tuple[Wire, Any, Together]:
    wire, cycle = Wire(), SimpleNamespace(response_complete=False)
    together(cast("Any", wire), cycle)
    return wire, cycle, cast("Any", cycle).transport


async def test_head_and_body_are_one_write() -> None:
    wire, cycle, transport = answering()
    transport.write(b"head")
    transport.write(b"body")
    assert wire.written == []
    cycle.response_complete = True
    transport.write(b"")
    assert wire.written == [b"headbody"]
    await anyio.lowlevel.checkpoint()
    assert wire.written == [b"headbody"]


async def test_what_goes_on_is_written_as_soon_as_it_rests() -> None:
    wire, _, transport = answering()
    for part in (b"head", b"one", b"two"):
        transport.write(part)
        await anyio.lowlevel.checkpoint()
    assert wire.written == [b"head", b"one", b"two"]


async def test_what_is_much_is_not_held_and_keeps_its_order() -> None:
    wire, _, transport = answering()
    transport.write(b"head")
    transport.write(b"x" * 70_000)
    assert b"".join(wire.written) == b"head" + b"x" * 70_000


async def test_closing_writes_first() -> None:
    wire, _, transport = answering()
    transport.write(b"head")
    transport.close()
    assert (wire.written, transport.is_closing()) == ([b"head"], True)
