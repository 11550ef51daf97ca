import base64

import pytest

from cms_bridge.settings import BridgeSettings, SettingsError, load
from daemon.settings import DaemonSettings

GOOD = {
    "REELWRIGHT_REDIS_URL": "redis://127.0.0.1:6379",
    "REELWRIGHT_WEBHOOK_SECRET": "whsec_" + base64.b64encode(bytes(32)).decode(),
    "REELWRIGHT_API_KEY": "a" * 32,
    "REELWRIGHT_LINK_SECRET": "b" * 32,
}


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in [name for name in os.environ if name.startswith("REELWRIGHT_")]:
        monkeypatch.delenv(name)


def given(monkeypatch: pytest.MonkeyPatch, **changes: str | None) -> None:
    for name, value in {**GOOD, **changes}.items():
        if value is not None:
            monkeypatch.setenv(name, value)


def faults() -> list[str]:
    with pytest.raises(SettingsError) as error:
        load(BridgeSettings)
    return error.value.faults


def test_four_settings_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch)
    settings = load(DaemonSettings)
    assert settings.storage == "local"
    assert settings.database_url.startswith("sqlite:///")
    assert settings.limits.max_scenes == 200


def test_everything_missing_is_named_at_once() -> None:
    assert faults() == [f"{name}: is not set" for name in GOOD]


def test_everything_malformed_is_named_at_once_without_its_value(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bad = {
        "REELWRIGHT_DATABASE_URL": "mysql://root:hunter2@db",
        "REELWRIGHT_REDIS_URL": "http://hunter2@redis",
        "REELWRIGHT_WEBHOOK_SECRET": "whsec_hunter2",
        "REELWRIGHT_API_KEY": "hunter2",
        "REELWRIGHT_STORAGE": "hunter2",
        "REELWRIGHT_MAX_SCENES": "hunter2",
        "REELWRIGHT_LEASE_SECONDS": "0",
    }
    given(monkeypatch, **bad)
    said = faults()
    assert {line.split(":")[0] for line in said} == set(bad)
    assert "hunter2" not in "\n".join(said)


def test_r2_names_all_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, REELWRIGHT_STORAGE="r2", REELWRIGHT_R2_BUCKET="videos")
    (said,) = faults()
    assert "REELWRIGHT_R2_ENDPOINT_URL" in said
    assert "REELWRIGHT_R2_SECRET_ACCESS_KEY" in said
    assert "REELWRIGHT_R2_BUCKET" not in said


def test_a_secret_does_not_show_in_the_settings_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch)
    shown = repr(load(BridgeSettings))
    for name in ("REELWRIGHT_WEBHOOK_SECRET", "REELWRIGHT_API_KEY", "REELWRIGHT_LINK_SECRET"):
        assert GOOD[name] not in shown


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, REELWRIGHT_PAYLOAD_URL="", REELWRIGHT_DATABASE_URL="")
    settings = load(BridgeSettings)
    assert settings.payload_url is None
    assert settings.database_url.startswith("sqlite:///")


def test_several_webhook_secrets_serve_a_rotation(monkeypatch: pytest.MonkeyPatch) -> None:
    two = f"{GOOD['REELWRIGHT_WEBHOOK_SECRET']} whsec_{base64.b64encode(bytes(24)).decode()}"
    given(monkeypatch, REELWRIGHT_WEBHOOK_SECRET=two)
    assert load(BridgeSettings).webhook_secret.get_secret_value().split() == two.split()


def test_every_secret_is_known_to_whoever_must_hide_it(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = (base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2))
    given(
        monkeypatch,
        REELWRIGHT_WEBHOOK_SECRET=f"whsec_{first} whsec_{second}",
        REELWRIGHT_DATABASE_URL="postgresql://user:pass%2Fword@host:5432/name",
        REELWRIGHT_REDIS_URL="redis://:redis-password@host",
        REELWRIGHT_GEMINI_API_KEY="gemini-key",
    )
    settings = load(DaemonSettings)
    assert settings.secrets >= {
        *(first, second, f"whsec_{first}"),
        *("a" * 32, "b" * 32, "gemini-key"),
        *("pass%2Fword", "pass/word", "redis-password"),
    }
    assert "" not in settings.secrets


def test_the_budget_for_strangers_must_hold_a_webhook(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, REELWRIGHT_HTTP_UNAUTHENTICATED_BYTES="1000000")
    (fault,) = faults()
    assert "REELWRIGHT_HTTP_UNAUTHENTICATED_BYTES must hold one webhook" in fault
