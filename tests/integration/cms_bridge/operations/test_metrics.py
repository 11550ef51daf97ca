"""What a bridge tells Prometheus, on both databases: the fleet, its traffic, and no project."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from cms_bridge.access import registry
from cms_bridge.access.callers import Action
from cms_bridge.jobs import leases
from cms_bridge.metrics import REGISTRY
from cms_bridge.operations.fleet import FleetWatch
from cms_bridge.records import StoredVideo
from cms_bridge.states import Status
from cms_bridge.tables import Attempt, Charge, Job, Project, Spend
from render.problem import Problem
from tests.support import every_kind
from tests.support.api import api_settings, running_api
from tests.support.bridge_process import API_KEY
from tests.support.jobs import approved, claimed, expire
from tests.support.scrapes import samples, value

pytestmark = pytest.mark.anyio

KEY = {"Authorization": f"Bearer {API_KEY}"}
VIDEO = StoredVideo(key="k", poster_key="p", duration=30.0, width=1920, height=1080, bytes=1)


@pytest.fixture
async def http(
    database_url: str, redis_url: str, tmp_path: Path
) -> AsyncIterator[httpx.AsyncClient]:
    settings = api_settings(
        database_url,
        redis_url,
        tmp_path,
        gemini_api_key=SecretStr("a-gemini-key"),
        metrics_cache_seconds=0,
    )
    async with running_api(settings, headers={}) as client:
        yield client


async def scraped(http: httpx.AsyncClient) -> str:
    answer = await http.get("/metrics", headers=KEY)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return answer.text


async def test_the_fleet_is_told_as_the_database_has_it(http: httpx.AsyncClient) -> None:
    await every_kind.fill()
    job = await Job.select(Job.id).where(Job.status == Status.PENDING).first()
    assert job
    long_ago = datetime.now(UTC) - timedelta(hours=1)
    await Job.update({Job.wake_at: long_ago}).where(Job.id == job["id"])
    told = await scraped(http)
    found = samples(told)
    assert value(found, "reelwright_database_up") == value(found, "reelwright_redis_up") == 1
    assert value(found, "reelwright_jobs_stuck") == 1
    assert 3_600 <= value(found, "reelwright_jobs_oldest_due_seconds") < 3_660
    assert (
        value(found, "reelwright_queue_jobs", kind="video", phase="storyboard", state="late") == 1
    )
    assert value(found, "reelwright_jobs", status="pending") == await Job.count().where(
        Job.status == Status.PENDING
    )
    settled = await Charge.select(Charge.settled).where(Charge.state == "settled")
    assert value(found, "cost_actual_dollars", provider="gemini") == pytest.approx(
        float(sum((row["settled"] for row in settled), Decimal(0)))
    )
    month = await Spend.select(Spend.held).where(Spend.id.like("month:%")).first()
    assert month
    assert value(found, "reelwright_month_held_dollars") == pytest.approx(month["held"] / 1e6)
    assert value(found, "reelwright_charges", state="unknown") == 1
    assert value(found, "reelwright_charges_dollars", state="unknown") == pytest.approx(0.07)
    assert value(found, "reelwright_workers", state="working") == 1
    of = {"provider": "gemini", "model": "a-model", "rank": "fallback"}
    assert value(found, "reelwright_model_available", **of) == 1
    assert value(found, "reelwright_model_calls_last_hour", **of) == 2
    assert value(found, "reelwright_disk_free_bytes", volume="objects") > 0
    assert value(found, "process_resident_memory_bytes") > 0
    # No name of anybody's: neither a project nor a document, a key or a path that was asked for.
    for project in await Project.select(Project.id):
        assert f'"{project["id"]}"' not in told
    assert "video-" not in told


async def test_requests_are_told_by_template_and_status_whatever_was_asked(
    http: httpx.AsyncClient,
) -> None:
    await http.get("/api/v1/tasks/00000000-0000-0000-0000-000000000000/status", headers=KEY)
    await http.get("/wp-login.php")
    await http.request("BREW", "/coffee")
    told = await scraped(http)
    # What other tests of this process asked is told as well.
    answered = {
        dict(labels)["route"]
        for name, labels in samples(told)
        if name == "reelwright_http_response_seconds_count" and ("status", "404") in labels
    }
    assert "/api/v1/tasks/{task_id}/status" in answered
    assert not any("00000000" in route for route in answered)
    assert value(
        samples(told), "reelwright_http_requests_total", method="GET", route="none", status="404"
    )
    assert "wp-login" not in told
    assert "BREW" not in told


async def test_only_a_key_for_everything_is_told(http: httpx.AsyncClient) -> None:
    await every_kind.fill()
    assert (await http.get("/metrics")).status_code == 401
    token, _ = await registry.create(
        "ours", projects=("p1",), actions=(Action.READ,), lasts=timedelta(days=1)
    )
    answer = await http.get("/metrics", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["code"]) == (403, "all_projects_only")
    token, _ = await registry.create(
        "prometheus", projects=None, actions=(Action.READ,), lasts=timedelta(days=1)
    )
    answer = await http.get("/metrics", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200


async def test_without_its_database_a_bridge_tells_of_itself(http: httpx.AsyncClient) -> None:
    await Job.raw("ALTER TABLE spend RENAME TO gone")
    found = samples(await scraped(http))
    assert ("reelwright_database_up", frozenset()) in found
    assert value(found, "reelwright_database_up") == 0
    assert ("reelwright_jobs_stuck", frozenset()) not in found
    assert value(found, "process_resident_memory_bytes") > 0


@pytest.mark.usefixtures("database")
async def test_the_fleet_is_asked_for_once_in_a_while() -> None:
    watch = FleetWatch(seconds=60, overdue=timedelta(minutes=2), news=True)
    first = await watch.look()
    assert await watch.look() is first
    eager = FleetWatch(seconds=0, overdue=timedelta(minutes=2), news=True)
    assert await eager.look() is not await eager.look()


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


async def finish(job: object) -> float:
    """Complete what is claimed anew; return what it is told to have taken."""
    before = counted("video_gen_duration_seconds_sum", kind="video")
    lease = await claimed(job)  # type: ignore[arg-type]
    await leases.advance(lease, to=Status.COMPOSING)
    await leases.advance(lease, to=Status.UPLOADING)
    await leases.complete(lease, VIDEO)
    return counted("video_gen_duration_seconds_sum", kind="video") - before


@pytest.mark.usefixtures("database")
async def test_a_film_is_timed_from_its_first_claim_on_crashes_included() -> None:
    job = await approved()
    await claimed(job)
    await Attempt.update({Attempt.started_at: datetime.now(UTC) - timedelta(minutes=10)}).where(
        Attempt.job == job
    )
    await expire(job)
    assert 600 <= await finish(job) < 660


@pytest.mark.usefixtures("database")
async def test_a_failure_is_counted_and_what_a_person_retries_is_timed_anew() -> None:
    labels = {"kind": "video", "phase": "render", "code": "unheard_of"}
    before = counted("job_failures_total", **labels)
    job = await approved()
    await leases.fail(await claimed(job), Problem(code="unheard_of", message="X."))
    assert counted("job_failures_total", **labels) == before + 1
    await Attempt.update({Attempt.started_at: datetime.now(UTC) - timedelta(days=2)}).where(
        Attempt.job == job
    )
    await Job.update({Job.status: Status.APPROVED}).where(Job.id == job)
    assert await finish(job) < 60
