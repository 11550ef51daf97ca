"""`/api/v1/videos/jobs/{id}/charges`: each paid call, and a person's word on lost ones."""

from decimal import Decimal
from http import HTTPStatus
from typing import Any
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.params import FromPath, JSONBody

from cms_bridge.access.callers import Action
from cms_bridge.access.keys import needs
from cms_bridge.api.contract import terms
from cms_bridge.api.resources import resource
from cms_bridge.errors import ChargeNotFound, ChargeNotUnknown, JobNotFound
from cms_bridge.fields import Moment, Person
from cms_bridge.jobs import transitions
from cms_bridge.ledger import charges
from cms_bridge.ledger.charges import ChargeOutcome, ChargeRecord, ChargeState
from cms_bridge.pricing.amounts import rounded


class Charge(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One paid call. Amounts are US dollars as text."""

    id: UUID
    scene_id: str
    """Empty for what was made for the whole video."""
    kind: str
    attempt: int
    """The worker's claim on the job under which it was made."""
    call: int
    """Counts the calls of one request, over all models."""
    provider: str
    model: str
    provider_id: str | None
    reserved: Decimal
    settled: Decimal | None
    """What it really cost; null until that is known."""
    state: ChargeState
    presumed: bool
    """Settled at what was reserved since nobody knows, as the project allows."""
    reason: str
    created_at: Moment
    updated_at: Moment


class ChargeResolution(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """What a person found in the provider's account."""

    outcome: ChargeOutcome
    by: Person = ""
    """Who looked: an e-mail address or a name."""


@get(
    "/",
    opt=terms(JobNotFound) | needs(Action.READ),
    summary="Every paid call of a job",
)
async def list_charges(job_id: FromPath[UUID]) -> list[Charge]:
    """Return a job's charges, oldest first; 404 if there is no such job."""
    await transitions.find(job_id)
    return [_view(charge) for charge in await charges.charges_of(job_id)]


@post(
    "/{charge_id:uuid}/resolve",
    status_code=HTTPStatus.OK,
    opt=terms(JobNotFound, ChargeNotFound, ChargeNotUnknown) | needs(Action.MANAGE),
    summary="Say what became of a call whose answer was lost",
)
async def resolve_charge(
    job_id: FromPath[UUID],
    charge_id: FromPath[UUID],
    data: JSONBody[ChargeResolution],
) -> Charge:
    """End an unknown charge, so that a retry may go on, or say what became of a presumed one.

    409 if its outcome is known or awaited.
    """
    return _view(await charges.resolve(job_id, charge_id, data.outcome, by=data.by))


def _view(charge: ChargeRecord) -> Charge:
    # SQLite's numbers come without their zeros.
    amounts: dict[str, Any] = {
        "reserved": rounded(charge.reserved),
        "settled": None if charge.settled is None else rounded(charge.settled),
    }
    values: dict[str, Any] = {name: getattr(charge, name) for name in Charge.__struct_fields__}
    return Charge(**{**values, **amounts})


routers = resource(
    "/api/v1/videos/jobs/{job_id:uuid}/charges", [list_charges, resolve_charge], tag="videos"
)
