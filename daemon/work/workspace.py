"""Working files: where a job's lie, and how they go away again.

work_directory/
  cache/          finished segments, sounds and videos under their contents' digests
  credentials/    the certificate for development that videos are signed with, by default
  {job}/
    {attempt}/    the files of one attempt, which no other one touches
  tmp/
    {process}/    temporary files of one daemon and its children, locked for as long as it lives
  {charge}.png …  the vault's spool: paid for, and on its way to the object store
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import anyio.to_thread
import structlog

from cms_bridge.jobs.leases import Lease
from cms_bridge.states import FINISHED
from cms_bridge.tables import Job

log = structlog.get_logger()

_TEMPORARY = "tmp"


def cache_directory(root: Path) -> Path:
    """Return where the engine keeps what it need not make again, for whichever job."""
    return root.absolute() / "cache"


def attempt_directory(root: Path, lease: Lease) -> Path:
    """Return where one attempt's files lie."""
    return root.absolute() / str(lease.job_id) / str(lease.attempt)


async def clear_attempt(root: Path, lease: Lease) -> None:
    """Remove an attempt's files, and the job's once nobody will go on with it."""
    directory = attempt_directory(root, lease)
    await _remove(directory)
    if await _is_finished(lease.job_id):
        await _remove(directory.parent)


@contextmanager
def temporary_files(root: Path) -> Generator[None]:
    """Have this process and its children put their temporary files where they are cleared away.

    Whoever is killed leaves them behind, and the system's own folder is nobody's to clear.
    """
    home = root.absolute() / _TEMPORARY
    home.mkdir(parents=True, exist_ok=True)
    with _locked(home):
        # Nobody takes it for left behind before it is held.
        own = tempfile.mkdtemp(dir=home)
        held = os.open(own, os.O_RDONLY)
        fcntl.flock(held, fcntl.LOCK_EX)
    before, inherited = tempfile.tempdir, os.environ.get("TMPDIR")
    tempfile.tempdir = os.environ["TMPDIR"] = own
    try:
        yield
    finally:
        tempfile.tempdir = before
        if inherited is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = inherited
        shutil.rmtree(own, ignore_errors=True)
        os.close(held)


def abandoned(root: Path) -> list[Path]:
    """Return the folders of temporary files whose process lives no longer."""
    home = root.absolute() / _TEMPORARY
    if not home.is_dir():
        return []
    with _locked(home):
        return [folder for folder in home.iterdir() if not _is_held(folder)]


async def clear_leftovers(root: Path) -> None:
    """Remove what killed workers left: files of finished and unknown jobs, and temporary ones."""
    for folder in await anyio.to_thread.run_sync(abandoned, root):
        await _remove(folder)
        log.info("leftovers.cleared", folder=f"{_TEMPORARY}/{folder.name}")
    for directory in await anyio.to_thread.run_sync(_jobs, root):
        if await _is_finished(UUID(directory.name)):
            await _remove(directory)
            log.info("leftovers.cleared", job_id=directory.name)


async def _is_finished(job: UUID) -> bool:
    row = await Job.select(Job.status).where(Job.id == job).first()
    return row is None or row["status"] in FINISHED


async def _remove(directory: Path) -> None:
    await anyio.to_thread.run_sync(lambda: shutil.rmtree(directory, ignore_errors=True))


@contextmanager
def _locked(folder: Path) -> Generator[None]:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _is_held(folder: Path) -> bool:
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except FileNotFoundError:
        return True  # its process has just taken it away
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)


def _jobs(root: Path) -> list[Path]:
    return (
        [path for path in root.absolute().iterdir() if _is_uuid(path.name)] if root.is_dir() else []
    )


def _is_uuid(name: str) -> bool:
    try:
        UUID(name)
    except ValueError:
        return False
    return True
