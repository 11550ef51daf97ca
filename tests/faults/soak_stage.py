"""What the soak is played on: servers that can be taken away, and everything that fails."""

import json
import random
import signal
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import msgspec
from anyio.from_thread import start_blocking_portal
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from daemon.local.redis import embedded_redis
from tests.support.bridge_process import API_KEY, LINK_SECRET, Bridge
from tests.support.events import SECRET
from tests.support.simulators import gemini
from tests.support.simulators.gemini import Act, Gateway, GeminiSimulator, Hang, HangUp, Refuse

_MODELS = {
    "gemini": {"max_retries": 2, "retry_delay_ms": 100, "check_availability": False},
    "replicate_text": "",
    "gemini_text": "",
}


class Stage(msgspec.Struct, kw_only=True):
    """Everything that runs, and what can be done to it."""

    directory: Path
    settings: dict[str, str]
    random: random.Random
    google: GeminiSimulator
    bridge: Bridge
    restart_redis: Callable[[], Awaitable[None]]
    faults: Counter[str] = msgspec.field(default_factory=Counter)
    over: bool = False

    async def suffer(self, replace_daemon: Callable[[int], Awaitable[None]], every: float) -> None:
        """Have something fail, again and again."""
        faults: dict[str, Callable[[], Awaitable[None]]] = {
            "SIGKILL of a daemon": lambda: replace_daemon(signal.SIGKILL),
            "SIGTERM of a daemon": lambda: replace_daemon(signal.SIGTERM),
            "Redis restarted": self.restart_redis,
            "store away for 2 s": self._lose_store,
            "provider answers 500": lambda: self._script(Refuse(status=500, code="INTERNAL")),
            "provider's proxy answers 502": lambda: self._script(Gateway()),
            "provider hangs for 5 s": lambda: self._script(Hang(seconds=5)),
            "provider hangs up": lambda: self._script(HangUp()),
        }
        # Each once before any twice, so that a short run meets all of them.
        waiting: list[str] = []
        while not self.over:
            await anyio.sleep(self.random.uniform(0.5, 1.5) * every)
            if not waiting:
                waiting = list(faults)
                self.random.shuffle(waiting)
            name = waiting.pop()
            # What was taken away is brought back, whoever is done meanwhile.
            with anyio.CancelScope(shield=True):
                await faults[name]()
            self.faults[name] += 1

    async def _script(self, act: Act) -> None:
        self.google.script.extend([act] * self.random.randint(1, 3))

    async def _lose_store(self) -> None:
        """Have the store answer nothing but errors."""
        objects = self.directory / "objects"
        away = objects.with_name("objects-away")
        objects.rename(away)
        objects.write_text("not a directory")
        await anyio.sleep(2)
        objects.unlink()
        away.rename(objects)


def settings_for(
    directory: Path, database: str, redis: str, google: str, payload: str
) -> dict[str, str]:
    settings = {
        "redis_url": redis,
        "database_url": database,
        "storage_directory": f"{directory}/objects",
        "work_directory": f"{directory}/work",
        "webhook_secret": SECRET,
        "api_key": API_KEY,
        "link_secret": LINK_SECRET,
        "payload_url": payload,
        "models": json.dumps(_MODELS),
        "gemini_api_key": gemini.KEY,
        "gemini_url": google,
        "piper": "false",
        "hls": "false",
        "sweep_seconds": "1",
        "retry_first_delay_seconds": "0.5",
        # Each wait is twice the one before: the eighth is a minute.
        "max_retries": "8",
        # What is open of an ended job is sorted out while somebody watches.
        "charge_silence_minutes": "0.2",
        "log_level": "warning",
    }
    return {f"REELWRIGHT_{name.upper()}": value for name, value in settings.items()}


class RedisServer:
    """A Redis that can be restarted, at one address."""

    def __init__(self, directory: Path, portal: Any) -> None:
        self._portal = portal
        self._open = lambda: portal.wrap_async_context_manager(embedded_redis(directory))
        self._context = self._open()
        self.url: str = self._context.__enter__()

    async def restart(self) -> None:
        """Take it away for a second, and bring it back with what it had."""
        await anyio.to_thread.run_sync(self.stop)
        await anyio.sleep(1)
        self._context = self._open()
        await anyio.to_thread.run_sync(self._context.__enter__)

    def stop(self) -> None:
        self._context.__exit__(None, None, None)


@contextmanager
def restartable_redis(directory: Path) -> Iterator[RedisServer]:
    with start_blocking_portal() as portal:
        server = RedisServer(directory, portal)
        try:
            yield server
        finally:
            server.stop()


def cms() -> Starlette:
    """Take every write, as a Payload does that is there."""

    async def take(_: Request) -> JSONResponse:
        return JSONResponse({"id": 1, "stored": True})

    return Starlette(routes=[Route("/{path:path}", take, methods=["GET", "PUT"])])
