"""Lexicons: how a project has words pronounced, in all of its videos and spoken texts."""

from collections.abc import Sequence

import msgspec

from cms_bridge import clock
from cms_bridge.tables import Lexicon
from render.pronunciation import Pronunciation

MOST_ENTRIES = 500
"""Of one project."""


async def of_project(project: str) -> tuple[Pronunciation, ...]:
    """Return what a project has; nothing where it never had any."""
    row = await Lexicon.select(Lexicon.entries).where(Lexicon.id == project).first()
    return msgspec.json.decode(row["entries"], type=tuple[Pronunciation, ...]) if row else ()


async def replace(project: str, entries: Sequence[Pronunciation]) -> None:
    """Put these in place of what a project has."""
    await Lexicon.insert(
        Lexicon(
            id=project,
            entries=msgspec.json.encode(entries).decode(),
            updated_at=clock.now(),
        )
    ).on_conflict(
        target=Lexicon.id, action="DO UPDATE", values=(Lexicon.entries, Lexicon.updated_at)
    )
