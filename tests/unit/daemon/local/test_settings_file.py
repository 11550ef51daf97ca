"""`reelwright init`: a file that is whole, secret, and never written over."""

import os
import re
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cms_bridge.settings import load
from daemon.__main__ import app
from daemon.local import settings_file
from daemon.settings import DaemonSettings

REQUIRED = {"public_url": "http://127.0.0.1:8000", "redis_url": "redis://127.0.0.1:6379/0"}


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("REELWRIGHT_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_init_writes_settings_that_load_with_secrets_of_their_own() -> None:
    said = CliRunner().invoke(app, ["init", "--public-url", "https://films.example.com"])
    assert said.exit_code == 0, said.output
    settings = load(DaemonSettings)
    assert str(settings.public_url) == "https://films.example.com/"
    assert stat.S_IMODE(Path("reelwright.env").stat().st_mode) == 0o600
    secrets = settings.secrets
    assert len(secrets) == 5  # the webhook's also without its prefix
    assert not any(secret in said.output for secret in secrets)
    Path("reelwright.env").rename("first.env")
    CliRunner().invoke(app, ["init"])
    assert load(DaemonSettings).secrets.isdisjoint(secrets)


def test_init_never_overwrites() -> None:
    Path("reelwright.env").write_text("precious")
    with pytest.raises(settings_file.SettingsFileExists, match="nothing was written"):
        settings_file.write(Path("reelwright.env"), **REQUIRED)
    assert Path("reelwright.env").read_text() == "precious"


def test_every_setting_is_in_the_file_and_its_default_can_be_uncommented() -> None:
    written = settings_file.text(
        {**REQUIRED, "webhook_secret": settings_file.webhook_secret()}
        | dict.fromkeys(("api_key", "link_secret"), "x" * 32)
    )
    for name in DaemonSettings.model_fields:
        assert re.search(rf"^#?REELWRIGHT_{name.upper()}=", written, re.MULTILINE), name
    assert max(map(len, re.findall(r"^# .*", written, re.MULTILINE))) <= 98
    # Every default is read back as what it is.
    Path("reelwright.env").write_text(written)
    before = load(DaemonSettings)
    Path("reelwright.env").write_text(re.sub(r"(?m)^#(?=REELWRIGHT_)", "", written))
    assert load(DaemonSettings) == before
