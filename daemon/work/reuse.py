"""What a project already has, fetched and looked at before it is used again.

An asset that does not decode, or that the store has lost or changed, is marked
as unusable wherever it is used, and made anew: else whoever asks for the same
would find it for ever. What it cost stays in the ledger.
"""

import hashlib
from pathlib import Path

import anyio
import structlog

from cms_bridge import assets
from cms_bridge.assets import AssetRecord, Condition
from cms_bridge.storage.base import ObjectNotFound, ObjectStore
from daemon.errors import DaemonError
from render.errors import MediaError
from render.generation.acceptance import Findings, Inspector
from render.generation.base import (
    ClipRequest,
    Generated,
    ImageRequest,
    MusicRequest,
    SpeechRequest,
)
from render.problem import Problem

log = structlog.get_logger()

REMADE = Problem(
    code="asset_remade",
    message="What the project had for this could not be read any more, and was made anew.",
)


class UnusableAsset(DaemonError):
    """An asset that is there by its record alone; it is marked, and not found again."""


async def fetch_asset(
    asset: AssetRecord,
    path: Path,
    request: ImageRequest | SpeechRequest | ClipRequest | MusicRequest,
    *,
    store: ObjectStore,
    inspector: Inspector,
) -> Findings | None:
    """Lay an asset's bytes into a file, and return what its record does not tell of yet.

    Raises `UnusableAsset`, or `StorageError` where the store does not answer.
    """
    partial = path.with_name(path.name + ".partial")
    medium = asset.medium
    findings: Findings | None = None
    try:
        await read_whole(medium.key, partial, store)
        if medium.condition is Condition.UNCHECKED:
            findings = await inspector.inspect_file(request, partial, source=medium.source)
            await assets.judge(medium.key, Condition.USABLE)
    except (ObjectNotFound, MediaError) as error:
        await anyio.Path(partial).unlink(missing_ok=True)
        await assets.judge(medium.key, Condition.UNUSABLE)
        log.warning("asset.unusable", asset_id=str(asset.id), key=medium.key, reason=str(error))
        raise UnusableAsset from error
    await anyio.Path(partial).rename(path)
    return findings


async def as_generated(asset: AssetRecord, path: Path) -> Generated:
    """Return an asset, whose bytes lie in a file, as it was when it was made; it is paid for."""
    medium = asset.medium
    return Generated(
        data=await anyio.Path(path).read_bytes(),
        media_type=medium.media_type,
        provider=medium.provider,
        model=medium.model_used,
        model_intended=medium.model_intended,
        source=medium.source,
        credit=medium.metadata.credit,
        warnings=medium.metadata.warnings,
        attempts=medium.metadata.calls,
        latency=medium.metadata.latency,
        seconds=medium.metadata.seconds,
        inspected=True,
        measures=medium.metadata.measures,
    )


async def read_whole(key: str, path: Path, store: ObjectStore) -> None:
    """Copy an object; raise `MediaError` unless its bytes are those that its key names."""
    digest = hashlib.sha256()
    async with await anyio.open_file(path, "wb") as file:
        async for chunk in store.read(key):
            digest.update(chunk)
            await file.write(chunk)
    if digest.hexdigest() != Path(key).stem:
        raise MediaError("The store no longer has it as it was.")
