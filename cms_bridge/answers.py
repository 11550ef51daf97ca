"""Answers: the head of one and its body, written in one go.

uvicorn writes each by itself, and each write is a call of the system's, a packet, and a
client that is woken to half an answer.
"""

import asyncio
from typing import Any, cast

_HELD_BYTES = 64 * 1024
"""More than this is not waited with, however quickly it comes."""


class Together:
    """A transport of one answer, which holds what is written until the end of it.

    Or of the event loop's turn: an answer that goes on and on is not held up.
    """

    def __init__(self, transport: asyncio.Transport, cycle: Any) -> None:
        self._transport, self._cycle = transport, cycle
        self._held: list[bytes] = []
        self._size = 0

    def __getattr__(self, name: str) -> Any:
        """Return whatever else a transport has."""
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Hold some bytes, or write them with those that are held."""
        if not self._held:
            asyncio.get_running_loop().call_soon(self._flush)
        self._held.append(data)
        self._size += len(data)
        if self._cycle.response_complete or self._size > _HELD_BYTES:
            self._flush()

    def close(self) -> None:
        """Write what is held, and close."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._held:
            held, self._held, self._size = b"".join(self._held), [], 0
            self._transport.write(held)


def together(transport: asyncio.Transport, cycle: Any) -> None:
    """Have uvicorn write an answer in one go."""
    cycle.transport = cast("Any", Together(transport, cycle))
