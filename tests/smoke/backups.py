"""A backup as deploy/README.md has it made, and its way back on another machine."""

import subprocess
from pathlib import Path

from tests.support.servers.postgres import PostgresServer


def back_up(server: PostgresServer, url: str, data: Path, to: Path) -> dict[str, int]:
    """Copy the database, then the objects; return the bytes of both."""
    to.mkdir()
    dump, objects = to / "reelwright.dump", to / "objects.tar"
    with dump.open("wb") as file:
        command = [server.binaries / "pg_dump", "--format", "custom", "--dbname", url]
        subprocess.run(command, stdout=file, check=True)
    subprocess.run(["tar", "-C", data / ".data", "-cf", objects, "objects"], check=True)
    return {one.name: one.stat().st_size for one in (dump, objects)}


def restore(server: PostgresServer, url: str, data: Path, *, of: Path) -> None:
    """Put both where another installation looks for them."""
    # To whom the rows belong is the other installation's.
    flags = ("--clean", "--if-exists", "--exit-on-error", "--no-owner", "--dbname", url)
    with (of / "reelwright.dump").open("rb") as file:
        subprocess.run([server.binaries / "pg_restore", *flags], stdin=file, check=True)
    (data / ".data").mkdir(parents=True)
    subprocess.run(["tar", "-C", data / ".data", "-xf", of / "objects.tar"], check=True)
