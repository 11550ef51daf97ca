"""Writes the generated files of `specs/`: `make specs`, or `python -m tools.specs [--check]`."""

import base64
import sys
from pathlib import Path
from typing import Any

import msgspec
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from cms_bridge.api.contract import describe
from cms_bridge.app import create_app
from cms_bridge.events import Event
from cms_bridge.outbox.payload import RenditionWrite, StoryboardWrite
from cms_bridge.settings import PREFIX, BridgeSettings
from cms_bridge.webhooks.events import JobMessage, TrialMessage
from daemon.local.settings_file import meanings
from daemon.settings import DaemonSettings
from render import schema
from render.preview.document import TimelinePreview

SPECS = Path(__file__).parent.parent / "specs"


_PREFACE = """\
Environment variables, or lines of a settings file, read once at start: of the file that
`REELWRIGHT_SETTINGS` names, or of `reelwright.env` where the process is started. The environment
goes first. `reelwright init` writes such a file. In both, each `REELWRIGHT_X` can be given as
`REELWRIGHT_X_FILE`: a file that holds the value. What is required has no default; bridge and daemon
name every missing or malformed one at once. (Generated from `cms_bridge/settings.py` and
`daemon/settings.py` by `make specs`.)"""


def generate() -> dict[str, str]:
    """Return every generated file's name and content."""
    return {
        "events.schema.json": _schema("CmsEvent", Event),
        "writeback.schema.json": _schema("CmsWriteback", StoryboardWrite, RenditionWrite),
        "preview.schema.json": _schema("TimelinePreview", TimelinePreview),
        "webhooks.schema.json": _schema("WebhookMessage", JobMessage, TrialMessage),
        "openapi.json": _openapi(),
        "settings.md": _settings(),
    }


def _schema(title: str, *types: Any) -> str:
    schemas, components = schema.components(types, ref_template="#/$defs/{name}")
    return _json(
        {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": title,
            "oneOf": schemas,
            "$defs": components,
        }
    )


def _openapi() -> str:
    # The description depends on no setting; these only have to be well-formed.
    settings = BridgeSettings(
        redis_url="redis://localhost",
        webhook_secret=SecretStr("whsec_" + base64.b64encode(bytes(32)).decode()),
        api_key=SecretStr("x" * 32),
        link_secret=SecretStr("x" * 32),
    )
    return _json(describe(create_app(settings)))


def _settings() -> str:
    own = {
        name: field
        for name, field in DaemonSettings.model_fields.items()
        if name not in BridgeSettings.model_fields
    }
    return "\n".join(
        [
            "# Settings",
            "",
            _PREFACE,
            "",
            "## Bridge and daemon",
            "",
            *_table(BridgeSettings.model_fields),
            "",
            "## Daemon alone",
            "",
            *_table(own),
            "",
        ]
    )


def _table(fields: dict[str, FieldInfo]) -> list[str]:
    lines = ["| variable | default | meaning |", "|---|---|---|"]
    said = meanings()
    for name, field in fields.items():
        default = "**required**" if field.is_required() else f"`{field.default}`"
        if field.default is None:
            default = ""
        elif isinstance(field.default, msgspec.Struct):
            default = f"`{msgspec.json.encode(field.default).decode()}`"
        meaning = said[name].replace("|", "\\|")
        lines.append(f"| `{PREFIX}{name.upper()}` | {default} | {meaning} |")
    return lines


def _json(document: dict[str, Any]) -> str:
    # Defaults among them are structs, which only msgspec can write.
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"


def main() -> int:
    """Write the files, or with `--check` name those that differ and return 1."""
    made = generate()
    stale = [
        name
        for name, content in made.items()
        if not (SPECS / name).exists() or (SPECS / name).read_text(encoding="utf-8") != content
    ]
    if "--check" not in sys.argv:
        for name in stale:
            (SPECS / name).write_text(made[name], encoding="utf-8")
    sys.stdout.write(f"specs: {', '.join(stale) or 'up to date'}\n")
    return int(bool(stale) and "--check" in sys.argv)


if __name__ == "__main__":
    raise SystemExit(main())
