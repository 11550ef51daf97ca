"""Three daemons on one Redis, PostgreSQL and S3 server, one cut off in the middle of a stage.

Cut off is stopped (SIGSTOP), engines and all: nothing of it reaches anybody, its connections stay
open, and it comes back believing what it knew. Meanwhile another takes its work over. CI's cut
is `test_kill.py`'s daemon that was thought dead: two daemons, SQLite, in the middle of encoding.
"""

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import UUID

import anyio
import anyio.to_thread
import msgspec
import psutil
import pytest
from standardwebhooks import Webhook, WebhookVerificationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cms_bridge.database import connected
from cms_bridge.inbox import intake
from cms_bridge.jobs import transitions
from cms_bridge.ledger import charges
from cms_bridge.ledger.charges import ChargeOutcome, ChargeState
from cms_bridge.operations import reconciliation
from cms_bridge.pricing.estimates import OFFLINE
from cms_bridge.settings import BridgeSettings
from cms_bridge.states import Status
from cms_bridge.storage.factory import store_from
from cms_bridge.tables import Asset, Attempt, GeneratedVideo, Job
from render.storyboard import Limits
from tests.faults.crashes import Work, ago, submitted
from tests.faults.harness import Harness, daemon, open_harness
from tests.faults.runs import ordered
from tests.support import events
from tests.support.installation import eventually, processes_of
from tests.support.servers.s3 import S3Server
from tests.support.simulators.serving import served

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(400)]

DAEMONS = 3
FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)


class Stage(StrEnum):
    """Where the daemon that has the job is cut off."""

    DRAFT = "draft"
    GENERATE = "generate"
    COMPOSE = "compose"
    UPLOAD = "upload"
    WRITE_BACK = "write-back"


@dataclass
class Cms:
    """Where jobs are written back to: keeps of each write what stands, as the plugin does."""

    url: str = ""
    standing: dict[str, dict[str, Any]] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    """Why writes were, whose signature was not good at this time."""
    on_write: Callable[[str, int], None] = lambda _status, _port: None
    """Told before a write is answered: of which status it is, and from which port it came."""

    async def take(self, request: Request) -> Response:
        try:
            signed = dict(request.headers)
            written = Webhook(events.SECRET).verify(await request.body(), signed)
        except WebhookVerificationError as error:
            self.refused.append(str(error))
            return Response(status_code=401)
        job = request.path_params["job"]
        if written["sequence"] >= self.standing.get(job, written)["sequence"]:
            self.standing[job] = written
        assert request.client
        self.on_write(written["status"], request.client.port)
        return Response(status_code=204)

    async def ignore(self, _request: Request) -> Response:
        return Response(status_code=204)


@contextmanager
def cms() -> Iterator[Cms]:
    made = Cms()
    app = Starlette(
        routes=[
            Route("/api/reelwright/jobs/{job}/rendition", made.take, methods=["PUT"]),
            Route("/{path:path}", made.ignore, methods=["GET", "POST", "PUT"]),
        ]
    )
    with served(app) as made.url:
        yield made


@pytest.fixture(scope="module")
def harness(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harness]:
    with open_harness(tmp_path_factory.mktemp("harness")) as harness:
        yield harness


@dataclass
class Fleet:
    """Where the daemons meet, and the settings that they share."""

    directory: Path
    settings: dict[str, str]
    cms: Cms

    def of(self, name: str) -> tuple[dict[str, str], Path]:
        """Return the settings of one, with a folder of its own."""
        home = self.directory / name
        home.mkdir()
        return self.settings | {"REELWRIGHT_WORK_DIRECTORY": f"{home}/work"}, home

    async def inventory(self) -> reconciliation.Inventory:
        own = {name.removeprefix("REELWRIGHT_").lower(): one for name, one in self.settings.items()}
        known = {name: own[name] for name in BridgeSettings.model_fields if name in own}
        del known["models"]
        async with store_from(BridgeSettings.model_validate(known)) as store:
            return await reconciliation.compare(store, older_than=timedelta(0))


@asynccontextmanager
async def fleet(
    harness: Harness, database: str, *, drafting: bool = False, **more: str
) -> AsyncIterator[Fleet]:
    directory = await anyio.to_thread.run_sync(harness.reset)
    settings = harness.settings(directory, provider="gemini", drafting=drafting)
    harness.google.latency = 1.5
    with cms() as written_to:
        more = {"database_url": database, "payload_url": written_to.url, **more}
        settings |= {f"REELWRIGHT_{name.upper()}": value for name, value in more.items()}
        async with connected(database):
            yield Fleet(directory, settings, written_to)


def in_s3(server: S3Server) -> dict[str, str]:
    return {
        "storage": "r2",
        "r2_endpoint_url": server.endpoint_url,
        "r2_bucket": server.bucket,
        "r2_access_key_id": server.access_key_id,
        "r2_secret_access_key": server.secret_access_key,
    }


class Cut:
    """The daemon that has a job, stopped in one of its stages, and let go on later."""

    def __init__(self, job: UUID, fleet: Fleet) -> None:
        self._job, self._fleet = job, fleet
        self._stopped: list[psutil.Process] = []

    def stop(self, pid: int) -> None:
        holder = psutil.Process(pid)
        self._stopped = [holder, *holder.children(recursive=True)]
        for one in self._stopped:
            one.suspend()

    def go_on(self) -> None:
        for one in self._stopped:
            if one.is_running():
                one.resume()

    async def stop_holder(self, status: Status) -> None:
        await eventually(lambda: self._is(status), every=0.005)
        self.stop(await self._holder())
        assert await self._is(status), "it was quicker than the signal"

    async def stop_whoever_writes(self, daemons: list[int]) -> None:
        """Stop whoever tells the CMS that the film is there, before it hears an answer."""

        def stop(status: str, port: int) -> None:
            if status == Status.COMPLETED and not self._stopped:
                self.stop(next(pid for pid in daemons if _has_port(pid, port)))

        self._fleet.cms.on_write = stop
        await eventually(lambda: self._stopped, every=0.005)

    async def _is(self, status: Status) -> bool:
        return await Job.exists().where(
            (Job.id == self._job) & (Job.status == status) & (Job.lease_owner != "")
        )

    async def _holder(self) -> int:
        rows = await Attempt.select(Attempt.worker).where(Attempt.job == self._job)
        return int(rows[-1]["worker"].split(":")[1])


def _has_port(pid: int, port: int) -> bool:
    return any(one.laddr.port == port for one in psutil.Process(pid).net_connections("tcp"))


@pytest.mark.parametrize("stage", Stage)
async def test_a_film_is_finished_once_whoever_is_cut_off(
    harness: Harness, migrated_postgres_url: str, s3_server: S3Server, stage: Stage
) -> None:
    drafting = stage is Stage.DRAFT
    async with fleet(
        harness, migrated_postgres_url, drafting=drafting, **in_s3(s3_server)
    ) as there:
        with ExitStack() as stack:
            daemons = [
                stack.enter_context(daemon(*there.of(f"d{number}"))) for number in range(DAEMONS)
            ]
            job = (
                await submitted(Work.DRAFT)
                if drafting
                # A project of its own, by which its objects are told from others' in the bucket.
                else await ordered("video-1", seconds=8, project=stage)
            )
            cut = Cut(job, there)
            stack.callback(cut.go_on)
            match stage:
                case Stage.DRAFT:
                    await eventually(lambda: harness.google.at_once, every=0.005)
                    await cut.stop_holder(Status.STORYBOARDING)
                case Stage.GENERATE:
                    await eventually(lambda: harness.google.at_once, every=0.005)
                    await cut.stop_holder(Status.GENERATING)
                case Stage.COMPOSE:
                    await eventually(lambda: engines(there.directory))
                    await cut.stop_holder(Status.COMPOSING)
                case Stage.UPLOAD:
                    await cut.stop_holder(Status.UPLOADING)
                case Stage.WRITE_BACK:
                    await cut.stop_whoever_writes([one.pid for one in daemons if one.pid])
            done = Status.STORYBOARD_COMPLETE if drafting else Status.COMPLETED
            await eventually(lambda: is_over_or_waits(job, done), seconds=120)
            cut.go_on()
            status = await settled(job, done)
            await eventually(nothing_is_in_hand)
            assert set(harness.charges().values()) <= {1}
            await tell_what_became_of_calls(harness, job)
            if status is Status.FAILED:
                status = await tried_again(job, done)
            assert status is done
            await eventually(lambda: there.cms.standing.get(f"{job}", {}).get("status") == done)
            await eventually(nothing_is_in_hand)
        await check_once(harness, there, job, films=0 if drafting else 1)


def engines(directory: Path) -> list[psutil.Process]:
    return [one for one in processes_of(directory) if "--json" in one.cmdline()]


async def settled(job: UUID, done: Status) -> Status:
    """Wait until a job is done, or has failed."""

    async def status() -> Status | None:
        found = (await transitions.find(job)).status
        return found if found in {done, Status.FAILED} else None

    return await eventually(status, seconds=120)


async def is_over_or_waits(job: UUID, done: Status) -> bool:
    """Tell whether nothing more comes of a job, unless whoever was cut off goes on."""
    if (await transitions.find(job)).status in {done, Status.FAILED}:
        return True
    # For what was paid for there, and was not stored yet.
    return await Attempt.exists().where((Attempt.job == job) & (Attempt.outcome == "waiting"))


async def tell_what_became_of_calls(harness: Harness, job: UUID) -> None:
    """Say of a call that was cut off what the provider's account has of it, as a person does."""
    rows = await charges.charges_of(job)
    known = sum(row.state is ChargeState.SETTLED for row in rows)
    for row in rows:
        if row.state is ChargeState.UNKNOWN:
            charged = harness.charges().total() > known
            outcome = ChargeOutcome.CHARGED if charged else ChargeOutcome.NOT_CHARGED
            await charges.resolve(job, row.id, outcome, by="ann")


async def tried_again(job: UUID, done: Status) -> Status:
    record = await transitions.find(job)
    retried = events.retried()
    retried = msgspec.structs.replace(
        retried,
        data=msgspec.structs.replace(
            retried.data,
            project_id=record.project,
            video_id=record.video_id,
            submission=record.submission,
        ),
    )
    await intake.accept("retry", b"{}", retried, limits=Limits(), prices=OFFLINE)
    await Job.update({Job.wake_at: ago()}).where(Job.id == job)
    return await settled(job, done)


async def nothing_is_in_hand() -> bool:
    return not await Job.exists().where(Job.lease_owner != "")


async def check_once(harness: Harness, there: Fleet, job: UUID, *, films: int) -> None:
    """Fail if a film was made twice, a call was charged twice unasked, or an object is nobody's."""
    assert await GeneratedVideo.count().where(GeneratedVideo.job == job) == films
    assert await Attempt.count().where(Attempt.job == job, Attempt.outcome == "running") == 0
    states = {row.state for row in await charges.charges_of(job)}
    assert states <= {ChargeState.SETTLED, ChargeState.RELEASED}
    if films:
        scenes = await Asset.select(Asset.scene_id, Asset.kind).where(Asset.job == job)
        assert len({(row["scene_id"], row["kind"]) for row in scenes}) == len(scenes)
        (project,) = await Job.select(Job.project).where(Job.id == job)
        inventory = await there.inventory()
        assert inventory.missing == []
        named = inventory.projects[project["project"]].objects
        assert named > 0
        # What nobody names yet would be among the young.
        assert (inventory.young.objects, inventory.unreferenced) == (0, [])


@pytest.mark.skipif(FAKETIME is None, reason="needs libfaketime")
@pytest.mark.parametrize("apart", [("-1h", "+1h"), ("+1h", "-1h")], ids=" then ".join)
async def test_daemons_whose_clocks_are_two_hours_apart_take_nothing_and_are_believed(
    harness: Harness, migrated_postgres_url: str, apart: tuple[str, str]
) -> None:
    """By clocks of their own the second would take at once whatever the first has in hand.

    They only generate: an engine does not start on a clock that is put there by force.
    """
    async with fleet(
        harness,
        migrated_postgres_url,
        lanes='["drafts","generation"]',
        lease_seconds="6",
        heartbeat_seconds="1",
    ) as there:
        harness.google.latency = 9
        with ExitStack() as stack:
            first = stack.enter_context(skewed(*there.of("first"), apart[0]))
            job = await ordered("video-1")
            await eventually(lambda: harness.google.at_once, every=0.01)
            stack.enter_context(skewed(*there.of("second"), apart[1]))
            stack.enter_context(skewed(*there.of("third"), "+0"))
            if apart[0] == "+1h":
                # Dead, it is taken over when its lease is over, and not an hour later.
                await eventually(lambda: all_there(there), seconds=60)
                first.kill()
                await eventually(lambda: taken_over(job), seconds=20)
                assert there.cms.refused == []
                return
            assert await settled(job, Status.COMPOSING) is Status.COMPOSING
            await eventually(nothing_is_in_hand)
            told = there.cms.standing
            await eventually(lambda: told.get(f"{job}", {}).get("status") == Status.COMPOSING)
            assert there.cms.refused == []
        rows = await Attempt.select(Attempt.outcome, Attempt.worker)
        assert [row["outcome"] for row in rows] == ["released"], "somebody was taken for dead"
        assert f":{first.pid}:" in rows[0]["worker"]
        assert set(harness.charges().values()) == {1}


async def all_there(there: Fleet) -> bool:
    logs = [there.directory / name / "daemon.log" for name in ("second", "third")]
    return all("daemon.ready" in log.read_text() for log in logs)


async def taken_over(job: UUID) -> bool:
    return await Attempt.exists().where((Attempt.job == job) & (Attempt.outcome == "lost"))


@contextmanager
def skewed(settings: dict[str, str], home: Path, apart: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a daemon on a machine whose clock is so far off."""
    faked = {
        "LD_PRELOAD": f"{FAKETIME}",
        "FAKETIME": apart,
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "NO_FAKE_STAT": "1",
    }
    with (home / "daemon.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "daemon", "work"],
            env={"PATH": os.environ["PATH"], **settings, **faked},
            stdout=log,
            stderr=log,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
