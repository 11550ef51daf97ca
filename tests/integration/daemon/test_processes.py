"""Child processes: asked to stop, waited for, killed with their group, and tethered."""

import os
import signal
import sys
from pathlib import Path

import anyio
import pytest

from daemon import processes

pytestmark = pytest.mark.anyio

LISTENS = "echo started; trap 'echo asked; exit 7' TERM; while :; do sleep 0.05; done"
IGNORES = "trap '' TERM; echo started; while :; do sleep 0.05; done"
LEAVES_A_CHILD = "(trap '' TERM; while :; do sleep 0.05; done) & echo $!; exec sleep 60"


async def output(path: Path, *, containing: str) -> str:
    with anyio.fail_after(30):
        while containing not in (text := await anyio.Path(path).read_text()):  # noqa: ASYNC110 - it tells nobody
            await anyio.sleep(0.01)
    return text


def runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        # Whoever is nobody's child any more may wait to be reaped.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


async def gone(pid: int) -> None:
    with anyio.fail_after(30):
        while runs(pid):  # noqa: ASYNC110 - it tells nobody
            await anyio.sleep(0.01)


async def test_a_process_is_asked_to_stop_and_may_end_in_its_own_way(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("wb") as file:
        process = await processes.start(["sh", "-c", LISTENS], stdout=file, stderr=file)
    await output(log, containing="started")
    await processes.end(process, seconds=30)
    assert process.returncode == 7
    assert "asked" in log.read_text()


async def test_a_process_that_does_not_listen_is_killed(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("wb") as file:
        process = await processes.start(["sh", "-c", IGNORES], stdout=file, stderr=file)
    await output(log, containing="started")
    await processes.end(process, seconds=0.1)
    assert process.returncode == -signal.SIGKILL


async def test_children_that_a_process_leaves_behind_end_with_it(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("wb") as file:
        process = await processes.start(["sh", "-c", LEAVES_A_CHILD], stdout=file, stderr=file)
    child = int(await output(log, containing="\n"))
    await processes.end(process, seconds=30)
    assert process.returncode == -signal.SIGTERM
    await gone(child)


async def test_a_process_that_has_ended_is_ended_again_without_harm(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as file:
        process = await processes.start(["true"], stderr=file)
        assert await process.wait() == 0
        await processes.end(process, seconds=30)
        await processes.end(process, seconds=30)
    assert process.returncode == 0


async def test_a_tethered_process_ends_with_a_starter_that_is_killed(tmp_path: Path) -> None:
    log = tmp_path / "log"
    program = (
        "import anyio, sys; from daemon import processes\n"
        "async def main():\n"
        "    process = await processes.start(['sleep', '60'], stderr=sys.stderr.buffer)\n"
        "    print(process.pid, flush=True)\n"
        "    await anyio.sleep_forever()\n"
        "anyio.run(main)\n"
    )
    with log.open("wb") as file, (tmp_path / "stderr").open("wb") as stderr:
        starter = await processes.start([sys.executable, "-c", program], stdout=file, stderr=stderr)
    child = int(await output(log, containing="\n"))
    starter.kill()
    await starter.wait()
    await gone(child)
    await processes.end(starter, seconds=30)
