"""The engine as a child process: its progress read line by line, killed when work is cancelled.

A process of its own keeps the worker's heartbeat free of encoding, gives the
memory of a long video back to the machine, and can always be stopped.
"""

import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import anyio
import msgspec
from anyio.abc import Process
from anyio.streams.buffered import BufferedByteReceiveStream

from render.errors import CompositionError, RenderError

_LINE_LIMIT = 1024 * 1024
_STOP_SECONDS = 3
_STDERR_LINES = 10


class EngineError(RenderError):
    """An error the engine reported, with the code and values it gave."""

    def __init__(self, message: str, *, code: str, **params: str | float) -> None:
        super().__init__(message, **params)
        self.code = code


async def run_engine(
    arguments: Sequence[str], *, on_progress: Callable[[float], Awaitable[None]], log: Path
) -> dict[str, Any]:
    """Run `python -m render … --json` to its end and return its result.

    Progress is the fraction of frames encoded. Raises `EngineError` for what
    the engine reports and `CompositionError` when it dies without a word.
    """
    with log.open("wb") as stderr:
        process = await anyio.open_process(
            [sys.executable, "-m", "render", *arguments, "--json"],
            stdin=subprocess.DEVNULL,
            stderr=stderr,
        )
        try:
            result = await _follow(process, on_progress)
            await process.wait()
        finally:
            with anyio.CancelScope(shield=True):
                await _end(process)
    if result is None:
        said = await anyio.Path(log).read_text(errors="replace")
        tail = said.splitlines()[-_STDERR_LINES:]
        raise CompositionError(
            f"The engine ended with status {process.returncode} before the video was whole.",
            detail=" / ".join(tail)[-500:],
        )
    return result


async def _follow(
    process: Process, on_progress: Callable[[float], Awaitable[None]]
) -> dict[str, Any] | None:
    async for line in _lines(process):
        event = msgspec.json.decode(line)
        match event["event"]:
            case "progress":
                await on_progress(event["done"] / max(event["total"], 1))
            case "error":
                raise EngineError(event["message"], code=event["code"], **event["params"])
            case "result":
                return event
            case _:
                continue
    return None


async def _lines(process: Process) -> AsyncIterator[bytes]:
    assert process.stdout is not None  # noqa: S101 - asked for by open_process's default
    stream = BufferedByteReceiveStream(process.stdout)
    while True:
        try:
            yield await stream.receive_until(b"\n", _LINE_LIMIT)
        except (anyio.EndOfStream, anyio.IncompleteRead):
            return


async def _end(process: Process) -> None:
    if process.returncode is None:
        process.terminate()
        with anyio.move_on_after(_STOP_SECONDS):
            await process.wait()
    if process.returncode is None:
        process.kill()
    await process.aclose()
