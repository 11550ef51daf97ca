"""What the documents point at exists."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
DOCUMENTS = sorted(
    [
        *ROOT.glob("*.md"),
        *ROOT.glob("specs/**/*.md"),
        *ROOT.glob("render/**/*.md"),
        ROOT / "cms_bridge/payload_plugin/README.md",
    ]
)
_PACKAGES = (Path("cms_bridge"), Path("daemon"), Path("render"))
_PLUGIN = Path("cms_bridge/payload_plugin")
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(document: Path) -> None:
    links = LINK.findall(document.read_text(encoding="utf-8"))
    missing = [link for link in links if not (document.parent / link).exists()]
    assert missing == []


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
