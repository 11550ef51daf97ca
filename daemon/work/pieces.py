"""Pieces of films shared among daemons: the engine's cache here, the object store behind it.

The engine asks for what its cache lacks, and tells of what a film is made of; here the one is
fetched, as far as anybody has it, and the other kept for all. Nothing waits for what is kept. A
store that is away, or slow, costs one wait: until it is tried again, films are made as though
there were none.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import anyio
import anyio.to_thread
import structlog

from cms_bridge.storage import pieces
from cms_bridge.storage.base import ObjectNotFound, ObjectStore
from cms_bridge.storage.pieces import DamagedPiece, PieceRecord
from daemon.errors import first_error
from daemon.settings import DaemonSettings
from daemon.work.workspace import cache_directory
from render import tracebacks
from render.cache import Cache
from render.errors import CompositionError
from render.files import sha256_of

log = structlog.get_logger()

_AWAY_SECONDS = 60.0
"""How long a store that did not answer is left alone."""


class SharedPieces:
    """What one daemon fetches of others' pieces, and keeps for them."""

    def __init__(self, cache: Cache, store: ObjectStore, settings: DaemonSettings) -> None:
        """Take the engine's cache, and where pieces are shared."""
        self._cache = cache
        self._store = store
        self._settings = settings
        self._transfers = anyio.CapacityLimiter(settings.concurrent_uploads)
        self._keeping: dict[str, asyncio.Task[None]] = {}
        self._away_until = 0.0
        self._away = False

    async def lay(self, names: Sequence[str]) -> None:
        """Lay into the cache what others have of these, as far as it comes in time."""
        await self.if_there(lambda: self._lay(names))

    def share(self, names: Sequence[str]) -> None:
        """Keep for others what they do not have yet, in the background."""
        new = [name for name in names if name not in self._keeping]
        task = asyncio.create_task(self.if_there(lambda: self._share(new)))
        for name in new:
            self._keeping[name] = task
        task.add_done_callback(lambda _: self._forget(new))

    def has(self, name: str) -> bool:
        """Tell whether a piece seems to be in the cache here."""
        return self._cache.note(name) is not None

    async def sweep(self) -> None:
        """Keep to the bounds."""
        removed = await pieces.sweep(
            self._store,
            most_bytes=self._settings.shared_cache_bytes,
            unused_for=timedelta(days=self._settings.shared_cache_days),
        )
        if removed:
            log.info("pieces.swept", removed=removed)

    async def settled(self) -> None:
        """Return when nothing is being kept any more."""
        await asyncio.gather(*self._keeping.values(), return_exceptions=True)

    async def aclose(self) -> None:
        """Keep nothing more; what is under way is given up."""
        for task in self._keeping.values():
            task.cancel()
        await self.settled()

    async def _lay(self, names: Sequence[str]) -> None:
        found = await pieces.find(names)
        seconds = self._settings.shared_cache_seconds
        with anyio.move_on_after(seconds) as waited:
            async with anyio.create_task_group() as group:
                for piece in found.values():
                    group.start_soon(self._fetch, piece)
        if waited.cancelled_caught:
            raise TimeoutError(f"Pieces did not come within {seconds:g} seconds.")
        log.info("pieces.fetched", wanted=len(names), found=len(found))

    async def _share(self, names: Sequence[str]) -> None:
        known = await pieces.find(names)
        async with anyio.create_task_group() as group:
            for name in names:
                if name not in known:
                    group.start_soon(self._keep, name)

    async def _fetch(self, piece: PieceRecord) -> None:
        async with self._transfers:
            # What is damaged or gone is made anew.
            with suppress(DamagedPiece, ObjectNotFound), self._cache.aside(piece.name) as aside:
                await pieces.fetch(self._store, piece, aside)
                note = piece.note.encode()
                await anyio.to_thread.run_sync(self._cache.keep, piece.name, aside, note)

    async def _keep(self, name: str) -> None:
        async with self._transfers:
            # A link of its own, since the cache may forget the piece meanwhile.
            with self._cache.aside(name) as aside:
                note = await anyio.to_thread.run_sync(self._cache.fetch, name, aside)
                if note is not None:
                    sha256 = await anyio.to_thread.run_sync(sha256_of, aside)
                    await pieces.keep(self._store, name, aside, sha256=sha256, note=note)

    def _forget(self, names: Sequence[str]) -> None:
        for name in names:
            self._keeping.pop(name, None)

    async def if_there(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do something, unless the store was just away; say once that it is, or is back."""
        if anyio.current_time() < self._away_until:
            return
        try:
            await work()
        except Exception as error:  # noqa: BLE001 - whatever it is, a film can be made without
            self._away_until = anyio.current_time() + _AWAY_SECONDS
            if not self._away:
                log.warning("pieces.unavailable", reason=tracebacks.summary(first_error(error)))
            self._away = True
        else:
            if self._away:
                log.info("pieces.available")
            self._away = False


@asynccontextmanager
async def open_pieces(
    settings: DaemonSettings, store: ObjectStore
) -> AsyncGenerator[SharedPieces | None]:
    """Give the pieces that are shared, if any are, for as long as the block runs."""
    shared = _shared(settings, store)
    try:
        yield shared
    finally:
        if shared:
            await shared.aclose()


def _shared(settings: DaemonSettings, store: ObjectStore) -> SharedPieces | None:
    if not settings.shared_cache_bytes:
        return None
    try:
        return SharedPieces(Cache(cache_directory(settings.work_directory)), store, settings)
    except CompositionError as error:
        # Said by the engine with every film, too.
        log.warning("pieces.unavailable", reason=str(error))
        return None
