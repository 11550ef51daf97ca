"""Asking for pieces: how a process that renders learns what others have made already.

It knows no store and no network. What it lacks it tells in a `wanted` line; whoever reads along
fetches into the cache what there is, and answers with one byte. Whoever is gone answers nothing:
then everything is made here.
"""

import os
import select
from collections.abc import Callable, Sequence

from render.report import PiecesLine, WantedLine

_TICK = 0.1
"""Seconds between two looks at whether to go on waiting."""


class Asked:
    """Whoever reads the report, as an `Elsewhere` of the cache."""

    def __init__(self, answers: int, tell: Callable[[WantedLine | PiecesLine], None]) -> None:
        """Take the descriptor that answers come by, and how lines are written."""
        self._answers = answers
        self._tell = tell

    def lay(self, names: Sequence[str], *, check: Callable[[], None]) -> None:
        """Ask for pieces, and wait for the answer."""
        self._tell(WantedLine(names=tuple(names)))
        while not select.select([self._answers], [], [], _TICK)[0]:
            check()
        os.read(self._answers, 1)

    def tell(self, names: Sequence[str]) -> None:
        """Tell of pieces that are there."""
        self._tell(PiecesLine(names=tuple(names)))
