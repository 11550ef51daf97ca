"""A door in front of a server, which can be shut: a relay of TCP on a port of its own."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import Enum, auto
from urllib.parse import urlsplit

from anyio.from_thread import start_blocking_portal

_CHUNK = 65_536
_LOOK_SECONDS = 0.02
_REFUSAL = (
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n"
    b"retry-after: 1\r\nconnection: close\r\n\r\n"
)


class Mode(Enum):
    """What becomes of whoever comes to a door."""

    OPEN = auto()
    """Let through."""
    REFUSING = auto()
    """Answered 503 in HTTP, in the server's place."""
    HANGING = auto()
    """Taken in, never answered, and cut off once the door is open again."""


class Door:
    """Where a server is reached while its door is open; `mode` may be set at any time."""

    def __init__(self, target: str) -> None:
        """Take the URL of the server; `url` is that of the door, once it is there (`door`)."""
        parts = urlsplit(target)
        self._target = parts.hostname or "127.0.0.1", parts.port or 80
        self.url = ""
        self.mode = Mode.OPEN
        self._visits: set[asyncio.Task[None]] = set()

    async def listen(self) -> None:
        """Let people come."""
        self._server = await asyncio.start_server(self._welcome, "127.0.0.1", 0)
        self.url = "http://127.0.0.1:{1}".format(*self._server.sockets[0].getsockname())

    async def close(self) -> None:
        """Let nobody come any more, and cut off who is there."""
        self._server.close()
        for visit in self._visits:
            visit.cancel()
        await asyncio.gather(*self._visits, return_exceptions=True)

    def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visit = asyncio.create_task(self._receive(reader, writer))
        self._visits.add(visit)
        visit.add_done_callback(self._visits.discard)

    async def _receive(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ways: list[asyncio.Task[None]] = []
        inner: asyncio.StreamWriter | None = None
        try:
            if self.mode is Mode.OPEN:
                answers, inner = await asyncio.open_connection(*self._target)
                ways = [
                    asyncio.create_task(self._pass_on(reader, inner, writer)),
                    asyncio.create_task(self._pass_on(answers, writer, writer)),
                ]
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            elif await reader.read(_CHUNK):
                await self._turn_away(writer)
        except OSError:
            pass
        finally:
            for way in ways:
                way.cancel()
            for one in (writer, inner):
                if one is not None:
                    one.close()

    async def _pass_on(
        self,
        source: asyncio.StreamReader,
        sink: asyncio.StreamWriter,
        visitor: asyncio.StreamWriter,
    ) -> None:
        with suppress(OSError):
            while data := await source.read(_CHUNK):
                if self.mode is not Mode.OPEN:
                    await self._turn_away(visitor)
                    return
                sink.write(data)
                await sink.drain()

    async def _turn_away(self, visitor: asyncio.StreamWriter) -> None:
        while self.mode is Mode.HANGING:  # noqa: ASYNC110 - set from another thread
            await asyncio.sleep(_LOOK_SECONDS)
        if self.mode is Mode.REFUSING:
            visitor.write(_REFUSAL)
            await visitor.drain()


@contextmanager
def door(target: str) -> Iterator[Door]:
    """Put a door in front of a server."""
    made = Door(target)
    with start_blocking_portal() as portal:
        portal.call(made.listen)
        try:
            yield made
        finally:
            portal.call(made.close)
