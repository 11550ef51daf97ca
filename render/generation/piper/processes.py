"""Processes that speak: one a voice, kept warm while it is asked, a few at a time.

A process whose answer breaks off, takes too long, is too long or is no longer
wanted is killed with all of its group: the next request starts another. One
that nobody asks ends by itself, and so does one whose starter has died, since
its standard input ends then.
"""

import os
import signal
import struct
import subprocess
import sys
import tempfile
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

import anyio
import msgspec
from anyio.abc import Process
from anyio.streams.buffered import BufferedByteReceiveStream

from render.errors import RetryableGeneration
from render.generation.piper.library import Voice

WORKER = Path(__file__).with_name("worker.py")
_HEAD_BYTES = 4096
_LENGTH = struct.Struct("<I")
_SAMPLE_BYTES = 2


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """What the processes may take."""

    seconds: float = 180
    """For one request, the loading of the model included."""
    mebibytes: int = 3072
    """Of address space for one process; it uses a quarter of it."""
    processes: int = 2
    """Voices that speak, or are kept warm, at the same time."""
    idle_seconds: float = 300
    """After which a process that nobody asks ends."""
    sound_seconds: float = 1800
    """Of speech for one request."""


class Head(msgspec.Struct, frozen=True, rename="camel"):
    """What a process says before its sound."""

    sample_rate: int


class _Ended(Exception):
    """The process was gone before it answered anything."""


class Processes:
    """Starts, asks and ends them."""

    def __init__(self, bounds: Bounds) -> None:
        """Take bounds; nothing is started before somebody asks."""
        self._bounds = bounds
        self._at_once = anyio.Semaphore(bounds.processes)
        self._turns: dict[str, anyio.Lock] = {}
        self._warm: OrderedDict[str, _Worker] = OrderedDict()
        self._speaking = 0
        """Processes that are asked or being started: they are not among the warm."""

    async def ask(
        self, voice: Voice, pieces: Sequence[str], *, speaker: int | None, length_scale: float
    ) -> tuple[int, list[bytes]]:
        """Return the rate and each piece's sound; raise `RetryableGeneration`."""
        asked = msgspec.json.encode(
            {"pieces": pieces, "speaker": speaker, "lengthScale": length_scale}
        )
        turn = self._turns.setdefault(voice.name, anyio.Lock())
        async with turn, self._at_once:
            try:
                with anyio.fail_after(self._bounds.seconds):
                    return await self._ask(voice, asked, len(pieces))
            except TimeoutError as error:
                raise RetryableGeneration(
                    f"The voice did not finish within {self._bounds.seconds:g} seconds."
                ) from error
            except OSError as error:
                raise RetryableGeneration("The voice could not be started.") from error

    async def aclose(self) -> None:
        """End every process."""
        while self._warm:
            await self._warm.popitem()[1].kill()

    async def _ask(self, voice: Voice, asked: bytes, count: int) -> tuple[int, list[bytes]]:
        worker = self._warm.pop(voice.name, None)
        self._speaking += 1
        try:
            if worker is not None:
                with suppress(_Ended):  # it has just found that nobody asks any more
                    return await self._answer(voice, worker, asked, count)
            # Others that wait for their next request make room, the longest idle first.
            while self._warm and len(self._warm) + self._speaking > self._bounds.processes:
                await self._warm.popitem(last=False)[1].kill()
            started = await _Worker.start(voice, self._bounds)
            return await self._answer(voice, started, asked, count)
        except _Ended as error:
            raise RetryableGeneration(
                "The voice stopped unexpectedly.", reason=str(error)
            ) from error
        finally:
            self._speaking -= 1

    async def _answer(
        self, voice: Voice, worker: "_Worker", asked: bytes, count: int
    ) -> tuple[int, list[bytes]]:
        try:
            answer = await worker.ask(asked, count)
        except BaseException:  # cancelled, too: what it says next would be to nobody's question
            await worker.kill()
            raise
        self._warm[voice.name] = worker
        return answer


class _Worker:
    """One process."""

    def __init__(self, process: Process, said: IO[bytes], bounds: Bounds) -> None:
        self._process = process
        self._said = said
        self._bounds = bounds
        assert process.stdout is not None  # noqa: S101 - it was asked for
        self._answers = BufferedByteReceiveStream(process.stdout)

    @classmethod
    async def start(cls, voice: Voice, bounds: Bounds) -> "_Worker":
        said = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `kill`
        try:
            process = await anyio.open_process(
                [
                    *(sys.executable, "-I", str(WORKER), str(voice.model)),
                    *(str(bounds.mebibytes), str(bounds.idle_seconds)),
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
                env={"PATH": os.environ.get("PATH", ""), "OMP_NUM_THREADS": "1"},
                start_new_session=True,
            )
        except BaseException:
            said.close()
            raise
        return cls(process, said, bounds)

    async def ask(self, asked: bytes, count: int) -> tuple[int, list[bytes]]:
        """Raise `_Ended` where nothing was answered, `RetryableGeneration` where too little was."""
        assert self._process.stdin is not None  # noqa: S101 - it was asked for
        try:
            await self._process.stdin.send(asked + b"\n")
            line = await self._answers.receive_until(b"\n", _HEAD_BYTES)
            rate = msgspec.json.decode(line, type=Head).sample_rate
        except (
            *(anyio.BrokenResourceError, anyio.ClosedResourceError, anyio.EndOfStream),
            *(anyio.IncompleteRead, anyio.DelimiterNotFound, ValueError),
        ) as error:
            raise _Ended(await self._last_words()) from error
        left = int(self._bounds.sound_seconds * rate) * _SAMPLE_BYTES
        sounds: list[bytes] = []
        try:
            for _ in range(count):
                (length,) = _LENGTH.unpack(await self._answers.receive_exactly(_LENGTH.size))
                left -= length
                if left < 0 or length % _SAMPLE_BYTES:
                    raise RetryableGeneration("The voice says more than it was asked to.")
                sounds.append(await self._answers.receive_exactly(length) if length else b"")
        except (anyio.IncompleteRead, anyio.EndOfStream, anyio.BrokenResourceError) as error:
            raise RetryableGeneration(
                "The voice stopped unexpectedly.", reason=await self._last_words()
            ) from error
        return rate, sounds

    async def kill(self) -> None:
        """End the process, with whatever it has started."""
        with anyio.CancelScope(shield=True):
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            await self._process.aclose()
            self._said.close()

    async def _last_words(self) -> str:
        with anyio.move_on_after(1):
            await self._process.wait()
        self._said.seek(0)
        told = self._said.read(64 * 1024).decode(errors="replace").strip()
        return told.rpartition("\n")[2][:500] or f"exit code {self._process.returncode}"
