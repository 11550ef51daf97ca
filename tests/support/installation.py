"""A whole running installation for tests: reached as editors and senders do, and broken on purpose.

The installation lives on an event loop of its own, in a thread: what a test does to its
own loop, by failing or by timing out, does not reach it.
"""

import inspect
import os
import sqlite3
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import httpx
import msgspec
import psutil
from anyio.from_thread import BlockingPortal, start_blocking_portal

from daemon.client import Sender
from daemon.local.demo import PROVIDER_KEYS
from daemon.local.editor import Editor, signed_in
from daemon.local.installation import EDITOR_EMAIL, House, open_house
from render.storyboard import Brief
from tests.support.work_files import left_in

SAMPLES = Path(__file__).parents[2] / "samples"
PATIENCE = 150
"""Seconds for anything to happen on a machine that is busy with other things."""

_TIDY_SECONDS = 20
"""The last news of a job may still be on its way to Payload."""

DRAFTED = frozenset({"storyboard_complete"})
COMPLETED = frozenset({"completed"})


def sample(name: str = "brief") -> Brief:
    return msgspec.json.decode((SAMPLES / f"{name}.json").read_bytes(), type=Brief)


@dataclass(frozen=True, kw_only=True)
class RunningInstallation:
    """An open installation, and what a test can do to it."""

    installation: House
    portal: BlockingPortal

    @property
    def directory(self) -> Path:
        return self.installation.directory

    @asynccontextmanager
    async def editor(self) -> AsyncGenerator[Editor]:
        assert self.installation.payload_url
        async with signed_in(
            self.installation.payload_url,
            email=EDITOR_EMAIL,
            password=self.installation.editor_password,
        ) as editor:
            yield editor

    @asynccontextmanager
    async def sender(self) -> AsyncGenerator[Sender]:
        async with httpx.AsyncClient(base_url=self.installation.bridge_url, timeout=30) as http:
            yield Sender(
                http,
                webhook_secret=self.installation.webhook_secret,
                api_key=self.installation.api_key,
            )

    async def status(self, job: str) -> dict[str, Any]:
        """Return a job as the bridge has it."""
        async with httpx.AsyncClient(base_url=self.installation.bridge_url, timeout=30) as http:
            answer = await http.get(
                f"/api/v1/videos/jobs/{job}/status",
                headers={"Authorization": f"Bearer {self.installation.api_key}"},
            )
            answer.raise_for_status()
            return answer.json()

    def halt(self, name: str) -> None:
        """Take one process away, until `resume`."""
        self.portal.call(self.installation.stack.halt, name)

    def resume(self, name: str) -> None:
        self.portal.call(self.installation.stack.resume, name)

    def signal(self, name: str, number: int) -> None:
        os.kill(self.installation.stack.pid(name), number)

    def add_daemon(self, name: str) -> None:
        """Start a further daemon beside the first."""
        stack = self.installation.stack

        async def ready() -> bool:
            return "daemon.ready" in stack.log_file(name).read_text()

        child = msgspec.structs.replace(stack.child("daemon"), name=name)
        self.portal.call(lambda: stack.start(child, ready=ready))

    def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        """Read from the installation's database behind everybody's back."""
        uri = f"file:{self.directory}/reelwright.db?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=30)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(query, values)]

    def engines(self) -> list[psutil.Process]:
        """Return the running render engines of this installation."""
        return [
            process
            for process in processes_of(self.directory)
            if "render" in process.cmdline() and "--json" in process.cmdline()
        ]

    def check_tidy(self, *, killed: bool = False) -> None:
        """Fail if anything half done stays in nobody's hands.

        A process that was killed while it copied may have left its copy, which the
        store takes away when it is old enough to be nobody's.
        """
        deadline = time.monotonic() + _TIDY_SECONDS
        while left := self.left_behind(*(() if killed else ("objects/.incoming",))):
            assert time.monotonic() < deadline, left
            time.sleep(0.2)

    def left_behind(self, *folders: str) -> list[str]:
        """Name whatever is half done and, at this moment, in nobody's hands."""
        objects = self.directory / "objects"
        found = [
            *(f"work/{name} lies there" for name in left_in(self.directory / "work")),
            *(
                f"{path.relative_to(self.directory)} lies there"
                for folder in folders
                for path in self.directory.glob(f"{folder}/*")
            ),
        ]
        stored = self.rows(
            "SELECT key FROM asset UNION SELECT key FROM generated_video"
            " UNION SELECT poster_key FROM generated_video UNION SELECT key FROM rendition_file"
        )
        found += [f"{row['key']} is gone" for row in stored if not (objects / row["key"]).is_file()]
        for problem, query in HALF_ROWS.items():
            found += [f"{problem}: {row}" for row in self.rows(query)]
        if self.installation.payload_url:
            found += [
                f"Payload does not know: {row}"
                for row in self.rows(
                    "SELECT job, topic, last_error FROM outbox_message WHERE due_at IS NOT NULL"
                )
            ]
        return found


HALF_ROWS = {
    "finished, but held": (
        "SELECT id, status FROM job WHERE status IN ('completed', 'failed', 'cancelled')"
        " AND (lease_owner <> '' OR lease_expires_at IS NOT NULL OR wake_at IS NOT NULL)"
    ),
    "an attempt that nobody runs": (
        "SELECT attempt.job, attempt.number FROM attempt JOIN job ON job.id = attempt.job"
        " WHERE attempt.outcome = 'running' AND job.lease_owner = ''"
    ),
    "completed without a video": (
        "SELECT id FROM job WHERE status = 'completed' AND kind IN ('video', 'export') AND NOT"
        " EXISTS (SELECT 1 FROM generated_video AS video"
        " WHERE COALESCE(video.export_job, video.job) = job.id)"
    ),
    "a video that was recorded twice": (
        "SELECT job, storyboard_digest FROM generated_video WHERE export_job IS NULL"
        " GROUP BY job, storyboard_revision, storyboard_digest HAVING COUNT(*) > 1"
    ),
    "failed without a reason": "SELECT id FROM job WHERE status = 'failed' AND error IS NULL",
    "an event without its job": (
        "SELECT id FROM inbound_event WHERE job IS NULL OR job NOT IN (SELECT id FROM job)"
    ),
}


@contextmanager
def running_installation(
    directory: Path, *, cms: bool, admin: bool = False, **settings: str
) -> Iterator[RunningInstallation]:
    """Open an installation with these `REELWRIGHT_` settings; nothing of it outlives the block."""
    outside = {
        # A developer's own settings and keys stay outside: nothing here is ever paid for.
        **{
            name: value
            for name, value in os.environ.items()
            if not name.startswith("REELWRIGHT_") and name not in PROVIDER_KEYS
        },
        # Half as costly as the film itself; `daemon/work/test_delivery.py` has it made.
        "REELWRIGHT_HLS": "false",
        # A second for each voice, and a tenth of what it says; `piper/test_speech.py` has it speak.
        "REELWRIGHT_PIPER": "false",
        **{f"REELWRIGHT_{name.upper()}": value for name, value in settings.items()},
    }
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(
            open_house(directory, cms=cms, admin=admin, outside=outside)
        ) as installation,
    ):
        yield RunningInstallation(installation=installation, portal=portal)
    # A process that was told to end may take a moment to be gone.
    _, alive = psutil.wait_procs(processes_of(directory), timeout=5)
    assert alive == []


def processes_of(directory: Path) -> list[psutil.Process]:
    """Return every process that was started for an installation, orphans included."""
    return [process for process in psutil.process_iter() if _belongs(process, f"{directory}")]


def _belongs(process: psutil.Process, directory: str) -> bool:
    try:
        return process.pid != os.getpid() and any(
            directory in value for value in (*process.environ().values(), *process.cmdline())
        )
    except psutil.Error:
        return False


async def eventually(
    condition: Callable[[], Any], *, seconds: float = PATIENCE, every: float = 0.05
) -> Any:
    """Wait until a condition, or what it awaits, holds; return it, and fail if it never does."""
    deadline = time.monotonic() + seconds
    while True:
        said = condition()
        if inspect.isawaitable(said):
            said = await said
        if said:
            return said
        assert time.monotonic() < deadline, f"This did not come true in {seconds:g} seconds."
        await anyio.sleep(every)


async def last(states: AsyncGenerator[dict[str, Any]]) -> dict[str, Any]:
    """Follow to the end and return the last state."""
    return [state async for state in states][-1]


async def storyboard_of(editor: Editor, video: Any) -> dict[str, Any]:
    """Return a video's storyboard, which may arrive a moment after the news of it."""
    return await eventually(lambda: editor.find("storyboards", video=video))
