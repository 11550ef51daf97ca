"""Examined by the doctor: the servers and directories that the settings name.

Everything is really used, as the service would: a database is asked, an object is stored, read
and deleted, a file is written. Nothing is left behind, and no value of a secret is told.
"""

import asyncio
import getpass
import hashlib
import os
import shutil
import tempfile
from collections.abc import AsyncGenerator, Iterator
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import anyio
import asyncpg
import httpx
from redis.asyncio import Redis
from redis.exceptions import AuthenticationError, RedisError

from cms_bridge.database import connected, migration_level, pending_migrations
from cms_bridge.engines import AnyEngine, Postgres
from cms_bridge.errors import ScannerUnavailable
from cms_bridge.jobs.workers import unserved_by, workers
from cms_bridge.settings import BridgeSettings
from cms_bridge.storage.base import StorageError, StorageRefused, object_key
from cms_bridge.storage.factory import store_from
from cms_bridge.uploads.scanning import Scanner
from daemon.local.findings import Finding, Role
from daemon.settings import DaemonSettings

_PATIENCE = 15.0
"""Seconds that one server is given; the whole examination ends although nothing answers."""
_LITTLE_ROOM = 2 * 1024**3
"""Bytes free below which a directory is spoken of: a film in hand takes some hundred MB."""


async def examine(settings: DaemonSettings, role: Role) -> list[Finding]:
    """Look at every service at once; each that is broken says so, and none raises."""
    found: list[list[Finding]] = [[] for _ in range(5)]

    async def into(place: int, findings: AsyncGenerator[Finding]) -> None:
        async for finding in findings:
            found[place].append(finding)

    looks = (
        _redis(settings),
        _database(settings),
        _storage(settings),
        _scanner(settings),
        _cms(settings),
    )
    async with anyio.create_task_group() as group:
        for place, look in enumerate(looks):
            group.start_soon(into, place, look)
    findings = [finding for part in found for finding in part]
    return findings + list(_directories(settings, role))


def _place(url: str) -> str:
    """Return where a server is, without the name and password that its URL may hold."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return parts.path
    with suppress(ValueError):
        return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)
    return "an address that cannot be read"


async def _redis(settings: BridgeSettings) -> AsyncGenerator[Finding]:
    place = _place(settings.redis_url)
    try:
        async with asyncio.timeout(_PATIENCE):
            async with Redis.from_url(settings.redis_url, socket_connect_timeout=5) as redis:
                version = (await redis.info("server"))["redis_version"]
                policy = (await redis.info("memory")).get("maxmemory_policy", "noeviction")
    except AuthenticationError:
        said = f"{place} answers, and refuses the password"
        yield Finding("Redis", "broken", said, "correct REELWRIGHT_REDIS_URL: redis://:PASSWORD@…")
    except (RedisError, OSError, TimeoutError, ValueError) as error:
        said = f"no answer from {place}: {type(error).__name__}"
        mend = "systemctl start redis-server, or correct REELWRIGHT_REDIS_URL"
        yield Finding("Redis", "broken", said, mend)
    else:
        said = f"version {version} answers at {place}"
        if policy == "noeviction":
            yield Finding("Redis", "ok", said)
        else:
            mend = "redis-cli CONFIG SET maxmemory-policy noeviction"
            said += f"; under {policy} it forgets what waits, which is then found seconds later"
            yield Finding("Redis", "note", said, mend)


async def _database(settings: DaemonSettings) -> AsyncGenerator[Finding]:
    url = settings.database_url
    kind, _, path = url.partition(":///")
    if kind == "sqlite":
        file = Path(path)
        if not file.exists():  # noqa: ASYNC240 - a local file
            if (refused := _unwritable(file.parent)) is not None:
                yield Finding("Database", "broken", refused, _make(file.parent))
            else:
                said = "sqlite, not there yet: it is made on start"
                yield Finding("Database", "note", said, "reelwright migrate")
            return
        if not os.access(file, os.W_OK) or _unwritable(file.parent) is not None:
            said = f"{file} and its directory cannot be written by {who()}"
            yield Finding("Database", "broken", said, f"chown -R {who()} {file.parent}")
            return
        where = f"sqlite, {file}"
    else:
        kind, where = "postgresql", f"postgresql at {_place(url)}"
    try:
        async with asyncio.timeout(_PATIENCE):
            if kind == "postgresql":
                # The driver's own word: what the engine makes of it tells less.
                await (await asyncpg.connect(url)).close()
            async with connected(url) as engine:
                schema = await _schema(where)
                findings = [schema, *await _connections(settings, engine)]
                if schema.state == "ok":
                    findings += await _lanes()
    except Exception as error:  # noqa: BLE001 - whatever the driver raises is what is told
        said, mend = _why_not(error, url)
        yield Finding("Database", "broken", f"{where}: {said}", mend)
    else:
        for finding in findings:
            yield finding


def _why_not(error: Exception, url: str) -> tuple[str, str]:
    """Say what is wrong with a database, and what mends it."""
    cause = error.__cause__ or error
    name = urlsplit(url).path.strip("/")
    match cause:
        case asyncpg.InvalidCatalogNameError():
            return f"has no database {name}", f"createdb {name}"
        case asyncpg.InvalidPasswordError() | asyncpg.InvalidAuthorizationSpecificationError():
            return "refuses the user or the password", "correct REELWRIGHT_DATABASE_URL"
        case asyncpg.InsufficientPrivilegeError():
            return "the user may not read the tables", f"psql -c 'GRANT ALL ON DATABASE {name} …'"
        case asyncpg.TooManyConnectionsError():
            return "has no connection left", "raise its max_connections, or stop whoever holds them"
        case _ if url.startswith("sqlite"):
            said = f"{type(cause).__name__}: cannot be used as a database"
            return said, "restore a backup of it"
        case _:
            mend = "systemctl start postgresql, or correct REELWRIGHT_DATABASE_URL"
            return f"no answer: {type(cause).__name__}", mend


async def _schema(where: str) -> Finding:
    level = await migration_level()
    pending = await pending_migrations()
    if pending is None:
        said = f"{where}, migrated to {level}, which is newer than this program"
        return Finding("Schema", "broken", said, "install that newer version here")
    if level is None:
        return Finding("Schema", "note", f"{where}, empty", "reelwright migrate")
    if pending:
        said = f"{where}, {len(pending)} migration{'s' * (len(pending) > 1)} behind, at {level}"
        return Finding("Schema", "broken", said, "reelwright migrate")
    return Finding("Schema", "ok", f"{where}, migrated to {level}")


async def _lanes() -> list[Finding]:
    """Tell of lanes that nobody serves, where daemons are at work at all."""
    there = [one for one in await workers() if one.alive and not one.draining]
    unserved = unserved_by(there) if there else []
    mend = "name it in REELWRIGHT_LANES of a daemon"
    return [Finding("Lanes", "note", f"no daemon serves {lane}", mend) for lane in unserved]


async def _connections(settings: DaemonSettings, engine: AnyEngine) -> list[Finding]:
    if not isinstance(engine, Postgres):
        return []
    room = await engine.room()
    bridge, daemon = settings.bridge_database_connections, settings.database_bounds.connections
    said = f"the server takes {room}; a bridge opens up to {bridge}, a daemon up to {daemon}"
    if (daemons := (room - bridge) // daemon) >= 1:
        return [Finding("Connections", "ok", f"{said}: one bridge and {daemons} daemons fit")]
    more = "raise its max_connections, or lower REELWRIGHT_…_DATABASE_CONNECTIONS"
    return [Finding("Connections", "note", f"{said}: too few for one of each", more)]


async def _storage(settings: BridgeSettings) -> AsyncGenerator[Finding]:
    if settings.storage == "local":
        return
    where = f"bucket {settings.r2_bucket} at {_place(str(settings.r2_endpoint_url))}"
    try:
        async with asyncio.timeout(_PATIENCE):
            await _keep_and_forget(settings)
    except StorageRefused:
        mend = "correct REELWRIGHT_R2_BUCKET and …_ACCESS_KEY_ID, or let the key read and write"
        yield Finding("Storage", "broken", f"{where}: refuses bucket, key or rights", mend)
    except (StorageError, TimeoutError) as error:
        said = f"{where}: no answer: {type(error).__name__}"
        yield Finding("Storage", "broken", said, "correct REELWRIGHT_R2_ENDPOINT_URL")
    else:
        yield Finding("Storage", "ok", f"{where}: an object was stored, read and deleted")


async def _keep_and_forget(settings: BridgeSettings) -> None:
    """Store an object that is like no other, read it back and delete it."""
    content = f'{{"doctor": "{uuid4()}"}}'.encode()
    digest = hashlib.sha256(content).hexdigest()
    key = object_key(project="reelwright-doctor", sha256=digest, extension="json")
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        async with store_from(settings) as store:
            await store.put(key, Path(file.name), media_type="application/json")
            try:
                async for _ in store.read(key):
                    pass
            finally:
                await store.delete(key)


async def _scanner(settings: BridgeSettings) -> AsyncGenerator[Finding]:
    if settings.clamd_url is None:
        yield Finding("Scanner", "note", "none: uploads are not scanned (REELWRIGHT_CLAMD_URL)")
        return
    place = settings.clamd_url.partition("://")[2]
    try:
        await Scanner(settings.clamd_url, timeout=_PATIENCE).check(BytesIO(b"doctor"))
    except ScannerUnavailable:
        said = f"no answer from {place}: no upload is kept"
        mend = "systemctl start clamav-daemon, or correct REELWRIGHT_CLAMD_URL"
        yield Finding("Scanner", "broken", said, mend)
    else:
        yield Finding("Scanner", "ok", f"clamd at {place} finds nothing in a clean file")


async def _cms(settings: BridgeSettings) -> AsyncGenerator[Finding]:
    if settings.payload_url is None:
        said = "none: nothing is written back (REELWRIGHT_PAYLOAD_URL)"
        yield Finding("CMS", "note", said)
        return
    place = _place(str(settings.payload_url))
    try:
        async with httpx.AsyncClient(timeout=_PATIENCE) as http:
            # Whatever it says of itself, it is there.
            await http.get(str(settings.payload_url))
    except httpx.HTTPError as error:
        said = f"no answer from {place}: {type(error).__name__}; news wait for it"
        yield Finding("CMS", "broken", said, "start Payload, or correct REELWRIGHT_PAYLOAD_URL")
    else:
        yield Finding("CMS", "ok", f"{place} answers")


def _directories(settings: DaemonSettings, role: Role) -> Iterator[Finding]:
    named: dict[str, Path] = {}
    if settings.storage == "local":
        named["Storage"] = settings.storage_directory
    if role is Role.DAEMON:
        named["Work directory"] = settings.work_directory
    named["Uploads"] = settings.upload_directory or Path(tempfile.gettempdir())
    for part, directory in named.items():
        refused = _unwritable(directory)
        if refused is not None:
            yield Finding(part, "broken", refused, _make(directory))
            continue
        free = shutil.disk_usage(_existing(directory)).free
        said = f"{directory}, {free / 1e9:.0f} GB free"
        if free < _LITTLE_ROOM:
            yield Finding(part, "note", f"{said}: little room", f"du -sh {directory}/*")
        else:
            yield Finding(part, "ok", said)


def _existing(directory: Path) -> Path:
    """Return a directory, or the closest above it that there is."""
    here = directory.absolute()
    while not here.exists() and here != here.parent:
        here = here.parent
    return here


def _unwritable(directory: Path) -> str | None:
    """Write a file into a directory, or where it would be made; return what stands against it."""
    here = _existing(directory)
    try:
        with tempfile.NamedTemporaryFile(dir=here, prefix=".reelwright-doctor-") as file:
            file.write(b"doctor")
            file.flush()
    except OSError as error:
        return f"{directory} cannot be written by {who()}: {error.strerror}"
    return None


def _make(directory: Path) -> str:
    return f"install -d -o {who()} {directory}"


def who() -> str:
    """Return the user that this process is."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user without a name, as in a container
        return str(os.getuid())
