"""Calls without an account: the `Meter` of whoever pays nothing."""

from decimal import Decimal
from uuid import uuid4

from render.generation.base import Call, Reservation


class Unmetered:
    """A `Meter` that keeps no account: for models that cost nothing, and for use by hand."""

    async def find_unfinished(self, request_digest: str) -> Reservation | None:  # noqa: ARG002 - the port asks for it
        """Return None: nothing is remembered."""
        return None

    async def reserve(self, call: Call) -> Reservation:
        """Return a reservation of nothing."""
        return Reservation(id=uuid4().hex, provider=call.provider, model=call.model)

    async def mark_started(self, reservation: Reservation, provider_id: str | None = None) -> None:
        """Note nothing."""

    async def is_taken(self, reservation: Reservation, provider_id: str) -> bool:  # noqa: ARG002 - the port asks for it
        """Return False: no id is noted."""
        return False

    async def settle(
        self, reservation: Reservation, cost: Decimal, *, useless: bool = False
    ) -> None:
        """Note nothing."""

    async def release(self, reservation: Reservation) -> None:
        """Note nothing."""

    async def mark_unknown(self, reservation: Reservation, reason: str) -> bool:  # noqa: ARG002 - the port asks for it
        """Return False: nothing is noted."""
        return False
