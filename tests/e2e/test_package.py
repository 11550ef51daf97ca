"""The plugin as others get it: packed, installed into another application, and filmed with."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copytree
from typing import Any

import anyio
import httpx
import pytest

from daemon.local.installation import PLUGIN, find_node
from tests.support.bridge_process import free_port
from tests.support.browsers import open_browsing
from tests.support.installation import RunningInstallation, eventually, running_installation
from tests.support.servers.postgres import PostgresServer

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_500)]

APP = Path(__file__).parents[1] / "support" / "plain_app"
MEMBER = {"username": "chief", "password": "a long password"}
BESIDE = (
    *("@payloadcms/db-postgres", "@payloadcms/db-sqlite", "@payloadcms/next", "@payloadcms/ui"),
    *("graphql", "next", "payload", "react", "react-dom", "sharp"),
    *("@types/node", "@types/react", "tsx", "typescript"),
)
"""What the application has besides, in the versions that the plugin is tested with."""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The application with the package in it, built for production without a variable set."""
    app = copytree(APP, tmp_path_factory.mktemp("plain") / "app")
    packed = npm(PLUGIN, "pack", "--json", "--pack-destination", f"{app}")
    archive = json.loads(packed)[0]["filename"]
    versions = json.loads((PLUGIN / "package.json").read_text())["devDependencies"]
    package = {
        "name": "plain-app",
        "private": True,
        "type": "module",
        "dependencies": {
            **{name: versions[name] for name in BESIDE},
            "payload-plugin-reelwright": f"file:{archive}",
        },
    }
    (app / "package.json").write_text(json.dumps(package))
    npm(app, "install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    payload(app, "generate:importmap")
    run(app, "node_modules/next/dist/bin/next", "build", PAYLOAD_SECRET="at-build")
    return app


def test_its_import_map_names_every_panel(app: Path) -> None:
    written = (app / "src/app/(payload)/desk/importMap.js").read_text()
    for name in ("VideoPanel", "StoryboardPanel", "RenditionPanel", "StatusCell"):
        assert name in written


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_a_film_is_made_with_it(
    app: Path, database: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if database == "sqlite":
        film_with(app, f"file:{tmp_path}/app.db", tmp_path)
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    with server.database() as url:
        film_with(app, url, tmp_path)


def film_with(app: Path, database: str, directory: Path) -> None:
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    run(app, "--import", "tsx", "src/schema.ts", DATABASE_URI=database, PAYLOAD_SECRET="s")
    with (
        running_installation(
            directory / "house", cms=False, payload_url=address, payload_api_path="/rest"
        ) as running,
        serving(app, port, database, running),
    ):
        film, content = anyio.run(make_film, address)
        assert film["status"] == "completed"
        assert content[4:8] == b"ftyp"
        with open_browsing(directory / "browsing", base_url=address) as browsing:
            page = browsing.page
            page.goto("/desk/login")
            page.locator("#field-username").fill(MEMBER["username"])
            page.locator("#field-password").fill(MEMBER["password"])
            page.locator("button[type=submit]").click()
            page.wait_for_url("**/desk")
            page.goto(f"/desk/collections/films/{film['video']}")
            panel = page.get_by_role("region", name="Video production")
            panel.locator("video").wait_for()
            assert browsing.complaints == []


async def make_film(address: str) -> tuple[dict[str, Any], bytes]:
    """Do what an editor does by this application's own addresses and names."""
    async with httpx.AsyncClient(base_url=f"{address}/rest", timeout=60) as http:

        async def ask(method: str, place: str, values: dict[str, Any]) -> dict[str, Any]:
            answer = await http.request(method, place, json=values, params={"depth": 0})
            assert answer.is_success, answer.text
            return answer.json()

        async def newest(collection: str) -> dict[str, Any]:
            found = (await http.get(f"/{collection}", params={"depth": 0})).json()["docs"]
            return found[0] if found else {}

        async def over() -> dict[str, Any]:
            cut = await newest("cuts")
            return cut if cut.get("status") in {"completed", "failed"} else {}

        first = await ask("POST", "/members/first-register", {**MEMBER, "role": "chief"})
        http.headers["Authorization"] = f"JWT {first['token']}"
        client = (await ask("POST", "/clients", {"name": "Harbour"}))["doc"]
        values = {"title": "Hours", "script": "We open at nine.", "project": client["id"]}
        await ask("POST", "/films", {**values, "stage": "submitted", "aspectRatio": "1:1"})
        board = await eventually(lambda: newest("boards"))
        await ask("PATCH", f"/boards/{board['id']}", {"decision": "approved"})
        cut = await eventually(over)
        film = await http.get(f"{address}{cut['downloadUrl']}", follow_redirects=True)
        return cut, film.content


@contextmanager
def serving(app: Path, port: int, database: str, running: RunningInstallation) -> Iterator[None]:
    """Serve the built application with the variables that its manual names."""
    house = running.installation
    environment = environment_of(
        DATABASE_URI=database,
        PAYLOAD_SECRET="only-for-tests",
        REELWRIGHT_BRIDGE_URL=house.bridge_url,
        REELWRIGHT_WEBHOOK_SECRET=house.webhook_secret,
        REELWRIGHT_API_KEY=house.api_key,
    )
    command = [find_node(), "node_modules/next/dist/bin/next", "start", "-H", "127.0.0.1"]
    log = house.directory / "app.log"
    with log.open("wb") as out:
        server = subprocess.Popen(
            [*command, "-p", f"{port}"], cwd=app, env=environment, stdout=out, stderr=out
        )
        try:
            wait_for(f"http://127.0.0.1:{port}/rest/members/me", server, log)
            yield
        finally:
            server.terminate()
            server.wait(10)


def wait_for(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    transport = httpx.HTTPTransport(retries=8)
    with httpx.Client(transport=transport, timeout=60) as http:
        answer = http.get(address)
    assert server.poll() is None, log.read_text()
    assert answer.is_success, (answer.text, log.read_text())


def payload(app: Path, *arguments: str) -> str:
    return run(app, "node_modules/payload/bin.js", *arguments)


def npm(directory: Path, *arguments: str) -> str:
    return called(["npm", *arguments], directory, environment_of())


def run(directory: Path, *arguments: str, **environment: str) -> str:
    return called([find_node(), *arguments], directory, environment_of(**environment))


def called(command: list[str], directory: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(
        command, cwd=directory, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def environment_of(**more: str) -> dict[str, str]:
    """This machine's environment without a variable of Reelwright's, and these."""
    outside = {k: v for k, v in os.environ.items() if not k.startswith("REELWRIGHT_")}
    return {**outside, "NEXT_TELEMETRY_DISABLED": "1", **more}
