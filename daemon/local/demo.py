"""The demo: a whole house, an editor who writes a brief, and a finished video on disk."""

import os
import re
import shutil
import time
from pathlib import Path
from typing import Any

import anyio
import httpx
import msgspec
from rich.console import Console
from rich.pretty import Pretty
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from daemon.client import Sender, SenderError
from daemon.errors import DaemonError
from daemon.local.editor import Editor, EditorError, signed_in
from daemon.local.installation import EDITOR_EMAIL, ROOT, House, open_house
from render.storyboard import Brief

_WAIT_SECONDS = 1_800
_FINISHED = frozenset({"completed"})
_DRAFTED = frozenset({"storyboard_complete"})


PROVIDER_KEYS = ("GEMINI_API_KEY", "REPLICATE_API_TOKEN")


def outside(*, paid: bool) -> dict[str, str]:
    """Return the environment that the demo stands in: provider keys are left out unless `paid`."""
    keys = {*PROVIDER_KEYS, *(f"REELWRIGHT_{name}" for name in PROVIDER_KEYS)}
    return {name: value for name, value in os.environ.items() if paid or name not in keys}


def sample() -> Path:
    """Return the brief that is played when none is given: a checkout's, or the wheel's copy."""
    packed = Path(__file__).with_name("brief.json")
    return packed if packed.exists() else ROOT / "samples" / "brief.json"


class DemoFailed(DaemonError):
    """The video did not come about; says why, with the last lines of the daemon's log."""

    def __init__(self, reason: Exception, house: House) -> None:
        """Take the reason and the house it happened in."""
        super().__init__(f"{reason}\nThe daemon's last lines:\n{house.stack.last_lines('daemon')}")


async def run(
    brief_file: Path, directory: Path, *, cms: bool, paid: bool, console: Console
) -> None:
    """Run the demo from a brief in a fresh directory; print every step an editor would see.

    It approves whatever the price is, so provider keys are used only if `paid`.
    """
    written = await anyio.Path(brief_file).read_bytes()
    brief = msgspec.json.decode(written, type=Brief)
    shutil.rmtree(directory, ignore_errors=True)
    started = time.monotonic()
    console.print("[bold]Starting[/] Redis, database, bridge, daemon" + (" and Payload" * cms))
    async with open_house(directory, cms=cms, outside=outside(paid=paid)) as house:
        console.print(f"  ready after {time.monotonic() - started:.1f} s")
        try:
            if house.payload_url is None:
                await _as_sender(house, brief, console)
            else:
                await _as_editor(house, house.payload_url, brief, console)
        except (EditorError, SenderError) as error:
            raise DemoFailed(error, house) from error
    console.print(f"[bold green]Done[/] in {time.monotonic() - started:.1f} s; everything stopped.")


async def _as_editor(house: House, payload_url: str, brief: Brief, console: Console) -> None:
    async with signed_in(payload_url, email=EDITOR_EMAIL, password=house.editor_password) as editor:
        project = await editor.create_project("Demo", brief)
        video = await editor.create_video(project["id"], brief)
        await editor.submit(video["id"])
        console.print(f"[bold]Submitted[/] “{brief.title}” in Payload at {payload_url}")
        rendition = await _last(editor.follow(video["id"], until=_DRAFTED, seconds=_WAIT_SECONDS))
        storyboard = await editor.find("storyboards", video=video["id"])
        while storyboard is None:
            storyboard = await editor.find("storyboards", video=video["id"])
        _print_storyboard(console, storyboard["scenes"], rendition["estimatedCost"])
        await editor.approve(storyboard["id"])
        console.print(f"[bold]Approved[/] by {EDITOR_EMAIL}")
        with _bar(console) as bar:
            task = bar.add_task("approved", total=100)
            async for rendition in editor.follow(
                video["id"], until=_FINISHED, seconds=_WAIT_SECONDS
            ):
                bar.update(task, completed=rendition["progress"], description=rendition["status"])
        await _show_document(editor, house, video["id"], brief.title, console)


async def _show_document(
    editor: Editor, house: House, video: Any, title: str, console: Console
) -> None:
    rendition = await editor.find("renditions", video=video)
    if rendition is None:
        raise RuntimeError("the rendition was there a moment ago")
    document = await editor.read("videos", video)
    console.print("[bold]The document, as Payload has it[/]")
    console.print(Pretty({"video": _shown(document), "rendition": _shown(rendition)}))
    mp4, poster = _paths(house.directory, title)
    await editor.download(rendition["url"], mp4)
    await editor.download(rendition["posterUrl"], poster)
    _print_files(console, mp4, poster)


async def _as_sender(house: House, brief: Brief, console: Console) -> None:
    async with httpx.AsyncClient(base_url=house.bridge_url, timeout=30) as http:
        sender = Sender(http, webhook_secret=house.webhook_secret, api_key=house.api_key)
        job = await sender.submit(brief)
        console.print(f"[bold]Submitted[/] “{brief.title}” by a signed webhook; job {job}")
        status = await _last(sender.follow(job, until=_DRAFTED, seconds=_WAIT_SECONDS))
        _print_storyboard(console, status["storyboard"]["scenes"], status["estimatedCost"])
        await sender.approve(status)
        console.print("[bold]Approved[/] by a signed webhook")
        with _bar(console) as bar:
            task = bar.add_task("approved", total=100)
            async for status in sender.follow(job, until=_FINISHED, seconds=_WAIT_SECONDS):
                bar.update(task, completed=status["progress"], description=status["status"])
        console.print("[bold]The job, as the bridge has it[/]")
        console.print(Pretty({key: status[key] for key in status if key != "storyboard"}))
        links = await sender.links(job)
        mp4, poster = _paths(house.directory, brief.title)
        for url, path in ((links["video"]["url"], mp4), (links["poster"]["url"], poster)):
            answer = await http.get(url)
            answer.raise_for_status()
            path.write_bytes(answer.content)
        _print_files(console, mp4, poster)


async def _last(states: Any) -> dict[str, Any]:
    last: dict[str, Any] = {}
    async for state in states:
        last = state
    return last


def _print_storyboard(console: Console, scenes: list[dict[str, Any]], price: str) -> None:
    table = Table(title="Storyboard", show_lines=False)
    table.add_column("#", justify="right")
    table.add_column("Narration", ratio=3)
    table.add_column("On screen", ratio=1)
    table.add_column("Motion")
    for number, scene in enumerate(scenes, start=1):
        table.add_row(str(number), scene["narration"], scene["onScreenText"] or "", scene["motion"])
    console.print(table)
    dollars = float(price)
    console.print(f"Price: at most ${dollars:.2f}" if dollars else "Price: $0.00 (made offline)")


def _bar(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description:<20}"),
        BarColumn(bar_width=40),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        console=console,
    )


def _shown(document: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in document.items() if value not in (None, "", [], {})}


def _paths(directory: Path, title: str) -> tuple[Path, Path]:
    stem = re.sub(r"[^\w-]+", "-", title.lower()).strip("-") or "video"
    return directory / f"{stem}.mp4", directory / f"{stem}.jpg"


def _print_files(console: Console, mp4: Path, poster: Path) -> None:
    size = mp4.stat().st_size / 1e6
    console.print(f"[bold]Video[/]   {mp4} ({size:.1f} MB)", soft_wrap=True)
    console.print(f"[bold]Poster[/]  {poster}", soft_wrap=True)
