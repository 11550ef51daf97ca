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

from cms_bridge import telemetry
from cms_bridge.database import connected, migrate
from cms_bridge.operations import reconciliation, retention
from cms_bridge.operations.reconciliation import Amount, Inventory
from cms_bridge.operations.retention import Superseded
from cms_bridge.settings import BridgeSettings, load
from cms_bridge.storage.base import StorageError
from cms_bridge.storage.factory import store_from
from daemon.errors import DaemonError
from daemon.settings import DaemonSettings

commands = typer.Typer(no_args_is_help=True, help="The object store, beside the database.")
_console = Console()
_SHOWN = 20


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """A comparison, and what came of it."""

    inventory: Inventory
    removed: Amount


class ObjectsError(DaemonError):
    """What stands in the way, in a sentence."""


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


@commands.command()
def superseded(
    *,
    retire: Annotated[
        bool, typer.Option("--retire", help="Keep no longer what is due. Else it is only told.")
    ] = False,
    days: Annotated[
        float | None, typer.Option(min=0, help="In place of REELWRIGHT_SUPERSEDED_DAYS.")
    ] = None,
    project_mebibytes: Annotated[
        int | None,
        typer.Option(min=0, help="In place of REELWRIGHT_SUPERSEDED_PROJECT_MEBIBYTES."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The same, for a program.")] = False,
) -> None:
    """Say which films and exports a newer one has taken the place of, and which of them are due.

    What is retired is told as no longer kept from then on; daemons delete its objects once links to
    it have ended. What stands, or is referred to, is never among these.
    """
    report, retired = asyncio.run(_superseded(days, project_mebibytes, retire=retire))
    if as_json:
        told = {"superseded": report.superseded, "due": report.due, "retired": retired}
        sys.stdout.write(msgspec.json.encode(told).decode() + "\n")
        return
    for line in _told_of_superseded(report, retired, retiring=retire):
        _console.print(line, soft_wrap=True, highlight=False)


async def _superseded(
    days: float | None, mebibytes: int | None, *, retire: bool
) -> tuple[retention.Report, list[Superseded]]:
    settings = load(DaemonSettings)
    # To standard error, with what is told of each that goes.
    telemetry.configure_logging(
        form=settings.log_format, level=settings.log_level, secrets=settings.secrets
    )
    rules = settings.retention
    if days is not None:
        rules = msgspec.structs.replace(rules, lifetime=timedelta(days=days))
    if mebibytes is not None:
        rules = msgspec.structs.replace(rules, project_bytes=mebibytes * 1024 * 1024)
    await migrate(settings.database_url)
    async with connected(settings.database_url):
        report = await retention.report(rules)
        return report, await retention.retire(report.due) if retire else []


def _told_of_superseded(
    report: retention.Report, retired: list[Superseded], *, retiring: bool
) -> Iterable[str]:
    yield f"[bold]Superseded[/]     {_films(report.superseded)}"
    yield f"[bold]Due[/]            {_films(report.due)}"
    yield from _keys(
        f"{one.project}: video {one.video}, number {one.number}, {filesize.decimal(one.bytes)},"
        f" since {one.since:%Y-%m-%d %H:%M}"
        for one in report.due
    )
    if retiring:
        yield f"[bold]Retired[/]        {_films(retired)}"
    elif report.due:
        yield "  → reelwright objects superseded --retire"


def _films(some: list[Superseded]) -> str:
    name = "rendition" if len(some) == 1 else "renditions"
    return f"{len(some):,} {name}, {filesize.decimal(sum(one.bytes for one in some))}"


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
