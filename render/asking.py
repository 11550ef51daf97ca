"""Asking for pieces: how a process that renders learns what others have made, or are just making.

It knows no store and no network. What it lacks it tells in a `wanted` line; whoever reads along
fetches into the cache what there is, and answers with one byte. Where films are made by several at
once, each segment is claimed in the same way. Whoever is gone answers nothing: then everything is
made here.
"""

import os
import select
import threading
from collections.abc import Callable, Sequence

from render.cache import Turn
from render.report import ClaimLine, PiecesLine, WantedLine

_TICK = 0.1
"""Seconds between two looks at whether to go on waiting."""

AskingLine = WantedLine | ClaimLine | PiecesLine


class Asked:
    """Whoever reads the report, as an `Elsewhere` of the cache."""

    def __init__(
        self, answers: int, tell: Callable[[AskingLine], None], *, claims: bool = False
    ) -> None:
        """Take the descriptor that answers come by, how lines are written, and whether to claim."""
        self._answers = answers
        self._tell = tell
        self._claims = claims
        self._asking = threading.Lock()
        """One question at a time: an answer does not say what to."""

    def lay(self, names: Sequence[str], *, check: Callable[[], None]) -> None:
        """Ask for pieces, and wait for the answer."""
        self._ask(WantedLine(names=tuple(names)), check)

    def claim(self, name: str, *, check: Callable[[], None]) -> Turn:
        """Ask whose turn it is to make a piece: one's own, where none are claimed."""
        if not self._claims:
            return Turn.MINE
        return Turn(self._ask(ClaimLine(name=name), check) or Turn.MINE)

    def tell(self, names: Sequence[str]) -> None:
        """Tell of pieces that are there."""
        self._tell(PiecesLine(names=tuple(names)))

    def _ask(self, question: WantedLine | ClaimLine, check: Callable[[], None]) -> str:
        with self._asking:
            self._tell(question)
            while not select.select([self._answers], [], [], _TICK)[0]:
                check()
            return os.read(self._answers, 1).decode()
