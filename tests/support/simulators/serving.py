"""A simulator's server: real HTTP on a free port, in a thread of its own."""

import socket
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from threading import Thread
from typing import Any

import uvicorn
from starlette.requests import Request


@contextmanager
def served(app: Any) -> Iterator[str]:
    """Yield the address at which an application answers."""
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(
            uvicorn.Config(app, log_level="critical", http="h11", timeout_graceful_shutdown=1)
        )
        thread = Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        # A server told to stop before it has started would not notice.
        while not server.started:
            time.sleep(0.005)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def hang_up(request: Request) -> None:
    """Break the connection off without a word, as a crashing server or a cut cable does."""
    request._receive.__self__.transport.abort()  # pyright: ignore  # noqa: PGH003
