"""What daemons are killed on: Redis, both simulated providers, and every moment of a call.

Daemons are forked from one process that has imported everything, so that each
is a process of its own, and up in an instant.
"""

import json
import multiprocessing
import os
import secrets
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import anyio
from redis import Redis

from cms_bridge.database import migrate
from tests.faults import crashing_daemon
from tests.support.events import SECRET
from tests.support.servers.redis import redis_server
from tests.support.simulators import gemini, replicate
from tests.support.simulators.gemini import GeminiSimulator
from tests.support.simulators.replicate import ReplicateSimulator
from tests.support.simulators.serving import served

LEASE_SECONDS = 2
_FORKS = multiprocessing.get_context("forkserver")


@dataclass
class Watched:
    """An ASGI application, and whoever is told of each moment of each call of it."""

    app: Any
    tell: Callable[[str, str], None] = lambda _moment, _call: None
    """Told `arrived`, `charged` (and not answered yet) or `answering` (half way), and the call."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        call = f"{scope['method']} {scope['path']}"
        self.tell("arrived", call)

        async def told(message: Any) -> None:
            body = message.get("body")
            if message["type"] == "http.response.start":
                self.tell("charged", call)
            elif body:
                half = len(body) // 2
                await send({**message, "body": body[:half], "more_body": True})
                self.tell("answering", call)
                message = {**message, "body": body[half:]}
            await send(message)

        await self.app(scope, receive, told)


@dataclass
class Harness:
    """What stays up between the runs."""

    directory: Path
    redis_url: str
    google: GeminiSimulator
    predictions: ReplicateSimulator
    watched: tuple[Watched, ...]
    template: Path
    """A migrated database."""
    runs: int = field(default=0)

    def reset(self) -> Path:
        """Clear everything outside, and return a directory for the next run."""
        for one in self.watched:
            one.tell = lambda _moment, _call: None
        self.google.reset()
        self.predictions.reset()
        with Redis.from_url(self.redis_url) as client:
            client.flushall()
        self.runs += 1
        directory = self.directory / f"run-{self.runs}"
        directory.mkdir()
        (directory / "reelwright.db").write_bytes(self.template.read_bytes())
        return directory

    def settings(self, directory: Path, *, provider: str, drafting: bool) -> dict[str, str]:
        """Return a daemon's settings, with one provider that has a key."""
        models = {
            "gemini": {"max_retries": 1, "retry_delay_ms": 100, "check_availability": False},
            "replicate_text": "",
        }
        keys = {
            "gemini": {"gemini_api_key": gemini.KEY, "gemini_url": self.google.url},
            "replicate": {
                "replicate_api_token": replicate.TOKEN,
                "replicate_url": self.predictions.url,
                "provider_outputs_from": json.dumps([self.predictions.url]),
            },
        }
        settings = {
            "redis_url": self.redis_url,
            "database_url": f"sqlite:///{directory}/reelwright.db",
            "storage_directory": f"{directory}/objects",
            "work_directory": f"{directory}/work",
            "webhook_secret": SECRET,
            "api_key": secrets.token_urlsafe(32),
            "link_secret": secrets.token_urlsafe(32),
            "models": json.dumps(models if drafting else {**models, "gemini_text": ""}),
            # One call after the other, so that each step is that of one call.
            "concurrent_generations": "1",
            "lease_seconds": str(LEASE_SECONDS),
            "heartbeat_seconds": "0.5",
            "sweep_seconds": "1",
            "retry_first_delay_seconds": "0.3",
            **keys[provider],
        }
        return {f"REELWRIGHT_{name.upper()}": value for name, value in settings.items()}

    def charges(self) -> Counter[str]:
        """Return how often the providers have charged for each request."""
        asked = requests_to(self.google)
        # Nothing is refused here: whatever arrived was made, and is charged.
        assert len(self.google.charges) == len(asked)
        asked += [
            # Each call's seed is its own, also where the same is asked for again.
            json.dumps([one.model, {**one.input, "seed": 0}], sort_keys=True)
            for one in self.predictions.predictions.values()
            if one.status == "succeeded"
        ]
        return Counter(asked)


def requests_to(google: GeminiSimulator) -> list[str]:
    """Return what was asked for, the same for the same."""
    return [
        # A label names the charge: it is another's where the same is asked for again.
        json.dumps({name: call[name] for name in call if name != "labels"}, sort_keys=True)
        for call in google.calls
    ]


@contextmanager
def daemon(
    settings: dict[str, str], directory: Path, *, point: str = "", nth: int = 1
) -> Iterator[BaseProcess]:
    """Run a daemon, which kills itself at the point if there is one, and kill it in the end."""
    process = _FORKS.Process(
        target=crashing_daemon.work,
        args=(settings, directory / "daemon.log"),
        kwargs={"point": point, "nth": nth},
    )
    process.start()
    try:
        yield process
    finally:
        kill(process)
        process.join()


def kill(process: BaseProcess) -> None:
    """Kill a daemon, and return once it is dead."""
    if process.is_alive() and process.pid:
        os.kill(process.pid, signal.SIGKILL)
    wait([process.sentinel])


@contextmanager
def open_harness(directory: Path) -> Iterator[Harness]:
    """Start what stays up between the runs."""
    template = directory / "template.db"
    anyio.run(migrate, f"sqlite:///{template}")
    _FORKS.set_forkserver_preload([crashing_daemon.__name__])
    google, predictions = GeminiSimulator(), ReplicateSimulator()
    watched = Watched(google.app), Watched(predictions.app)
    with ExitStack() as stack:
        google.url, predictions.url = (stack.enter_context(served(one)) for one in watched)
        yield Harness(
            directory=directory,
            redis_url=stack.enter_context(redis_server(directory / "redis")),
            google=google,
            predictions=predictions,
            watched=watched,
            template=template,
        )
