"""The pace of an account, kept by several daemons through one Redis, or alone without it."""

from collections.abc import Sequence
from pathlib import Path

import anyio
import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from daemon.local.redis import embedded_redis
from daemon.shared_pace import open_shared_paces
from render.generation.pacing import Pace

pytestmark = pytest.mark.anyio

KEY = "a key that nobody may read"
PER_MINUTE = 1200
GAP = 60 / PER_MINUTE


async def turns(paces: Sequence[Pace | None], *, each: int) -> list[float]:
    """Take turns from several at once; return the seconds until each one came, in order."""
    began = anyio.current_time()
    waits: list[float] = []

    async def take(pace: Pace) -> None:
        for _ in range(each):
            await pace.wait_turn()
            waits.append(anyio.current_time() - began)

    async with anyio.create_task_group() as group:
        for pace in paces:
            assert pace is not None
            group.start_soon(take, pace)
    return waits


async def test_daemons_with_the_same_account_share_its_pace(redis_url: str) -> None:
    async with open_shared_paces(redis_url) as one, open_shared_paces(redis_url) as other:
        paces = [
            daemon.pace("gemini", key=KEY, per_minute=PER_MINUTE) for daemon in (one, one, other)
        ]
        waits = await turns(paces, each=4)
    assert len(waits) == 12
    assert all(wait >= number * GAP * 0.99 for number, wait in enumerate(waits))


async def test_other_accounts_and_providers_have_a_pace_of_their_own(redis_url: str) -> None:
    async with open_shared_paces(redis_url) as paces:
        slow = [
            paces.pace("gemini", key=KEY, per_minute=1),
            paces.pace("gemini", key="another", per_minute=1),
            paces.pace("replicate", key=KEY, per_minute=1),
        ]
        with anyio.fail_after(30):
            await turns(slow, each=1)


async def test_an_account_without_a_limit_has_no_pace(redis_url: str) -> None:
    async with open_shared_paces(redis_url) as paces:
        assert paces.pace("gemini", key=KEY, per_minute=0) is None


async def test_redis_holds_a_digest_of_the_key_alone_and_not_for_ever(redis_url: str) -> None:
    async with open_shared_paces(redis_url) as paces, Redis.from_url(redis_url) as redis:
        pace = paces.pace("gemini", key=KEY, per_minute=60)
        assert pace is not None
        await pace.wait_turn()
        (name,) = await redis.keys()
        assert KEY.encode() not in name
        assert 0 < await redis.pttl(name) <= 1000


async def test_without_redis_each_daemon_keeps_the_pace_alone_and_nothing_fails(
    tmp_path: Path,
) -> None:
    async with embedded_redis(tmp_path) as url, open_shared_paces(url) as paces:
        pace = paces.pace("gemini", key=KEY, per_minute=PER_MINUTE)
        await turns([pace], each=2)
        await _stop(url)
        with capture_logs() as logs:
            waits = await turns([pace, pace], each=3)
    assert all(wait >= number * GAP * 0.99 for number, wait in enumerate(waits))
    assert {line["event"] for line in logs} == {"pace.redis_unavailable"}
    assert KEY not in repr(logs)


async def _stop(url: str) -> None:
    async with Redis.from_url(url) as redis:
        await redis.shutdown(nosave=True)
