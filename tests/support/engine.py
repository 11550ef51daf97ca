"""The engine as tests start it: as a process, or as one production in a folder of its own."""

import subprocess
import sys
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import msgspec

from render.assembly import Order, Production
from render.rendition import Profile
from render.report import ErrorLine, ProgressLine, Report, ResultLine
from render.storyboard import Scene, Solid, Storyboard

COMMAND = [sys.executable, "-m", "render"]
TINY = Profile(name="tiny", width=256, height=144)
GROUND = Solid(colour="#336699")
Line = ProgressLine | ResultLine | ErrorLine


def run(*arguments: str | Path, **options: Any) -> tuple[int, list[Line]]:
    """Run the command to its end; return its exit code and what it reported."""
    done = subprocess.run(
        [*COMMAND, *arguments, "--json"], capture_output=True, timeout=120, check=False, **options
    )
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    return done.returncode, [
        msgspec.json.decode(line, type=Report) for line in done.stdout.splitlines()
    ]


def board(*scenes: Scene, **fields: Any) -> Storyboard:
    """A storyboard of one plain scene and those that are tested: the first of them is scene 2."""
    plain = Scene(id="plain", background=GROUND, duration=0.3)
    return Storyboard(title="A trial", scenes=(plain, *scenes), **fields)


def make(
    storyboard: Storyboard, folder: Path, *, assets: Path | None = None, **order: Any
) -> ResultLine:
    """Make a storyboard's video, tiny and unsigned, in a folder."""
    work = Path(mkdtemp(dir=folder))
    wanted = {"out": folder / "out.mp4", "profiles": (TINY,), "assets": assets} | order
    return Production(
        Order(storyboard=storyboard, **wanted),
        work=work,
        on_progress=lambda _stage, _done, _total: None,
        stopped=lambda: False,
    ).make()
