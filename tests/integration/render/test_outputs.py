"""Outputs that would cost somebody a file, and are refused before anything is written."""

import json
import os
import stat
from pathlib import Path

import pytest

from render.report import ErrorLine
from tests.support.engine import run

SCENES = [{"id": "one", "duration": 0.3, "background": {"kind": "solid", "colour": "#336699"}}]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    storyboard = {"title": "A", "scenes": SCENES, "music": {"file": "bed.mp3"}}
    (tmp_path / "storyboard.json").write_text(json.dumps(storyboard))
    (tmp_path / "limits.json").write_text("{}")
    for name in ("one.mp4", "one.png", "one-old.mp4", "bed.mp3", "BED.mp3", "stranger.mp4"):
        (tmp_path / name).write_bytes(name.encode())
    (tmp_path / "stock").mkdir()
    (tmp_path / "stock" / "sea.jpg").write_bytes(b"sea")
    os.mkfifo(tmp_path / "pipe.mp4")
    (tmp_path / "link.mp4").symlink_to("one.mp4")
    os.link(tmp_path / "one.mp4", tmp_path / "hard.mp4")
    return tmp_path


def contents(folder: Path) -> dict[str, bytes | int]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        if path.is_file()
        else stat.S_IFMT(path.lstat().st_mode)
        for path in sorted(folder.rglob("*"))
    }


INPUT = "it is one of the inputs"
TWICE = "something else is to be written there"


@pytest.mark.parametrize(
    ("arguments", "name", "reason"),
    [
        (["-o", "one.mp4"], "one.mp4", INPUT),
        (["-o", "one-old.mp4"], "one-old.mp4", INPUT),
        (["-o", "stock/../one.mp4"], "one.mp4", INPUT),
        (["-o", "hard.mp4"], "hard.mp4", INPUT),
        (["-o", "storyboard.json"], "storyboard.json", INPUT),
        (["-o", "limits.json"], "limits.json", INPUT),
        (["-o", "bed.mp3"], "bed.mp3", INPUT),
        (["-o", "BED.mp3"], "BED.mp3", INPUT),
        (["-o", "stock/sea.jpg"], "sea.jpg", INPUT),
        (["-o", "pipe.mp4"], "pipe.mp4", "it is no regular file"),
        (["-o", "/dev/null"], "null", "it is no regular file"),
        (["-o", "out.mp4", "--poster", "one.png"], "one.png", INPUT),
        (["-o", "out.mp4", "--poster", "/dev/null"], "null", "it is no regular file"),
        (["-o", "out.mp4", "--captions", "out.mp4"], "out.mp4", TWICE),
        (["-o", "out.mp4", "--gif", "stock/../out.mp4"], "out.mp4", TWICE),
        (["-o", "out.mp4", "--webm", "a.webm", "--gif", "a.webm"], "a.webm", TWICE),
        (
            ["-o", "out.mp4", "--poster", "t/scene-one.jpg", "--thumbnails", "t"],
            "scene-one.jpg",
            TWICE,
        ),
        (["-o", "out.mp4", "--hls", "."], "", "it holds one of the inputs"),
        (["-o", "out.mp4", "--hls", "stock"], "stock", "it holds one of the inputs"),
        (["-o", "h/out.mp4", "--hls", "h"], "h", "something else is to be written into it"),
        (
            [
                "-o",
                "out.mp4",
                "--profile",
                "full",
                "--profile",
                "square",
                "--poster",
                "out.square.mp4",
            ],
            "out.square.mp4",
            TWICE,
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_it_is_refused_and_nothing_is_lost(
    folder: Path, arguments: list[str], name: str, reason: str
) -> None:
    before = contents(folder)
    options = ["--assets", ".", "--stock", "stock", "--limits", "limits.json"]
    status, lines = run("storyboard.json", *arguments, *options, cwd=folder)
    assert status == 1
    assert isinstance(lines[-1], ErrorLine)
    assert lines[-1].code == "output_refused"
    assert lines[-1].params["reason"] == reason
    assert lines[-1].params["file"] == name
    # An empty folder for what was to be written is no loss.
    after = contents(folder)
    assert before.items() <= after.items()
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


@pytest.mark.parametrize("out", ["stranger.mp4", "link.mp4", "new.mp4", "stock/new.mp4"])
def test_what_nobody_reads_may_be_replaced(folder: Path, out: str) -> None:
    (folder / "one.mp4").rename(folder / "another.mp4")
    (folder / "link.mp4").unlink()
    (folder / "link.mp4").symlink_to("another.mp4")
    storyboard = {"title": "A", "scenes": SCENES}
    (folder / "storyboard.json").write_text(json.dumps(storyboard))
    status, lines = run("storyboard.json", "-o", out, "--assets", ".", cwd=folder)
    assert status == 0, lines[-1]
    assert (folder / "another.mp4").read_bytes() == b"one.mp4", "a link is replaced, not followed"
    assert (folder / out).stat().st_size > 1000


def test_a_folder_of_other_files_is_not_replaced_by_a_stream(folder: Path) -> None:
    (folder / "holiday").mkdir()
    (folder / "holiday" / "photo.jpg").write_bytes(b"sun")
    (folder / "holiday" / "main.m3u8").write_text("#EXTM3U")
    order = ["storyboard.json", "-o", "out.mp4", "--profile", "preview", "--hls"]
    status, lines = run(*order, "holiday", cwd=folder)
    assert status == 1
    assert isinstance(lines[-1], ErrorLine)
    assert lines[-1].message == "holiday is not replaced: it holds other files."
    assert (folder / "holiday" / "photo.jpg").read_bytes() == b"sun"
    for _ in range(2):
        assert run(*order, "stream", cwd=folder)[0] == 0, "an earlier stream is"


def test_a_cache_among_other_files_forgets_none_of_them(folder: Path) -> None:
    strangers = {".hidden": b"mine", "clip.mp4": b"x" * 3_000_000, ".draft.part": b"too"}
    for name, content in strangers.items():
        (folder / name).write_bytes(content)
        os.utime(folder / name, (0, 0))
    order = ["storyboard.json", "-o", "out.mp4", "--cache", ".", "--cache-size", "1"]
    assert run(*order, cwd=folder)[0] == 0
    assert {name: (folder / name).read_bytes() for name in strangers} == strangers
