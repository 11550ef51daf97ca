"""The vault: whatever was paid for is found again, wherever a worker stopped."""

import json
import os
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID, uuid4

import anyio
import pytest
from msgspec.structs import replace

from cms_bridge import assets, clock
from cms_bridge.assets import Condition, Place
from cms_bridge.errors import CallUnderWay
from cms_bridge.jobs import leases
from cms_bridge.ledger import charges
from cms_bridge.ledger.charges import ChargeState
from cms_bridge.ledger.meter import Ledger, open_ledger
from cms_bridge.ledger.vault import Vault, find_text, keep_text
from cms_bridge.states import Status
from cms_bridge.storage.base import StorageUnavailable, StoredObject
from cms_bridge.storage.local import LocalStore
from cms_bridge.tables import Asset, Charge, Job
from daemon.work.contention import retry_contended
from render.errors import OutcomeUnknown
from render.generation.base import Generated, GeneratedText, Kind, Reservation
from tests.support.ledger import AMPLE, call, check_books, claimed, die, new_job, only_charge

pytestmark = pytest.mark.anyio

PICTURE = Generated(
    data=b"a picture",
    media_type="image/png",
    provider="gemini",
    model="a-model",
    model_intended="a-model",
    cost=Decimal("0.03"),
)
TEXT = GeneratedText(
    content={"scenes": ["wörds"]}, provider="gemini", model="a-model", cost=Decimal("0.002")
)
NOW, MINUTE, HOUR = timedelta(0), timedelta(minutes=1), timedelta(hours=1)


class Away(LocalStore):
    """A store that is away for as long as a test wants it to be."""

    away = False

    async def put(self, key: str, path: Path, *, media_type: str) -> StoredObject:
        if self.away:
            raise StorageUnavailable("Away.")
        return await super().put(key, path, media_type=media_type)


@pytest.fixture
async def store(database: str, tmp_path: Path) -> AsyncIterator[Away]:
    async with Away(tmp_path / "objects", base_url="http://x", secret="s" * 32) as store:
        yield store


@pytest.fixture
def vault(store: Away, tmp_path: Path) -> Vault:
    return Vault(store=store, spool=tmp_path / "work")


@pytest.fixture
async def ledger(database: str) -> AsyncIterator[Ledger]:
    lease = await claimed(await new_job(video="v"))
    yield (await open_ledger(lease, caps=AMPLE)).scene("s1")
    await check_books(AMPLE)


async def paid(ledger: Ledger, *, digest: str = "d") -> Reservation:
    """Make a call whose answer has just arrived."""
    reservation = await ledger.reserve(call(digest=digest))
    await ledger.mark_started(reservation)
    return reservation


async def keep(vault: Vault, ledger: Ledger, reservation: Reservation | None) -> None:
    place = Place(job=ledger.lease.job_id, scene_id="s1", kind=Kind.PICTURE)
    await vault.keep(PICTURE, ledger.lease, place, digest="d", paid=reservation)


async def taken_over(vault: Vault, ledger: Ledger) -> Ledger:
    """Let the worker be silent for too long, and another claim its job."""
    await die(ledger.lease.job_id)
    lease = await claimed(ledger.lease.job_id, worker="w2")
    await vault.recover(lease.job_id, before=lease.attempt, silence=HOUR)
    return await open_ledger(lease, caps=AMPLE)


async def spooled_alone(vault: Vault, store: Away, ledger: Ledger) -> None:
    """Have a worker let go of its job, since the store does not take what it has paid for."""
    store.away = True
    with pytest.raises(StorageUnavailable):
        await keep(vault, ledger, await paid(ledger))
    store.away = False
    await leases.release(ledger.lease)


async def nothing_heard_for(time: timedelta) -> None:
    await Charge.update({Charge.updated_at: datetime.now(UTC) - time}).where(
        Charge.state == ChargeState.STARTED
    )


async def check_kept(vault: Vault, ledger: Ledger) -> None:
    """Fail unless the picture is there, once, settled at its real price, and nothing else lies."""
    row = await only_charge(ledger.lease.job_id)
    assert (row.state, row.settled) == (ChargeState.SETTLED, PICTURE.cost)
    (asset,) = await Asset.select(*Asset.all_columns())
    assert (asset["id"], asset["cost"], asset["model_used"]) == (row.id, PICTURE.cost, "a-model")
    assert [chunk async for chunk in vault.store.read(asset["key"])] == [PICTURE.data]
    assert not list(vault.spool.iterdir())


async def test_what_is_kept_is_found_in_the_whole_project(vault: Vault, ledger: Ledger) -> None:
    reservation = await paid(ledger)
    await keep(vault, ledger, reservation)
    await ledger.settle(reservation, PICTURE.cost)
    await check_kept(vault, ledger)
    found = await assets.find_asset("p1", ["d"])
    assert found
    assert found.id == UUID(reservation.id)
    assert await assets.find_asset("p2", ["d"]) is None


async def test_what_costs_nothing_is_kept_without_a_charge(vault: Vault, ledger: Ledger) -> None:
    await keep(vault, ledger, None)
    assert await Asset.count() == 1
    assert await Charge.count() == 0
    assert not list(vault.spool.iterdir())


async def test_a_stand_in_never_keeps_a_paid_voice_away(vault: Vault, ledger: Ledger) -> None:
    job = ledger.lease.job_id
    place = Place(job=job, scene_id="s1", kind=Kind.NARRATION)
    piper = replace(PICTURE, provider="piper", model="piper", model_intended="a-model")
    meant = replace(piper, model_intended="piper")
    await vault.keep(piper, ledger.lease, place, digest="stands-in", paid=None)
    await vault.keep(meant, ledger.lease, place, digest="was-meant", paid=None)
    # It says the scene it was made for, and is found for no other; no price counts on it.
    assert await assets.at(place, ["stands-in"])
    assert await assets.find_asset("p1", ["stands-in"]) is None
    assert await assets.existing("p1", ["stands-in", "was-meant"]) == {"was-meant"}
    wanted = {("s2", Kind.NARRATION): ["stands-in"], ("s3", Kind.NARRATION): ["was-meant"]}
    assert set(await assets.of_scenes("p1", job, wanted)) == {("s3", Kind.NARRATION)}


class TestKilled:
    async def test_before_settling(self, vault: Vault, ledger: Ledger) -> None:
        await keep(vault, ledger, await paid(ledger))
        assert (await only_charge(ledger.lease.job_id)).state == ChargeState.STARTED
        await taken_over(vault, ledger)
        await check_kept(vault, ledger)

    async def test_before_the_asset_is_written_down(self, vault: Vault, ledger: Ledger) -> None:
        await keep(vault, ledger, await paid(ledger))
        await Asset.delete(force=True)
        await taken_over(vault, ledger)
        await check_kept(vault, ledger)

    async def test_before_the_object_is_stored(
        self, vault: Vault, ledger: Ledger, store: Away
    ) -> None:
        store.away = True
        with pytest.raises(StorageUnavailable):
            await keep(vault, ledger, await paid(ledger))
        with pytest.raises(StorageUnavailable):
            await taken_over(vault, ledger)
        store.away = False
        await taken_over(vault, ledger)
        await check_kept(vault, ledger)

    async def test_before_the_receipt_nobody_knows(self, vault: Vault, ledger: Ledger) -> None:
        await paid(ledger)
        await taken_over(vault, ledger)
        row = await only_charge(ledger.lease.job_id)
        assert (row.state, row.reason) == (
            ChargeState.UNKNOWN,
            "The worker stopped before the answer arrived.",
        )

    async def test_on_a_machine_whose_disk_takes_nothing(
        self, store: Away, ledger: Ledger, tmp_path: Path
    ) -> None:
        (tmp_path / "work").write_bytes(b"no directory")
        vault = Vault(store=store, spool=tmp_path / "work")
        with pytest.raises(StorageUnavailable):
            await keep(vault, ledger, await paid(ledger))
        await taken_over(vault, ledger)
        assert (await only_charge(ledger.lease.job_id)).state == ChargeState.UNKNOWN

    async def test_with_the_only_copy_on_a_machine_that_is_gone(
        self, vault: Vault, ledger: Ledger, store: Away, tmp_path: Path
    ) -> None:
        await spooled_alone(vault, store, ledger)
        await nothing_heard_for(HOUR)
        again = await taken_over(Vault(store=store, spool=tmp_path / "elsewhere"), ledger)
        row = await only_charge(ledger.lease.job_id)
        assert (row.state, row.reason) == (
            ChargeState.UNKNOWN,
            "The worker stopped before its answer was stored.",
        )
        with pytest.raises(OutcomeUnknown):
            await again.find_unfinished("d")
        # The machine is back, and tells the truth; nobody has to be asked.
        await vault.sweep(silence=NOW)
        await check_kept(vault, ledger)
        assert (await Job.select(Job.charge_warnings).first() or {})["charge_warnings"] == "[]"


class TestAlive:
    """The only copy is on another machine, which lives: whoever has the job waits for it."""

    @pytest.fixture
    def elsewhere(self, store: Away, tmp_path: Path) -> Vault:
        return Vault(store=store, spool=tmp_path / "elsewhere")

    async def test_the_job_goes_on_once_that_has_stored_it(
        self, vault: Vault, elsewhere: Vault, ledger: Ledger, store: Away
    ) -> None:
        await spooled_alone(vault, store, ledger)
        lease = await claimed(ledger.lease.job_id, worker="w2")
        with pytest.raises(StorageUnavailable):
            await elsewhere.recover(lease.job_id, before=lease.attempt, silence=HOUR)
        assert (await only_charge(lease.job_id)).state == ChargeState.STARTED
        await nothing_heard_for(MINUTE)
        await vault.sweep(silence=HOUR)
        assert list(vault.spool.iterdir()), "somebody has it in hand"
        await leases.release(lease)
        await vault.sweep(silence=HOUR)
        await check_kept(vault, ledger)
        again = await taken_over(elsewhere, ledger)
        assert await again.find_unfinished("d") is None
        assert await assets.find_asset("p1", ["d"])

    async def test_it_waits_for_as_long_as_that_says_that_the_store_is_away(
        self, vault: Vault, elsewhere: Vault, ledger: Ledger, store: Away
    ) -> None:
        await spooled_alone(vault, store, ledger)
        await nothing_heard_for(HOUR)
        store.away = True
        await vault.sweep(silence=HOUR)
        store.away = False
        with pytest.raises(StorageUnavailable):
            await taken_over(elsewhere, ledger)
        assert (await only_charge(ledger.lease.job_id)).state == ChargeState.STARTED

    async def test_what_its_provider_still_has_is_fetched_again(
        self, vault: Vault, elsewhere: Vault, ledger: Ledger, store: Away
    ) -> None:
        await spooled_alone(vault, store, ledger)
        await Charge.update({Charge.provider_id: "prediction"}, force=True)
        again = (await taken_over(elsewhere, ledger)).scene("s1")
        found = await again.find_unfinished("d")
        assert found
        assert found.provider_id == "prediction"


class TestSweep:
    async def test_an_ended_job_leaves_nothing_open(
        self, vault: Vault, ledger: Ledger, store: Away
    ) -> None:
        store.away = True
        with pytest.raises(StorageUnavailable):
            await keep(vault, ledger, await paid(ledger))
        await Job.update({Job.status: Status.CANCELLED}).where(Job.id == ledger.lease.job_id)
        await vault.sweep(silence=NOW)
        assert (await only_charge(ledger.lease.job_id)).state == ChargeState.STARTED
        store.away = False
        await vault.sweep(silence=HOUR)
        assert (await only_charge(ledger.lease.job_id)).state == ChargeState.STARTED
        await vault.sweep(silence=NOW)
        await check_kept(vault, ledger)

    async def test_what_nobody_knows_is_cleared_away_in_time(
        self, vault: Vault, ledger: Ledger
    ) -> None:
        reservation = await paid(ledger)
        vault.spool.mkdir()
        torn, folder = vault.spool / f"{reservation.id}.png", vault.spool / reservation.id
        torn.write_bytes(b"half a pict")
        folder.mkdir()
        await vault.sweep(silence=HOUR)
        assert torn.exists()
        os.utime(torn, (0, 0))
        await vault.sweep(silence=HOUR)
        assert list(vault.spool.iterdir()) == [folder]

    @pytest.mark.parametrize("receipt", [True, False])
    async def test_files_of_an_ended_job_wait_for_its_last_words_and_not_for_the_silence(
        self, vault: Vault, ledger: Ledger, store: Away, receipt: bool
    ) -> None:
        job, reservation = ledger.lease.job_id, await paid(ledger)
        if receipt:
            store.away = True
            with pytest.raises(StorageUnavailable):
                await keep(vault, ledger, reservation)
            store.away = False
        else:
            vault.spool.mkdir()
            (vault.spool / f"{reservation.id}.png").write_bytes(b"half a pict")
        await nothing_heard_for(MINUTE)
        await vault.sweep(silence=HOUR)
        assert list(vault.spool.iterdir()), "its job is in somebody's hands"
        await Job.update({Job.status: Status.CANCELLED}).where(Job.id == job)
        if not receipt:
            await vault.sweep(silence=HOUR)
            assert list(vault.spool.iterdir()), "its answer may just be brought in"
            await ledger.mark_unknown(reservation, "The worker died.")
            await vault.sweep(silence=HOUR)
            assert list(vault.spool.iterdir()), "who said so may not be done"
            await Charge.update({Charge.updated_at: datetime.now(UTC) - MINUTE}).where(
                Charge.job == job
            )
        await vault.sweep(silence=HOUR)
        assert not list(vault.spool.iterdir())
        if receipt:
            await check_kept(vault, ledger)

    async def test_what_just_came_stays_however_far_ahead_the_database_s_clock_is(
        self, vault: Vault, ledger: Ledger
    ) -> None:
        reservation = await paid(ledger)
        vault.spool.mkdir()
        fresh = vault.spool / f"{reservation.id}.png"
        fresh.write_bytes(b"a picture without its receipt yet")
        moment = time.monotonic()
        clock.set_by(datetime.now(UTC) + timedelta(hours=2), asked=moment, answered=moment)
        try:
            await vault.sweep(silence=HOUR)
        finally:
            clock.set_by(datetime.now(UTC), asked=moment, answered=moment)
        assert fresh.exists()


class TestTexts:
    async def test_a_text_is_its_own_receipt(self, vault: Vault, ledger: Ledger) -> None:
        await keep_text(TEXT, await paid(ledger))
        assert await find_text("p1", "d") is None
        await taken_over(vault, ledger)
        assert await find_text("p1", "d") == TEXT
        assert await find_text("p2", "d") is None
        row = await only_charge(ledger.lease.job_id)
        assert (row.state, row.settled) == (ChargeState.SETTLED, TEXT.cost)
        assert await Asset.count() == 0


class TestUnreadable:
    """What was written down is not what it was: it is never a reason to stop for ever."""

    @pytest.mark.parametrize(
        "answer", ['{"type":"text","made":{}}', '{"type":"poem"}', '"a string"', "[]"]
    )
    async def test_a_text_that_no_longer_parses_is_asked_for_anew(
        self, ledger: Ledger, answer: str
    ) -> None:
        reservation = await paid(ledger)
        await keep_text(TEXT, reservation)
        await ledger.settle(reservation, TEXT.cost)
        await Charge.update({Charge.answer: answer}).where(Charge.id == UUID(reservation.id))
        assert await find_text("p1", "d") is None
        await ledger.release(await ledger.reserve(call(digest="d")))
        states = [row.state for row in await charges.charges_of(ledger.lease.job_id)]
        assert states == [ChargeState.SETTLED, ChargeState.RELEASED], "what was paid stays paid"

    async def test_a_receipt_that_no_longer_parses_leaves_its_charge_to_a_person(
        self, vault: Vault, ledger: Ledger
    ) -> None:
        reservation = await paid(ledger)
        await keep_text(TEXT, reservation)
        await Charge.update({Charge.answer: "{}"}).where(Charge.id == UUID(reservation.id))
        await taken_over(vault, ledger)
        await vault.sweep(silence=NOW)
        assert (await only_charge(ledger.lease.job_id)).state == ChargeState.UNKNOWN

    async def test_a_spooled_file_that_is_damaged_is_not_stored(
        self, vault: Vault, ledger: Ledger, store: Away
    ) -> None:
        store.away = True
        with pytest.raises(StorageUnavailable):
            await keep(vault, ledger, await paid(ledger))
        store.away = False
        (spooled,) = vault.spool.iterdir()
        spooled.write_bytes(PICTURE.data[:-1] + b"!")
        await taken_over(vault, ledger)
        assert await Asset.count() == 0
        assert (await only_charge(ledger.lease.job_id)).state == ChargeState.UNKNOWN

    async def test_a_receipt_of_an_older_version_is_kept_and_not_yet_believed(
        self, vault: Vault, ledger: Ledger, store: Away
    ) -> None:
        store.away = True
        reservation = await paid(ledger)
        with pytest.raises(StorageUnavailable):
            await keep(vault, ledger, reservation)
        store.away = False
        row = await only_charge(ledger.lease.job_id)
        told = json.loads(row.answer)
        older = json.dumps({k: v for k, v in told.items() if k not in {"source", "condition"}})
        await Charge.update({Charge.answer: older}).where(Charge.id == row.id)
        await taken_over(vault, ledger)
        await check_kept(vault, ledger)
        (asset,) = await Asset.select(Asset.source, Asset.condition)
        assert asset == {"source": "model", "condition": "unchecked"}
        assert await assets.find_asset("p1", ["d"], checked=True) is None

    async def test_what_is_judged_is_judged_wherever_it_is_used(
        self, vault: Vault, ledger: Ledger
    ) -> None:
        reservation = await paid(ledger)
        await keep(vault, ledger, reservation)
        await ledger.settle(reservation, PICTURE.cost)
        (row,) = await Asset.select(*Asset.all_columns())
        await Asset.insert(Asset(**{**row, "id": uuid4(), "job": await new_job()}))
        await assets.judge(row["key"], Condition.UNUSABLE)
        assert await assets.find_asset("p1", ["d"]) is None
        assert await assets.existing("p1", ["d"]) == frozenset()
        # Made anew for the same scene, it stands beside what it replaces.
        await keep(vault, ledger, await paid(ledger))
        assert await Asset.count() == 3


class TestTheSameTwice:
    async def test_the_second_takes_what_the_first_has_paid_for(
        self, vault: Vault, ledger: Ledger
    ) -> None:
        other = await open_ledger(await claimed(await new_job()), caps=AMPLE)
        reservation = await paid(ledger)
        tries = 0

        async def find_or_pay() -> str:
            nonlocal tries
            tries += 1
            if known := await assets.find_asset("p1", ["d"]):
                return known.medium.key
            await other.scene("s9").reserve(call(digest="d"))
            return pytest.fail("it was paid for twice")

        async with anyio.create_task_group() as group:
            group.start_soon(retry_contended, find_or_pay)
            await anyio.sleep(0.4)
            await keep(vault, ledger, reservation)
            await ledger.settle(reservation, PICTURE.cost)
        assert tries >= 2
        assert await charges.charges_of(other.lease.job_id) == []

    async def test_what_was_made_between_looking_and_paying_is_not_paid_for(
        self, vault: Vault, ledger: Ledger
    ) -> None:
        reservation = await paid(ledger)
        await keep(vault, ledger, reservation)
        await ledger.settle(reservation, PICTURE.cost)
        other = await open_ledger(await claimed(await new_job()), caps=AMPLE)
        with pytest.raises(CallUnderWay):
            await other.reserve(call(digest="d"))

    async def test_nobody_waits_for_ever(self, ledger: Ledger) -> None:
        await paid(ledger)
        other = await open_ledger(await claimed(await new_job()), caps=AMPLE)
        with pytest.raises(CallUnderWay):
            await retry_contended(lambda: other.reserve(call(digest="d")), longest=0.3)
