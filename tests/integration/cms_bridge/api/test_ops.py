"""The ops page of a real bridge: who may look, what is told first, and the retry."""

import re
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import anyio
import httpx
import msgspec
import pytest
from playwright.sync_api import sync_playwright

from cms_bridge.access import registry
from cms_bridge.access.callers import Action
from cms_bridge.database import connected
from cms_bridge.jobs import workers
from cms_bridge.states import Status
from cms_bridge.tables import Job
from render.problem import Problem
from tests.support import every_kind
from tests.support.bridge_process import API_KEY, running_bridge
from tests.support.browsers import find_chromium
from tests.support.ledger import new_job

pytestmark = pytest.mark.anyio

WATCHERS = 3


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ops")


@pytest.fixture(scope="module")
def url(directory: Path, redis_server: str, migrated_sqlite: Path) -> Iterator[str]:
    (directory / "ops.db").write_bytes(migrated_sqlite.read_bytes())

    async def fill() -> None:
        async with connected(f"sqlite:///{directory}/ops.db"):
            await every_kind.fill()

    anyio.run(fill)
    with running_bridge(
        directory,
        redis=redis_server,
        database=f"sqlite:///{directory}/ops.db",
        metrics_cache_seconds="0",
        ops_seconds="1",
        ops_watchers=str(WATCHERS),
        rate_refusals_per_minute="0",
    ) as bridge:
        yield bridge.url
    assert API_KEY not in bridge.log


@pytest.fixture
async def rows(url: str, directory: Path) -> AsyncIterator[None]:
    async with connected(f"sqlite:///{directory}/ops.db"):
        yield


@pytest.fixture
async def http(url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=url, timeout=30) as client:
        yield client


async def sign_in(http: httpx.AsyncClient, key: str = API_KEY) -> httpx.Response:
    return await http.post("/ops/session", data={"key": key})


async def a_job(title: str, **values: object) -> UUID:
    job = await new_job(video=uuid4().hex)
    columns = {getattr(Job, name): value for name, value in values.items()}
    await Job.update({Job.title: title, **columns}).where(Job.id == job)
    return job


@pytest.mark.usefixtures("rows")
async def test_whoever_has_no_key_for_everything_is_asked_for_one(http: httpx.AsyncClient) -> None:
    answer = await http.get("/ops")
    assert (answer.status_code, 'type="password"' in answer.text) == (401, True)
    assert (await http.get("/ops/live")).status_code == 401
    answer = await sign_in(http, "a key of nobody's, of whatever length")
    assert (answer.status_code, "no key of this service" in answer.text) == (401, True)
    token, key = await registry.create(
        "one project", projects=("p1",), actions=tuple(Action), lasts=timedelta(days=1)
    )
    answer = await sign_in(http, token)
    assert (answer.status_code, "all projects" in answer.text) == (403, True)
    answer = await http.post("/ops/session", content="key=x&" + "a=1&" * 20)
    assert (answer.status_code, 'type="password"' in answer.text) == (401, True)
    assert not http.cookies
    for forged in (f"{2**40}.{key.id}.{'x' * 43}", f"{2**40}.environment.{'x' * 43}", "x"):
        answer = await http.get("/ops/live", headers={"Cookie": f"reelwright_ops={forged}"})
        assert answer.status_code == 401


async def test_the_cookie_is_for_this_page_alone_and_the_page_loads_nothing_else(
    http: httpx.AsyncClient,
) -> None:
    answer = await sign_in(http)
    assert (answer.status_code, answer.headers["location"]) == (303, "/ops")
    cookie = answer.headers["set-cookie"]
    for said in ("Path=/ops", "HttpOnly", "SameSite=strict", "Max-Age="):
        assert said in cookie
    answer = await http.get("/ops")
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'; script-src 'self'")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert not re.search(r"https?://", answer.text)
    for path in re.findall(r'(?:href|src)="(/[^"]+)"', answer.text):
        assert (await http.get(path)).status_code == 200
    # It is a permission for this page, and none for the API.
    assert (await http.get("/api/v1/workers/status")).status_code == 401


@pytest.mark.usefixtures("rows")
async def test_what_is_stuck_is_told_first_with_its_reason_and_nothing_runs_as_html(
    http: httpx.AsyncClient,
) -> None:
    await workers.report(
        "host:1:a", drafts=2, jobs=4, draining=False, resources=every_kind.RESOURCES
    )
    hostile = "<script>alert(1)</script><b title=\"'>"
    stuck = await a_job(
        f"Stuck {hostile}", wake_at=datetime.now(UTC) - timedelta(hours=2), status=Status.PENDING
    )
    await a_job(
        "Failed",
        status=Status.FAILED,
        error=msgspec.json.encode(Problem(code="x_code", message=f"Why {hostile}")).decode(),
    )
    await sign_in(http)
    told = (await http.get("/ops")).text
    assert "<script>alert" not in told
    assert "<b title" not in told
    headline = told.index("<h1>1 job is stuck</h1>")
    attention = told.index('id="attention"')
    assert headline < attention < told.index(str(stuck)) < told.index('id="failures"')
    # The worker of the fixture has places, and reported itself just now.
    assert re.search(r"has waited <b>2\.0 h</b>\. No daemon has taken it, although", told)
    assert "Why &lt;script&gt;" in told
    assert "<code>x_code</code>" in told
    for name in ("queues", "line", "workers", "models", "money", "news", "storage"):
        section = told.split(f'<section id="{name}">')[1].split("</section>")[0]
        assert "<table>" in section, name
    assert "host:1:a" in told
    assert "gemini/a-model" in told
    assert "possibly charged" in told.lower()
    for figure in ("3.7 of 4", "1.3 GB", "53.7 GB", "NVIDIA L40S, 37%", "6.4 GB of 51.5 GB"):
        assert figure in told.replace("\n", ""), figure


async def boards(answer: httpx.Response) -> AsyncIterator[str]:
    """Yield what a stream of server-sent events says, as a browser would put it together."""
    lines: list[str] = []
    async for line in answer.aiter_lines():
        if line.startswith("data: "):
            lines.append(line.removeprefix("data: "))
        elif not line and lines:
            yield "\n".join(lines)
            lines = []


@pytest.mark.usefixtures("rows")
async def test_what_changes_is_sent_by_itself_as_long_as_the_session_is_good(
    http: httpx.AsyncClient,
) -> None:
    token, key = await registry.create(
        "night shift", projects=None, actions=(Action.READ,), lasts=timedelta(days=1)
    )
    await sign_in(http, token)
    async with http.stream("GET", "/ops/live") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        told = boards(answer)
        first = await anext(told)
        assert 'id="queues"' in first
        hostile = "Line\r\ndata: <script>"
        job = await a_job(hostile, wake_at=datetime.now(UTC) - timedelta(hours=1))
        with anyio.fail_after(30):
            while str(job) not in (drawn := await anext(told)):
                pass
        assert "<script>" not in drawn.replace('<script src="/ops', "")
        await registry.revoke(key.id)
        with anyio.fail_after(30):
            async for _ in told:
                pass
    assert (await http.get("/ops/live")).status_code == 401
    await Job.delete().where(Job.id == job)


async def test_so_many_pages_are_kept_up_to_date_and_a_place_is_free_again(
    http: httpx.AsyncClient,
) -> None:
    await sign_in(http)
    async with AsyncExitStack() as stack:
        for _ in range(WATCHERS):
            watching = await stack.enter_async_context(http.stream("GET", "/ops/live"))
            assert watching.status_code == 200
        answer = await http.get("/ops/live")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    with anyio.fail_after(30):
        while True:
            async with http.stream("GET", "/ops/live") as again:
                if again.status_code == 200:
                    break
            await anyio.sleep(0.2)


async def test_lost_calls_that_count_as_paid_are_told_by_number_and_sum(
    http: httpx.AsyncClient,
) -> None:
    await sign_in(http)
    told = " ".join((await http.get("/ops")).text.split())
    assert "<b>1 lost call</b> (<b>$0.08</b>) counted as paid" in told
    # Nobody is asked about it.
    assert "<b>1 call</b> ($0.07) may have been charged" in told


@pytest.mark.usefixtures("rows")
async def test_a_failed_job_is_retried_once_and_by_this_page_alone(http: httpx.AsyncClient) -> None:
    job = await a_job("Again", status=Status.FAILED, approved=True)
    path = f"/ops/jobs/{job}/retry"
    assert (await http.post(path, data={"token": "x"})).status_code == 401
    await sign_in(http)
    told = (await http.get("/ops")).text
    form = told.split(f'action="{path}"')[1].split("</form>")[0]
    (token,) = re.findall(r'name="token" value="([^"]+)"', form)
    for forged in ("", "x" * 43, token[:-1]):
        assert (await http.post(path, data={"token": forged})).status_code == 403
    assert (await Job.select(Job.status).where(Job.id == job).first()) == {"status": "failed"}
    answer = await http.post(path, data={"token": token})
    assert (answer.status_code, answer.headers["location"]) == (303, "/ops")
    assert (await Job.select(Job.status).where(Job.id == job).first()) == {"status": "approved"}
    # Another click does nothing more.
    assert (await http.post(path, data={"token": token})).status_code == 303
    answer = await http.post(f"/ops/jobs/{uuid4()}/retry", data={"token": token})
    assert (answer.status_code, "There is no such job." in answer.text) == (404, True)


@pytest.mark.usefixtures("rows")
async def test_a_key_that_may_only_read_sees_no_form_and_a_revoked_one_nothing(
    http: httpx.AsyncClient,
) -> None:
    job = await a_job("Not yours to retry", status=Status.FAILED, approved=True)
    token, key = await registry.create(
        "reader", projects=None, actions=(Action.READ,), lasts=timedelta(days=1)
    )
    await sign_in(http, token)
    told = (await http.get("/ops")).text
    assert "Not yours to retry" in told
    assert "<form" not in told
    assert (await http.post(f"/ops/jobs/{job}/retry", data={"token": "x"})).status_code == 403
    await registry.revoke(key.id)
    assert (await http.get("/ops")).status_code == 401


@pytest.mark.browser
@pytest.mark.parametrize(("scheme", "width"), [("dark", 1200), ("light", 390)])
def test_it_lives_in_a_browser_on_a_desk_and_on_a_telephone(
    url: str, scheme: Any, width: int
) -> None:
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 800})
        page = context.new_page()
        page.goto(f"{url}/ops")
        # What asked for the key was refused: the browser tells of that, and rightly.
        page.on("console", lambda told: complaints.append(told.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.get_by_label("Key for all projects").fill(API_KEY)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("heading", name="Storage").wait_for(timeout=30_000)
        page.wait_for_load_state()
        assert page.evaluate("document.documentElement.scrollWidth") == width
        back = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert back == ("rgb(19, 20, 22)" if scheme == "dark" else "rgb(246, 245, 242)")
        clock = page.locator("header time")
        before, deadline = clock.inner_text(), time.monotonic() + 60
        while clock.inner_text() == before and time.monotonic() < deadline:
            page.wait_for_timeout(200)
        assert clock.inner_text() != before
        browser.close()
    assert [one for one in complaints if "Password forms" not in one] == []
