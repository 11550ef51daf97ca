"""The vault: where what was paid for lies from its arrival on, so that no crash loses it.

    answer arrives → spool file → receipt on the charge → object store → asset → settled

The spool is a file on this machine's disk, the receipt everything else there
is to know. With both, whoever comes after a killed worker, or a store that was
away, goes on where it stopped, and nothing is asked of a provider again. A text
is its own receipt.
"""

import hashlib
import os
import shutil
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import anyio
import anyio.to_thread
import msgspec
import structlog

from cms_bridge import assets, clock
from cms_bridge.assets import EXTENSIONS, AssetRecord, Condition, Metadata, Place, StoredMedium
from cms_bridge.database import transaction
from cms_bridge.jobs.leases import Lease
from cms_bridge.ledger.adoption import LAST_WORDS
from cms_bridge.ledger.charges import OPEN, ChargeRecord, ChargeState, end
from cms_bridge.ledger.outages import USUAL, OutagePatience, outlast
from cms_bridge.pricing.amounts import rounded
from cms_bridge.states import FINISHED
from cms_bridge.storage.base import (
    ObjectNotFound,
    ObjectStore,
    StorageError,
    StorageFull,
    StorageUnavailable,
    object_key,
)
from cms_bridge.tables import Charge
from render.files import FULL
from render.generation.base import Generated, GeneratedText, Reservation

log = structlog.get_logger()


class SpoolFull(StorageFull):
    """This machine's disk has no room for what is paid for."""


class Text(msgspec.Struct, frozen=True, kw_only=True, tag="text"):
    """A text that was paid for, word for word."""

    made: GeneratedText

    @property
    def cost(self) -> Decimal:
        """US dollars actually charged."""
        return self.made.cost


Answer = StoredMedium | Text
"""What came of a paid call, as its charge keeps it."""


@dataclass(frozen=True, kw_only=True)
class Vault:
    """An object store, and the directory where this machine spools what is on its way there."""

    store: ObjectStore
    spool: Path
    room: int = 0
    """Bytes that must be free there before anything is asked for."""
    patience: OutagePatience = USUAL
    """With a database that is away while something is to be kept."""

    async def check_room(self) -> None:
        """Raise `SpoolFull` unless there is room for an answer: call it before one is paid for."""
        if await anyio.to_thread.run_sync(_free, self.spool) < self.room:
            raise SpoolFull("This machine's disk has no room for what would be paid for.")

    async def keep(
        self, made: Generated, lease: Lease, place: Place, *, digest: str, paid: Reservation | None
    ) -> AssetRecord:
        """Put a picture or a narration where it is found again, and return its record.

        Call it before the charge is settled. Raises `StorageError`; what could not be stored,
        for the moment, `recover` stores.
        """
        asset = _asset(UUID(paid.id) if paid else uuid4(), place, digest, _medium(made, lease))
        await anyio.to_thread.run_sync(_write, self._path(asset), made.data)
        if paid:
            await _note(asset.id, asset.medium, self.patience)
        await self._store(asset)
        return asset

    async def recover(self, job: UUID, *, before: int, silence: timedelta) -> None:
        """Finish what a job's earlier claims left between an answer and its settling.

        Raises `StorageError`, also where another machine has yet to store what came of a call, and
        was heard of since `silence`. What no one has by then stays as it is.
        """
        since, awaited = clock.now() - silence, False
        for row in await Charge.select(*Charge.all_columns()).where(
            Charge.job == job,
            Charge.attempt < before,
            Charge.state.is_in([*OPEN, ChargeState.UNKNOWN]) | Charge.presumed.eq(True),  # noqa: FBT003 - a column's value
            Charge.answer.is_not_null(),
        ):
            charge = ChargeRecord.of(row)
            if not await self._finish(charge):
                # What has an id is fetched from its provider once more.
                open_still = charge.state in OPEN and charge.provider_id is None
                awaited |= open_still and charge.updated_at > since
        if awaited:
            raise StorageUnavailable("Another machine has yet to store what was paid for.")

    async def sweep(self, *, silence: timedelta) -> None:
        """Finish what nobody else will: charges of ended jobs, and files left in the spool.

        `silence` is how long nothing was heard of them. A file without a
        receipt came with a worker's last breath: there is no telling what it is. Files of
        jobs that have ended, or that nobody holds, wait no longer than who had them in hand may
        take over its last words: another machine may wait for them.
        """
        since = clock.now() - silence
        rows = await Charge.select(*Charge.all_columns()).where(
            Charge.state.is_in(list(OPEN)),
            Charge.answer.is_not_null(),
            Charge.updated_at < since,
            Charge.job.status.is_in(list(FINISHED)),
        )
        # Files carry this machine's time, not the database's.
        written_before = time.time() - silence.total_seconds()
        recent = await anyio.to_thread.run_sync(_list_spool, self.spool, time.time())
        free = await _free_of_workers(recent.keys())
        spooled = await anyio.to_thread.run_sync(_list_spool, self.spool, written_before)
        spooled |= {charge: recent[charge] for charge in free}
        if others := spooled.keys() - {row["id"] for row in rows}:
            rows += await Charge.select(*Charge.all_columns()).where(
                Charge.id.is_in(list(others)), Charge.answer.is_not_null()
            )
        charges = [ChargeRecord.of(row) for row in rows]
        for charge in charges:
            try:
                await self._finish(charge)
            except StorageError as error:
                log.warning("vault.recovery_postponed", charge_id=str(charge.id), reason=str(error))
                await _tell_of(spooled.keys())
        for unowned in spooled.keys() - {charge.id for charge in charges}:
            await anyio.Path(spooled[unowned]).unlink(missing_ok=True)

    async def _finish(self, charge: ChargeRecord) -> bool:
        """Store and settle; tell whether nothing is left for another machine to do."""
        answer = _answer(charge.id, charge.answer)
        if answer is None:
            return True
        if isinstance(answer, StoredMedium):
            place = Place(job=charge.job, scene_id=charge.scene_id, kind=charge.kind)
            asset = _asset(charge.id, place, charge.request_digest, answer)
            try:
                await self._store(asset)
            except ObjectNotFound:
                log.warning(
                    "vault.answer_missing", charge_id=str(charge.id), job_id=str(charge.job)
                )
                # One that is here, and damaged, no other machine has.
                return await anyio.Path(self._path(asset)).exists()
        cost = rounded(answer.cost)
        if charge.state is not ChargeState.SETTLED or charge.settled != cost or charge.presumed:
            async with transaction():
                await end(
                    charge.job,
                    charge.id,
                    ChargeState.SETTLED,
                    came_from=tuple(ChargeState),
                    settled=cost,
                )
            log.info("vault.recovered", charge_id=str(charge.id), job_id=str(charge.job))
        return True

    async def _store(self, asset: AssetRecord) -> None:
        path, medium = self._path(asset), asset.medium
        if await anyio.to_thread.run_sync(_is_intact, path, medium):
            await self.store.put(medium.key, path, media_type=medium.media_type)
        else:
            await self.store.head(medium.key)
        await assets.record(asset)
        await anyio.Path(path).unlink(missing_ok=True)

    def _path(self, asset: AssetRecord) -> Path:
        return self.spool.absolute() / f"{asset.id}{Path(asset.medium.key).suffix}"


async def keep_text(
    made: GeneratedText, paid: Reservation, *, patience: OutagePatience = USUAL
) -> None:
    """Keep a text with its charge, before that is settled."""
    await _note(UUID(paid.id), Text(made=made), patience)


async def find_text(project: str, request_digest: str) -> GeneratedText | None:
    """Return the newest text that a project has paid for, for the very same request, or None."""
    row = (
        await Charge.select(Charge.id, Charge.answer)
        .where(
            Charge.project == project,
            Charge.request_digest == request_digest,
            Charge.state == ChargeState.SETTLED,
            Charge.answer.is_not_null(),
        )
        .order_by(Charge.created_at, ascending=False)
        .first()
    )
    answer = _answer(row["id"], row["answer"]) if row else None
    return answer.made if isinstance(answer, Text) else None


async def _tell_of(spooled: Iterable[UUID]) -> None:
    """Let others know that what came of these is on a machine that lives, and will be stored."""
    await Charge.update({Charge.updated_at: clock.now()}).where(
        Charge.id.is_in(list(spooled)),
        Charge.state.is_in(list(OPEN)),
        Charge.answer.is_not_null(),
    )


async def _free_of_workers(spooled: Iterable[UUID]) -> set[UUID]:
    """Return those charges that no worker has in hand any more, of ended jobs or of free ones."""
    if not (asked := list(spooled)):
        return set()
    now, job = clock.now(), Charge.job
    answered = Charge.answer.is_not_null()
    over = job.status.is_in(list(FINISHED))
    # Without a receipt an open call may just be bringing its answer in.
    rows = await Charge.select(Charge.id).where(
        Charge.id.is_in(asked),
        Charge.updated_at < now - LAST_WORDS,
        (over & (answered | Charge.state.not_in(list(OPEN))))
        | (answered & (job.lease_expires_at.is_null() | (job.lease_expires_at <= now))),
    )
    return {row["id"] for row in rows}


def _answer(charge: UUID, answer: str | None) -> Answer | None:
    """Return what a charge has kept; None, for who asks to ask anew, where it cannot be read."""
    try:
        return msgspec.json.decode(answer or "", type=Answer)
    except msgspec.DecodeError as error:
        log.warning("vault.answer_unreadable", charge_id=str(charge), reason=str(error))
        return None


def _asset(asset: UUID, place: Place, digest: str, medium: StoredMedium) -> AssetRecord:
    return AssetRecord(
        id=asset,
        job=place.job,
        scene_id=place.scene_id,
        kind=place.kind,
        request_digest=digest,
        medium=medium,
        created_at=clock.now(),
    )


def _medium(made: Generated, lease: Lease) -> StoredMedium:
    """Describe what was made for a job, as it is written down."""
    return StoredMedium(
        key=object_key(
            project=lease.project,
            sha256=hashlib.sha256(made.data).hexdigest(),
            extension=EXTENSIONS[made.media_type],
        ),
        media_type=made.media_type,
        bytes=len(made.data),
        provider=made.provider,
        model_intended=made.model_intended or made.model,
        model_used=made.model,
        cost=made.cost,
        source=made.source,
        condition=Condition.USABLE if made.inspected else Condition.UNCHECKED,
        metadata=Metadata(
            attempt=lease.attempt,
            calls=made.attempts,
            seconds=made.seconds,
            latency=made.latency,
            warnings=made.warnings,
            video_id=lease.video_id,
            version=lease.version,
            credit=made.credit,
            measures=made.measures,
        ),
    )


async def _note(charge: UUID, answer: Answer, patience: OutagePatience) -> None:
    noted: dict[Any, Any] = {
        Charge.answer: msgspec.json.encode(answer).decode(),
        Charge.updated_at: clock.now(),
    }
    # Without it nobody would know what came of a call that is paid for.
    await outlast(lambda: Charge.update(noted).where(Charge.id == charge).run(), patience=patience)


def _write(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        kind = SpoolFull if error.errno in FULL else StorageUnavailable
        raise kind("This machine's disk did not take what was paid for.") from error


def _free(spool: Path) -> int:
    try:
        spool.mkdir(parents=True, exist_ok=True)
        return shutil.disk_usage(spool).free
    except OSError as error:
        kind = SpoolFull if error.errno in FULL else StorageUnavailable
        raise kind("This machine's disk does not take what would be paid for.") from error


def _is_intact(path: Path, medium: StoredMedium) -> bool:
    """Tell whether a file of the spool is there, as it was written."""
    with suppress(FileNotFoundError), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == Path(medium.key).stem
    return False


def _list_spool(spool: Path, since: float) -> dict[UUID, Path]:
    """Return the files that have lain in the spool since a time, by their charge."""
    spooled: dict[UUID, Path] = {}
    for path in spool.glob("*.*"):
        # Its owner may take it away meanwhile, and not every name here is a charge's.
        with suppress(ValueError, FileNotFoundError):
            if path.is_file() and path.stat().st_mtime < since:
                spooled[UUID(path.stem)] = path
    return spooled
