"""WebSockets of the HTTP server: uvicorn's, with bounds on what a client may send and leave lying.

They tell and take nothing: what a client sends is thrown away, and has to be small.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.http11 import Request

from cms_bridge.gate import Bounds

MAX_MESSAGE_BYTES = 1_024
"""Of one message of a client; the connection is closed with 1009 past that."""


class BoundedWebSocket(WebSocketsSansIOProtocol):
    """One connection that was upgraded; the gate counts it until it is lost."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        bounds: Bounds,
        on_lost: Callable[[], None],
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        # It tells of every handshake that strangers fail at: heard, like all libraries, from
        # warnings on.
        self.conn.logger = logging.getLogger("websockets.server")
        self._bounds = bounds
        self._on_lost = on_lost
        self._stall: asyncio.TimerHandle | None = None

    def handle_connect(self, event: Request) -> None:
        """Read nothing more until the application has let the client in."""
        self.transport.pause_reading()
        super().handle_connect(event)

    async def send(self, message: Any) -> None:
        """Send; with the handshake over, read again."""
        await super().send(message)
        if message["type"] == "websocket.accept" and not self.transport.is_closing():
            self.transport.resume_reading()

    def pause_writing(self) -> None:
        """Take nothing of a client that takes nothing, and not for ever.

        Each ping is answered: whoever sends them and does not read would fill the memory.
        """
        super().pause_writing()
        self.transport.pause_reading()
        self._stall = self.loop.call_later(self._bounds.send_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on."""
        super().resume_writing()
        self._go_on()
        if not self.read_paused:
            self.transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the client."""
        self._go_on()
        self._on_lost()
        super().connection_lost(exc)

    def _go_on(self) -> None:
        if self._stall:
            self._stall.cancel()
            self._stall = None
