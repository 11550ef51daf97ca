"""What the documents point at exists."""

import importlib
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
DOCUMENTS = sorted(
    [
        *ROOT.glob("*.md"),
        *ROOT.glob("specs/**/*.md"),
        *ROOT.glob("render/**/*.md"),
        *ROOT.glob("deploy/**/*.md"),
        ROOT / "cms_bridge/payload_plugin/README.md",
    ]
)
_PACKAGES = (Path("cms_bridge"), Path("daemon"), Path("render"))
_PLUGIN = Path("cms_bridge/payload_plugin")
_OF_TODAY = [one for one in DOCUMENTS if one.parent.name not in {"decisions", "deploy"}]
"""Decisions keep the names of their day; what operators read names lines of the log."""
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(document: Path) -> None:
    links = LINK.findall(document.read_text(encoding="utf-8"))
    missing = [link for link in links if not (document.parent / link).exists()]
    assert missing == []


def quoted(document: Path) -> Iterator[str]:
    """Yield what stands between backticks in a line."""
    return (one[1] for one in re.finditer(r"`([^`\n]+)`", document.read_text(encoding="utf-8")))


def exists(name: str) -> bool:
    """Tell whether a dotted name is that of a module or of something in one."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for part in parts[length:]:
            if not hasattr(found, part):
                return part in getattr(found, "__annotations__", {})
            found = getattr(found, part)
        return True
    return False


@pytest.mark.parametrize("document", _OF_TODAY, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_dotted_name_and_every_path_is_one_of_today(document: Path) -> None:
    missing: list[str] = []
    for text in quoted(document):
        for name in re.findall(r"(?<![\w/.])(?:cms_bridge|daemon|render)(?:\.\w+)+", text):
            missing += [] if exists(name) else [name]
        for path in re.findall(r"(?<![\w/.])(?:\w+/)+[\w-]+(?:\.\w+)*", text):
            if path.partition("/")[0] in {*map(str, _PACKAGES), "migrations", "specs", "tests"}:
                found = (ROOT / path).exists() or (ROOT / _PLUGIN / path).exists()
                missing += [] if found else [path]
            elif path.startswith("src/") and not (ROOT / _PLUGIN / path).exists():
                missing.append(path)
    assert [one for one in missing if "NAME" not in one] == []


@pytest.mark.parametrize("document", _OF_TODAY, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_is_called_by_what_it_leads_to(document: Path) -> None:
    """`attempts.attempt` stands in `attempts.py`; `Workload.start_due` where its class is."""
    misnamed: list[str] = []
    for name, link in re.findall(
        r"\[`([\w./]+)`\]\(([^)#:]+\.(?:py|ts))\)", document.read_text(encoding="utf-8")
    ):
        path = (document.parent / link).resolve().relative_to(ROOT)
        if name.endswith(path.suffix):
            if not f"/{path}".endswith(f"/{name}"):
                misnamed.append(name)
        elif path.suffix == ".py":
            module = ".".join(path.with_suffix("").parts)
            if not exists(f"{module}.{name.removeprefix(f'{path.stem}.')}"):
                misnamed.append(name)
    assert misnamed == []


def test_every_test_that_contributing_names_is_there() -> None:
    named = set(
        re.findall(r"`(test_\w+|\w+\.spec\.ts)`", (ROOT / "specs/contributing.md").read_text())
    )
    written = {
        name
        for file in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"def (test_\w+)", file.read_text(encoding="utf-8"))
    } | {file.name for file in (ROOT / _PLUGIN / "tests").rglob("*.spec.ts")}
    assert len(named) > 20
    assert named - written == set()


def test_the_readme_offers_only_commands_that_exist() -> None:
    offered = set(re.findall(r"\bmake ([a-z-]+)", (ROOT / "README.md").read_text(encoding="utf-8")))
    assert {"demo", "test", "up", "check"} <= offered
    for target in offered:
        planned = subprocess.run(
            ["make", "--dry-run", "--question", target], cwd=ROOT, capture_output=True, check=False
        )
        assert b"No rule to make target" not in planned.stderr, target


def test_every_decision_is_numbered_once_and_says_why() -> None:
    decisions = sorted((ROOT / "specs/decisions").glob("*.md"))
    numbers = [path.name[:4] for path in decisions]
    # Numbers are taken before the records land: there may be gaps, and no two of one.
    assert len(numbers) == len(set(numbers))
    assert all(number.isdecimal() for number in numbers)
    for path in decisions:
        text = path.read_text(encoding="utf-8")
        assert all(word in text for word in ("Context", "Decision", "Consequences", "Alternatives"))


def test_the_readme_shows_every_folder_and_no_other() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    tree = text.partition("## The folders")[2].split("```")[1]
    shown: list[Path] = []
    for line in tree.strip("\n").splitlines():
        name = line.split()[0]
        depth = (len(line) - len(line.lstrip())) // 2
        ancestors = Path(*shown[-1].parts[:depth]) if depth else Path()
        shown.append(ancestors / name)
    assert [path for path in shown if not (ROOT / path).is_dir()] == []
    rooms = [
        *(ROOT / "tests").iterdir(),
        *(path for package in _PACKAGES for path in (ROOT / package).rglob("*")),
    ]
    folders = {path.relative_to(ROOT) for path in rooms if path.is_dir()} | set(_PACKAGES)
    assert [
        folder
        for folder in sorted(folders - set(shown))
        if "__pycache__" not in folder.parts and _PLUGIN not in folder.parents
    ] == []
