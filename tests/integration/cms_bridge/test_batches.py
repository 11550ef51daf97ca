"""What is asked of Redis together: each gets its own answer, and nobody another's trouble."""

import asyncio
from contextlib import aclosing
from typing import Any

import anyio
import pytest
from redis import Redis
from redis.exceptions import RedisError

from cms_bridge.batches import Batches

pytestmark = pytest.mark.anyio


async def test_each_is_answered_in_order_and_together(redis_url: str) -> None:
    async with aclosing(Batches(redis_url, seconds=5)) as batches:
        before = calls(redis_url)
        answers = await asyncio.gather(
            *(batches.ask(("ECHO", str(n)), ("ECHO", f"{n} too")) for n in range(500))
        )
        assert answers == [[b"%d" % n, b"%d too" % n] for n in range(500)]
        assert calls(redis_url) - before == 1000


def calls(url: str) -> int:
    with Redis.from_url(url) as client:
        return client.info("commandstats").get("cmdstat_echo", {}).get("calls", 0)


async def test_who_asks_the_same_together_shares_one_command(redis_url: str) -> None:
    async with aclosing(Batches(redis_url, seconds=5)) as batches:
        before = calls(redis_url)
        first = [batches.share("all", lambda count: ("ECHO", str(count))) for _ in range(300)]
        other = [batches.share("few", lambda count: ("ECHO", str(count))) for _ in range(3)]
        told = await asyncio.gather(*first, *other)
        assert told == [*([n, b"300"] for n in range(300)), *([n, b"3"] for n in range(3))]
        assert calls(redis_url) - before == 2


async def test_who_comes_while_others_are_asked_for_asks_anew(redis_url: str) -> None:
    async with aclosing(Batches(redis_url, seconds=5)) as batches:
        before = calls(redis_url)

        async def one_after_the_other() -> list[list[Any]]:
            return [
                await batches.share("all", lambda count: ("ECHO", str(count))) for _ in range(5)
            ]

        told = await asyncio.gather(*(one_after_the_other() for _ in range(4)))
        assert [[count for _, count in each] for each in told] == [[b"4"] * 5] * 4
        assert calls(redis_url) - before == 5


async def test_who_gives_up_a_shared_answer_leaves_the_others_theirs(redis_url: str) -> None:
    async with aclosing(Batches(redis_url, seconds=5)) as batches:
        told = [batches.share("all", lambda count: ("ECHO", str(count))) for _ in range(3)]
        told[0].cancel()
        assert await told[2] == [2, b"3"]
        with pytest.raises(asyncio.CancelledError):
            await told[0]


async def test_a_shared_command_that_is_wrong_is_wrong_for_all(redis_url: str) -> None:
    async with aclosing(Batches(redis_url, seconds=5)) as batches:
        told = await asyncio.gather(
            *(batches.share("all", lambda _: ("NONSENSE",)) for _ in range(3)),
            return_exceptions=True,
        )
        assert all(isinstance(one, RedisError) for one in told)
        assert await batches.share("all", lambda _: ("ECHO", "yes")) == [0, b"yes"]


async def test_one_that_is_wrong_is_wrong_alone(redis_url: str) -> None:
    async with aclosing(Batches(redis_url, seconds=5)) as batches:
        wrong, right = await asyncio.gather(
            batches.ask(("NONSENSE",)), batches.ask(("ECHO", "yes")), return_exceptions=True
        )
        assert isinstance(wrong, RedisError)
        assert right == [b"yes"]


async def test_who_gives_up_leaves_the_others_theirs(redis_url: str) -> None:
    async with aclosing(Batches(redis_url, seconds=5)) as batches:
        first, second = (asyncio.create_task(batches.ask(("ECHO", one))) for one in ("a", "b"))
        await asyncio.sleep(0)
        first.cancel()
        assert await second == [b"b"]
        assert await batches.ask(("ECHO", "c")) == [b"c"]


async def test_away_it_is_away_for_all_that_wait_and_can_come_back() -> None:
    async with aclosing(Batches("redis://127.0.0.1:1/0", seconds=1)) as batches:
        for _ in range(2):
            with anyio.fail_after(5):
                told = await asyncio.gather(
                    *(batches.ask(("ECHO", "x")) for _ in range(300)), return_exceptions=True
                )
            assert all(isinstance(one, RedisError | OSError) for one in told)


async def test_what_cannot_be_sent_leaves_nobody_waiting(redis_url: str) -> None:
    async with aclosing(Batches(redis_url, seconds=5)) as batches:
        with anyio.fail_after(5), pytest.raises(UnicodeEncodeError):
            await batches.ask(("ECHO", "\ud800"))
        assert await batches.ask(("ECHO", "yes")) == [b"yes"]
