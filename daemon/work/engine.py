"""The engine as a child process: its progress read line by line, killed when work is cancelled.

A process of its own keeps the worker's heartbeat free of encoding, gives the
memory of a long video back to the machine, and can always be stopped.
"""

import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import TypeVar

import anyio
import msgspec
import structlog
from anyio.abc import Process
from anyio.streams.buffered import BufferedByteReceiveStream

from cms_bridge import tracing
from daemon import processes
from render.errors import CompositionError, EngineFault, RenderError
from render.report import ErrorLine, ProgressLine, Report, ResultLine, SoundLine, Stage

log = structlog.get_logger()

_LINE_LIMIT = 1024 * 1024
_STOP_SECONDS = 3
_STDERR_LINES = 10

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


async def run_engine(
    arguments: Sequence[str], *, on_progress: Callable[[float], Awaitable[None]], stderr_file: Path
) -> ResultLine:
    """Run `python -m render … --json` to its end and return the video that it made.

    Progress is the fraction of the engine's work done. Raises `EngineError`
    for what the engine reports and `EngineDied` when it ends without a word.
    """
    with tracing.span("engine") as span:
        result = await _run(ResultLine, arguments, on_progress, stderr_file)
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

    async def nobody(_: float) -> None:
        # It takes seconds.
        return

    return await _run(SoundLine, ["sound", *arguments], nobody, stderr_file)


_Result = TypeVar("_Result", ResultLine, SoundLine)


async def _run(
    expected: type[_Result],
    arguments: Sequence[str],
    on_progress: Callable[[float], Awaitable[None]],
    stderr_file: Path,
) -> _Result:
    with stderr_file.open("wb") as stderr:
        process = await processes.start(
            [sys.executable, "-m", "render", *arguments, "--json"], stderr=stderr
        )
        try:
            result = await _follow(process, on_progress)
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
    process: Process, on_progress: Callable[[float], Awaitable[None]]
) -> ResultLine | SoundLine | None:
    result: ResultLine | SoundLine | None = None
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
            case ResultLine() | SoundLine() as line_of_result:
                result = line_of_result
    return result


async def _lines(process: Process) -> AsyncIterator[bytes]:
    assert process.stdout is not None  # noqa: S101 - a pipe, by `start`'s default
    stream = BufferedByteReceiveStream(process.stdout)
    while True:
        try:
            yield await stream.receive_until(b"\n", _LINE_LIMIT)
        except (anyio.EndOfStream, anyio.IncompleteRead):
            return
