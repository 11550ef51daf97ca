"""A bridge process that takes uploads, and what is sent to it."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support import media_files
from tests.support.bridge_process import API_KEY, Bridge, running_bridge


@pytest.fixture(scope="module")
def bridge(
    tmp_path_factory: pytest.TempPathFactory, redis_server: str, migrated_sqlite: Path
) -> Iterator[Bridge]:
    directory = tmp_path_factory.mktemp("uploads")
    (directory / "bridge.db").write_bytes(migrated_sqlite.read_bytes())
    with running_bridge(
        directory,
        redis=redis_server,
        database=f"sqlite:///{directory}/bridge.db",
        rate_uploads_per_minute="0",
        rate_writes_per_minute="0",
        upload_directory=str(directory / "arriving"),
    ) as bridge:
        yield bridge


@pytest.fixture
def http(bridge: Bridge) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {API_KEY}"}
    with httpx.Client(base_url=bridge.url, headers=headers, timeout=60) as client:
        yield client


@pytest.fixture(scope="session")
def media(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A file of every kind, by its extension."""
    folder = tmp_path_factory.mktemp("media")
    return {extension: media_files.medium(extension, folder) for extension in media_files.EVERY}
