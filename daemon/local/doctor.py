"""`reelwright doctor`: what this machine offers and what is configured, in one table."""

import os
import platform
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import msgspec
from redis.asyncio import Redis

from cms_bridge.database import connected, migration_level
from cms_bridge.engines import Postgres
from cms_bridge.settings import PREFIX, SettingsError, load
from daemon.local.redis import EmbeddedRedisError, find_redis_server
from daemon.settings import DaemonSettings

_NODE = (20, 9)


class Finding(msgspec.Struct, frozen=True):
    """One line of the report."""

    part: str
    state: Literal["ok", "note", "missing"]
    """`note`: works, with something to know; `missing`: something will not work."""
    said: str


async def examine() -> list[Finding]:
    """Look at everything; never raise."""
    findings = [Finding("Python", "ok", platform.python_version())]
    try:
        settings = load(DaemonSettings)
    except SettingsError as error:
        findings += [*_settings(error), _redis_server()]
        folder, piper = None, True
    else:
        folder, piper = settings.voices_directory, settings.piper
        findings.append(Finding("Settings", "ok", "complete"))
        findings.append(await _redis(settings.redis_url))
        findings += await _database(settings)
        findings.append(Finding("Storage", "ok", _storage(settings)))
    speech = _speech(folder, piper=piper)
    findings += [_ffmpeg(), _encoders(), speech, _gpu(), _node(), *_providers()]
    return findings


def _settings(error: SettingsError) -> list[Finding]:
    if any(name.startswith(PREFIX) for name in os.environ):
        return [Finding("Settings", "missing", fault) for fault in error.faults]
    needed = ", ".join(fault.split(":")[0] for fault in error.faults)
    said = f"none set: `up` and `demo` choose their own; `bridge` and `work` need {needed}"
    return [Finding("Settings", "note", said)]


async def _redis(url: str) -> Finding:
    try:
        async with Redis.from_url(url, socket_connect_timeout=2) as redis:
            version = (await redis.info("server"))["redis_version"]
    except Exception as error:  # noqa: BLE001 - whatever is wrong is what is reported
        return Finding("Redis", "missing", f"no answer: {type(error).__name__}")
    return Finding("Redis", "ok", f"version {version} answers")


def _redis_server() -> Finding:
    try:
        return Finding("Redis", "note", f"not configured; can be embedded: {find_redis_server()}")
    except EmbeddedRedisError as error:
        return Finding("Redis", "missing", str(error))


async def _database(settings: DaemonSettings) -> list[Finding]:
    url = settings.database_url
    kind, _, path = url.partition(":///")
    if kind == "sqlite" and not Path(path).exists():  # noqa: ASYNC240 - a local file
        return [Finding("Database", "note", "sqlite, not there yet: it is made on start")]
    kind, found = kind.partition(":")[0], list[Finding]()
    try:
        async with connected(url) as engine:
            level = await migration_level()
            if isinstance(engine, Postgres):
                found.append(_connections(settings, await engine.room()))
    except Exception as error:  # noqa: BLE001 - whatever is wrong is what is reported
        return [Finding("Database", "missing", f"{kind}: {type(error).__name__}")]
    if level is None:
        said = Finding("Database", "note", f"{kind}, empty: `reelwright migrate` builds it")
    else:
        said = Finding("Database", "ok", f"{kind}, migrated to {level}")
    return [said, *found]


def _connections(settings: DaemonSettings, room: int) -> Finding:
    bridge, daemon = settings.bridge_database_connections, settings.database_bounds.connections
    said = f"the server takes {room}; a bridge opens up to {bridge}, a daemon up to {daemon}"
    if (daemons := (room - bridge) // daemon) >= 1:
        return Finding("Connections", "ok", f"{said}: one bridge and {daemons} daemons fit")
    more = "raise its max_connections, or lower REELWRIGHT_…_DATABASE_CONNECTIONS"
    return Finding("Connections", "note", f"{said}: too few for one of each; {more}")


def _storage(settings: DaemonSettings) -> str:
    if settings.storage == "local":
        return f"local directory {settings.storage_directory}"
    return f"bucket {settings.r2_bucket} at {settings.r2_endpoint_url}"


def _ffmpeg() -> Finding:
    return _import_of_media("FFmpeg", lambda: _ffmpeg_version())  # noqa: PLW0108 - imports late


def _ffmpeg_version() -> str:
    import av  # noqa: PLC0415 - doctor also runs where the media extra is not installed

    libavcodec = ".".join(str(part) for part in av.library_versions["libavcodec"])
    return f"inside PyAV {av.__version__}: {av.ffmpeg_version_info}, libavcodec {libavcodec}"


def _encoders() -> Finding:
    def tried() -> str:
        from render.encoder import available_encoders, choose_encoder  # noqa: PLC0415 - as above

        working = ", ".join(available_encoders()) or "none"
        return f"encode for real: {working}; chosen: {choose_encoder().name}"

    return _import_of_media("Encoders", tried)


def _speech(folder: Path | None, *, piper: bool) -> Finding:
    def version() -> str:
        import espeakng_loader  # noqa: PLC0415 - as above

        from render.generation.piper.library import find_voices, installed  # noqa: PLC0415

        voices = ", ".join(voice.name for voice in find_voices(folder)) if piper else ""
        neural = f"Piper {installed()} with {voices}; " if voices else ""
        return f"{neural}espeak-ng from its wheel, data in {espeakng_loader.get_data_path()}"

    return _import_of_media("Speech", version)


def _import_of_media(part: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(part, "ok", look())
    except ImportError as error:
        said = f"no {error.name}: pip install '.[daemon]' in the checkout"
        return Finding(part, "missing", said)


def _gpu() -> Finding:
    try:
        import pynvml  # noqa: PLC0415 - as above
    except ImportError:
        return Finding("GPU", "note", "nvidia-ml-py is not installed; the CPU encodes")
    try:
        pynvml.nvmlInit()
        names = [
            str(pynvml.nvmlDeviceGetName(pynvml.nvmlDeviceGetHandleByIndex(index)))
            for index in range(pynvml.nvmlDeviceGetCount())
        ]
        pynvml.nvmlShutdown()
    except pynvml.NVMLError as error:
        return Finding("GPU", "note", f"none ({error}); the CPU encodes")
    return Finding("GPU", "ok", ", ".join(names))


def _node() -> Finding:
    node = shutil.which("node")
    if node is None:
        return Finding("Node", "note", "not found; only the bundled Payload needs it (20.9+)")
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603 - found on PATH
    version = tuple(int(part) for part in said.strip().lstrip("v").split(".")[:2])
    if version < _NODE:
        return Finding("Node", "missing", f"{said.strip()} is too old for Payload: 20.9 or newer")
    return Finding("Node", "ok", said.strip())


def _providers() -> list[Finding]:
    keys = {"Gemini": "GEMINI_API_KEY", "Replicate": "REPLICATE_API_TOKEN"}
    found = [
        Finding(name, "ok", f"key found ({variable})")
        if os.environ.get(variable) or os.environ.get(PREFIX + variable)
        else Finding(name, "note", f"no key ({variable})")
        for name, variable in keys.items()
    ]
    return [*found, Finding("Offline", "ok", "pictures and speech without a key")]
