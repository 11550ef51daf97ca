"""One engine's share of a film that several daemons encode: which segments are its to make.

Whoever holds the job has the film to finish, and takes from others what they have made; whoever
helps makes what nobody has claimed, and nothing else.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

import anyio
import structlog

from cms_bridge.storage import claims
from cms_bridge.storage.claims import Claim
from daemon.work.pieces import SharedPieces
from render import tracebacks
from render.cache import Turn

log = structlog.get_logger()


class Share:
    """What one engine asks of others while it runs (`daemon.work.engine.Pieces`)."""

    def __init__(
        self,
        pieces: SharedPieces,
        *,
        finishes: str = "",
        on_missing: Callable[[Sequence[str]], Awaitable[None]] | None = None,
        go_on: Callable[[], Awaitable[bool]] | None = None,
    ) -> None:
        """Take the shared pieces.

        `finishes` is the job that whoever finishes a film holds, and `on_missing` hears of him what
        is to be made; `go_on` says before each segment whether whoever helps may go on.
        """
        self._pieces = pieces
        self._finishes = finishes
        self._on_missing = on_missing
        self._go_on = go_on
        self._held: dict[str, Claim] = {}
        self._seen: dict[str, tuple[datetime, float]] = {}
        """Others' claims: the moment that stood in each, and since when it has."""

    async def lay(self, names: Sequence[str]) -> None:
        """Lay into the cache what others have, and tell what is to be made."""
        await self._pieces.lay(names)
        if self._on_missing:
            await self._on_missing([name for name in names if not self._pieces.has(name)])

    def share(self, names: Sequence[str]) -> None:
        """Keep for others what is there."""
        for name in names:
            self._held.pop(name, None)
        self._pieces.share(names)

    async def claim(self, name: str) -> Turn:
        """Tell whose turn it is to make a piece.

        Where nobody answers, whoever finishes the film makes it, and whoever helps is to stop.
        """
        turn = Turn.STOP if self._go_on else Turn.MINE

        async def ask() -> None:
            nonlocal turn
            turn = await self._claim(name)

        if self._go_on and not await self._go_on():
            return Turn.STOP
        await self._pieces.if_there(ask)
        return turn

    @asynccontextmanager
    async def kept_alive(self) -> AsyncGenerator[None]:
        """Renew claims while the block runs, and give up what is left of them."""
        async with anyio.create_task_group() as group:
            group.start_soon(self._renew_for_ever)
            try:
                yield
            finally:
                group.cancel_scope.cancel()
                with anyio.move_on_after(claims.RENEWED_EVERY, shield=True):
                    await self._pieces.if_there(lambda: claims.release(self._held.values()))

    async def _claim(self, name: str) -> Turn:
        if held := await claims.claim(name, finishes=self._finishes):
            self._held[name] = held
            return Turn.MINE
        stands = await claims.standing(name)
        if stands and stands.ready and not self._go_on:
            await self._pieces.lay([name])
            return Turn.HERE if self._pieces.has(name) else Turn.MINE
        if stands is None or stands.ready:
            return Turn.TAKEN
        # Whoever held this very job before has lost it: a lease has run out over him already.
        mine = bool(self._finishes) and stands.finishes == self._finishes
        if not mine and not self._has_lapsed(name, stands.at):
            return Turn.TAKEN
        if held := await self._renewed(Claim(name=name, at=stands.at)):
            log.info("segment.taken_over", segment=name)
            self._held[name] = held
            return Turn.MINE
        return Turn.TAKEN

    async def _renewed(self, held: Claim) -> Claim | None:
        return await claims.renew(held, finishes=self._finishes)

    def _has_lapsed(self, name: str, at: datetime) -> bool:
        """Tell whether a claim was seen to stand as it does for longer than one lasts."""
        now = anyio.current_time()
        seen, since = self._seen.get(name, (None, now))
        if seen != at:
            self._seen[name] = (at, now)
            return False
        return now - since >= claims.LASTS

    async def _renew_for_ever(self) -> None:
        while True:
            await anyio.sleep(claims.RENEWED_EVERY)
            for name, held in list(self._held.items()):
                try:
                    renewed = await self._renewed(held)
                except Exception as error:  # noqa: BLE001 - the next time may be better
                    log.debug("segment.not_renewed", reason=tracebacks.summary(error))
                    continue
                if self._held.get(name) is not held:
                    continue  # made meanwhile
                if renewed:
                    self._held[name] = renewed
                else:
                    del self._held[name]
