"""The soak: thousands of small jobs under random faults; what grows, and what is left over.

    python -m tests.faults.soak --jobs 2000 --out specs/soak.md

Two daemons and a bridge on one PostgreSQL, one Redis and one store, three projects, and Gemini as
a simulator. One daemon and the bridge live from the first job to the last; the other daemon is
killed and stopped again and again, and Redis, the store and the provider fail under all. The exit
status is 1 if anything is left over, or if a process that lived grew.
"""

import argparse
import asyncio
import multiprocessing
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager, suppress
from multiprocessing.process import BaseProcess
from pathlib import Path

import anyio
import anyio.to_thread
import httpx
import psutil

from cms_bridge.database import connected, migrate
from cms_bridge.jobs import media
from cms_bridge.ledger.charges import ChargeState
from cms_bridge.pricing.estimates import prices_of
from cms_bridge.states import FINISHED, JobKind
from cms_bridge.tables import Charge, Job, OutboxMessage, Worker
from render.generation.models import ModelsConfig
from render.storyboard import Limits
from tests.faults import crashing_daemon
from tests.faults.harness import daemon, kill
from tests.faults.runs import ordered
from tests.faults.soak_report import Outcome, Plan, connections_to, document, left_over, sweep
from tests.faults.soak_stage import Stage, cms, restartable_redis, settings_for
from tests.support.bridge_process import API_KEY, running_bridge
from tests.support.installation import eventually
from tests.support.servers.postgres import postgres_server
from tests.support.simulators.gemini import GeminiSimulator
from tests.support.simulators.serving import served

PROJECTS = ("bakery", "florist", "museum")
AT_ONCE = 30
"""Jobs that are waiting or under way at once: more are ordered as those are finished."""
_PRICES = prices_of(ModelsConfig(), gemini=True, replicate=False)
_PATIENCE = 600.0
"""Seconds in which something must be finished before it counts as standing still."""
_OPEN = [ChargeState.RESERVED, ChargeState.STARTED]


async def soak(plan: Plan, directory: Path) -> Outcome:
    """Run it in a directory of its own."""
    began = time.monotonic()
    chance = random.Random(plan.seed)  # noqa: S311 - which fault is next is no secret
    multiprocessing.get_context("forkserver").set_forkserver_preload([crashing_daemon.__name__])
    with ExitStack() as stack:
        server = stack.enter_context(postgres_server())
        database = stack.enter_context(server.database())
        await migrate(database)
        google = GeminiSimulator(latency=0.2)
        google.url = stack.enter_context(served(google.app))
        payload = stack.enter_context(served(cms()))
        redis = stack.enter_context(restartable_redis(directory / "redis"))
        settings = settings_for(directory, database, redis.url, google.url, payload)
        (directory / "objects").mkdir()
        bridge = stack.enter_context(running_bridge(directory, redis=redis.url, database=database))
        stage = Stage(
            directory=directory,
            settings=settings,
            random=chance,
            google=google,
            bridge=bridge,
            restart_redis=redis.restart,
        )
        async with connected(database):
            memory = await _run(stage, plan)
            bridge.process.terminate()
            await anyio.to_thread.run_sync(bridge.process.wait)
            swept = await sweep(directory)
            left = await left_over(directory, redis.url)
            ended = await _ended()
            states = Counter(row["state"] for row in await Charge.select(Charge.state))
        left["database connections"] = connections_to(server, database)
        return Outcome(
            plan=plan,
            seconds=time.monotonic() - began,
            ended=ended,
            faults=stage.faults,
            charged=len(google.charges),
            unknown=states[ChargeState.UNKNOWN],
            swept=swept,
            memory=memory,
            left=left,
        )


async def _run(stage: Stage, plan: Plan) -> dict[str, list[float]]:
    """Work all jobs off under faults; return what the processes held that lived throughout."""
    memory: dict[str, list[float]] = {"daemon": [], "bridge": []}
    with daemon(stage.settings, stage.directory) as lasting:
        assert lasting.pid
        processes = {"daemon": lasting.pid, "bridge": stage.bridge.process.pid}
        async with _replaced_daemon(stage) as replace, anyio.create_task_group() as group:
            # A daemon that finds no store as it starts ends with a word, for its supervisor.
            await _present(2)
            group.start_soon(_sample, processes, memory, stage.bridge.url)
            group.start_soon(stage.suffer, replace, plan.fault_seconds)
            await _order_all(plan)
            stage.over = True
            # From here on nothing fails: what is open is given the time to be sorted out.
            await _settled()
            group.cancel_scope.cancel()
        os.kill(lasting.pid, signal.SIGTERM)
        await anyio.to_thread.run_sync(lasting.join)
        assert lasting.exitcode == 0, lasting.exitcode
    return memory


@asynccontextmanager
async def _replaced_daemon(stage: Stage) -> AsyncIterator[Callable[[int], Awaitable[None]]]:
    """Run the other daemon; yield what ends it by a signal and starts one in its place."""
    with ExitStack() as stack:
        current = stack.enter_context(daemon(stage.settings, stage.directory))

        async def replace(number: int) -> None:
            nonlocal current
            await anyio.to_thread.run_sync(_end, current, number)
            current = stack.enter_context(daemon(stage.settings, stage.directory))

        yield replace
        await anyio.to_thread.run_sync(_end, current, signal.SIGTERM)


def _end(process: BaseProcess, number: int) -> None:
    if number == signal.SIGKILL:
        kill(process)
    elif process.is_alive():
        os.kill(process.pid, number)
    process.join()


async def _present(daemons: int) -> None:
    async def are_there() -> bool:
        return await Worker.count() >= daemons

    await eventually(are_there, seconds=120)


async def _order_all(plan: Plan) -> None:
    """Order jobs as others are finished, until all there are to be have ended."""
    finished, since = 0, time.monotonic()
    ordered_so_far = 0
    while finished < plan.jobs:
        open_now = ordered_so_far - finished
        for _ in range(min(AT_ONCE - open_now, plan.jobs - ordered_so_far)):
            ordered_so_far += 1
            await _order(ordered_so_far, plan)
        await anyio.sleep(0.5)
        now = await Job.count().where(Job.status.is_in(list(FINISHED)))
        if now != finished:
            finished, since = now, time.monotonic()
        if time.monotonic() - since > _PATIENCE:
            stuck = await Job.select(Job.id, Job.kind, Job.status, Job.error_message).where(
                Job.status.not_in(list(FINISHED))
            )
            raise AssertionError(f"Nothing gets on any more: {stuck}")


async def _order(number: int, plan: Plan) -> None:
    name, project = f"soak {number}", PROJECTS[number % len(PROJECTS)]
    if number % plan.film_every == 0:
        await ordered(name, project=project, seconds=1)
        return
    kind = JobKind.SPEECH if number % 3 == 0 else JobKind.IMAGE
    wanted = media.Order(project=project, kind=kind, prompt=name)
    await media.order(wanted, key=name, limits=Limits(), prices=_PRICES)


async def _settled() -> None:
    """Wait until nothing is on its way any more."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        if not await Charge.exists().where(Charge.state.is_in(_OPEN)) and not (
            await OutboxMessage.exists().where(OutboxMessage.due_at.is_not_null())
        ):
            # A sweep more, for what it clears once everything is known.
            await anyio.sleep(3)
            return
        await anyio.sleep(0.5)


async def _sample(processes: dict[str, int], memory: dict[str, list[float]], bridge: str) -> None:
    async with httpx.AsyncClient(base_url=bridge, timeout=30) as http:
        headers = {"Authorization": f"Bearer {API_KEY}"}
        while True:
            for name, pid in processes.items():
                memory[name].append(psutil.Process(pid).memory_info().rss / 2**20)
            # As a CMS and a monitor do all the time.
            for path in ("/health", "/metrics"):
                with suppress(httpx.HTTPError):
                    await http.get(path, headers=headers)
            await anyio.sleep(1)


async def _ended() -> Counter[str]:
    rows = await Job.select(Job.kind, Job.status)
    return Counter(f"{row['kind']} {row['status']}" for row in rows)


def main() -> int:
    """Run the soak, write it, and say whether it is clean and flat."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--jobs", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--fault-seconds", type=float, default=5)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--directory", type=Path, help="where everything lies, and stays")
    arguments = parser.parse_args()
    plan = Plan(jobs=arguments.jobs, seed=arguments.seed, fault_seconds=arguments.fault_seconds)
    if directory := arguments.directory:
        directory.mkdir(parents=True)
        outcome = asyncio.run(soak(plan, directory))
    else:
        with tempfile.TemporaryDirectory(prefix="reelwright-soak-") as temporary:
            outcome = asyncio.run(soak(plan, Path(temporary)))
    text = document(outcome)
    print(text)  # noqa: T201 - a script
    for what, some in outcome.left.items():
        for one in some[:20]:
            print(f"LEFT {what}: {one}")  # noqa: T201
    if arguments.out:
        arguments.out.write_text(text)
    return 0 if outcome.is_clean and outcome.is_flat else 1


if __name__ == "__main__":
    sys.exit(main())
