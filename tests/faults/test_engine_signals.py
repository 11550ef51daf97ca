"""Stopped by a signal at any moment of a whole rendering: soon, in order, leaving nothing half.

The rendering has everything: two shapes, captions burned and apart, on-screen text,
a cache, a signature, HLS, previews and pictures, so that the moments fall into
painting, joining, signing and all that comes after.
"""

import random
import signal
import subprocess
import time
from pathlib import Path
from typing import IO

import msgspec
import pytest

from render.report import ErrorLine, ProgressLine, Report
from tests.support.engine import COMMAND
from tests.support.sounds import speech, write_wav

QUICK, ALL = 4, 20
STAGES = ("assets", "compose", "accompany")
"""Each is interrupted; further moments fall anywhere."""


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("board")
    scenes = [
        {
            "id": f"s{number}",
            "narration": "Words to be read while they are said.",
            "onScreenText": f"Scene {number}",
            "background": {"kind": "gradient", "start": "#10206f", "end": f"#9a3{number}40"},
        }
        for number in range(3)
    ]
    for number, scene in enumerate(scenes):
        write_wav(folder / f"{scene['id']}.wav", speech(0.9, seed=number))
    path = folder / "board.json"
    path.write_bytes(
        msgspec.json.encode({"title": "All of it", "captions": "box", "scenes": scenes})
    )
    return path


def start(board: Path, out: Path) -> "subprocess.Popen[bytes]":
    order: dict[str, Path | str] = {
        "--assets": board.parent,
        "--credentials": board.parent / "credentials",
        "--cache": out / "cache",
        "--poster": out / "poster.jpg",
        "--thumbnails": out / "thumbnails",
        "--captions": out / "captions.vtt",
        "--hls": out / "hls",
        "--webm": out / "preview.webm",
        "--gif": out / "preview.gif",
    }
    shapes = ("--profile", "landscape-preview", "--profile", "square-preview")
    options = [part for option in order.items() for part in option]
    return subprocess.Popen(
        [*COMMAND, board, "-o", out / "out.mp4", *options, *shapes, "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@pytest.fixture(scope="module")
def length(board: Path, tmp_path_factory: pytest.TempPathFactory) -> float:
    """Seconds from the first line to the last one, undisturbed."""
    with start(board, tmp_path_factory.mktemp("whole")) as process:
        assert process.stdout is not None
        process.stdout.readline()
        began = time.monotonic()
        assert process.stdout.readlines()[-1].startswith(b'{"event":"result"')
        return time.monotonic() - began


def read_until(stream: IO[bytes], stage: str) -> list[bytes]:
    """Return the lines up to the first of a stage."""
    lines: list[bytes] = []
    for line in stream:
        lines.append(line)
        report = msgspec.json.decode(line, type=Report)
        if isinstance(report, ProgressLine) and report.stage == stage:
            break
    return lines


@pytest.mark.parametrize(
    "moments",
    [
        pytest.param(QUICK, id="a few"),
        pytest.param(ALL, id="many", marks=pytest.mark.slow),
    ],
)
def test_a_signal_ends_it_at_any_moment(
    board: Path, length: float, tmp_path: Path, moments: int
) -> None:
    chance = random.Random(moments)  # noqa: S311  the same moments every time
    stages: set[str] = set()
    for moment in range(moments):
        out = tmp_path / str(moment)
        out.mkdir()
        with start(board, out) as process:
            assert process.stdout is not None
            if moment < len(STAGES):
                lines = read_until(process.stdout, STAGES[moment])
                time.sleep(0.05 * length * chance.random())
            else:
                lines = [process.stdout.readline()]
                time.sleep(0.95 * length * chance.random())
            process.send_signal(signal.SIGTERM)
            lines += process.stdout.readlines()
            status = process.wait(timeout=10)
            *before, last = (msgspec.json.decode(line, type=Report) for line in lines)
            left = {entry.name for entry in out.iterdir()}
            kept = {entry.name for entry in (out / "cache").glob(".*")}
            stages |= {line.stage for line in before if isinstance(line, ProgressLine)}
            if status == 0:
                continue  # it was done before the signal came
            assert status == 128 + signal.SIGTERM
            assert isinstance(last, ErrorLine)
            assert (last.code, last.message) == ("cancelled", "Composing was cancelled.")
            assert not [name for name in left if name.startswith(".")]
            assert kept <= {".lock"}
            assert process.stderr is not None
            assert process.stderr.read() == b""
    assert set(STAGES) <= stages
