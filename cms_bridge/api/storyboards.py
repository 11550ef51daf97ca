"""`/api/v1/jobs/{id}/storyboard` and `…/refinements`: a storyboard read, edited and refined.

Each edit says what it is based on, so that none is lost to another, and answers with what
it costs: only what changed. It is filmed once it is approved (`cms_bridge.api.approvals`);
until then, and if it never is, the film before it stays where it was.
"""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from uuid import UUID

import msgspec
import structlog
from litestar import get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, SkipValidation

from cms_bridge.access.callers import Action
from cms_bridge.access.keys import needs
from cms_bridge.api.approvals import PriceQuote, price_quote
from cms_bridge.api.contract import UNFILMABLE, terms
from cms_bridge.api.resources import resource
from cms_bridge.errors import (
    IllegalMove,
    JobNotFound,
    StoryboardNotReady,
    StoryboardOutdated,
    Superseded,
)
from cms_bridge.fields import Digest, Person
from cms_bridge.jobs import decisions, refinements, transitions
from cms_bridge.jobs.refinements import Changes
from cms_bridge.pricing.estimates import Prices
from cms_bridge.records import JobRecord
from cms_bridge.settings import BridgeSettings
from cms_bridge.states import Status
from render.errors import OwnFileMissing, OwnFileUnfit
from render.storyboard import Storyboard

log = structlog.get_logger()

_OWN = (OwnFileMissing, OwnFileUnfit)
_EDITS = (
    JobNotFound,
    StoryboardNotReady,
    StoryboardOutdated,
    Superseded,
    IllegalMove,
    *UNFILMABLE,
    *_OWN,
)


class StoredStoryboard(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A job's storyboard as it stands, or would stand, and what it costs to film it."""

    job_id: UUID
    status: Status
    storyboard_revision: int
    """Counts what has stood here."""
    storyboard_digest: str
    """What an edit is based on, and an approval is of."""
    storyboard: Storyboard
    price: PriceQuote


class StoryboardEdit(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """A whole storyboard, to stand in place of another."""

    based_on: Digest
    """The digest of the storyboard that was edited: if it has changed since, nothing is done."""
    storyboard: Storyboard
    by: Person = ""
    """Who edits: an e-mail address or a name."""


class Refinement(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """Changes to single scenes."""

    based_on: Digest
    """The digest of the storyboard that they are for: if it has changed since, nothing is done."""
    changes: Changes
    by: Person = ""
    """Who asks for them: an e-mail address or a name."""


@get(
    "/{job_id:uuid}/storyboard",
    opt=terms(JobNotFound, StoryboardNotReady) | needs(Action.READ),
    summary="A job's storyboard",
)
async def get_storyboard(
    job_id: FromPath[UUID],
    prices: NamedDependency[SkipValidation[Prices]],
    settings: NamedDependency[BridgeSettings],
) -> StoredStoryboard:
    """Return the storyboard and its price; 409 until there is one."""
    job = await transitions.find(job_id)
    if job.storyboard is None:
        raise StoryboardNotReady("This job has no storyboard yet.", status=job.status.value)
    return await _view(job, job.storyboard, prices, settings)


@put(
    "/{job_id:uuid}/storyboard",
    opt=terms(*_EDITS) | needs(Action.WRITE),
    summary="Edit a storyboard",
)
async def put_storyboard(
    job_id: FromPath[UUID],
    data: JSONBody[StoryboardEdit],
    prices: NamedDependency[SkipValidation[Prices]],
    settings: NamedDependency[BridgeSettings],
) -> StoredStoryboard:
    """Put a whole storyboard in place of the one it is based on, and void its approval.

    Of a finished film it is the next revision. Asked for twice, it is put there once. 409 while
    the storyboard is being filmed, or if it has changed since.
    """

    async def changed(_job: JobRecord, _board: Storyboard) -> Storyboard:
        return data.storyboard

    return await _revise(job_id, changed, data, prices, settings)


@post(
    "/{job_id:uuid}/refinements",
    status_code=HTTPStatus.OK,
    opt=terms(*_EDITS) | needs(Action.WRITE),
    summary="Regenerate, replace or reorder scenes",
)
async def refine_storyboard(
    job_id: FromPath[UUID],
    data: JSONBody[Refinement],
    prices: NamedDependency[SkipValidation[Prices]],
    settings: NamedDependency[BridgeSettings],
) -> StoredStoryboard:
    """Change single scenes, all changes or none, and void the storyboard's approval.

    What none of them touches is neither made nor encoded again. Asked for twice, the second is
    refused with 409: it is based on what has changed by then.
    """
    return await _revise(job_id, _changes(data), data, prices, settings)


@post(
    "/{job_id:uuid}/refinements/estimate",
    status_code=HTTPStatus.OK,
    opt=terms(JobNotFound, StoryboardNotReady, StoryboardOutdated, *UNFILMABLE, *_OWN)
    | needs(Action.READ),
    summary="What changes to scenes would cost",
)
async def estimate_refinement(
    job_id: FromPath[UUID],
    data: JSONBody[Refinement],
    prices: NamedDependency[SkipValidation[Prices]],
    settings: NamedDependency[BridgeSettings],
) -> StoredStoryboard:
    """Return the storyboard as it would be, with its price; nothing is kept of it."""
    job = await transitions.find(job_id)
    storyboard = await decisions.revised(
        job, _changes(data), based_on=data.based_on, limits=settings.limits
    )
    return await _view(job, storyboard, prices, settings)


def _changes(data: Refinement) -> Callable[[JobRecord, Storyboard], Awaitable[Storyboard]]:
    async def changed(job: JobRecord, board: Storyboard) -> Storyboard:
        return await refinements.refined(job, board, data.changes)

    return changed


async def _revise(
    job_id: UUID,
    changed: Callable[[JobRecord, Storyboard], Awaitable[Storyboard]],
    data: StoryboardEdit | Refinement,
    prices: Prices,
    settings: BridgeSettings,
) -> StoredStoryboard:
    job = await decisions.revise(
        job_id, changed, based_on=data.based_on, limits=settings.limits, prices=prices
    )
    assert job.storyboard is not None  # noqa: S101 - it was just put there
    log.info(
        "storyboard.edited",
        job_id=str(job_id),
        revision=job.storyboard_revision,
        by=data.by,
    )
    return await _view(job, job.storyboard, prices, settings)


async def _view(
    job: JobRecord, storyboard: Storyboard, prices: Prices, settings: BridgeSettings
) -> StoredStoryboard:
    return StoredStoryboard(
        job_id=job.id,
        status=job.status,
        storyboard_revision=job.storyboard_revision,
        storyboard_digest=storyboard.digest,
        storyboard=storyboard,
        price=await price_quote(job, storyboard, prices, settings.caps),
    )


routers = resource(
    "/api/v1/jobs",
    [get_storyboard, put_storyboard, refine_storyboard, estimate_refinement],
    tag="jobs",
)
