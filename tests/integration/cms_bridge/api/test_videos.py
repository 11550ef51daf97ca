"""Videos that are ordered and cancelled over HTTP."""

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from cms_bridge.jobs import transitions
from cms_bridge.states import Status
from cms_bridge.tables import Attempt
from tests.support.api import api_settings, running_api
from tests.support.jobs import put
from tests.support.ledger import claimed, new_job

pytestmark = pytest.mark.anyio


@pytest.fixture
async def http(
    database_url: str, redis_url: str, tmp_path: Path
) -> AsyncIterator[httpx.AsyncClient]:
    async with running_api(api_settings(database_url, redis_url, tmp_path)) as client:
        yield client


async def cancel(http: httpx.AsyncClient, job: UUID) -> httpx.Response:
    return await http.post(f"/api/v1/videos/jobs/{job}/cancel")


async def test_a_job_is_cancelled_once_however_often_it_is_asked(http: httpx.AsyncClient) -> None:
    job = await new_job()
    await claimed(job)
    told = [(await cancel(http, job)).json() for _ in range(3)]
    assert {one["status"] for one in told} == {"cancelled"}
    assert len({one["updatedAt"] for one in told}) == 1
    assert (await transitions.find(job)).lease_owner == ""
    assert {row["outcome"] for row in await Attempt.select().where(Attempt.job == job)} == {
        "cancelled"
    }
    older = await http.post(f"/api/videos/jobs/{job}/cancel")
    assert (older.status_code, older.json()["status"]) == (200, "cancelled")


async def test_what_is_finished_or_unknown_cannot_be(http: httpx.AsyncClient) -> None:
    job = await new_job()
    await put(job, Status.COMPLETED)
    for one, status, code in ((job, 409, "illegal_move"), (uuid4(), 404, "job_not_found")):
        answer = await cancel(http, one)
        assert (answer.status_code, answer.json()["code"]) == (status, code)


async def generate(http: httpx.AsyncClient, key: str = "", **changed: Any) -> httpx.Response:
    wanted = {"projectId": "p1", "brief": {"title": "Bread", "script": "A loaf."}}
    headers = {"Idempotency-Key": key} if key else {}
    return await http.post("/api/v1/videos/generate", json=wanted | changed, headers=headers)


async def test_a_video_is_ordered_once_and_found_where_it_says(http: httpx.AsyncClient) -> None:
    first, again = [await generate(http, "k1", approval={"upTo": "2.50"}) for _ in range(2)]
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json() == again.json()
    assert (await http.get(first.headers["location"])).json() == first.json()
    job = await transitions.find(UUID(first.json()["id"]))
    assert job.approval_policy
    assert (job.approval_policy.up_to, job.status) == (Decimal("2.50"), Status.PENDING)
    other = await generate(http, "k1", brief={"title": "Bread", "script": "Another."})
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")
    await put(job.id, Status.COMPLETED)
    assert (await generate(http, "k1", approval={"upTo": "2.50"})).status_code == 200


@pytest.mark.parametrize(
    "changed",
    [{"projectId": ""}, {"brief": {}}, {"approval": {"upTo": "-1"}}, {"surprise": True}],
)
async def test_an_order_that_cannot_be_read_names_the_field(
    http: httpx.AsyncClient, changed: dict[str, Any]
) -> None:
    answer = await generate(http, **changed)
    assert answer.status_code == 400
    assert answer.json()["errors"]
