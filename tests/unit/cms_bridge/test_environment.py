"""Settings from a file, and secrets from files that the environment names."""

import base64
import os
from pathlib import Path

import pytest

from cms_bridge.environment import SettingsError
from cms_bridge.settings import BridgeSettings, load
from daemon.settings import DaemonSettings

SECRET = "whsec_" + base64.b64encode(bytes(32)).decode()
GOOD = {
    "REELWRIGHT_REDIS_URL": "redis://127.0.0.1:6379",
    "REELWRIGHT_WEBHOOK_SECRET": SECRET,
    "REELWRIGHT_API_KEY": "a" * 32,
    "REELWRIGHT_LINK_SECRET": "b" * 32,
}


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("REELWRIGHT_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def write(**changes: str) -> Path:
    file = Path("reelwright.env")
    file.write_text("".join(f"{name}={value}\n" for name, value in {**GOOD, **changes}.items()))
    return file


def faults() -> list[str]:
    with pytest.raises(SettingsError) as error:
        load(BridgeSettings)
    return error.value.faults


def test_a_settings_file_is_found_where_the_process_starts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write(REELWRIGHT_PORT="9000", REELWRIGHT_CONCURRENT_JOBS="7", REELWRIGHT_HOST="127.0.0.3")
    monkeypatch.setenv("REELWRIGHT_HOST", "127.0.0.2")
    settings = load(DaemonSettings)
    assert (settings.port, settings.concurrent_jobs) == (9000, 7)
    # The environment goes first.
    assert settings.host == "127.0.0.2"
    assert settings.webhook_secret.get_secret_value() == SECRET


def test_a_settings_file_can_be_elsewhere_or_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = write().rename("other.env")
    monkeypatch.setenv("REELWRIGHT_SETTINGS", str(elsewhere))
    assert load(BridgeSettings).redis_url == GOOD["REELWRIGHT_REDIS_URL"]
    monkeypatch.setenv("REELWRIGHT_SETTINGS", "nowhere.env")
    assert faults() == ["REELWRIGHT_SETTINGS: nowhere.env: No such file or directory"]
    write()
    monkeypatch.setenv("REELWRIGHT_SETTINGS", "")
    assert faults() == [f"{name}: is not set" for name in GOOD]


@pytest.mark.parametrize("names_it", ["environment", "file"])
def test_a_secret_can_lie_in_a_file(names_it: str, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("key").write_text("k" * 40 + "\n")
    Path("gemini").write_text("g" * 10)
    own = {"REELWRIGHT_API_KEY_FILE": "key", "GEMINI_API_KEY_FILE": "gemini"}
    if names_it == "file":
        write(REELWRIGHT_API_KEY="", **own)
    else:
        write(REELWRIGHT_API_KEY="")
        for name, value in own.items():
            monkeypatch.setenv(name, value)
    settings = load(DaemonSettings)
    assert settings.api_key.get_secret_value() == "k" * 40
    assert settings.gemini_api_key is not None
    assert settings.gemini_api_key.get_secret_value() == "g" * 10
    assert {"k" * 40, "g" * 10} <= settings.secrets


def test_files_that_cannot_be_read_are_named_without_what_they_hold(tmp_path: Path) -> None:
    Path("empty").write_text("\n")
    Path("bytes").write_bytes(b"\xff\xfe")
    Path("long").write_text("x" * 70_000)
    write(
        REELWRIGHT_API_KEY="",
        REELWRIGHT_API_KEY_FILE="nowhere",
        REELWRIGHT_LINK_SECRET_FILE="empty",
        REELWRIGHT_WEBHOOK_SECRET="",
        REELWRIGHT_WEBHOOK_SECRET_FILE="bytes",
        REELWRIGHT_DATABASE_URL_FILE=str(tmp_path),
        REELWRIGHT_REDIS_URL="",
        REELWRIGHT_REDIS_URL_FILE="long",
        REELWRIGHT_GEMINI_API_KEY_FILE="empty",
    )
    assert sorted(faults()) == [
        "REELWRIGHT_API_KEY_FILE: nowhere: No such file or directory",
        f"REELWRIGHT_DATABASE_URL_FILE: {tmp_path}: Is a directory",
        "REELWRIGHT_GEMINI_API_KEY_FILE: empty: is empty",
        "REELWRIGHT_LINK_SECRET_FILE: REELWRIGHT_LINK_SECRET is set as well; one of them is enough",
        "REELWRIGHT_REDIS_URL_FILE: long: too long",
        "REELWRIGHT_WEBHOOK_SECRET_FILE: bytes: holds no text",
    ]
