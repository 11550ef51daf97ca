"""A real Redis for tests: the embedded one."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from anyio.from_thread import start_blocking_portal

from daemon.local.redis import embedded_redis


@contextmanager
def redis_server(directory: Path) -> Iterator[str]:
    """Run a server with its data in a directory; yield its URL."""
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(embedded_redis(directory)) as url,
    ):
        yield url
