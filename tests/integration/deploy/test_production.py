"""What deploy/README.md says: its commands and names are there, and its backup is one."""

import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import anyio
import yaml
from typer.main import get_command

from cms_bridge.database import connected, pending_migrations
from cms_bridge.environment import PREFIX
from daemon.__main__ import app
from daemon.settings import DaemonSettings
from tests.support import every_kind
from tests.support.servers.postgres import PostgresServer

DEPLOY = Path(__file__).parents[3] / "deploy"
README = (DEPLOY / "README.md").read_text()
COMMANDS = "\n".join(re.findall(r"(?s)```sh\n(.*?)```", README)).replace("\\\n", " ")


def test_it_names_only_settings_and_commands_that_there_are() -> None:
    known = {f"{PREFIX}{name}".upper() for name in DaemonSettings.model_fields}
    named = {one for one in re.findall(r"REELWRIGHT_\w+", README) if not one.endswith("_")}
    assert named - known == set()
    commands = get_command(app).commands  # pyright: ignore[reportAttributeAccessIssue]
    asked = set(re.findall(r"(?:bin/|`|exec (?:-T )?\w+ |    )reelwright (\w+)", README))
    assert asked >= {"doctor", "init", "keys"}
    assert asked - set(commands) == set()


def test_it_names_only_services_and_secrets_of_the_compose_file() -> None:
    compose: dict[str, Any] = yaml.safe_load((DEPLOY / "compose" / "compose.yaml").read_text())
    asked = re.findall(r"docker compose (?:exec|run)(?: --?\w+)* (\w+)", COMMANDS)
    assert set(asked) == {"bridge", "daemon", "postgres"}
    assert set(asked) <= compose["services"].keys()
    made = set(re.findall(r"> (?:secrets/)?([\w.]+\.\w+)$", COMMANDS, re.MULTILINE))
    made |= {"reelwright.env"}
    assert compose["secrets"].keys() - made == set()
    # Docker puts the project's name before a volume's.
    volumes = {f"{compose['name']}_{name}" for name in compose["volumes"]}
    assert set(re.findall(r"--volume (reelwright_\w+):", COMMANDS)) <= volumes


def test_what_was_backed_up_is_restored_over_what_came_of_it(
    postgres_server: PostgresServer, migrated_postgres_url: str, tmp_path: Path
) -> None:
    url, dump = migrated_postgres_url, tmp_path / "reelwright.dump"

    def tool(name: str) -> list[str]:
        """Return the README's own command, for this server and this database."""
        found = re.search(rf"exec -T postgres ({name} [^<>\n]+)", COMMANDS)
        assert found
        given = [one for one in shlex.split(found[1])[1:] if one != "reelwright"]
        flags = [one for one in given if one not in {"--username", "--dbname"}]
        return [str(postgres_server.binaries / name), *flags, "--dbname", url]

    async def filled() -> every_kind.Rows:
        async with connected(url):
            await every_kind.fill()
            return await every_kind.snapshot()

    async def found() -> tuple[every_kind.Rows, list[str] | None]:
        async with connected(url):
            return await every_kind.snapshot(), await pending_migrations()

    before = anyio.run(filled)
    with dump.open("wb") as file:
        subprocess.run(tool("pg_dump"), stdout=file, check=True)
    for statement in (
        "DELETE FROM charge",
        "UPDATE job SET status = 'failed'",
        "ALTER TABLE job ADD COLUMN newer text",
    ):
        psql = [postgres_server.binaries / "psql", url, "-qXc", statement]
        subprocess.run(psql, check=True)
    assert anyio.run(found)[0] != before
    with dump.open("rb") as file:
        restored = subprocess.run(tool("pg_restore"), stdin=file, capture_output=True, check=False)
    assert restored.returncode == 0, restored.stderr
    assert anyio.run(found) == (before, [])
