"""`reelwright keys`: makes, lists, rotates and revokes the keys of the API.

A new key goes to standard output, alone, so that it can be piped into a secret
store; everything that is said about it goes to standard error.
"""

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cms_bridge.access import registry, tokens
from cms_bridge.access.callers import Action
from cms_bridge.access.registry import Key, RegistryError, Standing
from cms_bridge.database import connected, migrate
from cms_bridge.settings import DatabaseSettings, load

commands = typer.Typer(no_args_is_help=True, help="Keys of the API: for whom, for what, how long.")
_console = Console()
_remarks = Console(stderr=True)
_Made = TypeVar("_Made")

_Id = Annotated[str, typer.Argument(metavar="ID", help="The key's id, or the whole key.")]


@commands.command()
def create(  # noqa: PLR0913 - one an option
    name: Annotated[str, typer.Argument(help="Who will have it, in a few words.")],
    *,
    project: Annotated[
        list[str] | None, typer.Option(help="A project that it is for; may be repeated.")
    ] = None,
    all_projects: Annotated[
        bool, typer.Option("--all-projects", help="For every project, those to come included.")
    ] = False,
    action: Annotated[
        list[Action] | None, typer.Option(help="What it is for; may be repeated. Else: read.")
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=36_500, help="How long it is good.")] = 365,
    forever: Annotated[bool, typer.Option("--forever", help="It never expires.")] = False,
) -> None:
    """Make a key. It is shown this once."""
    if bool(project) == all_projects:
        raise RegistryError("Say what the key is for: --project ID, or --all-projects.")
    made = registry.create(
        name,
        projects=None if all_projects else tuple(project or ()),
        actions=tuple(action or (Action.READ,)),
        lasts=None if forever else timedelta(days=days),
    )
    _show(*_with_database(made))


@commands.command("list")
def list_keys() -> None:
    """Show every key there ever was, without its secret."""
    found, now = _with_database(registry.keys()), datetime.now(UTC)
    table = Table("Id", "Name", "Projects", "Actions", "Expires", "Last used", "", box=None)
    table.columns[0].no_wrap = True
    for key in found:
        table.add_row(
            key.id,
            escape(key.name),
            escape(_projects(key)),
            " ".join(key.actions),
            _minute(key.expires_at),
            _minute(key.last_used_at),
            _state(key, now),
        )
    _console.print(table)


@commands.command()
def rotate(
    key: _Id,
    *,
    overlap_hours: Annotated[
        float, typer.Option(min=0, max=24 * 366, help="How long the old key stays good.")
    ] = 24,
) -> None:
    """Make a key's successor, for the same; the old one stays good for a while."""
    name = tokens.named(key)
    token, new = _with_database(registry.rotate(name, overlap=timedelta(hours=overlap_hours)))
    _show(token, new)
    _remarks.print(f"The old key, {escape(name)}, stays good for {overlap_hours:g} hours.")


@commands.command()
def revoke(key: _Id) -> None:
    """End a key for good. Running bridges follow within `REELWRIGHT_KEY_MEMORY_SECONDS`."""
    revoked = _with_database(registry.revoke(tokens.named(key)))
    _remarks.print(f"The key {revoked.id} ({escape(revoked.name)}) is revoked.")


def _with_database(work: Coroutine[Any, Any, _Made]) -> _Made:
    async def run() -> _Made:
        url = load(DatabaseSettings).database_url
        await migrate(url)
        async with connected(url):
            return await work

    try:
        return asyncio.run(run())
    finally:
        work.close()


def _show(token: str, key: Key) -> None:
    until = f"until {_minute(key.expires_at)}" if key.expires_at else "for ever"
    _remarks.print(
        f"Key {key.id} for {escape(_projects(key))}: {' '.join(key.actions)}, {until}."
        " This is the only time that it is shown:"
    )
    typer.echo(token)


def _projects(key: Key) -> str:
    return "all projects" if key.projects is None else ", ".join(key.projects)


def _state(key: Key, now: datetime) -> str:
    standing = key.standing(now)
    if standing is Standing.GOOD and key.successor:
        return f"rotated into {key.successor}"
    return str(standing)


def _minute(at: datetime | None) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M}Z" if at else "never"
