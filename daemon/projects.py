"""`reelwright projects`: all that is kept of a project, exported or erased for good."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console

from cms_bridge.database import connected, migrate
from cms_bridge.operations import project_data
from cms_bridge.operations.project_data import ProjectDataError
from cms_bridge.settings import BridgeSettings, load
from cms_bridge.storage.base import ObjectStore, StorageError
from cms_bridge.storage.factory import store_from
from daemon.objects import said

commands = typer.Typer(no_args_is_help=True, help="Projects: their data, exported or erased.")
_console = Console(soft_wrap=True, highlight=False, markup=False)
_Made = TypeVar("_Made")

_Project = Annotated[str, typer.Argument(metavar="PROJECT", help="The project's id.")]


@commands.command()
def export(
    project: _Project,
    directory: Annotated[Path, typer.Argument(help="Where to write it: new, or empty.")],
) -> None:
    """Write all that is kept of a project: JSON lines of each table, and every object."""
    made = _with_store(lambda store: project_data.export(project, store, directory))
    rows = sum(made.rows.values())
    _console.print(f"Wrote {rows:,} rows and {said(made.objects, made.bytes)} to {directory}")


@commands.command()
def erase(
    project: _Project,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Erase a project's films, texts, uploads and history for good; what was paid stays."""
    if not yes:
        typer.confirm(f"Erase everything of {project!r}, for good?", abort=True)
    gone = _with_store(lambda store: project_data.erase(project, store))
    _console.print(
        f"Erased {gone.jobs:,} jobs and {said(gone.objects, gone.bytes)}; of {gone.husks:,} jobs"
        " nothing is left but what they cost."
    )
    if gone.pieces:
        _console.print(
            f"Removed {gone.pieces:,} pieces of films of all projects, which daemons shared and"
            " nobody can tell apart: they are encoded again as they are needed."
        )
    _console.print(
        "Not reached by this are films that the CMS or others have copied, backups, and the caches"
        " of daemons, which keep what they do not use for REELWRIGHT_RENDER_CACHE_DAYS (30)."
    )


def _with_store(work: Callable[[ObjectStore], Awaitable[_Made]]) -> _Made:
    async def run() -> _Made:
        settings = load(BridgeSettings)
        await migrate(settings.database_url)
        try:
            async with connected(settings.database_url), store_from(settings) as store:
                return await work(store)
        except StorageError as error:
            raise ProjectDataError(str(error)) from error

    return asyncio.run(run())
