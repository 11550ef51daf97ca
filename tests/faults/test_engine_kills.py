"""Killed outright at any moment, or run twice at once: the cache never serves damage.

A video made with a cache that outlived all this is, byte for byte, the one that
is made without any.
"""

import hashlib
import random
import subprocess
import time
from pathlib import Path

import msgspec
import pytest

from tests.support.engine import COMMAND
from tests.support.sounds import speech, write_wav

QUICK, ALL = 2, 20


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("board")
    scenes = [
        {
            "id": f"s{number}",
            "narration": "Words.",
            "onScreenText": f"Scene {number}",
            "background": {"kind": "solid", "colour": f"#9a3{number}40"},
        }
        for number in range(3)
    ]
    for number, scene in enumerate(scenes):
        write_wav(folder / f"{scene['id']}.wav", speech(0.7, seed=number))
    path = folder / "board.json"
    path.write_bytes(msgspec.json.encode({"title": "Three", "scenes": scenes}))
    return path


def start(board: Path, out: Path, *more: str | Path) -> "subprocess.Popen[bytes]":
    out.parent.mkdir(parents=True, exist_ok=True)
    # A width of whole groups of eight macroblocks: at others x264 may differ by a few bytes.
    shape = ("--profile", "landscape-preview", "--no-sign", "--assets", board.parent)
    return subprocess.Popen(
        [*COMMAND, board, "-o", out, *shape, *more, "--json"], stdout=subprocess.PIPE
    )


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def finish(process: "subprocess.Popen[bytes]") -> float:
    """Wait for its end and return how long it took from its first line on."""
    with process:
        assert process.stdout is not None
        process.stdout.readline()
        began = time.monotonic()
        process.stdout.read()
    assert process.returncode == 0
    return time.monotonic() - began


@pytest.mark.parametrize(
    "moments",
    [
        pytest.param(QUICK, id="a few"),
        pytest.param(ALL, id="many", marks=pytest.mark.slow),
    ],
)
def test_what_a_killed_run_leaves_does_no_harm(board: Path, tmp_path: Path, moments: int) -> None:
    clean = tmp_path / "clean" / "out.mp4"
    length = finish(start(board, clean))
    chance = random.Random(moments)  # noqa: S311  the same moments every time
    for moment in range(moments):
        cache = tmp_path / f"cache-{moment}"
        # The second one goes on from what the first one left, and is killed too.
        for _ in range(2):
            with start(board, tmp_path / "killed" / "out.mp4", "--cache", cache) as process:
                assert process.stdout is not None
                process.stdout.readline()
                time.sleep(length * chance.random())
                process.kill()
        again = tmp_path / str(moment) / "out.mp4"
        finish(start(board, again, "--cache", cache))
        assert digest(again) == digest(clean)


def test_two_at_once_share_a_cache(board: Path, tmp_path: Path) -> None:
    clean, cache = tmp_path / "clean" / "out.mp4", tmp_path / "cache"
    finish(start(board, clean))
    both = [start(board, tmp_path / name / "out.mp4", "--cache", cache) for name in ("a", "b")]
    for process in both:
        finish(process)
    third = tmp_path / "c" / "out.mp4"
    finish(start(board, third, "--cache", cache))
    assert {digest(tmp_path / name / "out.mp4") for name in "abc"} == {digest(clean)}
    assert [entry.name for entry in cache.glob(".*")] == [".lock"]
