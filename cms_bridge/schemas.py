"""Writes the generated files of `specs/`: `python -m cms_bridge.schemas [--check]`."""

import json
import sys
from pathlib import Path
from typing import Any

import msgspec

from cms_bridge.events import Event
from cms_bridge.payload import RenditionWrite, StoryboardWrite

SPECS = Path(__file__).parent.parent / "specs"


def _document(title: str, types: dict[str, Any]) -> str:
    schemas, components = msgspec.json.schema_components(
        types.values(), ref_template="#/$defs/{name}"
    )
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "oneOf": list(schemas),
        "$defs": components,
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def generate() -> dict[str, str]:
    """Return every generated file's name and content."""
    return {
        "events.schema.json": _document("CmsEvent", {"Event": Event}),
        "writeback.schema.json": _document(
            "CmsWriteback",
            {"StoryboardWrite": StoryboardWrite, "RenditionWrite": RenditionWrite},
        ),
    }


def main() -> int:
    """Write the files, or with `--check` name those that differ and return 1."""
    stale: list[str] = []
    for name, content in generate().items():
        path = SPECS / name
        if path.exists() and path.read_text(encoding="utf-8") == content:
            continue
        stale.append(name)
        if "--check" not in sys.argv:
            path.write_text(content, encoding="utf-8")
    sys.stdout.write(f"specs: {', '.join(stale) or 'up to date'}\n")
    return int(bool(stale) and "--check" in sys.argv)


if __name__ == "__main__":
    raise SystemExit(main())
