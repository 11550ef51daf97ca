"""The page of licences is of the packages that the images install."""

import re
from collections import defaultdict
from pathlib import Path

import pytest

from tools.licences import table

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "specs" / "licences.md").read_text()
ROWS = dict(re.findall(r"(?m)^\| ([a-z0-9-]+) \| ([^|]+) \|", PAGE))
SAID = dict(re.findall(r"(?m)^\| ([a-z0-9-]+) \| [^|]+ \| ([^|]+) \|", PAGE))


def pins(image: str) -> dict[str, set[str]]:
    """Return the versions of each package that the lock has, with or without a condition."""
    text = (ROOT / "deploy" / "containers" / f"{image}.lock").read_text()
    found: defaultdict[str, set[str]] = defaultdict(set)
    for name, version in re.findall(r"(?m)^([a-z0-9.-]+)==(\S+)", text):
        found[name].add(version)
    return found


def unconditional(image: str) -> set[str]:
    text = (ROOT / "deploy" / "containers" / f"{image}.lock").read_text()
    return set(re.findall(r"(?m)^([a-z0-9.-]+)==\S+ \\$", text))


def test_every_package_of_an_image_is_there_with_its_version() -> None:
    rows = {name: version for name, version in ROWS.items() if name != "package"}
    locked = pins("daemon")
    assert {name for name, version in rows.items() if version not in locked[name]} == set()
    # What has a condition is for another system or Python, or is there.
    assert (unconditional("daemon") | unconditional("bridge")) - rows.keys() == set()


def test_no_package_of_the_bridge_is_under_the_gpl_alone() -> None:
    gpl = {name for name in pins("bridge").keys() & SAID if "GPL" in SAID[name]}
    # One may choose, of three.
    assert {name for name in gpl if "MPL" not in SAID[name]} == set()


def test_a_package_whose_licence_nobody_knows_stops_the_report() -> None:
    with pytest.raises(ValueError, match="a-new-one"):
        table({"components": [{"name": "A_New.One", "version": "1"}]})
