"""What is kept of a job's status: dropped by whatever changes it, and never kept too late."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import anyio
import httpx
import msgspec
import pytest
from redis import Redis

from cms_bridge import wakeups
from cms_bridge.access import registry
from cms_bridge.access.callers import Action
from cms_bridge.api import tasks, videos
from cms_bridge.batches import Batches
from cms_bridge.database import transaction
from cms_bridge.jobs import leases, moves, policies, transitions
from cms_bridge.jobs.leases import Lease, Phase
from cms_bridge.jobs.line import Line
from cms_bridge.jobs.queue import open_queue
from cms_bridge.jobs.statuses import Form, Statuses, key_of
from cms_bridge.ledger import charges
from cms_bridge.ledger.charges import ChargeOutcome
from cms_bridge.ledger.meter import open_ledger
from cms_bridge.pricing.estimates import OFFLINE, estimate
from cms_bridge.records import Stage, StoredVideo
from cms_bridge.states import StageName, Status
from cms_bridge.tables import Job, Spend
from cms_bridge.wakeups import Due
from render.generation.base import Reservation
from render.problem import Problem
from tests.support import events, every_kind
from tests.support.api import api_settings, running_api
from tests.support.bridge_process import API_KEY
from tests.support.jobs import POLICY, accept, claimed
from tests.support.ledger import AMPLE, call, new_job

pytestmark = pytest.mark.anyio

READ = {
    Form.JOB: partial(videos._read, line=Line()),
    Form.TASK: partial(tasks._read, line=Line()),
}
AWAY = "redis://127.0.0.1:1/0"
FILM = StoredVideo(key="v.mp4", poster_key="p.jpg", duration=1, width=16, height=9, bytes=1)
PROBLEM = Problem(code="x", message="X.")


@asynccontextmanager
async def statuses_at(url: str, *, seconds: float) -> AsyncIterator[Statuses]:
    """What one bridge keeps."""
    async with aclosing(Batches(url, seconds=1)) as redis:
        yield Statuses(redis, seconds=seconds)


class Story:
    """The life of a video's job, a writer at a time."""

    def __init__(self) -> None:
        self.job = UUID(int=0)
        self.revision = 0
        self.board = events.storyboard()
        self.paid: Reservation | None = None
        self._held: Lease | None = None

    @property
    def lease(self) -> Lease:
        assert self._held
        return self._held

    @property
    def reservation(self) -> Reservation:
        assert self.paid
        return self.paid

    async def submit(self) -> None:
        self.job = (await accept(events.submitted())).job_id

    async def claim_draft(self) -> None:
        self._held = await claimed(self.job, Phase.STORYBOARD)

    async def draft(self) -> None:
        priced = estimate(self.board, OFFLINE)
        await policies.lay_down(self.lease, self.board, priced=priced, warnings=(), prices=OFFLINE)

    async def edit(self) -> None:
        self.board = events.storyboard(uuid4().hex)
        await self.edit_to_the_same()

    async def edit_to_the_same(self) -> None:
        self.revision += 1
        await accept(events.edited(self.job, revision=self.revision, board=self.board))

    async def approve(self) -> None:
        self.revision += 1
        await accept(events.approved(self.job, revision=self.revision, board=self.board))

    async def claim(self) -> None:
        self._held = await claimed(self.job)

    async def postpone(self) -> None:
        await leases.postpone(self.lease, PROBLEM, policy=POLICY)

    async def tell_stage(self) -> None:
        stage = Stage(name=StageName.PICTURE, scene_id="s1", scene=1, provider="gemini", model="m")
        await leases.advance(self.lease, stage=stage)

    async def advance(self) -> None:
        await leases.advance(self.lease, progress=40, scenes_done=1)

    async def compose(self) -> None:
        await leases.advance(self.lease, to=Status.COMPOSING)
        await leases.advance(self.lease, to=Status.UPLOADING)

    async def reserve(self) -> None:
        # Offline nothing costs anything; this is to.
        await Job.update({Job.approved_cost: Decimal(9)}).where(Job.id == self.job)
        ledger = await open_ledger(self.lease, caps=AMPLE)
        self.paid = await ledger.reserve(call("0.04"))
        await ledger.mark_started(self.paid)

    async def settle(self) -> None:
        ledger = await open_ledger(self.lease, caps=AMPLE)
        await ledger.settle(self.reservation, Decimal("0.03"))

    async def lose_sight(self) -> None:
        ledger = await open_ledger(self.lease, caps=AMPLE)
        await ledger.mark_unknown(self.reservation, "Nobody knows.")

    async def end_again(self) -> None:
        """End what has ended: nothing of the charge changes, but the job was touched."""
        ledger = await open_ledger(self.lease, caps=AMPLE)
        await ledger.mark_unknown(self.reservation, "Nobody knows.")

    async def resolve(self) -> None:
        paid = UUID(self.reservation.id)
        await charges.resolve(self.job, paid, ChargeOutcome.NOT_CHARGED, by="ann")

    async def release(self) -> None:
        await leases.release(self.lease)

    async def complete(self) -> None:
        await leases.complete(self.lease, FILM)

    async def fail(self) -> None:
        await leases.fail(self.lease, PROBLEM)

    async def retry(self) -> None:
        await accept(events.retried())

    async def cancel(self) -> None:
        await transitions.cancel_job(self.job)

    async def supersede(self) -> None:
        await accept(events.submitted(submission=2))


STORY: list[Callable[[Story], Awaitable[None]]] = [
    Story.claim_draft,
    Story.draft,
    Story.edit,
    Story.approve,
    Story.approve,  # the same once more, of a newer revision
    Story.claim,
    Story.tell_stage,
    Story.advance,
    Story.reserve,
    Story.settle,
    Story.reserve,
    Story.lose_sight,
    Story.end_again,
    Story.resolve,
    Story.postpone,
    Story.claim,
    Story.release,
    Story.claim,
    Story.fail,
    Story.retry,
    Story.claim,
    Story.compose,
    Story.complete,
    Story.edit_to_the_same,
    Story.edit,
    Story.cancel,
    Story.retry,
    Story.supersede,
]


async def test_whatever_changes_a_status_drops_what_was_told(database: str, redis_url: str) -> None:
    story = Story()
    async with (
        open_queue(redis_url) as queue,
        statuses_at(redis_url, seconds=300) as statuses,
    ):
        with wakeups.sent_to(queue):
            await story.submit()
            for step in STORY:
                before = {form: await statuses.told(story.job, form, READ[form]) for form in Form}
                for form, told in before.items():
                    assert await statuses.told(story.job, form, unread) == told
                await step(story)
                for form, told in before.items():
                    now = await statuses.told(story.job, form, READ[form])
                    assert now.body == await READ[form](story.job), (step, form)
                    assert (now.body == told.body) == (now.etag == told.etag)
                    # The one of the two that shows it changed.
                    assert form is Form.TASK or now.etag != told.etag, step


async def unread(_job: UUID) -> bytes:
    raise AssertionError("The database was asked.")


UNSEEN = {"wake_at", "lease_expires_at", "lease_owner", "attempt", "approved_by", "approved_at"}
"""Columns that no status shows."""
_APPROVED = re.compile(r"approval:(.+)")


async def seen() -> dict[UUID, Any]:
    """Return all that a status shows of each job, and a little more."""
    columns = [column for column in Job.all_columns() if column._meta.name not in UNSEEN]
    rows = {row["id"]: [row] for row in await Job.select(*columns)}
    for row in await Spend.select():
        if match := _APPROVED.fullmatch(row["id"]):
            rows[UUID(match[1])].append(row)
    return rows


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_no_transaction_changes_a_job_and_says_nothing(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: set[UUID] = set()
    silent: list[UUID] = []
    transactions = 0
    collecting = wakeups.after_commit

    class Ear:
        async def send_due(self, due: Due) -> None:
            told.update(due.changed)

    @asynccontextmanager
    async def watching() -> AsyncIterator[None]:
        nonlocal transactions
        if wakeups._collected.get() is not None:
            yield
            return
        before = await seen()
        told.clear()
        async with collecting():
            yield
        transactions += 1
        after = await seen()
        silent.extend(
            job for job, now in after.items() if now != before.get(job) and job not in told
        )

    after_commit: Callable[[], AbstractAsyncContextManager[None]] = watching
    monkeypatch.setattr(wakeups, "after_commit", after_commit)
    with wakeups.sent_to(Ear()):
        await every_kind.fill()
        story = Story()
        story.job = (await accept(events.submitted(video="story"))).job_id
        for step in STORY[: STORY.index(Story.fail)]:
            await step(story)
    assert transactions > len(STORY)
    assert silent == []


async def test_what_was_read_before_a_change_is_not_kept_after_it(
    database: str, redis_url: str
) -> None:
    job = await new_job()

    async with (
        open_queue(redis_url) as queue,
        statuses_at(redis_url, seconds=300) as statuses,
    ):

        async def slowly(one: UUID) -> bytes:
            body = await READ[Form.TASK](one)
            with wakeups.sent_to(queue):
                await transitions.cancel_job(one)
            return body

        assert b'"approved"' in (await statuses.told(job, Form.TASK, slowly)).body
        # Another has begun to read by then, and may keep what it has read; the first one not.
        cancelled = await statuses.told(job, Form.TASK, READ[Form.TASK])
        assert b'"cancelled"' in cancelled.body
        assert await statuses.told(job, Form.TASK, unread) == cancelled


async def test_a_slow_reader_overtaken_by_a_quick_one_keeps_nothing(
    database: str, redis_url: str
) -> None:
    job = await new_job()
    async with (
        open_queue(redis_url) as queue,
        statuses_at(redis_url, seconds=300) as statuses,
    ):

        async def overtaken(one: UUID) -> bytes:
            body = await READ[Form.TASK](one)
            with wakeups.sent_to(queue):
                await transitions.cancel_job(one)
            # A mark of its own stands there by now, and an answer under it.
            await statuses.told(one, Form.TASK, READ[Form.TASK])
            return body

        await statuses.told(job, Form.TASK, overtaken)
        assert b'"cancelled"' in (await statuses.told(job, Form.TASK, unread)).body


async def test_nothing_outlives_its_time_whoever_asks(database: str, redis_url: str) -> None:
    job = await new_job()
    async with statuses_at(redis_url, seconds=0.3) as statuses:
        await statuses.told(job, Form.TASK, READ[Form.TASK])
        # Nobody tells of this one.
        await Job.update({Job.progress: 77}).where(Job.id == job)
        await anyio.sleep(0.4)
        told = await statuses.told(job, Form.TASK, READ[Form.TASK])
        assert b'"progress":77' in told.body
        # Asking does not lengthen it.
        assert 0 < Redis.from_url(redis_url).pttl(key_of(job)) <= 300


@pytest.mark.parametrize(("away", "seconds"), [(True, 30), (False, 0)])
async def test_without_redis_or_by_choice_the_database_answers(
    database: str, redis_url: str, away: bool, seconds: float
) -> None:
    job = await new_job()
    async with statuses_at(AWAY if away else redis_url, seconds=seconds) as statuses:
        for progress in (1, 2):
            await Job.update({Job.progress: progress}).where(Job.id == job)
            told = await statuses.told(job, Form.TASK, READ[Form.TASK])
            assert msgspec.json.decode(told.body)["progress"] == progress
    assert not Redis.from_url(redis_url).exists(key_of(job))


@pytest.fixture
async def http(
    database_url: str, redis_url: str, tmp_path: Path
) -> AsyncIterator[httpx.AsyncClient]:
    settings = api_settings(database_url, redis_url, tmp_path)
    async with running_api(settings, headers={}) as client:
        yield client


async def key_of_project(project: str) -> dict[str, str]:
    token, _ = await registry.create(project, projects=(project,), actions=Action, lasts=None)
    return {"Authorization": f"Bearer {token}"}


async def test_pollers_are_told_apart_and_told_once(http: httpx.AsyncClient) -> None:
    job = await new_job(project="ours")
    ours, theirs = await key_of_project("ours"), await key_of_project("theirs")
    everybodys = {"Authorization": f"Bearer {API_KEY}"}
    async with transaction():
        await moves.move(job, Status.GENERATING, {})
    stage = Stage(name=StageName.PICTURE, scene_id="s1", scene=1, provider="gemini", model="m")
    await Job.update({Job.stage: msgspec.json.encode(stage).decode()}).where(Job.id == job)
    for path in (
        f"/api/v1/tasks/{job}/status",
        f"/api/v1/videos/jobs/{job}/status",
        f"/api/videos/jobs/{job}/status",
    ):
        first = await http.get(path, headers=ours)
        again = await http.get(path, headers=everybodys)
        assert (first.status_code, first.content) == (200, again.content)
        assert first.json()["stage"] == {"name": "picture", "scene": 1, "sceneId": "s1"}
        assert first.json()["model"] == {"provider": "gemini", "name": "m"}
        assert first.headers["Cache-Control"] == "private, no-cache"
        etag = first.headers["ETag"]
        assert re.fullmatch(r'"[0-9a-f]{32}"', etag)
        assert etag == again.headers["ETag"]
        known = await http.get(path, headers={**ours, "If-None-Match": f'"0", {etag}'})
        assert (known.status_code, known.content) == (304, b"")
        assert known.headers["ETag"] == etag
        # It is kept by now, for those whose it is.
        for headers, status in ((theirs, 404), ({}, 401)):
            answer = await http.get(path, headers={**headers, "If-None-Match": etag})
            assert answer.status_code == status
            assert str(job) not in answer.text


async def test_a_change_by_the_api_is_there_at_the_next_poll(http: httpx.AsyncClient) -> None:
    http.headers["Authorization"] = f"Bearer {API_KEY}"
    order = {"projectId": "bakery", "kind": "video", "brief": {"title": "T", "script": "S."}}
    task = (await http.post("/api/v1/tasks/submit", json=order)).json()["id"]
    etags: list[str] = []
    for change in (None, "cancel", "retry"):
        if change == "cancel":
            assert (await http.delete(f"/api/v1/tasks/{task}/cancel")).status_code == 200
        if change == "retry":
            assert (await http.post(f"/api/v1/tasks/{task}/retry")).status_code == 202
        headers = {"If-None-Match": ", ".join(etags)}
        answer = await http.get(f"/api/v1/tasks/{task}/status", headers=headers)
        assert answer.json()["status"] == ("cancelled" if change == "cancel" else "pending")
        etags.append(answer.headers["ETag"])
    assert (await http.get(f"/api/v1/tasks/{uuid4()}/status")).status_code == 404
