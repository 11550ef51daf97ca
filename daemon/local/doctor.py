"""`reelwright doctor`: what is wrong with the settings, the services and this machine.

Every part is told in a line, and whatever is not well with the command that
mends it. Nothing is changed, and it never raises.
"""

import difflib
import importlib.util
import os
import platform
import resource
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from dotenv import dotenv_values

from cms_bridge.environment import FILE, PREFIX, SettingsError, settings_file
from cms_bridge.settings import load, variables
from daemon import gpus
from daemon.local import services
from daemon.local.findings import Finding, Role
from daemon.local.installation import PLUGIN
from daemon.local.redis import EmbeddedRedisError, find_redis_server
from daemon.settings import DaemonSettings

_NODE = (20, 9)
_SPARE_FILES = 256
_SOON = timedelta(days=30)
_OTHER_VARIABLES = {"SETTINGS", "BRIDGE_URL"}
"""Names behind the prefix that are no setting of bridge or daemon; the CMS reads the second."""


def role_of_this_machine() -> Role:
    """Return what may run here, by what is installed: a bridge alone needs no media library."""
    return Role.DAEMON if importlib.util.find_spec("av") else Role.BRIDGE


async def examine(role: Role | None = None) -> list[Finding]:
    """Look at everything that a role needs, by default what is installed here."""
    role = role or role_of_this_machine()
    findings = [Finding("Python", "ok", f"{platform.python_version()}; this machine is a {role}")]
    try:
        settings = load(DaemonSettings)
    except SettingsError as error:
        findings += [*_settings(error), _redis_server()]
        voices = partial(_speech, None, piper=True)
    else:
        findings.append(Finding("Settings", "ok", "complete"))
        findings += [*_strangers(), *_readers(), *_public(settings)]
        findings += await services.examine(settings, role)
        findings += _files(settings)
        voices = partial(_speech, settings.voices_directory, piper=settings.piper)
        findings += _signer(settings) if role is Role.DAEMON else []
    findings += _engine(role, voices)
    return [*findings, *_node(), *_providers()]


# --- settings -----------------------------------------------------------------------------------


def _settings(error: SettingsError) -> list[Finding]:
    given = any(name.startswith(PREFIX) and os.environ[name] for name in os.environ)
    if given or Path(FILE).exists():
        return [
            Finding("Settings", "broken", fault, f"set it in the environment or in {FILE}")
            for fault in error.faults
        ]
    needed = ", ".join(fault.split(":")[0] for fault in error.faults)
    said = f"none: `up` and `demo` choose their own; `bridge` and `work` need {needed}"
    return [Finding("Settings", "broken", said, "reelwright init")]


def _given() -> set[str]:
    """Return every name behind the prefix that the environment or the file sets."""
    file = settings_file()
    names = {*os.environ, *(dotenv_values(file) if file else ())}
    return {name.upper() for name in names if name.upper().startswith(PREFIX)}


def _strangers() -> Iterator[Finding]:
    """Tell of names that nothing reads: most of them are slips of a finger."""
    known = {name.upper() for field in DaemonSettings.model_fields for name in _names_of(field)} | {
        PREFIX + name for name in _OTHER_VARIABLES
    }
    for name in sorted(_given() - known - {f"{one}_FILE" for one in known}):
        # What all of them begin with is no likeness.
        ours = {one.removeprefix(PREFIX): one for one in known}
        meant = difflib.get_close_matches(name.removeprefix(PREFIX), ours, 1, cutoff=0.8)
        mend = f"rename it to {ours[meant[0]]}" if meant else "remove it"
        yield Finding("Settings", "note", f"{name} is no setting, and is read by nobody", mend)


def _names_of(field: str) -> list[str]:
    return variables(DaemonSettings, field)


def _readers() -> Iterator[Finding]:
    file = settings_file()
    if file and file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO) & ~stat.S_IRGRP:
        said = f"{file} holds secrets, and others than its owner can read it"
        yield Finding("Settings", "note", said, f"chmod 600 {file}")


def _public(settings: DaemonSettings) -> Iterator[Finding]:
    url = settings.public_url
    if url.scheme == "http" and url.host not in {"127.0.0.1", "localhost", "[::1]"}:
        said = f"{url} is not HTTPS: keys and links travel in the clear"
        yield Finding("Public URL", "note", said, "put a proxy before it: deploy/nginx")


# --- the machine --------------------------------------------------------------------------------


def _redis_server() -> Finding:
    try:
        said = f"not configured; can be embedded: {find_redis_server()}"
        return Finding("Redis", "note", said, "reelwright up --cms none")
    except EmbeddedRedisError as error:
        return Finding("Redis", "note", str(error), "apt-get install redis-server")


def _files(settings: DaemonSettings) -> Iterator[Finding]:
    wanted = settings.http_connections + _SPARE_FILES
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard != resource.RLIM_INFINITY and hard < wanted:
        said = f"{hard} at most, and REELWRIGHT_HTTP_CONNECTIONS needs {wanted}"
        yield Finding("Open files", "note", said, f"ulimit -Hn {wanted} (systemd: LimitNOFILE=)")


def _signer(settings: DaemonSettings) -> Iterator[Finding]:
    if settings.signing_certificate is None or settings.signing_key is None:
        said = "a certificate for development signs the videos"
        yield Finding("Signature", "note", said, "set REELWRIGHT_SIGNING_CERTIFICATE and …_KEY")
        return
    from cryptography import x509  # noqa: PLC0415 - of the daemon's libraries

    try:
        with settings.signing_key.open("rb"):
            pass
        certificate = x509.load_pem_x509_certificate(settings.signing_certificate.read_bytes())
    except OSError as error:
        said = f"{error.filename}: {error.strerror}"
        yield Finding("Signature", "broken", said, f"chown {services.who()} {error.filename}")
        return
    except ValueError:
        said = f"{settings.signing_certificate} is no certificate in PEM"
        yield Finding("Signature", "broken", said, "correct REELWRIGHT_SIGNING_CERTIFICATE")
        return
    ends = certificate.not_valid_after_utc
    said, mend = f"the certificate is good until {ends:%Y-%m-%d}", "have it renewed"
    if ends < datetime.now(UTC):
        yield Finding("Signature", "broken", f"the certificate ended on {ends:%Y-%m-%d}", mend)
    elif ends < datetime.now(UTC) + _SOON:
        yield Finding("Signature", "note", said, mend)
    else:
        yield Finding("Signature", "ok", said)


def _engine(role: Role, speech: Callable[[], str]) -> list[Finding]:
    if role is Role.BRIDGE:
        if importlib.util.find_spec("av") is None:
            said = "not installed: this machine can be a bridge and no daemon"
            return [Finding("Engine", "note", said, _INSTALL)]
        return []
    looks = (("FFmpeg", _ffmpeg_version), ("Encoders", _encoders), ("Speech", speech))
    return [_import_of_media(*one) for one in looks] + [_gpu()]


_INSTALL = "pip install '.[daemon]'"


def _ffmpeg_version() -> str:
    import av  # noqa: PLC0415 - doctor also runs where the media extra is not installed

    libavcodec = ".".join(str(part) for part in av.library_versions["libavcodec"])
    return f"inside PyAV {av.__version__}: {av.ffmpeg_version_info}, libavcodec {libavcodec}"


def _encoders() -> str:
    from render.encoder import available_encoders, choose_encoder  # noqa: PLC0415 - as above

    working = ", ".join(available_encoders()) or "none"
    return f"encode for real: {working}; chosen: {choose_encoder().name}"


def _speech(folder: Path | None, *, piper: bool) -> str:
    import espeakng_loader  # noqa: PLC0415 - as above

    from render.generation.piper.library import find_voices, installed  # noqa: PLC0415 - as above

    voices = ", ".join(voice.name for voice in find_voices(folder)) if piper else ""
    neural = f"Piper {installed()} with {voices}; " if voices else ""
    return f"{neural}espeak-ng from its wheel, data in {espeakng_loader.get_data_path()}"


def _import_of_media(part: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(part, "ok", look())
    except ImportError as error:
        return Finding(part, "broken", f"no {error.name}", _INSTALL)
    except Exception as error:  # noqa: BLE001 - whatever a library finds wrong with this machine
        said = f"{type(error).__name__}: {error}"
        return Finding(part, "broken", said, f"{_INSTALL} --force-reinstall")


def _gpu() -> Finding:
    try:
        cards = gpus.look()
    except gpus.NoGpu as error:
        return Finding("GPU", "note", f"none ({error}); the CPU encodes")
    return Finding("GPU", "ok", ", ".join(card.name for card in cards))


def _node() -> Iterator[Finding]:
    if not PLUGIN.is_dir():
        return
    node = shutil.which("node")
    if node is None:
        yield Finding("Node", "note", "not found; only the bundled Payload needs it (20.9+)")
        return
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603 - found on PATH
    version = tuple(int(part) for part in said.strip().lstrip("v").split(".")[:2] if part.isdigit())
    if version < _NODE:
        said = f"{said.strip()} is too old for the bundled Payload: 20.9 or newer"
        yield Finding("Node", "note", said)
    else:
        yield Finding("Node", "ok", said.strip())


def _providers() -> list[Finding]:
    keys = {"Gemini": "GEMINI_API_KEY", "Replicate": "REPLICATE_API_TOKEN"}
    given = {**os.environ, **(dotenv_values(file) if (file := _file()) else {})}
    found = [
        Finding(name, "ok", f"key found ({variable})")
        if any(given.get(one) for one in _spellings(variable))
        else Finding(name, "note", f"no key ({variable})")
        for name, variable in keys.items()
    ]
    return [*found, Finding("Offline", "ok", "pictures and speech without a key")]


def _spellings(variable: str) -> list[str]:
    return [f"{before}{variable}{after}" for before in ("", PREFIX) for after in ("", "_FILE")]


def _file() -> Path | None:
    try:
        return settings_file()
    except SettingsError:
        return None
