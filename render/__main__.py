"""The engine as a command: `python -m render STORYBOARD.json -o OUT.mp4`.

Whatever the assets folder lacks is made by the offline provider; the output
appears only once it is whole and valid. With `--json` the lines of
`render.report` go to standard output, for a program that reads along.

Exit codes: 0 done, 1 failed, 2 wrongly used, 128 + n stopped by signal n.
"""

import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Annotated, TypeVar

import anyio
import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn
from rich.progress import TimeElapsedColumn as Elapsed

from render.assets import gather
from render.compose import Progress as Frames
from render.compose import compose, write_poster
from render.delivery.probe import inspect
from render.delivery.validation import validate
from render.errors import CompositionCancelled, InvalidStoryboard, RenderError
from render.files import disk_error, publish
from render.generation.offline import OfflineImages, OfflineSpeech
from render.rendition import Quality, profile_for
from render.report import ErrorLine, ProgressLine, Report, ResultLine, SceneTime, Stage
from render.storyboard import Limits, Storyboard
from render.timeline import build

_GRACE = 0.7
"""Seconds after a signal in which the work may stop by itself."""
_LINE_EVERY = 0.1
"""Seconds between two progress lines of a stage, at the least."""
_COMMANDS = {"compose", "probe", "schema", "--help"}

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


def main() -> None:
    """Run the command; a storyboard may stand where a subcommand would."""
    arguments = sys.argv[1:]
    if arguments and arguments[0] not in _COMMANDS:
        arguments.insert(0, "compose")
    app(arguments or ["--help"], prog_name="python -m render")


def _print_json(value: object) -> None:
    try:
        sys.stdout.write(msgspec.json.encode(value).decode() + "\n")
        sys.stdout.flush()
    except BrokenPipeError as error:
        # Nobody reads any more, so nobody waits for the video.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise CompositionCancelled("Nobody reads the report any more.") from error


@app.command("compose")
def render(  # noqa: PLR0913  a command's options
    storyboard: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)],
    out: Annotated[Path, typer.Option("--out", "-o", dir_okay=False, help="The MP4 to write.")],
    *,
    assets: Annotated[
        Path | None,
        typer.Option(exists=True, file_okay=False, help="Holds <scene id>.png and .wav files."),
    ] = None,
    cache: Annotated[
        Path | None, typer.Option(file_okay=False, help="Keeps segments for the next time.")
    ] = None,
    poster: Annotated[Path | None, typer.Option(dir_okay=False, help="The JPEG to write.")] = None,
    quality: Annotated[Quality, typer.Option("--profile", help="The size.")] = Quality.FULL,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Segments side by side.")] = 2,
    limits_file: Annotated[
        Path | None,
        typer.Option("--limits", exists=True, dir_okay=False, help="Other limits, as JSON."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Report in lines of JSON.")] = False,
) -> None:
    """Render a storyboard (the word `compose` may be left out)."""
    with _telling(json=json) as tell, _working_folder(out) as (work, stopped):

        def reached(stage: Stage, total: int, done: int) -> None:
            if stopped():
                raise CompositionCancelled("Composing was cancelled.")
            tell(ProgressLine(stage=stage, done=done, total=total))

        def encoded(frames: Frames) -> None:
            reached(Stage.COMPOSE, frames.total, frames.done)

        wanted = _read(storyboard, Storyboard, "storyboard")
        limits = _read(limits_file, Limits, "limits") if limits_file else Limits()
        wanted.check(limits)
        collect = partial(
            gather,
            wanted,
            folder=assets,
            made=work,
            images=OfflineImages(),
            speech=OfflineSpeech(),
            on_scene=partial(reached, Stage.ASSETS, len(wanted.scenes)),
        )
        found = anyio.run(collect)
        profile = profile_for(wanted.aspect_ratio, quality)
        timeline = build(wanted, found.media, fps=profile.fps, limits=limits)
        video = work / "video.mp4"
        rendition = compose(
            timeline,
            video,
            profile,
            workers=workers,
            on_progress=encoded,
            cancelled=stopped,
            cache=cache,
            work=work,
        )
        decoded = partial(reached, Stage.VALIDATE, timeline.frames)
        validate(video, timeline, profile, threads=workers, on_frame=decoded).check()
        if poster is not None:
            write_poster(timeline, poster, profile)
        publish(video, out)
        tell(
            ResultLine(
                rendition=msgspec.structs.replace(rendition, path=str(out)),
                scenes=tuple(
                    SceneTime(
                        id=shot.scene_id,
                        start=shot.start / profile.fps,
                        duration=shot.frames / profile.fps,
                    )
                    for shot in timeline.shots
                ),
                poster=str(poster) if poster else None,
                warnings=found.warnings,
            )
        )


@app.command()
def probe(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)],
    *,
    json: Annotated[bool, typer.Option("--json", help="Report as JSON.")] = False,
) -> None:
    """Show what the headers of an MP4 say."""
    with _telling(json=json):
        info = inspect(file)
        if json:
            _print_json(info)
        else:
            for name, value in msgspec.to_builtins(info).items():
                sys.stdout.write(f"{name:>14}  {value}\n")


@app.command()
def schema() -> None:
    """Print the JSON Schema of a storyboard."""
    _print_json(msgspec.json.schema(Storyboard))


_Value = TypeVar("_Value", Storyboard, Limits)


def _read(path: Path, kind: type[_Value], name: str) -> _Value:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidStoryboard(f"The {name} cannot be read: {error}.") from error


class _Teller:
    """Tells a person at a terminal, or a program that reads lines of JSON."""

    def __init__(self, *, json: bool) -> None:
        self._json = json
        self._stage: Stage | None = None
        self._told_at = 0.0
        self._task: tuple[Stage, TaskID] | None = None
        self._console = Console(stderr=True)
        self._bar = Progress(
            TextColumn("{task.description:>9}"),
            BarColumn(),
            TaskProgressColumn(),
            Elapsed(),
            console=self._console,
            disable=json or not self._console.is_terminal,
        )

    def __call__(self, line: Report) -> None:
        if self._json:
            self._write(line)
        elif isinstance(line, ProgressLine):
            self._show(line)
        elif isinstance(line, ErrorLine):
            self._bar.stop()
            self._console.print(line.message, style="red", markup=False, highlight=False)
        else:
            self._bar.stop()
            made = line.rendition
            size = made.bytes / 1_000_000
            sys.stdout.write(f"{made.path}: {made.duration:.1f} s, {size:.1f} MB\n")
            for warning in line.warnings:
                self._console.print(warning.message, style="yellow", markup=False, highlight=False)

    def _write(self, line: Report) -> None:
        if isinstance(line, ProgressLine):
            now = time.monotonic()
            recent = line.stage is self._stage and now - self._told_at < _LINE_EVERY
            if recent and line.done < line.total:
                return
            self._stage, self._told_at = line.stage, now
        _print_json(line)

    def _show(self, line: ProgressLine) -> None:
        if self._task is None or self._task[0] != line.stage:
            self._bar.start()
            self._task = (line.stage, self._bar.add_task(line.stage, total=line.total))
        self._bar.update(self._task[1], completed=line.done)


@contextmanager
def _telling(*, json: bool) -> Generator[Callable[[Report], None]]:
    """Yield a way to report; turn errors into their last line and an exit code."""
    tell = _Teller(json=json)
    try:
        yield tell
    except RenderError as error:
        tell(ErrorLine(code=error.code, message=error.message, params=error.params))
        number = error.params.get("signal")
        raise typer.Exit(128 + int(number) if number else 1) from error


@contextmanager
def _working_folder(out: Path) -> Generator[tuple[Path, Callable[[], bool]]]:
    """Yield a folder for unfinished files, and the question whether a signal has come.

    The folder goes in any case. Signals are watched by a thread, since the main
    one may be deep in a library when one arrives; what has not stopped by itself
    when the grace is over is left where it stands.
    """
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    except OSError as error:
        raise disk_error(error, out) from error
    received: list[int] = []
    reader, writer = os.pipe()
    os.set_blocking(writer, False)

    def watch() -> None:
        received.append(os.read(reader, 1)[0])
        time.sleep(_GRACE)
        shutil.rmtree(work, ignore_errors=True)
        os._exit(128 + received[0])

    threading.Thread(target=watch, name="signals", daemon=True).start()
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        # The number reaches the thread through the pipe; a handler of one's own
        # only keeps the default from ending the process at once.
        signal.signal(number, _heard)
    try:
        yield work, lambda: bool(received)
    except CompositionCancelled as error:
        if not received:
            raise
        raise CompositionCancelled(error.message, signal=received[0]) from error
    except OSError as error:
        raise disk_error(error, out) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _heard(_number: int, _frame: FrameType | None) -> None:
    return


if __name__ == "__main__":
    main()
