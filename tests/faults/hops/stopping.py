"""A bridge and a daemon that stop at a place of the product until they are let go of.

They are the real ones: what they stop before or after is wrapped here, outside of the
product, and run as it is. Which stop is meant stands in a folder, as an empty file of its name;
whoever comes by renames it, and goes on once it is gone.
"""

import functools
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio

from cms_bridge.app import create_app
from cms_bridge.server import serve
from cms_bridge.settings import BridgeSettings, load
from daemon import worker
from tests.faults.crashing_daemon import stand_alone
from tests.faults.hops.plan import Hop, Place

_LOOK_SECONDS = 0.01
_HELD = ".held"


class Stops:
    """Where processes stop, seen from outside."""

    def __init__(self, folder: Path) -> None:
        """Take the folder, which is made."""
        self._folder = folder
        folder.mkdir(exist_ok=True)

    @contextmanager
    def at(self, name: str) -> Iterator[Callable[[], bool]]:
        """Have whoever comes by first stop; yield what tells whether somebody has.

        In the end nobody is held any more.
        """
        (self._folder / name).touch()
        try:
            yield (self._folder / f"{name}{_HELD}").exists
        finally:
            self.let_go()

    def let_go(self) -> None:
        """Let everybody go on."""
        for file in self._folder.iterdir():
            file.unlink(missing_ok=True)


def run_bridge(settings: dict[str, str], log: Path, folder: Path, port: int) -> None:
    """Serve with these settings alone; as the command `reelwright bridge` does."""
    stand_alone(settings, log)
    _lay_all(folder)
    own = load(BridgeSettings)
    serve(
        create_app(own),
        host="127.0.0.1",
        port=port,
        bounds=own.http_bounds,
        ping_seconds=own.progress_heartbeat_seconds,
    )


def run_daemon(settings: dict[str, str], log: Path, folder: Path) -> None:
    """Work with these settings alone."""
    stand_alone(settings, log)
    _lay_all(folder)
    anyio.run(worker.run)


def _lay_all(folder: Path) -> None:
    for hop in Hop:
        if hop.place:
            _lay(hop.name, hop.place, folder)


def _lay(name: str, place: Place, folder: Path) -> None:
    real: Callable[..., Awaitable[Any]] = getattr(place.owner, place.function)

    @functools.wraps(real)
    async def stopping(*given: Any, **more: Any) -> Any:
        counts = place.given(*given, **more)
        if counts:
            await _stop(folder / f"{name}-before")
        made = await real(*given, **more)
        if counts:
            await _stop(folder / f"{name}-after")
        return made

    setattr(place.owner, place.function, stopping)


async def _stop(wanted: Path) -> None:
    held = anyio.Path(f"{wanted}{_HELD}")
    try:
        await anyio.Path(wanted).rename(held)
    except FileNotFoundError:
        return
    while await held.exists():  # noqa: ASYNC110 - another process is waited for
        await anyio.sleep(_LOOK_SECONDS)
