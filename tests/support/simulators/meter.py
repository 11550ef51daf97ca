"""A `Meter` that keeps its book in memory and accepts no entry twice."""

from dataclasses import dataclass, field
from decimal import Decimal

from render.errors import OutcomeUnknown
from render.generation.base import Call, Reservation

OPEN = {"reserved", "started"}


@dataclass
class Entry:
    """One paid call."""

    call: Call
    state: str = "reserved"
    provider_id: str | None = None
    cost: Decimal = Decimal(0)
    useless: bool = False


@dataclass
class Book:
    """What became of every paid call."""

    entries: list[Entry] = field(default_factory=list)

    @property
    def states(self) -> list[str]:
        return [entry.state for entry in self.entries]

    @property
    def spent(self) -> Decimal:
        return sum((entry.cost for entry in self.entries), Decimal(0))

    async def find_unfinished(self, request_digest: str) -> Reservation | None:
        for number, entry in enumerate(self.entries):
            if entry.call.request_digest != request_digest:
                continue
            if entry.state == "started" and entry.provider_id:
                return Reservation(
                    id=str(number),
                    provider=entry.call.provider,
                    model=entry.call.model,
                    provider_id=entry.provider_id,
                )
            if entry.state == "unknown":
                raise OutcomeUnknown("An earlier call may have been charged.")
        return None

    async def reserve(self, call: Call) -> Reservation:
        self.entries.append(Entry(call))
        return Reservation(id=str(len(self.entries) - 1), provider=call.provider, model=call.model)

    async def mark_started(self, reservation: Reservation, provider_id: str | None = None) -> None:
        entry = self._entry(reservation)
        entry.state, entry.provider_id = "started", provider_id or entry.provider_id

    async def is_taken(self, reservation: Reservation, provider_id: str) -> bool:
        return any(
            entry.provider_id == provider_id and number != int(reservation.id)
            for number, entry in enumerate(self.entries)
        )

    async def settle(
        self, reservation: Reservation, cost: Decimal, *, useless: bool = False
    ) -> None:
        entry = self._entry(reservation)
        entry.state, entry.cost, entry.useless = "settled", cost, useless

    async def release(self, reservation: Reservation) -> None:
        self._entry(reservation).state = "released"

    async def mark_unknown(self, reservation: Reservation, reason: str) -> bool:
        assert reason.endswith(".")
        self._entry(reservation).state = "unknown"
        return False

    def _entry(self, reservation: Reservation) -> Entry:
        entry = self.entries[int(reservation.id)]
        assert entry.state in OPEN, f"{entry.state} is final"
        return entry
