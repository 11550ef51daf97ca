"""The locks of the images are parts of the one lock: neither more, less, nor other."""

import re
import tomllib
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[3]
CONTAINERS = ROOT / "deploy" / "containers"


def pinned(lock: Path) -> dict[str, str]:
    """Return each package's pin with its hashes, by the package's name."""
    text = re.sub(r"(?m)^ *#.*\n", "", lock.read_text())
    return {one.partition("==")[0]: one for one in re.findall(r"(?m)^[^\s].*(?:\n\s.*)*", text)}


def closure(wanted: Iterable[Requirement]) -> Iterator[str]:
    """Yield every package that these need on this Python, of those installed."""
    known: set[tuple[str, str]] = set()
    left = [(one, "") for one in wanted]
    while left:
        requirement, extra = left.pop()
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(requirement.name)
        for asked in ("", *requirement.extras):
            if (name, asked) not in known:
                known.add((name, asked))
                left += [(Requirement(one), asked) for one in metadata.requires(name) or ()]
    yield from {name for name, _ in known}


def requirements(image: str) -> list[Requirement]:
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
    always: list[str] = project["project"]["dependencies"]
    extras: dict[str, list[str]] = project["project"]["optional-dependencies"]
    named = {
        "bridge": [*always, *extras["tracing"]],
        "daemon": [*always, *extras["tracing"], *extras["daemon"]],
        "build": project["build-system"]["requires"],
    }
    return [Requirement(one) for one in named[image]]


@pytest.mark.parametrize("image", ["bridge", "daemon", "build"])
def test_an_image_installs_its_part_of_the_lock(image: str) -> None:
    part = pinned(CONTAINERS / f"{image}.lock")
    whole = pinned(ROOT / "requirements.lock")
    assert {name: pin for name, pin in part.items() if whole.get(name) != pin} == {}
    assert all("--hash=sha256:" in pin for pin in part.values())
    needed = set(closure(requirements(image)))
    assert needed - part.keys() == set()
    # What is needed elsewhere alone, on another system or Python, says so.
    assert {name for name in part.keys() - needed if ";" not in part[name]} == set()
