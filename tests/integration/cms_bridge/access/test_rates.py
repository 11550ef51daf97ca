"""Rates over two bridge processes, with Redis and after it has stopped."""

import re
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import anyio
import httpx
import pytest

from cms_bridge.access import registry
from cms_bridge.access.callers import Action
from cms_bridge.database import connected
from tests.support import events
from tests.support.bridge_process import API_KEY, WEBHOOKS, Bridge, running_bridge
from tests.support.servers.redis import redis_server

READS, WRITES, EVENTS, REFUSALS = 20, 6, 5, 7
STATUS = "/api/v1/videos/jobs/{}/status"
RENDER = "/api/v1/jobs/{}/render"


class Two(NamedTuple):
    """Two bridges over one database and one Redis, and a key beside that of the environment."""

    bridges: list[Bridge]
    key: str
    stop_redis: ExitStack


@pytest.fixture
def two(tmp_path: Path, migrated_sqlite: Path) -> Iterator[Two]:
    database = f"sqlite:///{tmp_path}/bridge.db"
    (tmp_path / "bridge.db").write_bytes(migrated_sqlite.read_bytes())

    async def make_key() -> str:
        async with connected(database):
            token, _ = await registry.create(
                "Another", projects=None, actions=tuple(Action), lasts=None
            )
            return token

    with ExitStack() as bridges, ExitStack() as redis:
        url = redis.enter_context(redis_server(tmp_path / "redis"))
        running: list[Bridge] = []
        for name in ("one", "other"):
            (tmp_path / name).mkdir()
            running.append(
                bridges.enter_context(
                    running_bridge(
                        tmp_path / name,
                        redis=url,
                        database=database,
                        rate_reads_per_minute=str(READS),
                        rate_writes_per_minute=str(WRITES),
                        rate_events_per_minute=str(EVENTS),
                        rate_refusals_per_minute=str(REFUSALS),
                    )
                )
            )
        yield Two(running, anyio.run(make_key), redis)


def ask(
    bridges: list[Bridge], path: str, *, times: int, key: str = API_KEY, method: str = "GET"
) -> list[httpx.Response]:
    """Ask several bridges in turn, eight requests at a time."""
    with httpx.Client(timeout=60) as http, ThreadPoolExecutor(8) as pool:

        def one(number: int) -> httpx.Response:
            return http.request(
                method,
                bridges[number % len(bridges)].url + path.format(uuid4()),
                headers={"Authorization": f"Bearer {key}"},
            )

        return list(pool.map(one, range(times)))


def counted(answers: list[httpx.Response]) -> dict[int, int]:
    return dict(Counter(answer.status_code for answer in answers))


def test_of_three_times_as_many_requests_exactly_the_limit_is_let_through(two: Two) -> None:
    answers = ask(two.bridges, STATUS, times=3 * READS)
    assert counted(answers) == {404: READS, 429: 2 * READS}
    left = sorted(
        int(re.fullmatch(r'"reads";r=(\d+);t=\d+', answer.headers["ratelimit"])[1])
        for answer in answers
        if answer.status_code == 404
    )
    assert left == list(range(READS))
    refused = next(answer for answer in answers if answer.status_code == 429)
    wait = int(refused.headers["retry-after"])
    assert 0 < wait <= 60
    assert refused.headers["ratelimit-policy"] == f'"reads";q={READS};w=60'
    assert refused.headers["ratelimit"] == f'"reads";r=0;t={wait}'
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json() == {
        "type": "urn:reelwright:problem:rate_limited",
        "title": "Too Many Requests",
        "status": 429,
        "detail": f"Too many requests: {READS} in 60 seconds may come from here."
        f" Ask again in {wait} seconds.",
        "code": "rate_limited",
        "params": {"quota": "reads", "limit": READS, "window": 60, "retryAfter": wait},
        "errors": [],
    }
    # Who has read too much may still write, and others may read; health is anybody's.
    assert counted(ask(two.bridges, RENDER, times=2 * WRITES, method="POST")) == {
        404: WRITES,
        429: WRITES,
    }
    assert counted(ask(two.bridges, STATUS, times=4, key=two.key)) == {404: 4}
    health = ask(two.bridges, "/health/live", times=READS + 1)
    assert counted(health) == {200: READS + 1}
    assert "ratelimit" not in health[0].headers


def test_wrong_keys_and_signatures_count_against_their_address(two: Two) -> None:
    answers = ask(two.bridges, STATUS, times=4, key="wrong")
    body, headers = events.signed(events.submitted())
    for bridge in two.bridges * REFUSALS:
        wrong = httpx.post(bridge.url + WEBHOOKS, content=body + b" ", headers=headers)
        answers.append(wrong)
    assert counted(answers) == {401: REFUSALS, 429: 4 + REFUSALS * 2 - REFUSALS}
    assert "retry-after" in answers[-1].headers
    assert answers[-1].json()["params"]["quota"] == "refusals"
    # A right one opens all the same: an address may be many people's.
    assert counted(ask(two.bridges, STATUS, times=2)) == {404: 2}
    right = httpx.post(two.bridges[0].url + WEBHOOKS, content=body, headers=headers)
    assert right.status_code == 202


def test_webhooks_have_a_quota_of_their_own(two: Two) -> None:
    answers: list[httpx.Response] = []
    for number in range(2 * EVENTS):
        body, headers = events.signed(events.submitted(video=str(number)))
        url = two.bridges[number % 2].url + WEBHOOKS
        answers.append(httpx.post(url, content=body, headers=headers))
    assert [one.status_code for one in answers] == [202] * EVENTS + [429] * EVENTS
    assert answers[0].headers["ratelimit-policy"] == f'"events";q={EVENTS};w=60'
    assert int(answers[-1].headers["retry-after"]) > 0


def test_without_redis_each_process_keeps_the_limit_by_itself(two: Two) -> None:
    assert counted(ask(two.bridges, STATUS, times=6)) == {404: 6}
    two.stop_redis.close()
    for bridge in two.bridges:
        # Three of the six were this one's, and count on.
        answers = ask([bridge], STATUS, times=3 * READS)
        assert counted(answers) == {404: READS - 3, 429: 2 * READS + 3}
        assert counted(ask([bridge], STATUS, times=REFUSALS + 3, key="wrong")) == {
            401: REFUSALS,
            429: 3,
        }
        assert "rates.alone" in bridge.log
        assert "request.failed" not in bridge.log
