"""The registry of uploads: a row before the object is written, so that nothing is kept unknown.

    storing ──► ready ──► deleting ──► (gone)
       └───────────────────┘

Whoever dies between any two steps leaves a row that is not `ready`; the sweep deletes its
object, then the row, unless the same content was sent again. The same content in a project is
one asset, whatever it is called.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID, uuid4

import msgspec

from cms_bridge import clock, projects
from cms_bridge.database import transaction
from cms_bridge.errors import AssetUnderWay, MediumNotFound, UploadQuotaReached
from cms_bridge.own_files import UploadRecord, UploadState
from cms_bridge.records import PageEnd
from cms_bridge.storage.base import ObjectStore, StorageError, upload_key
from cms_bridge.tables import UploadedAsset
from render.containers.reader import Medium

NO_ASSET = "There is no such picture, clip or sound."
ABANDONED_AFTER = timedelta(hours=1)
"""No living process takes as long from the row to the object."""
_DELETED_WITHIN = timedelta(minutes=2)
"""No living process takes as long over deleting one object."""
_GIVEN_UP = datetime(1970, 1, 1, tzinfo=UTC)
"""When that was touched which nobody has in hand."""


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be kept."""

    project: str
    name: str
    sha256: str
    bytes: int
    medium: Medium
    scanned: bool
    uploaded_by: str
    """The id of the key."""


class Room(msgspec.Struct, frozen=True, kw_only=True):
    """How many bytes of uploads may be kept; 0 for any."""

    project: int = 0
    """By one project."""
    total: int = 0
    """By all together."""


async def reserve(upload: Upload, *, room: Room) -> UploadRecord:
    """Write an upload down before its object; return it, or what the project already had.

    What somebody began to delete and could not is begun anew, as an asset of its own: the deleted
    one does not come back. Raises `UploadQuotaReached`, and `AssetUnderWay` while the very same is
    being deleted. Uploads of several projects at once may go past the total by as much as is under
    way, and no further.
    """
    key = upload_key(
        project=upload.project, sha256=upload.sha256, extension=upload.medium.extension
    )
    now = clock.now()
    same = (UploadedAsset.project == upload.project) & (UploadedAsset.sha256 == upload.sha256)
    async with transaction():
        # Held until the end: two uploads cannot both take the last room.
        await projects.upsert(upload.project)
        row = await UploadedAsset.select(*UploadedAsset.all_columns()).where(same).first()
        if row and row["state"] == UploadState.DELETING:
            await _take_over(row["id"])
            row = None
        if row is None:
            await _check_room(upload, room)
            medium = upload.medium
            await UploadedAsset.insert(
                UploadedAsset(
                    id=uuid4(),
                    project=upload.project,
                    name=upload.name,
                    key=key,
                    sha256=upload.sha256,
                    use=medium.use.value,
                    bytes=upload.bytes,
                    width=medium.width,
                    height=medium.height,
                    seconds=medium.seconds,
                    scanned=upload.scanned,
                    uploaded_by=upload.uploaded_by,
                    state=UploadState.STORING.value,
                    created_at=now,
                    touched_at=now,
                )
            )
        else:
            await UploadedAsset.update(
                {
                    UploadedAsset.touched_at: now,
                    UploadedAsset.scanned: upload.scanned or bool(row["scanned"]),
                }
            ).where(UploadedAsset.id == row["id"])
        row = await UploadedAsset.select(*UploadedAsset.all_columns()).where(same).first()
    assert row  # noqa: S101 - it was written above
    return UploadRecord.of(row)


async def _take_over(asset: UUID) -> None:
    """Forget an asset that nobody goes on deleting; raise `AssetUnderWay` if somebody does."""
    since = clock.now() - _DELETED_WITHIN
    # Who takes the deletion up at the same moment touches the row, and then this finds it no more.
    forgotten = cast(
        "list[dict[str, Any]]",
        await UploadedAsset.delete()
        .where(
            UploadedAsset.id == asset,
            UploadedAsset.state == UploadState.DELETING.value,
            UploadedAsset.touched_at <= since,
        )
        .returning(UploadedAsset.id),
    )
    if not forgotten:
        raise AssetUnderWay("The same file is just being deleted; send it again.")


async def confirm(asset: UUID) -> UploadRecord:
    """Note that an upload's object is there; raise `AssetUnderWay` if it was swept meanwhile."""
    changed = (
        await UploadedAsset.update({UploadedAsset.state: UploadState.READY.value})
        .where(UploadedAsset.id == asset, UploadedAsset.state != UploadState.DELETING.value)
        .returning(UploadedAsset.id)
    )
    if not changed:
        raise AssetUnderWay("This upload took too long; send it again.")
    return await find(asset)


async def check_removable(asset: UUID) -> None:
    """Raise `MediumNotFound`, or `AssetUnderWay` while somebody else is deleting the asset."""
    row = (
        await UploadedAsset.select(UploadedAsset.state, UploadedAsset.touched_at)
        .where(UploadedAsset.id == asset, UploadedAsset.state != UploadState.STORING.value)
        .first()
    )
    if row is None:
        raise MediumNotFound(NO_ASSET)
    since = clock.now() - _DELETED_WITHIN
    if row["state"] == UploadState.DELETING and row["touched_at"] > since:
        # Two would each delete what is sent again in between.
        raise AssetUnderWay("This file is just being deleted.")


async def find(asset: UUID) -> UploadRecord:
    """Return an asset that is there; raise `MediumNotFound`."""
    row = (
        await UploadedAsset.select(*UploadedAsset.all_columns())
        .where(UploadedAsset.id == asset, UploadedAsset.state == UploadState.READY.value)
        .first()
    )
    if row is None:
        raise MediumNotFound(NO_ASSET)
    return UploadRecord.of(row)


async def of_project(project: str, *, limit: int, after: PageEnd | None) -> list[UploadRecord]:
    """Return a project's assets, newest first, behind the end of a page."""
    which = (UploadedAsset.project == project) & (UploadedAsset.state == UploadState.READY.value)
    if after:
        older = UploadedAsset.created_at < after.created_at
        same = (UploadedAsset.created_at == after.created_at) & (UploadedAsset.id < after.id)
        which &= older | same
    rows = (
        await UploadedAsset.select(*UploadedAsset.all_columns())
        .where(which)
        .order_by(UploadedAsset.created_at, ascending=False)
        .order_by(UploadedAsset.id, ascending=False)
        .limit(limit)
    )
    return [UploadRecord.of(row) for row in rows]


async def remove(
    asset: UUID, store: ObjectStore, *, untouched_since: datetime | None = None
) -> bool:
    """Delete an asset, object and row; tell whether there was one.

    Given a moment, only if nobody has had it in hand since. Raises `StorageError`; then whoever
    asks again takes it up, or the next sweep.
    """
    which = UploadedAsset.id == asset
    if untouched_since:
        which &= UploadedAsset.touched_at < untouched_since
    rows = (
        await UploadedAsset.update(
            {
                UploadedAsset.state: UploadState.DELETING.value,
                UploadedAsset.touched_at: clock.now(),
            }
        )
        .where(which)
        .returning(UploadedAsset.key)
    )
    if not rows:
        return False
    try:
        await store.delete(rows[0]["key"])
    except StorageError:
        await UploadedAsset.update({UploadedAsset.touched_at: _GIVEN_UP}).where(
            UploadedAsset.id == asset
        )
        raise
    await UploadedAsset.delete().where(UploadedAsset.id == asset)
    return True


async def sweep(store: ObjectStore, *, older_than: timedelta = ABANDONED_AFTER) -> int:
    """Remove what dead processes left half kept or half deleted; return how many."""
    limit = clock.now() - older_than
    rows = await UploadedAsset.select(UploadedAsset.id).where(
        UploadedAsset.state.is_in([UploadState.STORING.value, UploadState.DELETING.value]),
        UploadedAsset.touched_at < limit,
    )
    return sum([await remove(row["id"], store, untouched_since=limit) for row in rows])


async def _check_room(upload: Upload, room: Room) -> None:
    kept = "SELECT COALESCE(SUM(bytes), 0) AS kept FROM uploaded_asset"
    if room.project:
        wanted = upload.bytes + await _sum(f"{kept} WHERE project = {{}}", upload.project)
        if wanted > room.project:
            raise UploadQuotaReached(
                f"This project may keep {room.project} bytes of uploads,"
                f" and would then have {wanted}.",
                limit=room.project,
                value=wanted,
            )
    if room.total and upload.bytes + await _sum(kept) > room.total:
        # What the others keep is nothing that one of them may see.
        raise UploadQuotaReached(
            f"All projects together may keep {room.total} bytes of uploads,"
            " and this is more than there is room for.",
            limit=room.total,
        )


async def _sum(query: str, *values: object) -> int:
    rows = cast("list[dict[str, Any]]", await UploadedAsset.raw(query, *values))
    return int(rows[0]["kept"])
