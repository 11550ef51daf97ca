"""`reelwright objects`: compares the object store with the database, and clears up between them."""

import asyncio
import sys
from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated

import msgspec
import typer
from rich import filesize
from rich.console import Console
from rich.markup import escape

from cms_bridge.database import connected, migrate
from cms_bridge.operations import reconciliation
from cms_bridge.operations.reconciliation import Amount, Inventory
from cms_bridge.settings import BridgeSettings, load
from cms_bridge.storage.base import StorageError
from cms_bridge.storage.factory import store_from
from daemon.errors import DaemonError

commands = typer.Typer(no_args_is_help=True, help="The object store, beside the database.")
_console = Console()
_SHOWN = 20


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """A comparison, and what came of it."""

    inventory: Inventory
    removed: Amount


class ObjectsError(DaemonError):
    """What stands in the way, in a sentence."""


@commands.callback()
def _only() -> None:
    """Typer makes a lone command the whole of it, unless it is told that there is a group."""


@commands.command()
def check(
    *,
    remove: Annotated[
        bool, typer.Option("--remove", help="Delete what nothing names. Else it is only told.")
    ] = False,
    older_than_hours: Annotated[
        float, typer.Option(min=2, help="What is younger may be about to be written down.")
    ] = 24,
    most: Annotated[
        bool, typer.Option("--most", help="Also where that is most of what there is.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The same, for a program.")] = False,
) -> None:
    """Say what the store holds that nothing names, and what is named that it does not hold.

    Ends with 0 if everything that is named is there, with 1 if not.
    """
    report = asyncio.run(
        _check(older_than=timedelta(hours=older_than_hours), remove=remove, most=most)
    )
    if as_json:
        sys.stdout.write(msgspec.json.encode(report).decode() + "\n")
    else:
        for line in _told(report, removing=remove):
            _console.print(line, soft_wrap=True, highlight=False)
    if report.inventory.missing:
        raise typer.Exit(1)


async def _check(*, older_than: timedelta, remove: bool, most: bool) -> Report:
    settings = load(BridgeSettings)
    await migrate(settings.database_url)
    try:
        async with connected(settings.database_url), store_from(settings) as store:
            inventory = await reconciliation.compare(store, older_than=older_than)
            if remove and inventory.doubtful and not most:
                raise ObjectsError(
                    f"{len(inventory.unreferenced)} of {inventory.stored.objects} objects are"
                    " named by nothing. If this is the right database for this store, say --most."
                )
            removed = (
                await reconciliation.remove(store, inventory.unreferenced) if remove else Amount()
            )
    except StorageError as error:
        raise ObjectsError(str(error)) from error
    return Report(inventory=inventory, removed=removed)


def _told(report: Report, *, removing: bool) -> Iterable[str]:
    found = report.inventory
    yield f"[bold]Stored[/]         {_amount(found.stored)}"
    for project, held in found.projects.items():
        yield f"  {escape(project)}: {_amount(held)}"
    if found.strangers.objects:
        yield f"  of no project of this database, left alone: {_amount(found.strangers)}"
    old = Amount(objects=len(found.unreferenced), bytes=sum(o.size for o in found.unreferenced))
    yield f"[bold]Named by nothing[/] {_amount(old)}"
    yield from _keys(one.key for one in found.unreferenced)
    if found.young.objects:
        yield f"  younger, left alone: {_amount(found.young)}"
    if removing:
        yield f"[bold]Removed[/]        {_amount(report.removed)}"
    elif found.unreferenced:
        yield "  → reelwright objects check --remove"
    if found.missing:
        yield f"[bold red]Missing[/]        {len(found.missing)} objects that the database names"
        yield from _keys(f"{one.key} ({one.table} {one.id})" for one in found.missing)
        yield "  → restore the store from a backup; a film's next rendering makes its media anew"
    else:
        yield "[bold]Missing[/]        none"


def _keys(keys: Iterable[str]) -> Iterable[str]:
    for number, key in enumerate(keys):
        if number == _SHOWN:
            yield "  … (--json tells all)"
            return
        yield f"  {escape(key)}"


def _amount(amount: Amount) -> str:
    return said(amount.objects, amount.bytes)


def said(objects: int, size: int) -> str:
    """Say how many objects of how many bytes."""
    return f"{objects:,} {'object' if objects == 1 else 'objects'}, {filesize.decimal(size)}"
