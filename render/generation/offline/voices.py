"""The languages that espeak-ng speaks, as its own data lists them; nothing of it is run."""

import re
from pathlib import Path

import espeakng_loader

from render.generation.voices import OFFLINE, Voice

_FIELD = re.compile(
    r"^(?P<key>name|language)[ \t]+(?P<value>[^\n]{1,100}?)(?:[ \t]+\d+)?[ \t]*(?://[^\n]*)?$",
    re.MULTILINE,
)
_FILE_BYTES = 64 * 1024


def voices() -> tuple[Voice, ...]:
    """Return one voice for each language or dialect, by name."""
    folder = Path(espeakng_loader.get_data_path()) / "lang"
    found = (_read(path) for path in sorted(folder.rglob("*")) if path.is_file())
    named = {voice.name: voice for voice in found if voice}  # one language is there twice
    return tuple(named[name] for name in sorted(named))


def _read(path: Path) -> Voice | None:
    with path.open("rb") as file:
        text = file.read(_FILE_BYTES).decode(errors="replace")
    named = [(match["key"], match["value"]) for match in _FIELD.finditer(text)]
    languages = tuple(dict.fromkeys(value.lower() for key, value in named if key == "language"))
    if not languages:
        return None
    # The first is its own, and what it goes by; the others are those that it can stand in for.
    return Voice(
        provider=OFFLINE,
        name=next(value for key, value in named if key == "language"),
        languages=languages,
        description=next((value for key, value in named if key == "name"), ""),
    )
