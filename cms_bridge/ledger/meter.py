"""The ledger: the one way to a paid call, and the record of every one.

`Ledger` is the `Meter` of one claim on a job. The chain of providers tells it
of each call before, during and after; the intent is written before anything is
sent, and no call is made that would pass a cap or what was approved
(`cms_bridge.pricing.caps`). What becomes of a charge is in `cms_bridge.ledger.charges`.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Self
from uuid import UUID, uuid4

import structlog
from msgspec.structs import asdict

from cms_bridge import clock
from cms_bridge.assets import find_asset
from cms_bridge.database import AlreadyStored, transaction, unique_violations
from cms_bridge.errors import AnswersUseless, CallUnderWay, LeaseLost
from cms_bridge.jobs.leases import Lease, held
from cms_bridge.ledger.adoption import adopt
from cms_bridge.ledger.charges import OPEN, ChargeRecord, ChargeState, end, recover
from cms_bridge.ledger.outages import USUAL, OutagePatience, outlast
from cms_bridge.ledger.vault import find_text
from cms_bridge.pricing import caps
from cms_bridge.pricing.amounts import Caps, ceiling, rounded
from cms_bridge.pricing.caps import Account
from cms_bridge.tables import Charge, Job
from render.errors import OutcomeUnknown
from render.generation.base import USELESS_CALLS, Call, Kind, Reservation

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """A `Meter` for the paid calls of one claim on a job; see `open_ledger` and `scene`."""

    lease: Lease
    caps: Caps
    """Where the project has none of its own."""
    draft_bound: Decimal = Decimal(0)
    """What writing the storyboard may cost, which nobody has approved."""
    scene_id: str = ""
    patience: OutagePatience = USUAL
    """With a database that is away while a call is under way."""

    def scene(self, scene_id: str) -> Self:
        """Return the meter of one scene's calls."""
        return replace(self, scene_id=scene_id)

    async def find_unfinished(self, request_digest: str) -> Reservation | None:
        """Take up a call of this scene, or of a job that has ended, that runs on at its provider.

        Raises `OutcomeUnknown` where the same request, from any scene or job
        of the project, may have been charged; `LeaseLost`; and as `reserve` does where
        the call of an ended job passes what this one may spend.
        """
        async with transaction():
            approved = await self._check_held()
            running = (
                await Charge.update(
                    {Charge.attempt: self.lease.attempt, Charge.updated_at: clock.now()}
                )
                .where(
                    Charge.job == self.lease.job_id,
                    Charge.scene_id == self.scene_id,
                    Charge.request_digest == request_digest,
                    Charge.state.is_in([ChargeState.STARTED, ChargeState.UNKNOWN]),
                    Charge.provider_id.is_not_null(),
                )
                .returning(*Charge.all_columns())
            )
            if running:
                return _reservation(ChargeRecord.of(running[0]))
            await self._refuse_unknown(request_digest)
            adopted = await adopt(
                request_digest,
                self.lease,
                self.scene_id,
                defaults=self.caps,
                approved=approved,
                draft=self.draft_bound,
            )
        return _reservation(adopted) if adopted else None

    async def reserve(self, call: Call) -> Reservation:
        """Write the intent down and set its price aside, or neither.

        Raises `ApprovedCostReached`, `SpendCapReached`, `OutcomeUnknown` or
        `LeaseLost`; `AnswersUseless` where the model was paid for nothing often
        enough, and the chain goes on to the next; `SpendUnderWay` where calls
        in flight are to be waited for, and `CallUnderWay` where the project
        has the same call open, or its answer by now.
        """
        now, amount = clock.now(), ceiling(call.price)
        charge = ChargeRecord(
            id=uuid4(),
            job=self.lease.job_id,
            project=self.lease.project,
            scene_id=self.scene_id,
            kind=call.kind,
            attempt=self.lease.attempt,
            call=call.attempt,
            provider=call.provider,
            model=call.model,
            request_digest=call.request_digest,
            reserved=amount,
            state=ChargeState.RESERVED,
            created_at=now,
            updated_at=now,
        )
        try:
            async with transaction():
                approved = await self._check_held()
                limits = await caps.caps_of(self.lease.project, self.caps)
                await self._refuse_useless(call)
                with unique_violations():
                    await Charge.insert(Charge(**asdict(charge)))
                # Asked after the insertion, which waits for whoever is just ending the same.
                await self._refuse_unknown(call.request_digest)
                if await self._is_made(call.request_digest):
                    raise CallUnderWay
                account = self._account(call.kind, now)
                own = self.draft_bound if account.drafting else approved
                await caps.hold(account, amount, limits, own=own)
        except AlreadyStored:
            raise CallUnderWay from None
        return _reservation(charge)

    async def mark_started(self, reservation: Reservation, provider_id: str | None = None) -> None:
        """Note that the request is about to leave, or its id once that is known.

        Raises `LeaseLost`, before anything has left, if the job was cancelled
        or is another's by now. An id is kept in any case: it is a fact.
        """
        charge = UUID(reservation.id)
        if provider_id is not None:
            named = Charge.raw(
                "UPDATE charge SET provider_id = {}, updated_at = {},"
                " state = CASE WHEN state = 'reserved' THEN 'started' ELSE state END"
                " WHERE id = {} AND (state IN ('reserved', 'started', 'unknown') OR presumed)",
                provider_id,
                clock.now(),
                charge,
            )
            await outlast(named.run, patience=self.patience)
            return
        async with transaction():
            await self._check_held()
            started = (
                await Charge.update(
                    {Charge.state: ChargeState.STARTED, Charge.updated_at: clock.now()}
                )
                .where(
                    Charge.id == charge,
                    Charge.state.is_in([ChargeState.RESERVED, ChargeState.STARTED]),
                )
                .returning(Charge.id)
            )
        if not started:
            raise LeaseLost("Another worker has taken this job for abandoned.")

    async def is_taken(self, reservation: Reservation, provider_id: str) -> bool:
        """Tell whether an id is another call's, in whichever project or daemon that was made."""
        return await Charge.exists().where(
            Charge.provider == reservation.provider,
            Charge.provider_id == provider_id,
            Charge.id != UUID(reservation.id),
        )

    async def settle(
        self, reservation: Reservation, cost: Decimal, *, useless: bool = False
    ) -> None:
        """Note what the call really cost: the truth, even past a cap or after another word.

        `useless` says that nothing could be made of its answer.
        """
        cost = rounded(cost)
        charge = await self._end(
            reservation,
            ChargeState.SETTLED,
            settled=cost,
            useless=useless,
            came_from=tuple(ChargeState),
        )
        if charge and cost > charge.reserved:
            log.warning("charge.above_reservation", charge_id=reservation.id, cost=f"{cost:f}")

    async def release(self, reservation: Reservation) -> None:
        """Note that nothing was charged."""
        await self._end(reservation, ChargeState.RELEASED, came_from=(*OPEN, ChargeState.UNKNOWN))

    async def mark_unknown(self, reservation: Reservation, reason: str) -> bool:
        """Note that nobody knows whether the call was charged, and show it on the job.

        Returns whether it counts as paid, as the project allows.
        """
        ended = await self._end(reservation, ChargeState.UNKNOWN, came_from=OPEN, reason=reason)
        if ended:
            return ended.presumed
        # A second try finds it ended, where only the answer to the first was lost.
        return await outlast(lambda: _is_presumed(UUID(reservation.id)), patience=self.patience)

    async def _end(  # noqa: PLR0913 - the parts of one row
        self,
        reservation: Reservation,
        state: ChargeState,
        *,
        came_from: tuple[ChargeState, ...],
        settled: Decimal | None = None,
        useless: bool = False,
        reason: str = "",
    ) -> ChargeRecord | None:
        async def write() -> ChargeRecord | None:
            async with transaction():
                return await end(
                    self.lease.job_id,
                    UUID(reservation.id),
                    state,
                    came_from=came_from,
                    settled=settled,
                    useless=useless,
                    reason=reason,
                    allowed=self.caps,
                )

        return await outlast(write, patience=self.patience)

    async def _check_held(self) -> Decimal:
        """Return what is approved on the job; raise `LeaseLost`."""
        row = await Job.select(Job.approved_cost).where(*held(self.lease)).first()
        if row is None:
            raise LeaseLost("The job was cancelled or passed to another worker.")
        return rounded(row["approved_cost"] or Decimal(0))

    async def _refuse_useless(self, call: Call) -> None:
        useless = await Charge.select(Charge.id).where(
            Charge.job == self.lease.job_id,
            Charge.request_digest == call.request_digest,
            Charge.provider == call.provider,
            Charge.model == call.model,
            Charge.useless.eq(True),  # noqa: FBT003 - a column's value
        )
        if len(useless) >= USELESS_CALLS:
            raise AnswersUseless(
                f"“{call.model}” was paid {len(useless)} times for answers that nothing can be"
                " made of.",
                provider=call.provider,
                model=call.model,
            )

    async def _refuse_unknown(self, request_digest: str) -> None:
        row = (
            await Charge.select(Charge.id, Charge.job)
            .where(
                Charge.project == self.lease.project,
                Charge.request_digest == request_digest,
                Charge.state == ChargeState.UNKNOWN,
            )
            .first()
        )
        if row:
            raise OutcomeUnknown(
                "An earlier call for this may have been charged; it is made again once someone"
                " has said what became of it.",
                charge=str(row["id"]),
                job=str(row["job"]),
            )

    async def _is_made(self, request_digest: str) -> bool:
        project = self.lease.project
        return bool(
            await find_asset(project, [request_digest]) or await find_text(project, request_digest)
        )

    def _account(self, kind: Kind, at: datetime) -> Account:
        return Account(
            job=self.lease.job_id,
            drafting=kind is Kind.STORYBOARD,
            project=self.lease.project,
            video_id=self.lease.video_id,
            at=at,
        )


async def open_ledger(lease: Lease, *, caps: Caps, patience: OutagePatience = USUAL) -> Ledger:
    """Return the ledger of a claim, once what earlier workers left open is sorted out."""
    await recover(lease.job_id, before=lease.attempt, allowed=caps)
    return Ledger(lease=lease, caps=caps, patience=patience)


async def _is_presumed(charge: UUID) -> bool:
    return await Charge.exists().where(
        Charge.id == charge,
        Charge.presumed.eq(True),  # noqa: FBT003 - a column's value
    )


def _reservation(charge: ChargeRecord) -> Reservation:
    return Reservation(
        id=str(charge.id),
        provider=charge.provider,
        model=charge.model,
        provider_id=charge.provider_id,
    )
