"""A channel over a Redis that comes and goes: who listens hears again, and the log stays short."""

from pathlib import Path

import anyio
import pytest
from structlog.testing import capture_logs

from cms_bridge.jobs import channels
from cms_bridge.jobs.channels import Channel, Ear
from daemon.local.redis import embedded_redis
from tests.support.installation import eventually

pytestmark = pytest.mark.anyio


class CountingEar(Ear):
    tries = 0

    async def _hear_until_cut_off(self) -> None:
        self.tries += 1
        await super()._hear_until_cut_off()


async def test_a_redis_that_is_long_away_is_told_once_and_heard_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channels, "_AGAIN_SECONDS", 0.01)
    async with embedded_redis(tmp_path) as url:
        pass
    begun: list[None] = []
    ear = CountingEar(
        url, Channel.STOPS, on_told=lambda _: None, on_begin=lambda: begun.append(None)
    )
    with capture_logs() as logs:
        async with anyio.create_task_group() as group:
            group.start_soon(ear.listen)
            await eventually(lambda: ear.tries > 10, every=0.01)
            assert not ear.hears
            async with embedded_redis(tmp_path) as again:
                assert again == url
                await eventually(lambda: ear.hears, every=0.01)
                assert begun == [None]
                group.cancel_scope.cancel()
        await ear.aclose()

    told = [one["event"] for one in logs if one["event"].startswith("channel.")]
    assert told == ["channel.deaf", "channel.heard_again"]
