"""A daemon that kills itself with SIGKILL at a named step of a generation, for the crash table.

It is the real daemon: the functions it dies before or after are wrapped here,
outside of the product, and run as they are until then.
"""

import functools
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import anyio

from cms_bridge import assets, films
from cms_bridge.ledger import vault
from cms_bridge.ledger.meter import Ledger
from cms_bridge.ledger.vault import Vault
from cms_bridge.storage.local import LocalStore
from daemon import worker
from daemon.local.demo import PROVIDER_KEYS
from daemon.work import drafting


class Point(NamedTuple):
    """A place in the product where a worker can die."""

    owner: Any
    function: str
    after: bool = False
    given: Callable[..., bool] = lambda *_, **__: True
    """Whether a call with these arguments counts."""


def _unnamed(*_: object, **more: object) -> bool:
    return len(_) < 3 and "provider_id" not in more


def _named(*given: object, **more: object) -> bool:
    return not _unnamed(*given, **more)


POINTS = {
    "before the intent": Point(Ledger, "reserve"),
    "after the intent": Point(Ledger, "reserve", after=True),
    "before sending": Point(Ledger, "mark_started", after=True, given=_unnamed),
    "before the id": Point(Ledger, "mark_started", given=_named),
    "after the id": Point(Ledger, "mark_started", after=True, given=_named),
    "before keeping": Point(Vault, "keep"),
    "before the receipt": Point(vault, "_note"),
    "after the receipt": Point(vault, "_note", after=True),
    "before storing": Point(LocalStore, "put"),
    "before the asset": Point(assets, "record"),
    "after the asset": Point(assets, "record", after=True),
    "before keeping the text": Point(drafting, "keep_text"),
    "before settling": Point(Ledger, "settle"),
    "after settling": Point(Ledger, "settle", after=True),
    "before the film is recorded": Point(films, "record"),
    "after the film is recorded": Point(films, "record", after=True),
}


def work(settings: dict[str, str], log: Path, *, point: str = "", nth: int = 1) -> None:
    """Run a daemon with these settings alone; it dies when the point is met for the nth time."""
    stand_alone(settings, log)
    if point:
        _lay(POINTS[point], nth)
    anyio.run(worker.run)


def stand_alone(settings: dict[str, str], log: Path) -> None:
    """Have this process write to a log of its own, and know these settings and no others."""
    with log.open("ab") as file:
        os.dup2(file.fileno(), sys.stdout.fileno())
        os.dup2(file.fileno(), sys.stderr.fileno())
    for name in list(os.environ):
        # A developer's own settings and keys stay outside: nothing here is ever paid for.
        if name.startswith("REELWRIGHT_") or name in PROVIDER_KEYS:
            del os.environ[name]
    os.environ.update(settings)


def _lay(point: Point, nth: int) -> None:
    real = getattr(point.owner, point.function)
    left = nth

    @functools.wraps(real)
    async def deadly(*given: Any, **more: Any) -> Any:
        nonlocal left
        counts = point.given(*given, **more)
        left -= counts
        if counts and left == 0 and not point.after:
            os.kill(os.getpid(), signal.SIGKILL)
        made = await real(*given, **more)
        if counts and left == 0 and point.after:
            os.kill(os.getpid(), signal.SIGKILL)
        return made

    setattr(point.owner, point.function, deadly)
