"""Scanning: a file shown to ClamAV's daemon, before anybody can use it.

The protocol is clamd's own (`man clamd`, INSTREAM): lengths and chunks, over TCP or a socket of
this machine. Whatever is not a clear answer is none: then the file is not kept.
"""

import asyncio
from typing import BinaryIO

import structlog
from anyio import to_thread

from cms_bridge.errors import InfectedMedia, ScannerUnavailable

log = structlog.get_logger()

_CHUNK = 64 * 1024
_LONGEST_ANSWER = 4_096


class Scanner:
    """One clamd, by `tcp://host:port` or `unix:///path`."""

    def __init__(self, url: str, *, timeout: float) -> None:
        self._url = url
        self._timeout = timeout

    async def check(self, file: BinaryIO) -> None:
        """Return if a file is clean; raise `InfectedMedia` or `ScannerUnavailable`."""
        try:
            async with asyncio.timeout(self._timeout):
                said = await self._ask(file)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as e:
            log.warning("scanner.unavailable", reason=type(e).__name__)
            raise ScannerUnavailable from e
        if said == "stream: OK":
            return
        if said.startswith("stream: ") and said.endswith(" FOUND"):
            found = said.removeprefix("stream: ").removesuffix(" FOUND")
            log.warning("upload.infected", signature=found)
            raise InfectedMedia(f"The scanner found “{found}” in this file.", signature=found)
        # Too long for it, a database that is being loaded, or a protocol of another kind.
        log.warning("scanner.unavailable", reason=said)
        raise ScannerUnavailable

    async def _ask(self, file: BinaryIO) -> str:
        kind, _, place = self._url.partition("://")
        if kind == "unix":
            reader, writer = await asyncio.open_unix_connection(place)
        else:
            host, _, port = place.rpartition(":")
            reader, writer = await asyncio.open_connection(host.strip("[]"), int(port))
        try:
            writer.write(b"zINSTREAM\x00")
            file.seek(0)
            try:
                while chunk := await to_thread.run_sync(file.read, _CHUNK):
                    writer.write(len(chunk).to_bytes(4) + chunk)
                    await writer.drain()
                writer.write(bytes(4))
                await writer.drain()
            except ConnectionError:
                # It answers and closes where it has had enough; why stands in the answer.
                pass
            said = await reader.readuntil(b"\x00")
            return said[:_LONGEST_ANSWER].rstrip(b"\x00").decode(errors="replace").strip()
        finally:
            writer.transport.abort()
