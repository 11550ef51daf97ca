"""The engine at a terminal: its progress, its result, and the signals it is stopped by.

A person sees a bar and one line; a program reads the lines of `render.report`.
"""

import io
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from json import dumps
from pathlib import Path
from types import FrameType
from typing import TypeAlias

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn
from rich.progress import TimeElapsedColumn as Elapsed
from rich.table import Table

from render import tracebacks
from render.errors import CompositionCancelled, EngineFault, RenderError
from render.files import disk_error
from render.inspection.examination import Examination
from render.outputs import check_place
from render.problem import Problem
from render.report import (
    ClaimLine,
    ErrorLine,
    PiecesLine,
    PlanLine,
    ProgressLine,
    Report,
    ResultLine,
    SegmentsLine,
    SoundLine,
    Stage,
    WantedLine,
)

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
"""What ends a run in good order."""
_GRACE = 0.4
"""Seconds after a signal in which the work may stop by itself."""
_LAST_WORDS = 0.1
"""Seconds that the last line may take, should nobody read it."""
_JOINERS = "\u200c\u200d"
"""Invisible, and a part of words in some scripts."""
_LINE_EVERY = 0.1
"""Seconds between two progress lines of a stage, at the least."""


def open_standard_streams() -> None:
    """Give the process the streams it was started without, and have it write whatever it must.

    What is opened first would else become standard output, and be written into by a library.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            mode = os.O_WRONLY if number else os.O_RDONLY
            descriptor = os.open(os.devnull, mode)
            if descriptor != number:
                os.dup2(descriptor, number)
                os.close(descriptor)
            setattr(sys, name, open(number, "w" if number else "r", encoding="utf-8"))  # noqa: PTH123, SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def run(app: typer.Typer, arguments: list[str], *, prog_name: str) -> None:
    """Run a command and end the process; whoever reads JSON is told of wrong usage in JSON."""
    json = "--json" in arguments
    if not sys.warnoptions:
        # What a library minds about a file is no line of the report.
        warnings.simplefilter("ignore")
    try:
        status = app(arguments, prog_name=prog_name, standalone_mode=not json)
    except OSError as error:
        # Of help and the like; whatever else is written is written by a reporter.
        _silence_standard_output()
        sys.stderr.write(f"{disk_error(error, Path('The report')).message}\n")
        sys.exit(1)
    except typer.TyperException as error:
        with suppress(RenderError):
            print_json(ErrorLine(code="wrong_usage", message=error.format_message()))
        sys.exit(error.exit_code)
    sys.exit(status)


def print_json(value: object) -> None:
    """Write one line of JSON to standard output."""
    with _writing():
        sys.stdout.buffer.write(_encoded(value) + b"\n")


def _encoded(value: object) -> bytes:
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        # A file's name that is no text: what of it is none is not told.
        return dumps(msgspec.to_builtins(value), ensure_ascii=False).encode(errors="replace")


@contextmanager
def _writing() -> Generator[None]:
    """Write to standard output, as far as anybody reads it."""
    try:
        yield
        sys.stdout.flush()
    except OSError as error:
        _silence_standard_output()
        if isinstance(error, BrokenPipeError):
            # So nobody waits for the video.
            raise CompositionCancelled("Nobody reads the report any more.") from error
        raise disk_error(error, Path("The report")) from error


def _silence_standard_output() -> None:
    # What is left in it would be tried once more at the end.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


Line: TypeAlias = Report | PlanLine | Examination


class _Reporter:
    """Tells a person at a terminal, or a program that reads lines of JSON."""

    def __init__(self, *, json: bool) -> None:
        self._json = json
        self._stage: Stage | None = None
        self._told_at = 0.0
        self._task: tuple[Stage, TaskID] | None = None
        self._ended = threading.Lock()
        self._console = Console(stderr=True)
        self._bar = Progress(
            TextColumn("{task.description:>9}"),
            BarColumn(),
            TaskProgressColumn(),
            Elapsed(),
            console=self._console,
            disable=json or not self._console.is_terminal,
        )

    def __call__(self, line: Line) -> None:
        ends = isinstance(line, ErrorLine | ResultLine | SoundLine | SegmentsLine)
        # Two threads may have the last word; the first one has it.
        if ends and not self._ended.acquire(blocking=False):
            return
        if self._json:
            self._write(line)
        elif isinstance(line, WantedLine | ClaimLine | PiecesLine | SegmentsLine):
            return  # for a program alone
        elif isinstance(line, ProgressLine):
            self._show(line)
        elif isinstance(line, ErrorLine):
            self._bar.stop()
            self._console.print(_plain(line.message), style="red", markup=False, highlight=False)
        elif isinstance(line, PlanLine):
            self._warn(line.warnings)
            with self._on_standard_output():
                self._console.print(_table(line))
        elif isinstance(line, Examination):
            self._bar.stop()
            with self._on_standard_output():
                _show_examination(self._console, line)
        elif isinstance(line, SoundLine):
            self._bar.stop()
            with _writing():
                size = line.bytes / 1_000_000
                sys.stdout.write(f"{line.path}: {line.seconds:.1f} s, {size:.1f} MB\n")
            self._warn(line.warnings)
        else:
            self._bar.stop()
            with _writing():
                for made in (line.rendition, *line.others):
                    size = made.bytes / 1_000_000
                    sys.stdout.write(f"{made.path}: {made.duration:.1f} s, {size:.1f} MB\n")
            self._warn(line.warnings)

    def _warn(self, warnings: Iterable[Problem]) -> None:
        for warning in warnings:
            told = _plain(warning.message)
            self._console.print(told, style="yellow", markup=False, highlight=False)

    @contextmanager
    def _on_standard_output(self) -> Generator[None]:
        self._console.file = sys.stdout
        with _writing():
            yield

    def _write(self, line: Line) -> None:
        if isinstance(line, ProgressLine):
            now = time.monotonic()
            recent = line.stage is self._stage and now - self._told_at < _LINE_EVERY
            if recent and line.done < line.total:
                return
            self._stage, self._told_at = line.stage, now
        print_json(line)

    def _show(self, line: ProgressLine) -> None:
        if self._task is None or self._task[0] != line.stage:
            self._bar.start()
            self._task = (line.stage, self._bar.add_task(line.stage, total=line.total))
        self._bar.update(self._task[1], completed=line.done)


def _plain(message: str) -> str:
    """Return a sentence as one line that tells a terminal nothing else, whatever it quotes."""
    return "".join(
        character if character.isprintable() or character in _JOINERS else " "
        for character in message
    )


def _table(plan: PlanLine) -> Table:
    encoded = [segment for segment in plan.segments if not segment.reused]
    table = Table(
        title=f"{len(plan.segments)} segments, {len(encoded)} to encode "
        f"({sum(segment.duration for segment in encoded):.1f} s)"
    )
    for heading in ("profile", "from", "to", "scenes", "segment", ""):
        table.add_column(heading, justify="right" if heading in {"from", "to"} else "left")
    for segment in plan.segments:
        table.add_row(
            segment.profile,
            f"{segment.start:.2f}",
            f"{segment.start + segment.duration:.2f}",
            " → ".join(segment.scenes),
            segment.digest[:12],
            "reused" if segment.reused else "encode",
        )
    return table


def _show_examination(console: Console, examination: Examination) -> None:
    table = Table(show_header=False, box=None)
    for name, value in _rows(examination):
        table.add_row(name, value)
    console.print(table)
    for passage in examination.passages:
        console.print(f"{passage.kind:>9} from {passage.start:.2f} to {passage.end:.2f} s")
    for fault in examination.faults:
        console.print(fault.message, style="red", markup=False, highlight=False)
    if examination.ok:
        console.print("No fault was found.", style="green")


def _rows(examination: Examination) -> Iterator[tuple[str, str]]:
    info = examination.info
    yield "length", f"{info.duration:.2f} s, {info.bytes / 1_000_000:.1f} MB"
    if info.video_codec:
        size = f"{info.width}×{info.height}, {info.fps:.5g} frames a second"
        yield "pictures", f"{info.video_codec}, {size}; {examination.frames} decoded"
        yield "colour", {"bt709": "BT.709, limited range"}.get(info.colour, info.colour)
    if info.audio_codec:
        form = f"{info.sample_rate} Hz, {info.channels} channels"
        yield "sound", f"{info.audio_codec}, {form}; {examination.sound_seconds:.2f} s decoded"
    if examination.loudness:
        loudness = examination.loudness
        yield "loudness", f"{loudness.integrated:.1f} LUFS, peak {loudness.true_peak:.1f} dBTP"
    if examination.sound_starts_late is not None and examination.sound_ends_late is not None:
        late = (examination.sound_starts_late, examination.sound_ends_late)
        yield (
            "offset",
            "sound begins {:+.0f} ms and ends {:+.0f} ms after the pictures".format(
                *(seconds * 1000 for seconds in late)
            ),
        )
    yield "index", "before the media" if info.fast_start else "behind the media"
    yield "captions", info.captions or "none"
    yield "chapters", str(info.chapters)
    yield "origin", examination.origin
    if examination.provenance and examination.provenance.label:
        yield "label", examination.provenance.label


@contextmanager
def reporting(*, json: bool) -> Generator[Callable[[Line], None]]:
    """Yield a way to report; turn errors into their last line and an exit code."""
    tell = _Reporter(json=json)
    if json:
        # Whoever reads along may log what stands on standard error.
        tracebacks.install()
    try:
        yield tell
    except RenderError as error:
        with suppress(RenderError):
            tell(_line(error))
        if number := error.params.get("signal"):
            # Taking down a process with all its libraries in good order takes a while.
            os._exit(128 + int(number))
        raise typer.Exit(1) from error
    except (typer.Exit, typer.TyperException):
        raise
    except Exception as error:
        with suppress(RenderError):
            tell(_line(_fault(error)))
        if json:
            # For the log of whoever reads along.
            sys.stderr.write(tracebacks.lines(error) + "\n")
        raise typer.Exit(1) from error
    finally:
        # Taking itself down, the interpreter gives signals their defaults back: one that comes
        # then would end as killed what has told its result.
        for number in _SIGNALS:
            if signal.getsignal(number) is _on_signal:
                signal.signal(number, signal.SIG_IGN)


@contextmanager
def working_folder(
    out: Path, tell: Callable[[Report], None] = lambda _: None
) -> Generator[tuple[Path, Callable[[], bool]]]:
    """Yield a folder for unfinished files, and the question whether a signal has come.

    The folder goes in any case. Signals are watched by a thread, since the main
    one may be deep in a library when one arrives; what has not stopped by itself
    when the grace is over is left where it stands, and `tell` hears why.
    """
    check_place(out)
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
        words = threading.Thread(target=say, args=(_cancellation(received[0]),), daemon=True)
        words.start()
        words.join(_LAST_WORDS)
        os._exit(128 + received[0])

    def say(error: CompositionCancelled) -> None:
        with suppress(CompositionCancelled):
            tell(_line(error))

    threading.Thread(target=watch, name="signals", daemon=True).start()
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    for number in _SIGNALS:
        # The number reaches the thread through the pipe; a handler of one's own
        # only keeps the default from ending the process at once.
        signal.signal(number, _on_signal)
    try:
        yield work, lambda: bool(received)
    except CompositionCancelled as error:
        if not received:
            raise
        raise _cancellation(received[0]) from error
    except OSError as error:
        raise disk_error(error, out) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _fault(error: Exception) -> EngineFault:
    """Return an exception that nobody expected as one to be told."""
    if isinstance(error, MemoryError):
        return EngineFault("There is not enough memory.", kind="MemoryError")
    kind, place = type(error).__name__, tracebacks.place(error)
    return EngineFault(
        f"The engine failed, which is its own fault: {kind} in {place}.", kind=kind, place=place
    )


def _line(error: RenderError) -> ErrorLine:
    return ErrorLine(code=error.code, message=error.message, params=error.params)


def _cancellation(number: int) -> CompositionCancelled:
    return CompositionCancelled("Composing was cancelled.", signal=number)


def _on_signal(_number: int, _frame: FrameType | None) -> None:
    return
