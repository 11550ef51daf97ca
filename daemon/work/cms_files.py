"""Files of the CMS's media library: fetched from there once, looked at, and kept as uploads are.

They come from the one CMS that is configured, whatever a storyboard says. What it was asked for
is noted with what came, so that the same reference is asked for once.
"""

import tempfile
from pathlib import Path
from typing import BinaryIO

import anyio
import anyio.to_thread
import structlog

from cms_bridge import own_files
from cms_bridge.errors import (
    AssetUnderWay,
    InfectedMedia,
    ScannerUnavailable,
    StoreFull,
    StoreUnavailable,
    UploadQuotaReached,
)
from cms_bridge.jobs.leases import Lease
from cms_bridge.outbox.payload import (
    PayloadFileReplaced,
    PayloadFileTooLarge,
    PayloadGone,
    PayloadUnavailable,
)
from cms_bridge.own_files import Named, UploadRecord, fault
from cms_bridge.uploads.receiving import Received
from cms_bridge.uploads.reception import Reception, UploadBounds
from cms_bridge.uploads.scanning import Scanner
from daemon.work.services import Services
from render.errors import (
    ContainerError,
    LimitExceeded,
    OwnFileMissing,
    OwnFileReplaced,
    OwnFileUnfit,
    RetryableGeneration,
)
from render.own import CmsFile

log = structlog.get_logger()

_BY = "cms"


class OwnFileUnavailable(RetryableGeneration):
    """A file of the CMS that did not come this time."""

    code = "own_file_unavailable"


async def fetch(lease: Lease, own: Named, file: CmsFile, services: Services) -> UploadRecord:
    """Return a file of the CMS as the project has it from now on.

    Raises `OwnFileMissing`, `OwnFileReplaced`, `OwnFileUnfit` or `LimitExceeded` for what cannot be
    filmed, and `OwnFileUnavailable` for what may come another time.
    """
    settings = services.settings
    upload = await own_files.fetched(lease.project, file)
    if upload is None:
        directory = settings.work_directory
        await anyio.Path(directory).mkdir(parents=True, exist_ok=True)
        handle = await anyio.to_thread.run_sync(_open, directory)
        try:
            upload = await _keep(lease, own, file, handle, services)
        finally:
            await anyio.to_thread.run_sync(handle.close)
        await own_files.note(upload, file)
        log.info("own_file.fetched", asset_id=str(upload.id), bytes=upload.bytes)
    own_files.check_use(own, upload, settings.limits)
    return upload


async def _keep(
    lease: Lease, own: Named, file: CmsFile, handle: BinaryIO, services: Services
) -> UploadRecord:
    settings = services.settings
    where, told = fault(own)
    scanner = (
        Scanner(settings.clamd_url, timeout=settings.clamd_timeout_seconds)
        if settings.clamd_url
        else None
    )
    if services.payload is None:
        raise OwnFileMissing(f"{where}: no CMS is configured to fetch the {own.role} from.", **told)
    try:
        read = await services.payload.read_file(
            file,
            handle,
            most=settings.upload_max_bytes,
            seconds=settings.cms_file_seconds,
        )
        received = Received(
            file=handle, size=read.bytes, sha256=read.sha256, file_name=file.name, fields={}
        )
        reception = Reception(UploadBounds.of(settings), services.store, scanner)
        kept, _ = await reception.keep(
            received, project=lease.project, name=file.name[:200], by=_BY
        )
    except PayloadGone as error:
        raise OwnFileMissing(
            f"{where}: the CMS does not hand over {file.name} for the {own.role}.", **told
        ) from error
    except PayloadFileReplaced as error:
        raise OwnFileReplaced(
            f"{where}: {file.name} was replaced in the media library after it was approved as the"
            f" {own.role}.",
            **told,
            file=file.name,
        ) from error
    except PayloadFileTooLarge as error:
        raise LimitExceeded(
            f"the {own.role}",
            limit=settings.upload_max_bytes,
            value=max(file.bytes, settings.upload_max_bytes + 1),
            unit="bytes",
            scene=str(own.scene) if own.scene else None,
        ) from error
    except (ContainerError, InfectedMedia, UploadQuotaReached) as error:
        raise OwnFileUnfit(
            f"{where}: {file.name} cannot be the {own.role}. {error}", **told, type=file.media_type
        ) from error
    except (
        PayloadUnavailable,
        ScannerUnavailable,
        StoreFull,
        StoreUnavailable,
        AssetUnderWay,
    ) as error:
        raise OwnFileUnavailable(
            f"{where}: {file.name} could not be fetched from the CMS for now.",
            retry_after=None,
            **told,
        ) from error
    return kept


def _open(directory: Path) -> BinaryIO:
    return tempfile.TemporaryFile(dir=directory, prefix="cms-file-")
