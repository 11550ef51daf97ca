"""What deploy/README.md says: its commands and names are there."""

import re
from pathlib import Path
from typing import Any

import yaml
from typer.main import get_command

from cms_bridge.environment import PREFIX
from daemon.__main__ import app
from daemon.settings import DaemonSettings

DEPLOY = Path(__file__).parents[3] / "deploy"
README = (DEPLOY / "README.md").read_text()
COMMANDS = "\n".join(re.findall(r"(?s)```sh\n(.*?)```", README)).replace("\\\n", " ")


def test_it_names_only_settings_and_commands_that_there_are() -> None:
    known = {f"{PREFIX}{name}".upper() for name in DaemonSettings.model_fields} | {
        f"{PREFIX}SETTINGS"
    }
    named = {one for one in re.findall(r"REELWRIGHT_\w+", README) if not one.endswith("_")}
    assert named - known == set()
    commands = get_command(app).commands  # pyright: ignore[reportAttributeAccessIssue]
    asked = set(re.findall(r"(?:bin/|`|exec (?:-T )?\w+ |    )reelwright (\w+)", README))
    assert asked >= {"doctor", "init", "keys"}
    assert asked - set(commands) == set()


def test_it_names_only_services_and_secrets_of_the_compose_file() -> None:
    compose: dict[str, Any] = yaml.safe_load((DEPLOY / "compose" / "compose.yaml").read_text())
    asked = re.findall(r"docker compose (?:exec|run)(?: --?\w+)* (\w+)", COMMANDS)
    assert set(asked) == {"bridge", "daemon"}
    assert set(asked) <= compose["services"].keys()
    made = set(re.findall(r"> (?:secrets/)?([\w.]+\.\w+)$", COMMANDS, re.MULTILINE))
    made |= {"reelwright.env"}
    assert compose["secrets"].keys() - made == set()
    # Docker puts the project's name before a volume's.
    volumes = {f"{compose['name']}_{name}" for name in compose["volumes"]}
    assert set(re.findall(r"--volume (reelwright_\w+):", COMMANDS)) <= volumes
