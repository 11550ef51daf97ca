"""`reelwright backup` and `restore`: all that is kept, in a folder and back."""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console

from cms_bridge.operations import backups, restoring
from cms_bridge.operations.reconciliation import Amount
from cms_bridge.settings import BridgeSettings, load
from cms_bridge.storage.base import ObjectStore
from cms_bridge.storage.factory import store_from
from daemon.objects import said

_console = Console(soft_wrap=True, highlight=False, markup=False)
_progress = Console(stderr=True, soft_wrap=True, highlight=False, markup=False)
_EVERY = 5
"""Seconds between two words on how far it is."""
_SHOWN = 20
_Made = TypeVar("_Made")


def backup(
    directory: Annotated[
        Path, typer.Argument(help="New, empty, or with a backup that this one takes the place of.")
    ],
) -> None:
    """Back database and objects up into a folder; bridges and daemons work on meanwhile.

    Killed, it goes on when asked again; asked each night, it copies what is new. Ends with 1 if the
    store lacks something that the database names. Settings and their secrets are not in it.
    """
    made = _with_store(
        lambda url, store, told: backups.back_up(url, store, directory, on_progress=told)
    )
    found = made.manifest
    rows = sum(found.dumped.rows.values())
    _console.print(
        f"Backed up {rows:,} rows and {said(found.objects, found.bytes)} into {directory};"
        f" {said(made.copied.objects, made.copied.bytes)} of these were new"
    )
    _console.print("Keep the settings file and what it names (certificates, keys) beside it.")
    _tell("Damaged in the store, and left out", len(made.damaged), made.damaged)
    _tell("Named by the database, and not in the store", found.missing_count, found.missing)
    if made.damaged or found.missing_count:
        raise typer.Exit(1)


def restore(
    directory: Annotated[Path, typer.Argument(help="A backup.", exists=True, file_okay=False)],
    *,
    replace: Annotated[
        bool, typer.Option("--replace", help="Also in place of what was worked with.")
    ] = False,
    incomplete: Annotated[
        bool, typer.Option("--incomplete", help="Also if objects of it are damaged or gone.")
    ] = False,
) -> None:
    """Restore database and objects from a backup; nothing else may work with them meanwhile.

    Every file is held against its digest. Killed, it goes on when asked again. Ends with 1 if the
    database names objects that the backup had not.
    """
    made = _with_store(
        lambda url, store, told: restoring.restore(
            url, store, directory, replace=replace, incomplete=incomplete, on_progress=told
        )
    )
    found = made.manifest
    rows = sum(found.dumped.rows.values())
    _console.print(
        f"Restored {rows:,} rows and {said(found.objects, found.bytes)}, as of"
        f" {found.made_at:%Y-%m-%d %H:%M:%S} UTC"
    )
    if made.migrated:
        _console.print(f"The database was brought up by {len(made.migrated)} migrations")
    _tell("Named by the database, and not there", len(made.missing), [o.key for o in made.missing])
    if made.missing:
        raise typer.Exit(1)


def _with_store(
    work: Callable[[str, ObjectStore, Callable[[Amount], None]], Awaitable[_Made]],
) -> _Made:
    async def run() -> _Made:
        settings = load(BridgeSettings)
        with backups.in_words(Path(str(settings.storage_directory))):
            async with store_from(settings) as store:
                return await work(settings.database_url, store, _reporter())

    return asyncio.run(run())


def _reporter() -> Callable[[Amount], None]:
    last = time.monotonic()

    def told(done: Amount) -> None:
        nonlocal last
        if time.monotonic() - last >= _EVERY:
            last = time.monotonic()
            _progress.print(said(done.objects, done.bytes))

    return told


def _tell(what: str, count: int, keys: "tuple[str, ...] | list[str]") -> None:
    if not count:
        return
    _console.print(f"{what}: {count:,} objects")
    for key in keys[:_SHOWN]:
        _console.print(f"  {key}")
    if count > _SHOWN:
        _console.print(f"  and {count - _SHOWN:,} more")
    sys.stdout.flush()
