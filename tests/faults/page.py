"""The page of fault tables, whose parts are made by a command each."""

import os
import platform
import re
from pathlib import Path

import psutil

_PARTS = ("hops", "steps")
_BEGINS = "<!-- part: {} -->\n"


def put(out: Path, part: str, text: str) -> None:
    """Write one part, and leave the others as they are."""
    found = dict.fromkeys(_PARTS, "")
    if out.exists():
        split = re.split(r"<!-- part: (\w+) -->\n", out.read_text())
        found |= dict(zip(split[1::2], split[2::2], strict=True))
    found[part] = text
    parts = [_BEGINS.format(name) + one.strip() + "\n" for name, one in found.items() if one]
    out.write_text("\n".join(parts))


def machine() -> str:
    """Say what the runs were made on."""
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), {memory:.0f} GiB,"
        f" {platform.system()}, Python {platform.python_version()}"
    )
