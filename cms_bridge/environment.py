"""Where settings come from: the environment, a settings file, and files that either names.

A value is a variable of the environment, or a line of the settings file, which
is named by `REELWRIGHT_SETTINGS` or lies where the process is started, as
`reelwright.env`; the environment goes first. In both, `REELWRIGHT_X_FILE` names
a file that holds the value of `REELWRIGHT_X`, as container platforms and
systemd hand secrets over.
"""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from cms_bridge.errors import BridgeError

PREFIX = "REELWRIGHT_"
FILE = "reelwright.env"
"""What a settings file is called."""
_NAMES_ONE = f"{PREFIX}SETTINGS"
_SUFFIX = "_FILE"
_MOST_BYTES = 65_536
"""A value is short; what a mistyped path may lead to is not."""


class SettingsError(BridgeError):
    """Settings that are missing or malformed, each named in one line."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("Settings need attention:\n" + "\n".join(f"  {line}" for line in faults))
        self.faults = faults


def settings_file() -> Path | None:
    """Return the settings file there is, or None; raise `SettingsError` if one is named in vain.

    `REELWRIGHT_SETTINGS` that is set and empty means that none is to be read.
    """
    named = os.environ.get(_NAMES_ONE)
    file = Path(FILE if named is None else named)
    if named == "" or (named is None and not file.exists()):
        return None
    try:
        with file.open("rb"):
            return file
    except OSError as error:
        raise SettingsError([f"{_NAMES_ONE}: {file}: {error.strerror}"]) from None


def with_files(given: Mapping[str, str | None], names: Iterable[str]) -> dict[str, str | None]:
    """Return the variables, those that name a file with what it holds; names come in small letters.

    Whitespace around the value is left out: editors end files with a new line.
    Raises `SettingsError`, naming each file that cannot be read.
    """
    read = dict(given)
    faults: list[str] = []
    for name in names:
        path = given.get(name + _SUFFIX.lower())
        if not path:
            continue
        said = f"{name}{_SUFFIX}".upper()
        if given.get(name):
            faults.append(f"{said}: {name.upper()} is set as well; one of them is enough")
            continue
        try:
            with Path(path).open(encoding="utf-8") as file:
                value = file.read(_MOST_BYTES + 1).strip()
        except OSError as error:
            faults.append(f"{said}: {path}: {error.strerror}")
        except UnicodeDecodeError:
            faults.append(f"{said}: {path}: holds no text")
        else:
            if not value or len(value) > _MOST_BYTES:
                faults.append(f"{said}: {path}: {'too long' if value else 'is empty'}")
            read[name] = value
    if faults:
        raise SettingsError(faults)
    return read
