"""What Prometheus is told by a daemon process: how full it is, its disks, its certificate."""

import socket
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from cms_bridge.settings import SettingsError
from daemon.exposition import served
from daemon.settings import DaemonSettings
from render.signing import credentials
from tests.support import events
from tests.support.bridge_process import API_KEY, LINK_SECRET
from tests.support.daemon_process import running_daemon
from tests.support.scrapes import samples, value


def test_a_daemon_tells_how_full_it_is_and_when_its_certificate_ends(
    tmp_path: Path, redis_url: str, migrated_sqlite_url: str
) -> None:
    signer = credentials.development(tmp_path / "credentials")
    with running_daemon(
        tmp_path,
        redis=redis_url,
        database=migrated_sqlite_url,
        signing_certificate=str(signer.certificate),
        signing_key=str(signer.key),
        concurrent_jobs="3",
    ) as address:
        found = samples(httpx.get(address).text)
    assert value(found, "reelwright_places", work="jobs") == 3
    assert value(found, "reelwright_places_taken", work="jobs") == 0
    assert value(found, "reelwright_disk_free_bytes", volume="work") > 0
    assert value(found, "reelwright_daemon_cpu_seconds_total") > 0
    assert value(found, "reelwright_daemon_memory_bytes") > 10 * 2**20
    assert value(found, "reelwright_daemon_cores") >= 1
    ends = value(found, "reelwright_certificate_expiry_timestamp_seconds", certificate="signing")
    assert ends > datetime.now(UTC).timestamp()
    # Counted from nought on, so that the first one is an increase.
    for kind in ("video", "image", "speech", "export"):
        of = {"kind": kind, "phase": "render", "outcome": "failed"}
        assert ("reelwright_jobs_finished_total", frozenset(of.items())) in found


def settings(**values: object) -> DaemonSettings:
    return DaemonSettings.model_validate(
        {
            "redis_url": "redis://localhost",
            "webhook_secret": SecretStr(events.SECRET),
            "api_key": SecretStr(API_KEY),
            "link_secret": SecretStr(LINK_SECRET),
            **values,
        }
    )


def test_nothing_listens_unless_a_port_is_set_and_a_taken_one_is_named() -> None:
    with served(settings(), dict) as port:
        assert port is None
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]
        with (
            pytest.raises(
                SettingsError, match=rf"REELWRIGHT_METRICS_PORT: .*127\.0\.0\.1:{number}"
            ),
            served(settings(metrics_port=number), dict),
        ):
            pass
