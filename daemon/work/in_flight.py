"""What a daemon has in flight: attempts, and within them the paid calls that outlast a drain.

An attempt that is told to stop ends at its next step, wherever it waits, unless its film
is nearly done: handed on, most of it would be made once more, so it may go on for a while. A paid
call is the other exception: cut off, nobody could say whether it was charged. So it is
shielded from the first word to stop, comes to its end by its own time-out, and
what it made is kept and settled; only then does the attempt end. A call is cut
off where there is no sense in waiting: its job was cancelled or has passed on,
or the daemon's time is up.
"""

from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from uuid import UUID

import anyio
import anyio.lowlevel

from cms_bridge.jobs.leases import Lease

Guard = Callable[[], AbstractAsyncContextManager[None]]


@dataclass(eq=False)
class _Attempt:
    scope: anyio.CancelScope
    nearly_done: bool = False


_current: ContextVar[_Attempt | None] = ContextVar("_current", default=None)
"""What the task that asks is part of."""


class InFlight:
    """The attempts and paid calls of one daemon."""

    def __init__(self) -> None:
        """Begin with nothing in flight."""
        self.draining = False
        self._attempts: set[_Attempt] = set()
        self._calls: defaultdict[tuple[UUID, int], set[anyio.CancelScope]] = defaultdict(set)

    @property
    def calls(self) -> int:
        """How many paid calls are under way."""
        return sum(map(len, self._calls.values()))

    @property
    def finishing(self) -> int:
        """How many attempts a drain has spared so far."""
        return sum(one.nearly_done for one in self._attempts) if self.draining else 0

    @contextmanager
    def attempt(self, *, seconds: float) -> Generator[anyio.CancelScope]:
        """Give an attempt the scope that its work runs in: cancelled by a drain, or after so long.

        The scope is not entered: what goes on around the work, such as the
        lease's heartbeat, is not its business.
        """
        scope = anyio.CancelScope(deadline=anyio.current_time() + seconds)
        if self.draining:
            scope.cancel()
        begun = _Attempt(scope)
        self._attempts.add(begun)
        token = _current.set(begun)
        try:
            yield scope
        finally:
            _current.reset(token)
            self._attempts.discard(begun)

    def nearly_done(self) -> None:
        """Say of the attempt that calls that little of it is left."""
        if (attempt := _current.get()) is not None:
            attempt.nearly_done = True

    def guard_for(self, lease: Lease) -> Guard:
        """Return what an attempt's paid calls are made within."""
        return partial(self._call, (lease.job_id, lease.attempt))

    @asynccontextmanager
    async def _call(self, owner: tuple[UUID, int]) -> AsyncGenerator[None]:
        # Whoever has been told to stop begins no further call.
        await anyio.lowlevel.checkpoint_if_cancelled()
        with anyio.CancelScope(shield=True) as scope:
            self._calls[owner].add(scope)
            try:
                yield
            finally:
                self._calls[owner].discard(scope)
                if not self._calls[owner]:
                    del self._calls[owner]

    def drain(self) -> None:
        """Tell every attempt to stop once the calls it has under way are over.

        What is nearly done goes on, until it is done or `finish_no_longer`.
        """
        self.draining = True
        for attempt in tuple(self._attempts):
            if not attempt.nearly_done:
                attempt.scope.cancel()

    def finish_no_longer(self) -> None:
        """Tell the attempts that were spared to stop as well."""
        for attempt in tuple(self._attempts):
            attempt.scope.cancel()

    def cut_off(self, lease: Lease) -> None:
        """Shield the calls of a cancelled attempt no longer."""
        self._cut_off((lease.job_id, lease.attempt))

    def cut_off_all(self) -> None:
        """Shield no call any longer."""
        for owner in tuple(self._calls):
            self._cut_off(owner)

    def _cut_off(self, owner: tuple[UUID, int]) -> None:
        for scope in tuple(self._calls.get(owner, ())):
            scope.shield = False
