"""The doctor, before real services that are well, and that are not."""

import importlib.util
import json
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from typer.testing import CliRunner

from cms_bridge.database import connected, migrate, migration_level
from cms_bridge.jobs import workers
from cms_bridge.states import Lane
from daemon.__main__ import app
from daemon.local import alive, doctor
from daemon.local.findings import Finding, Role
from tests.support import events
from tests.support.bridge_process import API_KEY, LINK_SECRET, free_port, running_bridge
from tests.support.servers.s3 import S3Server

pytestmark = pytest.mark.anyio

Configure = Callable[..., None]


@pytest.fixture
def configure(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, redis_url: str, migrated_sqlite_url: str
) -> Configure:
    """Set the environment of a machine that is well, but for what is given."""
    for name in [name for name in os.environ if name.startswith("REELWRIGHT_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    well = {
        "redis_url": redis_url,
        "database_url": migrated_sqlite_url,
        "webhook_secret": events.SECRET,
        "api_key": API_KEY,
        "link_secret": LINK_SECRET,
        "storage_directory": str(tmp_path / "objects"),
        "work_directory": str(tmp_path / "work"),
    }

    def configured(**changes: Any) -> None:
        for name, value in {**well, **changes}.items():
            monkeypatch.setenv(f"REELWRIGHT_{name.upper()}", str(value))

    configured()
    return configured


async def broken(role: Role = Role.BRIDGE) -> dict[str, Finding]:
    return {one.part: one for one in await doctor.examine(role) if one.state == "broken"}


@pytest.mark.usefixtures("configure")
async def test_what_is_well_has_nothing_broken() -> None:
    assert await broken(Role.DAEMON) == {}


async def test_a_schema_behind_is_mended_by_the_command_that_is_told(
    configure: Configure, database_url: str
) -> None:
    configure(database_url=database_url)
    async with connected(database_url):
        newest = await migration_level()
    assert newest
    await migrate(database_url, direction="backwards", to=newest)
    finding = (await broken())["Schema"]
    assert "1 migration behind" in finding.said
    assert finding.mend == "reelwright migrate"
    await migrate(database_url)
    assert await broken() == {}


async def test_a_lane_that_no_daemon_serves_is_told(
    configure: Configure, migrated_sqlite_url: str
) -> None:
    configure(database_url=migrated_sqlite_url)

    async def unserved() -> list[str]:
        return [one.said for one in await doctor.examine(Role.BRIDGE) if one.part == "Lanes"]

    # Where nobody is at work yet there is nothing to tell.
    assert await unserved() == []
    async with connected(migrated_sqlite_url):
        await workers.report("a", drafts=1, jobs=1, draining=False, lanes=[Lane.COMPOSITION])
        await workers.report("b", drafts=1, jobs=1, draining=False, lanes=[Lane.DRAFTS])
    assert await unserved() == ["no daemon serves generation"]


async def test_a_schema_of_a_newer_program_is_told(configure: Configure, database_url: str) -> None:
    configure(database_url=database_url)
    async with connected(database_url) as engine:
        await engine.run_ddl(
            "INSERT INTO migration (name, app_name, ran_on)"
            " VALUES ('2999-01-01T00:00:00:000000', 'reelwright', CURRENT_TIMESTAMP)"
        )
    assert "newer than this program" in (await broken())["Schema"].said


async def test_whatever_is_away_is_told_with_its_place_and_without_a_password(
    configure: Configure, tmp_path: Path
) -> None:
    port = free_port()
    (tmp_path / "file").touch()
    configure(
        redis_url=f"redis://:hunter2@127.0.0.1:{port}/0",
        database_url=f"postgresql://ann:hunter2@127.0.0.1:{port}/films",
        storage_directory=tmp_path / "file" / "objects",
        work_directory=tmp_path / "file" / "work",
        clamd_url=f"tcp://127.0.0.1:{port}",
        payload_url=f"http://127.0.0.1:{port}",
    )
    found = await broken(Role.DAEMON)
    assert found.keys() == {"Redis", "Database", "Storage", "Work directory", "Scanner", "CMS"}
    for part in ("Redis", "Database", "Scanner", "CMS"):
        assert f"127.0.0.1:{port}" in found[part].said
    assert "cannot be written" in found["Storage"].said
    assert all(one.mend for one in found.values())
    assert "hunter2" not in repr(found)
    assert "Work directory" not in await broken(Role.BRIDGE)


async def test_a_missing_database_is_mended_by_making_it(
    configure: Configure, postgres_url: str
) -> None:
    configure(database_url=postgres_url.rpartition("/")[0] + "/nowhere")
    assert (await broken())["Database"].mend == "createdb nowhere"


async def test_a_bucket_is_really_used(configure: Configure, s3_server: S3Server) -> None:
    r2 = {
        "storage": "r2",
        "r2_endpoint_url": s3_server.endpoint_url,
        "r2_bucket": s3_server.bucket,
        "r2_access_key_id": s3_server.access_key_id,
        "r2_secret_access_key": s3_server.secret_access_key,
    }
    configure(**r2)
    said = {one.part: one for one in await doctor.examine(Role.BRIDGE)}["Storage"]
    assert (said.state, said.mend) == ("ok", "")
    configure(**r2 | {"r2_secret_access_key": "hunter2" * 5})
    assert "refuses" in (await broken())["Storage"].said
    configure(**r2 | {"r2_endpoint_url": f"http://127.0.0.1:{free_port()}"})
    assert (await broken())["Storage"].mend == "correct REELWRIGHT_R2_ENDPOINT_URL"


async def test_settings_that_nobody_reads_and_files_that_all_read_are_told(
    configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(concurent_jobs="9")
    file = anyio.Path("reelwright.env")
    await file.write_text("REELWRIGHT_NONSENSE=1\nREELWRIGHT_API_KEY_FILE=\n")
    await file.chmod(0o644)
    notes = [one for one in await doctor.examine(Role.BRIDGE) if one.part == "Settings"]
    assert [one.mend for one in notes] == [
        "",
        "rename it to REELWRIGHT_CONCURRENT_JOBS",
        "remove it",
        "chmod 600 reelwright.env",
    ]
    monkeypatch.setenv("REELWRIGHT_PORT", "many")
    assert "REELWRIGHT_PORT" in (await broken())["Settings"].said


async def test_a_bridge_needs_no_engine_and_a_daemon_does(
    configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "av" else found(name)
    )
    monkeypatch.setitem(sys.modules, "av", None)
    assert doctor.role_of_this_machine() is Role.BRIDGE
    assert await broken(doctor.role_of_this_machine()) == {}
    assert (await broken(Role.DAEMON))["FFmpeg"].mend == "pip install '.[daemon]'"


def test_the_exit_status_tells(configure: Configure) -> None:
    well = CliRunner().invoke(app, ["doctor", "--json", "--role", "bridge"])
    assert well.exit_code == 0, well.output
    assert {one["part"] for one in json.loads(well.output)} >= {"Redis", "Schema", "Storage"}
    configure(redis_url=f"redis://127.0.0.1:{free_port()}")
    ill = CliRunner().invoke(app, ["doctor", "--role", "bridge"])
    assert ill.exit_code == 1
    assert "→ systemctl start redis-server, or correct REELWRIGHT_REDIS_URL\n" in ill.output
    assert CliRunner().invoke(app, ["doctor", "--role", "cook"]).exit_code == 2


async def test_a_bridge_is_alive_while_it_answers(
    configure: Configure, tmp_path: Path, redis_url: str, migrated_sqlite_url: str
) -> None:
    with running_bridge(tmp_path, redis=redis_url, database=migrated_sqlite_url) as bridge:
        configure(port=bridge.port)
        assert await alive.look(Role.BRIDGE) == "The bridge answers."
    with pytest.raises(alive.NotAlive, match="does not answer"):
        await alive.look(Role.BRIDGE)


async def test_a_daemon_is_alive_while_it_tells_of_itself(
    configure: Configure, migrated_sqlite_url: str
) -> None:
    with pytest.raises(alive.NotAlive):
        await alive.look(Role.DAEMON)
    async with connected(migrated_sqlite_url):
        for name in ("elsewhere:1:x", f"{socket.gethostname()}:1:x"):
            await workers.report(name, drafts=1, jobs=1, draining=False)
    assert await alive.look(Role.DAEMON) == "The daemon is there, with 0 jobs in hand."
    configure(database_url=f"postgresql://127.0.0.1:{free_port()}/films")
    assert "while the database is away" in await alive.look(Role.DAEMON)
