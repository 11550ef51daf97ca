"""`/api/v1/jobs/{id}`: the price of a storyboard, its approval, and the start of the work."""

from decimal import Decimal
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

import msgspec
import structlog
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, SkipValidation

from cms_bridge import films
from cms_bridge.access.callers import Action
from cms_bridge.access.keys import needs
from cms_bridge.api.contract import UNFILMABLE, terms
from cms_bridge.api.resources import resource
from cms_bridge.errors import (
    ApprovalConflict,
    IllegalMove,
    JobNotFound,
    NotApproved,
    Superseded,
)
from cms_bridge.fields import Digest, Dollars, Moment, Person
from cms_bridge.jobs import approvals, decisions, transitions
from cms_bridge.jobs.revisions import Difference, differences
from cms_bridge.pricing import caps
from cms_bridge.pricing.amounts import Caps, rounded
from cms_bridge.pricing.estimates import MusicEstimate, Prices, SceneEstimate
from cms_bridge.records import JobRecord
from cms_bridge.settings import BridgeSettings
from cms_bridge.states import Status
from render.problem import Problem
from render.storyboard import Storyboard

log = structlog.get_logger()


class PriceQuote(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a job's storyboard may cost: what an approval answers to. US dollars as text."""

    storyboard_digest: str
    estimated_cost: Decimal
    """At most, with every scene made anew."""
    usual_cost: Decimal
    """The same as it is when the models asked first answer, as they usually do."""
    difference: Decimal
    """At most, what is to be paid now: what the project already has costs nothing."""
    usual_difference: Decimal
    """The usual price of what is to be paid now."""
    to_approve: Decimal
    """What an approval has to name: the estimated cost; once there is a film, what is to be paid
    now; of a job that stopped because more is needed than was approved, what it may then cost
    altogether."""
    approved_cost: Decimal | None
    """What may be spent on the job at most by its approval; null while there is none."""
    spent: Decimal
    """What counts against that: settled, unknown or set aside since the storyboard was written."""
    needs: Decimal
    """What a job that stopped for it needs beyond what was approved; else 0."""
    lost_at_most: Decimal
    """What calls whose answer is lost may cost on top of all that, as the project allows; 0 where
    they wait for a person's word, or nothing is to be paid."""
    scenes: tuple[SceneEstimate, ...]
    music: MusicEstimate | None
    """Null where no model is to compose any."""
    changes: tuple[Difference, ...]
    """What it shows or says otherwise than the newest film; none where there is no film."""
    warnings: tuple[Problem, ...]
    """What there is to say before anything is paid, such as that a scene calls for somebody whom
    the cast does not have."""


class ApprovalRequest(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """A person's approval of what they were shown."""

    storyboard_digest: Digest
    estimated_cost: Dollars
    """The price at this moment: what the estimate tells as `toApprove`."""
    by: Annotated[Person, msgspec.Meta(min_length=1)]
    """Who approves: an e-mail address or a name."""


class Approval(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An approval as it is recorded."""

    job_id: UUID
    storyboard_digest: str
    estimated_cost: Decimal
    """The price that was named."""
    approved_cost: Decimal
    """What may be spent on the job at most, what is spent already included."""
    by: str
    at: Moment


class JobAccepted(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Where a job stands that was asked to render."""

    job_id: UUID
    status: Status


class PriceQuoteRequest(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """A storyboard that is not saved."""

    storyboard: Storyboard


@get(
    ("/{job_id:uuid}/estimate"),
    opt=terms(JobNotFound) | needs(Action.READ),
    summary="What a job's storyboard may cost",
)
async def get_estimate(
    job_id: FromPath[UUID],
    prices: NamedDependency[SkipValidation[Prices]],
    settings: NamedDependency[BridgeSettings],
) -> PriceQuote:
    """Return the price, scene by scene; 404 until there is a storyboard."""
    job = await transitions.find(job_id)
    if job.storyboard is None:
        raise JobNotFound("This job has no storyboard yet.")
    return await price_quote(job, job.storyboard, prices, settings.caps)


@post(
    ("/{job_id:uuid}/estimate"),
    status_code=HTTPStatus.OK,
    opt=terms(JobNotFound, *UNFILMABLE) | needs(Action.READ),
    summary="What an edit would cost",
)
async def estimate_edit(
    job_id: FromPath[UUID],
    data: JSONBody[PriceQuoteRequest],
    prices: NamedDependency[SkipValidation[Prices]],
    settings: NamedDependency[BridgeSettings],
) -> PriceQuote:
    """Price a storyboard before it is saved; nothing is kept of it."""
    job = await transitions.find(job_id)
    data.storyboard.check(settings.limits)
    return await price_quote(job, data.storyboard, prices, settings.caps)


@post(
    ("/{job_id:uuid}/approve"),
    status_code=HTTPStatus.OK,
    opt=terms(JobNotFound, ApprovalConflict, IllegalMove, Superseded) | needs(Action.SPEND),
    summary="Approve a storyboard at its price",
)
async def approve_storyboard(
    job_id: FromPath[UUID],
    data: JSONBody[ApprovalRequest],
    prices: NamedDependency[SkipValidation[Prices]],
) -> Approval:
    """Record an approval; 409 if storyboard or price are not those of this moment.

    The work itself starts with `render`. Approving twice answers the same. A
    job that stopped because more is needed than was approved keeps what it has
    and goes on once the higher price is approved.
    """
    approval = await decisions.approve(
        job_id,
        digest=data.storyboard_digest,
        estimate=Decimal(data.estimated_cost),
        by=data.by,
        prices=prices,
    )
    log.info("job.approved", job_id=str(job_id), by=approval.by)
    return Approval(
        job_id=job_id,
        storyboard_digest=approval.storyboard_digest,
        estimated_cost=rounded(approval.estimated_cost),
        approved_cost=rounded(approval.bound),
        by=approval.by,
        at=approval.at,
    )


@post(
    ("/{job_id:uuid}/render"),
    status_code=HTTPStatus.ACCEPTED,
    opt=terms(JobNotFound, NotApproved, Superseded) | needs(Action.WRITE),
    summary="Generate and compose an approved storyboard",
)
async def render_video(job_id: FromPath[UUID]) -> JobAccepted:
    """Start the work, or start it again after a failure; 403 until approved.

    409 where the video was submitted anew since: the newer submission is the one that is made.
    """
    accepted = await transitions.render(job_id)
    return JobAccepted(job_id=job_id, status=accepted.status)


async def price_quote(
    job: JobRecord, storyboard: Storyboard, prices: Prices, limits: Caps
) -> PriceQuote:
    """Return the price of a job's storyboard as the API tells of it."""
    quoted = await approvals.quote(job, storyboard, prices)
    film = await films.newest(job.id) if job.filmed else None
    priced, filmed = quoted.priced, film.storyboard if film else None
    lost = await caps.room_for_lost(job.project, job.video_id, limits)
    return PriceQuote(
        storyboard_digest=priced.storyboard_digest,
        estimated_cost=rounded(priced.total),
        usual_cost=rounded(priced.usual),
        difference=rounded(priced.difference),
        usual_difference=rounded(priced.usual_difference),
        to_approve=rounded(quoted.named),
        approved_cost=None if quoted.approved is None else rounded(quoted.approved),
        spent=rounded(quoted.spent),
        needs=rounded(quoted.needs),
        lost_at_most=rounded(lost if priced.difference else Decimal(0)),
        scenes=priced.scenes,
        music=priced.music,
        changes=differences(filmed, storyboard) if filmed else (),
        warnings=priced.warnings,
    )


routers = resource(
    "/api/v1/jobs", [get_estimate, estimate_edit, approve_storyboard, render_video], tag="jobs"
)
