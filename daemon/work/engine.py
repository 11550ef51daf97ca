"""The engine as a child process: its progress read line by line, killed when work is cancelled.

A process of its own keeps the worker's heartbeat free of encoding, gives the
memory of a long video back to the machine, and can always be stopped.
"""

import fcntl
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, Protocol, TypeVar

import anyio
import msgspec
import structlog
from anyio.abc import Process
from anyio.streams.buffered import BufferedByteReceiveStream

from cms_bridge import tracing
from daemon import gpus, processes
from render.cache import Turn
from render.errors import CompositionError, EngineFault, RenderError
from render.report import (
    ClaimLine,
    ErrorLine,
    PiecesLine,
    ProgressLine,
    Report,
    ResultLine,
    SegmentsLine,
    SoundLine,
    Stage,
    WantedLine,
)

log = structlog.get_logger()

_LINE_LIMIT = 1024 * 1024
_STOP_SECONDS = 0.7
"""Longer than the engine itself takes over it, and whoever cancels is to wait for no second."""
_STDERR_LINES = 10
_FIRST_DESCRIPTOR = 10

_STAGES = {
    Stage.ASSETS: (0.0, 0.0),
    Stage.COMPOSE: (0.0, 0.95),
    Stage.VALIDATE: (0.95, 0.97),
    Stage.ACCOMPANY: (0.97, 1.0),
}
"""Where each stage of the engine stands in the whole of its work, by the time it takes."""


class EngineError(RenderError):
    """An error the engine reported, with the code and values it gave."""

    def __init__(self, line: ErrorLine) -> None:
        """Take what the engine wrote."""
        super().__init__(line.message, **line.params)
        self.code = line.code


class EngineDied(CompositionError):
    """The engine ended without a word: killed, out of memory, or broken. It may be tried again."""


class Pieces(Protocol):
    """Finished pieces that others may have, by their names in the engine's cache."""

    async def lay(self, names: Sequence[str]) -> None:
        """Lay into the engine's cache what others have of these."""
        ...

    async def claim(self, name: str) -> Turn:
        """Tell whose turn it is to make a piece."""
        ...

    def share(self, names: Sequence[str]) -> None:
        """Hear that pieces are in the engine's cache and in use."""
        ...


async def run_engine(
    arguments: Sequence[str],
    *,
    on_progress: Callable[[float], Awaitable[None]],
    stderr_file: Path,
    pieces: Pieces | None = None,
) -> ResultLine:
    """Run `python -m render … --json` to its end and return the video that it made.

    Progress is the fraction of the engine's work done; `pieces` is who answers what it asks for.
    Raises `EngineError` for what the engine reports and `EngineDied` when it ends without a word.
    """
    with tracing.span("engine") as span:
        result = await _run(ResultLine, arguments, on_progress, stderr_file, pieces)
        ended, rendition = tracing.now(), result.rendition
        span.note(
            encoder=rendition.encoder, segments=len(rendition.segments), reused=rendition.reused
        )
        # Composing is the engine's last but for what lies beside the film, which is quick.
        began = ended - rendition.timings.total
        for one in rendition.timings.segments:
            since = began + one.began
            tracing.past("segment", since=since, until=since + one.seconds, digest=one.digest)
    return result


async def mix_sound(arguments: Sequence[str], *, stderr_file: Path) -> SoundLine:
    """Run `python -m render sound … --json`, as `run_engine` does, and return the sound."""
    return await _run(SoundLine, ["sound", *arguments], _nobody, stderr_file)


async def encode_segments(
    arguments: Sequence[str], *, stderr_file: Path, pieces: Pieces
) -> SegmentsLine:
    """Run `python -m render segments … --json`, as `run_engine` does, and return what it made."""
    return await _run(SegmentsLine, ["segments", *arguments], _nobody, stderr_file, pieces)


async def _nobody(_: float) -> None:
    """Hear of progress that nobody is told."""


_Result = TypeVar("_Result", ResultLine, SoundLine, SegmentsLine)


async def _run(
    expected: type[_Result],
    arguments: Sequence[str],
    on_progress: Callable[[float], Awaitable[None]],
    stderr_file: Path,
    pieces: Pieces | None = None,
) -> _Result:
    with stderr_file.open("wb") as stderr, _answers(pieces) as answers:
        asking = ["--ask", str(answers.engine)] if answers else []
        process = await processes.start(
            [sys.executable, "-m", "render", *arguments, *asking, "--json"],
            stderr=stderr,
            env=await anyio.to_thread.run_sync(gpus.environment),
            pass_fds=[answers.engine] if answers else [],
        )
        try:
            result = await _follow(process, on_progress, answers)
            await process.wait()
        finally:
            with anyio.CancelScope(shield=True):
                await processes.end(process, seconds=_STOP_SECONDS)
    if not isinstance(result, expected):
        stderr_text = await anyio.Path(stderr_file).read_text(errors="replace")
        log.error(
            "engine.died",
            status=process.returncode,
            stderr=stderr_text.splitlines()[-_STDERR_LINES:],
        )
        raise EngineDied(
            f"The engine ended with status {process.returncode} before its work was whole."
        )
    return result


async def _follow(
    process: Process, on_progress: Callable[[float], Awaitable[None]], answers: "_Answers | None"
) -> ResultLine | SoundLine | SegmentsLine | None:
    result: ResultLine | SoundLine | SegmentsLine | None = None
    async for line in _lines(process):
        report: Report = msgspec.json.decode(line, type=Report)
        match report:
            case ProgressLine() as progress:
                start, end = _STAGES[progress.stage]
                share = progress.done / max(progress.total, 1)
                await on_progress(start + (end - start) * share)
            case ErrorLine(code=EngineFault.code) as error:
                log.error("engine.failed", **error.params)
                raise EngineDied(error.message)
            case ErrorLine() as error:
                raise EngineError(error)
            case WantedLine() as wanted if answers:
                await answers.pieces.lay(wanted.names)
                os.write(answers.ours, b"\n")
            case ClaimLine() as claim if answers:
                turn = await answers.pieces.claim(claim.name)
                os.write(answers.ours, turn.encode())
            case PiecesLine() as line_of_pieces if answers:
                answers.pieces.share(line_of_pieces.names)
            case WantedLine() | ClaimLine() | PiecesLine():
                raise EngineDied("The engine asked, and was given nobody to ask.")
            case ResultLine() | SoundLine() | SegmentsLine() as line_of_result:
                result = line_of_result
    return result


class _Answers(NamedTuple):
    """Who answers the engine, and both ends of the pipe that answers come by."""

    pieces: Pieces
    engine: int
    ours: int


@contextmanager
def _answers(pieces: Pieces | None) -> Generator[_Answers | None]:
    if pieces is None:
        yield None
        return
    low, ours = os.pipe()
    # Past those that the tether's shell uses itself.
    engine = fcntl.fcntl(low, fcntl.F_DUPFD_CLOEXEC, _FIRST_DESCRIPTOR)
    os.close(low)
    try:
        yield _Answers(pieces, engine, ours)
    finally:
        os.close(engine)
        os.close(ours)


async def _lines(process: Process) -> AsyncIterator[bytes]:
    assert process.stdout is not None  # noqa: S101 - a pipe, by `start`'s default
    stream = BufferedByteReceiveStream(process.stdout)
    while True:
        try:
            yield await stream.receive_until(b"\n", _LINE_LIMIT)
        except (anyio.EndOfStream, anyio.IncompleteRead):
            return
