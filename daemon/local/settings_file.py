"""The settings file that `reelwright init` writes: every setting there is, with fresh secrets.

What must be chosen stands at the top, in force; the rest below it, each as a
comment with its meaning and its default, to be uncommented where it should
differ. systemd (`EnvironmentFile`), containers (`--env-file`) and this program
read the same file.
"""

import ast
import base64
import inspect
import itertools
import json
import os
import secrets
import textwrap
from enum import Enum
from pathlib import Path
from typing import Any, cast

import msgspec
from pydantic.fields import FieldInfo

from cms_bridge.environment import PREFIX
from cms_bridge.settings import BridgeSettings, DatabaseSettings
from daemon.errors import DaemonError
from daemon.settings import DaemonSettings

_WIDTH = 98
_FIRST = ("public_url", "payload_url", "redis_url", "database_url")
_SECRETS = ("webhook_secret", "api_key", "link_secret", "webhook_signing_secret")

_HEAD = """\
# Reelwright's settings. Whoever can read this file can spend money: keep it to those who run it.
#
# The bridge, the daemons and the CMS share the four secrets. A variable of the environment goes
# before a line of this file, and NAME_FILE=/a/path takes the value of NAME from a file, in both.
# `reelwright doctor` says what is wrong with what stands here.
"""


class SettingsFileExists(DaemonError):
    """There is a file already; its secrets are in use, and nothing overwrites them."""


def webhook_secret() -> str:
    """Return a fresh secret in the form of Standard Webhooks."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def password(size: int = 32) -> str:
    """Return a fresh secret of so many random bytes."""
    return secrets.token_urlsafe(size)


def write(path: Path, **chosen: str) -> None:
    """Write a file that only its owner reads, with what is chosen by a field's name.

    Raises `SettingsFileExists`.
    """
    made = {name: password() for name in _SECRETS} | {"webhook_secret": webhook_secret()}
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise SettingsFileExists(
            f"{path} is there already, and its secrets may be in use: nothing was written."
            " Move it away, or name another with --file."
        ) from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text({**chosen, **made}))


def text(given: dict[str, str]) -> str:
    """Return the file's text: what is given in force, everything else as a comment."""
    bridge, every = BridgeSettings.model_fields, DaemonSettings.model_fields
    first = dict.fromkeys((*_FIRST, *_SECRETS, *given))
    titles = {
        "What must be chosen": list(first),
        "Of bridge and daemons": [name for name in bridge if name not in first],
        "Of daemons alone": [name for name in every if name not in {*bridge, *first}],
    }
    said = meanings()
    lines = [_HEAD]
    for title, names in titles.items():
        lines += [f"# {f' {title} '.center(_WIDTH - 2, '-')}", ""]
        for name in names:
            about = said.get(name, name.replace("_", " "))
            wrapped = textwrap.wrap(
                about, _WIDTH - 2, break_long_words=False, break_on_hyphens=False
            )
            lines += [*(f"# {one}" for one in wrapped), _line(name, every[name], given.get(name))]
            lines.append("")
    return "\n".join(lines)


def _line(name: str, field: FieldInfo, given: str | None) -> str:
    line = f"{PREFIX}{name.upper()}="
    return f"{line}{given}" if given else f"#{line}{written(field)}"


def meanings() -> dict[str, str]:
    """Return what is written beneath each setting in its class, on one line.

    Pydantic can do this as well, and does it whenever a class is loaded: a fifth of a
    second of every command, for words that `init` and the documents alone show.
    """
    found: dict[str, str] = {}
    for kind in (DatabaseSettings, BridgeSettings, DaemonSettings):
        try:
            source = inspect.getsource(kind)
        except OSError:
            continue  # installed without its source: then the names have to do
        body = cast(ast.ClassDef, ast.parse(source).body[0]).body
        for field, said in itertools.pairwise(body):
            match field, said:
                case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(ast.Constant(str(words))):
                    found[name] = " ".join(words.split())
                case _:
                    pass
    return found


def written(field: FieldInfo) -> str:
    """Return a field's default as a variable would give it."""
    value: Any = None if field.is_required() else field.get_default(call_default_factory=True)
    match value:
        case None:
            return ""
        case msgspec.Struct():
            return msgspec.json.encode(value).decode()
        case Enum():
            return str(value.value)
        case bool() | tuple():
            return json.dumps(value)
        case _:
            return str(value)
