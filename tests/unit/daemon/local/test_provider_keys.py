"""Keys of paid providers: what runs by itself leaves them alone, and the doctor looks for all."""

import pytest
from pydantic import AliasChoices, SecretStr

from cms_bridge.settings import PREFIX
from daemon.local import doctor
from daemon.local.demo import PROVIDER_KEYS
from daemon.settings import DaemonSettings

KEYS = {
    name
    for field in DaemonSettings.model_fields.values()
    if isinstance(field.validation_alias, AliasChoices) and field.annotation == SecretStr | None
    for name in map(str, field.validation_alias.choices)
    if not name.startswith(PREFIX)
}
"""The providers' own names for their keys, under which settings read them as well."""


def test_the_demo_and_the_tests_leave_every_provider_s_key_alone() -> None:
    assert "GEMINI_API_KEY" in KEYS
    assert set(PROVIDER_KEYS) == KEYS


def test_the_doctor_looks_for_every_provider_s_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in KEYS:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(PREFIX + name, raising=False)
    said = " ".join(finding.said for finding in doctor._providers())
    assert [name for name in KEYS if f"no key ({name})" not in said] == []
