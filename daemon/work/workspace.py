"""Working files: where a job's lie, and how they go away again.

work_directory/
  cache/          finished segments, sounds and videos under their contents' digests
  credentials/    the certificate for development that videos are signed with, by default
  {job}/
    {attempt}/    the files of one attempt, which no other one touches
  {charge}.png …  the vault's spool: paid for, and on its way to the object store
"""

import shutil
from pathlib import Path
from uuid import UUID

import anyio.to_thread
import structlog

from cms_bridge.jobs.leases import Lease
from cms_bridge.states import FINISHED
from cms_bridge.tables import Job

log = structlog.get_logger()


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


async def clear_leftovers(root: Path) -> None:
    """Remove the files of finished and unknown jobs: what a killed worker left."""
    for directory in await anyio.to_thread.run_sync(_jobs, root):
        if await _is_finished(UUID(directory.name)):
            await _remove(directory)
            log.info("leftovers.cleared", job_id=directory.name)


async def _is_finished(job: UUID) -> bool:
    row = await Job.select(Job.status).where(Job.id == job).first()
    return row is None or row["status"] in FINISHED


async def _remove(directory: Path) -> None:
    await anyio.to_thread.run_sync(lambda: shutil.rmtree(directory, ignore_errors=True))


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
