"""Whether anything can be written: a service that only reads is no service."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from cms_bridge.database import connected, migrate, takes_writes

pytestmark = pytest.mark.anyio


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", place]
    if subprocess.run(mount, check=False).returncode:
        pytest.skip("Only root may mount a disk.")
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


def lay_over(disk: Path, data: Path) -> None:
    """Have a disk show what a directory holds, in its place, and take no writes."""
    shutil.copytree(data, disk, dirs_exist_ok=True)
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    subprocess.run(["mount", "--bind", disk, data], check=True)


def take_off(data: Path) -> None:
    subprocess.run(["umount", "--lazy", data], check=True)


async def test_a_sqlite_file_that_lies_on_a_disk_to_be_read_alone(
    tmp_path: Path, disk: Path
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    url = f"sqlite:///{data}/reelwright.db"
    await migrate(url)
    async with connected(url):
        assert await takes_writes()
        lay_over(disk, data)
        try:
            assert (data / "reelwright.db").exists()
            assert not await takes_writes()
        finally:
            take_off(data)
        assert await takes_writes()
