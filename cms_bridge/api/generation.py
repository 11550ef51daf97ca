"""`POST /api/v1/videos/generate`: a video ordered by API, from its brief to its film."""

from decimal import Decimal
from http import HTTPStatus
from typing import Annotated

import msgspec
import structlog
from litestar import Response, post
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import BodyKwarg, HeaderParameter, SkipValidation

from cms_bridge.access.callers import Action, Caller
from cms_bridge.access.keys import Whose, needs
from cms_bridge.api.contract import UNFILMABLE, terms
from cms_bridge.api.resources import resource
from cms_bridge.api.tasks import ApprovalUpTo
from cms_bridge.api.videos import Video, find_video
from cms_bridge.errors import IdempotencyConflict, ProjectNotFound
from cms_bridge.fields import LONGEST_NAME, ONE_LINE, Id, Name, Person
from cms_bridge.jobs import submissions
from cms_bridge.jobs.submissions import VideoOrder
from cms_bridge.pricing.amounts import rounded
from cms_bridge.settings import BridgeSettings
from cms_bridge.states import FINISHED
from render.storyboard import Brief

log = structlog.get_logger()


class VideoRequest(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """A video, wanted from a brief."""

    project_id: Id
    """Whose caps and whose assets; a project that is not known yet begins with this."""
    brief: Brief
    approval: ApprovalUpTo | None = None
    """Null leaves it to a person: the video waits at `storyboard_complete` for
    `POST /api/v1/jobs/{id}/approve` and `…/render`. So it does when it may cost more."""
    version: Name = ""
    """Of the brief, in the asker's words: provenance."""
    by: Person = ""
    """Who asks: an e-mail address or a name; the key's id where none is given."""


_WANTED = VideoRequest(
    project_id="bakery",
    brief=Brief(title="Sourdough", script="The first loaf leaves the oven at five."),
    approval=ApprovalUpTo(up_to="2.50"),
    by="ann@example.com",
)


def _answer(description: str) -> ResponseSpec:
    return ResponseSpec(Video, generate_examples=False, description=description)


@post(
    "/",
    status_code=HTTPStatus.ACCEPTED,
    opt=terms(ProjectNotFound, IdempotencyConflict, *UNFILMABLE)
    | needs(Action.SPEND, whose=Whose.REQUEST),
    summary="Have a video made",
    responses={
        HTTPStatus.ACCEPTED: _answer("It is being made"),
        HTTPStatus.OK: _answer("It is finished, or over"),
    },
)
async def generate_video(
    data: Annotated[
        VideoRequest,
        BodyKwarg(examples=[Example(summary="Approved up to a price", value=_WANTED)]),
    ],
    caller: NamedDependency[SkipValidation[Caller]],
    settings: NamedDependency[BridgeSettings],
    idempotency_key: Annotated[
        str | None,
        HeaderParameter(
            name="Idempotency-Key",
            max_length=LONGEST_NAME,
            pattern=ONE_LINE,
            description="The same key, with the same request, names the same video for ever.",
        ),
    ] = None,
) -> Response[Video]:
    """Write a video down and answer 202; 200 where it is over already.

    Its storyboard is written, approved by itself within the price that is named, and filmed;
    `GET /api/v1/videos/{id}` tells how far it is and where its files are. 409 if the key was used
    with another request.
    """
    caller.check_project(data.project_id)
    job, new = await submissions.order(
        VideoOrder(
            project=data.project_id,
            brief=data.brief,
            version=data.version,
            approve_up_to=rounded(Decimal(data.approval.up_to)) if data.approval else None,
            by=data.by or caller.key,
        ),
        key=idempotency_key or None,
        limits=settings.limits,
    )
    video = await find_video(job)
    log.info("video.ordered", job_id=str(job), new=new)
    return Response(
        video,
        status_code=HTTPStatus.OK if video.status in FINISHED else HTTPStatus.ACCEPTED,
        headers={"Location": f"/api/v1/videos/{job}"},
    )


routers = resource("/api/v1/videos/generate", [generate_video], tag="videos")
