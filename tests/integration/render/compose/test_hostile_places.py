"""Places that refuse: folders one may not write to, disks that are full, names that are taken."""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from render.errors import CompositionError
from render.report import ErrorLine, ResultLine
from render.storyboard import Scene
from tests.support.engine import GROUND, TINY, board, make, run

FILM = board(Scene(id="b", background=GROUND, duration=0.5))
QUICK = ("--profile", "preview", "--no-sign")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """Mount small disks in memory, for which one has to be root."""
    with ExitStack() as mounted:

        def mount(options: str) -> Path:
            folder = tmp_path / f"disk-{len(options)}"
            folder.mkdir()
            done = subprocess.run(
                ["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder],
                capture_output=True,
                check=False,
            )
            if done.returncode:
                pytest.skip("Only root may mount a disk.")
            mounted.callback(subprocess.run, ["umount", "--lazy", folder], check=True)
            return folder

        yield mount


@pytest.fixture
def locked(tmp_path: Path, disk: Callable[..., Path]) -> Path:
    """A folder that nobody here may write to."""
    if os.geteuid() == 0:  # whom no permission stops
        return disk("ro")
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o500)
    return folder


@pytest.fixture
def storyboard(tmp_path: Path) -> Path:
    path = tmp_path / "board.json"
    path.write_text(
        '{"title": "A trial", "scenes": [{"id": "a", "duration": 0.5, "background":'
        ' {"kind": "solid", "colour": "#336699"}}]}'
    )
    return path


def test_an_output_folder_that_is_locked_is_said(storyboard: Path, locked: Path) -> None:
    status, lines = run(storyboard, "-o", locked / "out.mp4", *QUICK)
    assert status == 1
    assert [line.message for line in lines if isinstance(line, ErrorLine)] == [
        "out.mp4 could not be written: writing there is not permitted."
    ]


@pytest.mark.parametrize("command", ["compose", "plan"])
def test_a_cache_that_is_locked_is_said_before_any_work(
    storyboard: Path, tmp_path: Path, locked: Path, command: str
) -> None:
    out = ("-o", tmp_path / "out.mp4", *QUICK) if command == "compose" else ()
    status, lines = run(command, storyboard, *out, "--cache", locked / "cache")
    assert status == 1
    assert [line.message for line in lines if isinstance(line, ErrorLine)] == [
        "cache could not be written: writing there is not permitted."
    ]
    assert lines == lines[-1:], "no progress"


def test_a_cache_on_a_full_disk_is_told_and_ends_nothing(
    tmp_path: Path, disk: Callable[..., Path]
) -> None:
    small = disk("size=8k")
    result = make(FILM, tmp_path, cache=small / "cache")
    assert [warning.message for warning in result.warnings] == [
        "Not everything could be kept for the next time: there is no space left on the disk."
    ]
    again = make(FILM, tmp_path, cache=small / "cache")
    assert again.rendition.sha256 == result.rendition.sha256
    assert not list((small / "cache").glob(".*.part"))


def test_a_disk_that_fills_up_leaves_nothing_behind(
    storyboard: Path, tmp_path: Path, disk: Callable[..., Path]
) -> None:
    small = disk("size=8k")
    status, lines = run(storyboard, "-o", small / "out.mp4", *QUICK)
    assert status == 1
    assert isinstance(lines[-1], ErrorLine)
    assert lines[-1].code == "disk_full"
    assert lines[-1].message.endswith("there is no space left on the disk.")
    assert list(small.iterdir()) == []


def test_a_folder_where_the_video_should_be_is_wrong_usage(
    storyboard: Path, tmp_path: Path
) -> None:
    (tmp_path / "out.mp4").mkdir()
    status, _ = run(storyboard, "-o", tmp_path / "out.mp4", *QUICK)
    assert status == 2


TAKEN = {
    "poster": "poster.jpg",
    "captions": "captions.vtt",
    "webm": "preview.webm",
    "gif": "preview.gif",
}


@pytest.mark.parametrize("what", TAKEN)
def test_a_folder_of_a_files_name_is_found_before_any_work(what: str, tmp_path: Path) -> None:
    (tmp_path / TAKEN[what]).mkdir()
    with pytest.raises(CompositionError, match=rf"{TAKEN[what]} .*: a folder of that name is th"):
        make(FILM, tmp_path, **{what: tmp_path / TAKEN[what]})
    assert not (tmp_path / "out.mp4").exists()


@pytest.mark.parametrize("what", [*TAKEN, "hls", "thumbnails"])
def test_a_file_where_a_folder_should_be_is_found_before_any_work(
    what: str, tmp_path: Path
) -> None:
    (tmp_path / "taken").write_bytes(b"mine")
    with pytest.raises(CompositionError, match="a file stands where its folder should be"):
        make(FILM, tmp_path, **{what: tmp_path / "taken" / "here"})
    assert not (tmp_path / "out.mp4").exists()
    assert (tmp_path / "taken").read_bytes() == b"mine"


def test_missing_folders_are_made(tmp_path: Path) -> None:
    result = make(FILM, tmp_path, poster=tmp_path / "new" / "one" / "poster.jpg")
    assert isinstance(result, ResultLine)
    assert (tmp_path / "new" / "one" / "poster.jpg").exists()


def test_what_was_there_stays_when_the_next_one_fails(tmp_path: Path) -> None:
    made = make(FILM, tmp_path).rendition
    broken = board(Scene(id="b", duration=0.5))
    (tmp_path / "b.png").write_bytes(b"")
    with pytest.raises(Exception, match="Scene 2"):
        make(broken, tmp_path, assets=tmp_path, profiles=(TINY,))
    assert (tmp_path / "out.mp4").stat().st_size == made.bytes
