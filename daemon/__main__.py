"""The `reelwright` command."""

import asyncio
import importlib.util
import signal
import sys
from collections.abc import Coroutine
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import httpx
import msgspec
import typer
from rich.console import Console
from rich.markup import escape

from cms_bridge.access.registry import RegistryError
from cms_bridge.database import MigrationFailed
from cms_bridge.environment import FILE
from cms_bridge.operations.dumps import BackupError
from cms_bridge.operations.project_data import ProjectDataError
from cms_bridge.settings import BridgeSettings, DatabaseSettings, SettingsError, load
from daemon import backups, keys, objects, projects
from daemon.client import Sender, SenderError
from daemon.errors import first_error
from daemon.local.alive import NotAlive
from daemon.local.demo import DemoFailed
from daemon.local.editor import EditorError
from daemon.local.findings import Role
from daemon.local.installation import PLUGIN, HouseError, find_node, open_house
from daemon.local.redis import EmbeddedRedisError
from daemon.local.settings_file import SettingsFileExists
from daemon.local.supervisor import ChildFailed
from daemon.objects import ObjectsError
from render import tracebacks
from render.storyboard import Brief

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    # `main` words expected failures itself; the rest get a traceback without values.
    pretty_exceptions_enable=False,
    help="Briefs in PayloadCMS become finished videos.",
)
app.add_typer(keys.commands, name="keys")
app.add_typer(objects.commands, name="objects")
app.add_typer(projects.commands, name="projects")
app.command()(backups.backup)
app.command()(backups.restore)
console = Console()
complaints = Console(stderr=True)

_EXPECTED = (
    BackupError,
    ChildFailed,
    DemoFailed,
    EditorError,
    EmbeddedRedisError,
    HouseError,
    MigrationFailed,
    NotAlive,
    ObjectsError,
    ProjectDataError,
    RegistryError,
    SenderError,
    SettingsError,
    SettingsFileExists,
)


_CMS = "By default `payload` in a checkout, and `none` elsewhere."


class Cms(StrEnum):
    """Which CMS runs beside the service."""

    PAYLOAD = "payload"
    NONE = "none"


@app.command()
def init(
    file: Annotated[Path, typer.Option(help="Where to write it; never overwritten.")] = Path(FILE),
    *,
    public_url: Annotated[
        str, typer.Option(help="Where browsers and the CMS reach the bridge.")
    ] = "http://127.0.0.1:8000",
    redis_url: Annotated[str, typer.Option(help="The Redis or Valkey server.")] = (
        "redis://127.0.0.1:6379/0"
    ),
    database_url: Annotated[
        str, typer.Option(help="sqlite:///… on one machine, or postgresql://….")
    ] = "sqlite:///.data/reelwright.db",
) -> None:
    """Write a settings file with fresh secrets and every setting explained."""
    from daemon.local import settings_file  # noqa: PLC0415 - the other commands start without it

    settings_file.write(file, public_url=public_url, redis_url=redis_url, database_url=database_url)
    say = partial(console.print, markup=False, highlight=False, soft_wrap=True)
    say(f"Wrote {file}, with fresh secrets; only you can read it.")
    if file.name != FILE or file.parent.absolute() != Path.cwd():
        say(f"Name it in the environment: REELWRIGHT_SETTINGS={file.absolute()}")
    say("The CMS needs the same REELWRIGHT_WEBHOOK_SECRET and REELWRIGHT_API_KEY.")
    say("Next: reelwright doctor, then reelwright bridge and reelwright work")


@app.command()
def bridge(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
) -> None:
    """Serve the HTTP bridge."""
    from cms_bridge.app import create_app  # noqa: PLC0415 - the other commands start without it
    from cms_bridge.server import serve  # noqa: PLC0415 - as above

    settings = load(BridgeSettings)
    serve(
        create_app(settings),
        host=host or settings.host,
        port=settings.port if port is None else port,
        bounds=settings.http_bounds,
        ping_seconds=settings.progress_heartbeat_seconds,
    )


@app.command()
def work() -> None:
    """Run the render daemon."""
    if importlib.util.find_spec("av") is None:
        raise HouseError(
            "The daemon needs the media libraries: pip install '.[daemon]' in the checkout."
        )
    from daemon import worker  # noqa: PLC0415 - loads them

    asyncio.run(worker.run())


@app.command()
def migrate(
    *,
    backwards: Annotated[
        str | None, typer.Option(help="Go back to before this migration, or `all`.")
    ] = None,
) -> None:
    """Bring the database to the newest schema."""
    from cms_bridge.database import migrate as run  # noqa: PLC0415 - its name is this command's

    url = load(DatabaseSettings).database_url
    direction = "backwards" if backwards else "forwards"
    console.print(asyncio.run(run(url, direction=direction, to=backwards or "all")))


@app.command()
def doctor(
    role: Annotated[
        Role | None, typer.Option(help="What this machine is to be; by default what is installed.")
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="The same, for a program.")] = False,
) -> None:
    """Say what is wrong with settings, services and this machine, and what mends it.

    Ends with 0 if nothing is broken, with 1 if something is, with 2 if asked in a wrong way.
    """
    from daemon.local.doctor import examine  # noqa: PLC0415 - probes encoders

    findings = asyncio.run(examine(role))
    if as_json:
        sys.stdout.write(msgspec.json.encode(findings).decode() + "\n")
    else:
        marks = {"ok": "[green]✓[/]", "note": "[yellow]·[/]", "broken": "[red]✗[/]"}
        for one in findings:
            # A line each, however narrow the terminal: a command can be copied.
            line = f"{marks[one.state]} [bold]{one.part:<15}[/] {escape(one.said)}"
            console.print(line, soft_wrap=True, highlight=False)
            if one.mend:
                console.print(f"  {'':<15} → {escape(one.mend)}", soft_wrap=True, highlight=False)
    if any(one.state == "broken" for one in findings):
        raise typer.Exit(1)


@app.command()
def alive(part: Annotated[Role, typer.Argument(help="Which process.")]) -> None:
    """Tell whether the bridge or daemon of this machine does its work; 1 if not."""
    from daemon.local import alive as looked_for  # noqa: PLC0415 - its name is this command's

    console.print(asyncio.run(looked_for.look(part)), markup=False, soft_wrap=True)


@app.command()
def demo(
    brief: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="By default a sample.")
    ] = None,
    directory: Annotated[Path, typer.Option(help="Emptied at the start.")] = Path(".data/demo"),
    cms: Annotated[Cms | None, typer.Option(help=_CMS)] = None,
    *,
    paid: Annotated[bool, typer.Option(help="Use the provider keys in the environment.")] = False,
) -> None:
    """Start everything, make one video as an editor would, and stop everything."""
    from daemon.local import demo as played  # noqa: PLC0415 - its name is this command's

    brief = brief or played.sample()
    _run(played.run(brief, directory, cms=_with_payload(cms), paid=paid, console=console))


@app.command()
def up(
    directory: Annotated[Path, typer.Option(help="Where everything is kept.")] = Path(".data/up"),
    cms: Annotated[Cms | None, typer.Option(help=_CMS)] = None,
) -> None:
    """Start everything and keep it running until Ctrl-C."""
    _run(_stay_up(directory, with_cms=_with_payload(cms)))


def _with_payload(asked: Cms | None) -> bool:
    """Tell whether Payload runs as well; raise `HouseError` if it is to and cannot."""
    if asked is None and not PLUGIN.is_dir():
        console.print("Without a CMS: its code is in a checkout alone.")
        return False
    if asked is Cms.NONE:
        return False
    find_node()
    return True


def _run(work: Coroutine[Any, Any, None]) -> None:
    """Run a house; SIGTERM ends it as orderly as Ctrl-C does."""

    async def until_told() -> None:
        task = asyncio.ensure_future(work)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        await task

    asyncio.run(until_told())


async def _stay_up(directory: Path, *, with_cms: bool) -> None:
    from daemon.local.installation import EDITOR_EMAIL  # noqa: PLC0415 - only printed here

    async with open_house(directory, cms=with_cms, admin=True, preferred_ports=True) as house:
        if house.payload_url:
            console.print(f"[bold]Admin[/]   {house.payload_url}/admin")
            console.print(f"[bold]Login[/]   {EDITOR_EMAIL}  {house.editor_password}")
        console.print(f"[bold]Health[/]  {house.bridge_url}/health")
        console.print(f"[bold]Logs[/]    {house.directory}/logs")
        console.print("Ctrl-C stops everything.")
        await asyncio.Event().wait()


@app.command()
def submit(
    brief: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A brief as JSON.")],
    *,
    approve: Annotated[bool, typer.Option(help="Approve the storyboard unseen.")] = False,
) -> None:
    """Send a brief to a running bridge by signed webhook, as any system could."""
    settings = load(BridgeSettings)
    decoded = msgspec.json.decode(brief.read_bytes(), type=Brief)
    asyncio.run(_submit(decoded, settings, approve=approve))


async def _submit(brief: Brief, settings: BridgeSettings, *, approve: bool) -> None:
    async with httpx.AsyncClient(base_url=str(settings.public_url), timeout=30) as http:
        sender = Sender(
            http,
            webhook_secret=settings.webhook_secret.get_secret_value().split()[0],
            api_key=settings.api_key.get_secret_value().split()[0],
        )
        job = await sender.submit(brief)
        drafted = await _watch(sender, job, until="storyboard_complete")
        if not approve:
            return
        await sender.approve(drafted)
        await _watch(sender, job, until="completed")
        console.print_json(data=await sender.links(job))


async def _watch(sender: Sender, job: str, *, until: str) -> dict[str, Any]:
    status: dict[str, Any] = {}
    async for status in sender.follow(job, until=frozenset({until}), seconds=3_600):
        console.print(f"{job} {status['status']} {status['progress']} %")
    return status


def main() -> None:
    """Run the command; expected failures become one plain paragraph and exit status 1."""
    # Where this is no terminal it is somebody's log.
    tracebacks.install()
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
    except asyncio.CancelledError:
        sys.exit(128 + signal.SIGTERM)
    except Exception as error:
        first = first_error(error)
        if not isinstance(first, _EXPECTED):
            raise
        complaints.print("[bold red]Stopped.[/]", end=" ")
        complaints.print(str(first), markup=False, highlight=False, soft_wrap=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
