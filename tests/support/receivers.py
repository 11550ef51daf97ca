"""An integrator's receiver: a real HTTP server that verifies what it is sent, as the docs say."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio
import anyio.to_thread
from standardwebhooks import Webhook
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.support.simulators.serving import served

Answering = Callable[[int], Response | None]
"""Returns the answer to a call by its number, from 1; None for 204."""


@dataclass
class Receiver:
    """What came in, and what is answered."""

    url: str = ""
    answers: Answering = lambda _number: None
    delay: float = 0
    """Seconds before it answers; the server's other calls go on."""
    released: threading.Event = field(default_factory=threading.Event)
    """It answers nothing while this is clear."""
    calls: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    """Headers and body of each."""

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _ in self.calls]

    def verified(self, secret: str) -> list[dict[str, Any]]:
        """Return every body, verified by the official library."""
        return [Webhook(secret).verify(body, headers) for headers, body in self.calls]

    async def receive(self, request: Request) -> Response:
        self.calls.append((dict(request.headers), await request.body()))
        number = len(self.calls)
        await anyio.sleep(self.delay)
        await anyio.to_thread.run_sync(self.released.wait, 60)
        return self.answers(number) or Response(status_code=204)

    def wait(self, number: int, *, seconds: float = 30) -> None:
        """Return once there were so many calls."""
        deadline = time.monotonic() + seconds
        while len(self.calls) < number:
            assert time.monotonic() < deadline, f"{len(self.calls)} of {number} calls came"
            time.sleep(0.02)


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Run a receiver; it listens at `url`."""
    receiver = Receiver()
    receiver.released.set()
    app = Starlette(routes=[Route("/{path:path}", receiver.receive, methods=["POST", "GET"])])
    with served(app) as origin:
        receiver.url = f"{origin}/hook"
        yield receiver
