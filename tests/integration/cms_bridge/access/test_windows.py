"""Windows over several processes' connections to one Redis, and over each one's own without it."""

import socket
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager
from pathlib import Path

import anyio
import pytest
from redis import Redis

from cms_bridge.access.windows import Quota, Windows
from cms_bridge.batches import Batches
from daemon.local.redis import embedded_redis

pytestmark = pytest.mark.anyio

NOWHERE = "redis://127.0.0.1:1/0"


@asynccontextmanager
async def windows_at(url: str) -> AsyncIterator[Windows]:
    """The windows of one bridge."""
    async with aclosing(Batches(url, seconds=1)) as redis:
        yield Windows(redis)


async def ask(windows: Windows, quota: Quota, *, times: int, subject: str = "key") -> Counter[bool]:
    """Ask at once; count what was told."""
    told: Counter[bool] = Counter()

    async def one() -> None:
        place = await windows.take(quota, subject)
        assert place
        told[place.free] += 1

    async with anyio.create_task_group() as group:
        for _ in range(times):
            group.start_soon(one)
    return told


async def test_no_two_take_the_same_place(redis_url: str) -> None:
    quota, told = Quota("q", 50), Counter[bool]()
    async with windows_at(redis_url) as one, windows_at(redis_url) as other:

        async def from_one(windows: Windows) -> None:
            told.update(await ask(windows, quota, times=75))

        async with anyio.create_task_group() as group:
            group.start_soon(from_one, one)
            group.start_soon(from_one, other)
    assert told == {True: 50, False: 100}


async def test_subjects_and_quotas_do_not_meet(redis_url: str) -> None:
    async with windows_at(redis_url) as windows:
        for quota in (Quota("a", 3), Quota("b", 3)):
            for subject in ("one", "two"):
                assert await ask(windows, quota, times=5, subject=subject) == {True: 3, False: 2}


@pytest.mark.parametrize("with_redis", [True, False])
async def test_no_window_wherever_it_begins_holds_more(redis_url: str, with_redis: bool) -> None:
    quota, came = Quota("q", 5, seconds=1), list[tuple[float, float]]()
    async with windows_at(redis_url if with_redis else NOWHERE) as windows:
        with anyio.move_on_after(3.5):
            while True:
                before = anyio.current_time()
                place = await windows.take(quota, "key")
                assert place
                if place.free:
                    came.append((before, anyio.current_time()))
                await anyio.sleep(0.01)
    assert 15 <= len(came) <= 20
    # A moment lies between asking and being told, however long that takes.
    pairs = zip(came, came[5:], strict=False)
    assert all(told - asked > 0.99 for (asked, _), (_, told) in pairs)


@pytest.mark.parametrize("with_redis", [True, False])
async def test_what_is_told_is_so(redis_url: str, with_redis: bool) -> None:
    quota = Quota("q", 2, seconds=1)
    async with windows_at(redis_url if with_redis else NOWHERE) as windows:
        places = [await windows.take(quota, "key") for _ in range(3)]
        assert [place and (place.free, place.left) for place in places] == [
            (True, 1),
            (True, 0),
            (False, 0),
        ]
        assert places[2]
        assert 0 < places[2].next_in <= 1
        await anyio.sleep(places[2].next_in + 0.01)
        again = await windows.take(quota, "key")
        assert again
        assert again.free


async def test_without_a_limit_redis_is_not_asked(redis_url: str) -> None:
    async with windows_at(redis_url) as windows:
        assert await windows.take(Quota("q", 0), "key") is None
    with Redis.from_url(redis_url) as client:
        assert not client.keys("reelwright:rate:*")


async def test_what_nobody_asks_for_is_forgotten(redis_url: str) -> None:
    async with windows_at(redis_url) as windows:
        await ask(windows, Quota("q", 5, seconds=1), times=9)
    with Redis.from_url(redis_url) as client:
        assert client.keys("reelwright:rate:*")
        await anyio.sleep(1.1)
        assert not client.keys("reelwright:rate:*")


async def test_when_redis_goes_what_was_let_through_counts_on(tmp_path: Path) -> None:
    quota = Quota("q", 10)
    async with embedded_redis(tmp_path / "redis") as url:
        redis = Batches(url, seconds=1)
        windows = Windows(redis)
        assert await ask(windows, quota, times=6) == {True: 6}
    assert await ask(windows, quota, times=30) == {True: 4, False: 26}
    assert await ask(windows, quota, times=10, subject="another") == {True: 10}
    await redis.aclose()


async def test_when_redis_comes_it_is_asked_again(redis_url: str) -> None:
    quota = Quota("q", 4)
    async with windows_at(redis_url) as windows, windows_at(redis_url) as other:
        windows._ask_again = anyio.current_time() + 0.2
        assert await ask(windows, quota, times=4) == {True: 4}
        assert await ask(other, quota, times=4) == {True: 4}
        await anyio.sleep(0.3)
        assert await ask(windows, quota, times=4) == {False: 4}


@contextmanager
def silent_server() -> Iterator[str]:
    """A server that takes connections and never says anything."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(128)
        yield f"redis://127.0.0.1:{listening.getsockname()[1]}/0"


async def test_a_redis_that_hangs_holds_up_a_few_requests_and_then_none() -> None:
    quota = Quota("q", 1_000)
    with silent_server() as url:
        async with windows_at(url) as windows:
            with anyio.fail_after(10):
                assert await ask(windows, quota, times=200) == {True: 200}
            started = anyio.current_time()
            assert await ask(windows, quota, times=200) == {True: 200}
            assert anyio.current_time() - started < 0.9


async def test_a_process_remembers_so_many_subjects_and_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("cms_bridge.access.windows._SUBJECTS", 100)
    async with windows_at(NOWHERE) as windows:
        for number in range(300):
            await windows.take(Quota("q", 5), str(number))
        assert len(windows._own) == 100
