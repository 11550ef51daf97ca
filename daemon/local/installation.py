"""The whole of Reelwright on one machine: Redis, bridge, daemon and, with Node, a real Payload.

Whatever the environment already configures is used as it is (`REELWRIGHT_*`);
the rest is embedded: Redis in a private directory, SQLite, a local store.
"""

import json
import os
import shutil
import socket
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import anyio
import httpx
import msgspec

from daemon.errors import DaemonError
from daemon.local import settings_file
from daemon.local.redis import embedded_redis
from daemon.local.supervisor import Child, Stack, open_stack
from daemon.settings import DaemonSettings

ROOT = Path(__file__).parents[2]
PLUGIN = ROOT / "cms_bridge" / "payload_plugin"

EDITOR_EMAIL = "editor@example.com"
_AFTER_DRAIN_SECONDS = 15


class HouseError(DaemonError):
    """Something this machine lacks; the sentence says what to do."""


class House(msgspec.Struct, frozen=True, kw_only=True):
    """A running house."""

    directory: Path
    bridge_url: str
    payload_url: str | None
    api_key: str
    webhook_secret: str
    editor_password: str
    stack: Stack


class Secrets(msgspec.Struct, frozen=True, kw_only=True):
    """What the parts of one house share; kept in a file only its owner reads."""

    webhook_secret: str
    api_key: str
    link_secret: str
    payload_secret: str
    editor_password: str


@asynccontextmanager
async def open_house(
    directory: Path,
    *,
    cms: bool,
    admin: bool = False,
    preferred_ports: bool = False,
    outside: Mapping[str, str] = os.environ,
) -> AsyncGenerator[House]:
    """Start everything under a directory and stop it with the block.

    With `cms` a real Payload runs beside the bridge: the plain server, or with
    `admin` the Next application that has the admin pages. `preferred_ports`
    asks for 8000 and 3000 and takes others when those are taken. `outside` is
    the environment that the house stands in and is configured by.
    """
    directory = Path(await anyio.Path(directory).absolute())
    await anyio.Path(directory).mkdir(parents=True, exist_ok=True)
    own = _secrets(directory / "secrets.json")
    bridge_port = _free_port(8000 if preferred_ports else 0)
    payload_port = _free_port(3000 if preferred_ports else 0)
    bridge_url = f"http://127.0.0.1:{bridge_port}"
    payload_url = f"http://127.0.0.1:{payload_port}" if cms else None

    async with AsyncExitStack() as exits:
        environment = {**_embedded(directory, own, bridge_url, payload_url), **outside}
        if "REELWRIGHT_REDIS_URL" not in environment:
            environment["REELWRIGHT_REDIS_URL"] = await exits.enter_async_context(
                embedded_redis(directory / "redis")
            )
        stack = await exits.enter_async_context(open_stack(directory / "logs"))
        http = await exits.enter_async_context(httpx.AsyncClient(timeout=5))
        await stack.start(
            _bridge(environment, bridge_port, directory),
            ready=lambda: _answers(http, f"{bridge_url}/health/live"),
        )
        await stack.start(
            _daemon(environment, directory), ready=lambda: _daemon_up(http, bridge_url)
        )
        if payload_url is not None:
            await stack.start(
                _payload(
                    {
                        **outside,
                        **_payload_settings(own, directory, payload_port),
                        "REELWRIGHT_BRIDGE_URL": bridge_url,
                        "REELWRIGHT_WEBHOOK_SECRET": environment[
                            "REELWRIGHT_WEBHOOK_SECRET"
                        ].split()[0],
                        "REELWRIGHT_API_KEY": environment["REELWRIGHT_API_KEY"],
                    },
                    admin=admin,
                ),
                ready=lambda: _answers(http, f"{payload_url}/api/users/me"),
            )
        yield House(
            directory=directory,
            bridge_url=bridge_url,
            payload_url=payload_url,
            api_key=environment["REELWRIGHT_API_KEY"],
            webhook_secret=environment["REELWRIGHT_WEBHOOK_SECRET"],
            editor_password=own.editor_password,
            stack=stack,
        )


def find_node() -> str:
    """Return the Node.js to run Payload with; raise `HouseError` when there is none."""
    node = shutil.which("node")
    if node is None:
        raise HouseError(
            "Payload needs Node.js 20.9 or newer, and none was found on PATH."
            " Install it, or do without a CMS: --cms none (make demo CMS=none)"
        )
    if not PLUGIN.is_dir():
        raise HouseError("Payload's code is in a checkout alone; here: --cms none")
    if not (PLUGIN / "node_modules").is_dir():
        raise HouseError(f"Payload's packages are not installed: run `npm ci` in {PLUGIN}.")
    return node


def _embedded(
    directory: Path, own: Secrets, bridge_url: str, payload_url: str | None
) -> dict[str, str]:
    """Return the settings of whatever the environment does not configure."""
    settings = {
        "REELWRIGHT_DATABASE_URL": f"sqlite:///{directory}/reelwright.db",
        "REELWRIGHT_STORAGE_DIRECTORY": str(directory / "objects"),
        "REELWRIGHT_WORK_DIRECTORY": str(directory / "work"),
        "REELWRIGHT_WEBHOOK_SECRET": own.webhook_secret,
        "REELWRIGHT_API_KEY": own.api_key,
        "REELWRIGHT_LINK_SECRET": own.link_secret,
        "REELWRIGHT_PUBLIC_URL": bridge_url,
    }
    if payload_url:
        settings["REELWRIGHT_PAYLOAD_URL"] = payload_url
    return settings


def _bridge(environment: dict[str, str], port: int, directory: Path) -> Child:
    command = [sys.executable, "-m", "daemon", "bridge", "--port", str(port)]
    return Child(name="bridge", command=command, environment=environment, directory=directory)


def _daemon(environment: dict[str, str], directory: Path) -> Child:
    command = [sys.executable, "-m", "daemon", "work"]
    drain = (
        environment.get("REELWRIGHT_DRAIN_SECONDS")
        or DaemonSettings.model_fields["drain_seconds"].get_default()
    )
    return Child(
        name="daemon",
        command=command,
        environment=environment,
        directory=directory,
        restart=True,
        # Paid calls under way are waited for.
        stop_seconds=float(drain) + _AFTER_DRAIN_SECONDS,
    )


def _payload_settings(own: Secrets, directory: Path, port: int) -> dict[str, str]:
    return {
        "DATABASE_URI": f"file:{directory}/payload.db",
        "MEDIA_DIRECTORY": f"{directory}/media",
        "PAYLOAD_SECRET": own.payload_secret,
        "PAYLOAD_SERVER_URL": f"http://127.0.0.1:{port}",
        "PORT": str(port),
        "DEV_USER_EMAIL": EDITOR_EMAIL,
        "DEV_USER_PASSWORD": own.editor_password,
        "NEXT_TELEMETRY_DISABLED": "1",
    }


def _payload(environment: dict[str, str], *, admin: bool) -> Child:
    return Child(
        name="payload",
        command=[find_node(), *(_NEXT if admin else _PLAIN)],
        environment=environment,
        directory=PLUGIN,
        start_seconds=180,
    )


_PLAIN = ("--import", "tsx", "dev/server.ts")
_NEXT = ("node_modules/next/dist/bin/next", "start", "dev", "-H", "127.0.0.1")


async def _answers(http: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await http.get(url)).is_success
    except httpx.HTTPError:
        return False


async def _daemon_up(http: httpx.AsyncClient, bridge_url: str) -> bool:
    try:
        return (await http.get(f"{bridge_url}/health")).json().get("daemon") == "up"
    except httpx.HTTPError:
        return False


def _free_port(preferred: int) -> int:
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return probe.getsockname()[1]
    raise HouseError("There is no free port on 127.0.0.1.")


def _secrets(path: Path) -> Secrets:
    if path.exists():
        return msgspec.json.decode(path.read_bytes(), type=Secrets)
    made = Secrets(
        webhook_secret=settings_file.webhook_secret(),
        api_key=settings_file.password(),
        link_secret=settings_file.password(),
        payload_secret=settings_file.password(),
        editor_password=settings_file.password(12),
    )
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(msgspec.to_builtins(made), file, indent=2)
    return made
