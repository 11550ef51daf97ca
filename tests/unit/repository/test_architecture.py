import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from cms_bridge.app import RESOURCES

ROOT = Path(__file__).parents[3]

_NO_SOURCES = shutil.ignore_patterns("payload_plugin", "__pycache__", "fonts")
MEDIA = ("PIL", "av", "cv2", "espeakng_loader", "fontTools", "numpy", "pynvml", "typst")


def loaded_after(statement: str) -> set[str]:
    """Return the top-level modules that a clean interpreter has loaded after a statement."""
    printed = subprocess.run(
        [
            sys.executable,
            "-c",
            f"{statement}\nimport sys\nprint(*{{m.split('.')[0] for m in sys.modules}})",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return set(printed.split())


def test_the_bridge_starts_without_any_media_library() -> None:
    loaded = loaded_after("from cms_bridge.app import create_app")
    assert "litestar" in loaded
    assert not loaded & set(MEDIA)


def test_the_engines_vocabulary_is_light() -> None:
    loaded = loaded_after(
        "import render.storyboard, render.drafting.offline, render.errors, render.report"
    )
    assert not loaded & {*MEDIA, "litestar", "piccolo", "redis"}


PREVIEW = (
    "from render.preview.planning import plan_preview\n"
    "from render.storyboard import AspectRatio, Logo, Music, Scene, Storyboard\n"
    "scene = Scene(id='s', narration='パンは毎朝焼き上がります。', on_screen_text='パン')\n"
    "parts = {'music': Music(file='m'), 'logo': Logo(file='l')}\n"
    "board = Storyboard(title='', scenes=(scene,), **parts)\n"
    "plan_preview(board, {}, aspect_ratio=AspectRatio.SQUARE)\n"
)


def test_a_preview_is_laid_out_without_any_media_library() -> None:
    loaded = loaded_after(PREVIEW)
    assert "budoux" in loaded
    assert not loaded & {*MEDIA, "litestar", "piccolo", "redis"}


def test_the_bridge_loads_nothing_that_only_a_daemon_installs() -> None:
    loaded = loaded_after(f"{PREVIEW}from cms_bridge.app import create_app")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    owners = metadata.packages_distributions()
    owned = {canonicalize_name(owner) for name in loaded for owner in owners.get(name, ())}
    only_daemons = {
        canonicalize_name(Requirement(wanted).name)
        for wanted in project["optional-dependencies"]["daemon"]
    }
    assert "litestar" in owned
    # Redis's client looks for cryptography, and does without.
    assert not owned & (only_daemons - {"cryptography"})


def test_the_daemon_does_load_media() -> None:
    # Guards the two tests above against a probe that sees nothing.
    assert {"av", "numpy"} <= loaded_after("import render.compose")


@pytest.mark.parametrize(
    ("module", "statement", "contract"),
    [
        ("cms_bridge/pricing/amounts.py", "import cms_bridge.ledger.caps", "layers of cms_bridge"),
        ("daemon/processes.py", "import daemon.work.services", "layers of daemon"),
        ("render/timeline.py", "import render.painter", "layers of render"),
        ("cms_bridge/api/videos.py", "import cms_bridge.tables", "the API asks rooms"),
        ("render/sound/graph.py", "import render.sound.music", "no circles between siblings"),
        ("cms_bridge/unplaced.py", "", "layers of cms_bridge"),
    ],
)
def test_an_import_through_a_wall_is_refused(
    tmp_path: Path, module: str, statement: str, contract: str
) -> None:
    for package in ("cms_bridge", "daemon", "render"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=_NO_SOURCES)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with (tmp_path / module).open("a") as file:
        file.write(f"\n{statement}\n")
    linted = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert linted.returncode == 1, linted.stdout
    assert any(
        line.startswith(contract) and line.endswith("BROKEN") for line in linted.stdout.splitlines()
    ), linted.stdout


def test_every_resource_of_the_api_is_served() -> None:
    """A module that the application does not list would answer 404 and fail no other test."""
    written = {
        f"cms_bridge.api.{file.stem}"
        for file in (ROOT / "cms_bridge/api").glob("*.py")
        if "\nrouters = " in file.read_text(encoding="utf-8")
    }
    assert {resource.__name__ for resource in RESOURCES} == written


def test_no_code_wakes_workers_but_a_commit() -> None:
    callers = {
        str(path.relative_to(ROOT))
        for package in ("cms_bridge", "daemon")
        for path in (ROOT / package).rglob("*.py")
        if "payload_plugin" not in path.parts
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "send_due"
    }
    assert callers == {"cms_bridge/wakeups.py"}


def imported(file: Path) -> Iterator[str]:
    """Yield the full name of each module, or of what is taken from it, that a file imports."""
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{file} imports by a relative name"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def python_files(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from (
            file for file in (ROOT / folder).rglob("*.py") if "node_modules" not in file.parts
        )


def test_what_tests_share_is_in_support_and_no_test_module_imports_another() -> None:
    """A test module is changed for its own tests' sake alone."""
    importing = [
        f"{file.relative_to(ROOT)} imports {name}"
        for file in python_files("tests", "benchmarks")
        for name in imported(file)
        if name.startswith("tests.") and re.search(r"\.(test_|conftest\b)", name)
    ]
    assert importing == []


def test_nothing_but_tests_and_benchmarks_imports_tests() -> None:
    importing = [
        f"{file.relative_to(ROOT)} imports {name}"
        for file in python_files("cms_bridge", "daemon", "migrations", "render", "samples", "tools")
        for name in imported(file)
        if name.partition(".")[0] in {"tests", "benchmarks"}
    ]
    assert importing == []
