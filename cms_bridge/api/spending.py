"""`/api/v1/projects/{id}/spending`: what a project has spent, and the caps on it."""

from decimal import Decimal
from typing import Annotated

import msgspec
import structlog
from litestar import get, put
from litestar.di import NamedDependency
from litestar.params import JSONBody, PathParameter, SkipValidation

from cms_bridge import clock
from cms_bridge.access.callers import Action, Caller
from cms_bridge.access.keys import needs
from cms_bridge.api.contract import terms
from cms_bridge.api.resources import resource
from cms_bridge.errors import ProjectNotFound
from cms_bridge.fields import LONGEST_NAME, ONE_LINE, Dollars
from cms_bridge.pricing import caps
from cms_bridge.pricing.amounts import Caps, rounded
from cms_bridge.pricing.caps import OwnCaps
from cms_bridge.settings import BridgeSettings

log = structlog.get_logger()

_SPENDING = "/{project_id:str}/spending"

# Litestar describes a parameter by these alone; they are those of `Id`.
ProjectId = Annotated[str, PathParameter(min_length=1, max_length=LONGEST_NAME, pattern=ONE_LINE)]


class ProjectCaps(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """A project's own caps in US dollars; null leaves one to the configuration."""

    project: Dollars | None = None
    """On all its videos together."""
    video: Dollars | None = None
    """On each of its videos."""
    lost_call: Dollars | None = None
    """Up to this price, a call of which nobody knows whether it was charged counts as paid, and is
    bought again; 0 lets each wait for a person's word."""
    lost_video: Dollars | None = None
    """On all such calls of one video; those beyond it wait for a person's word."""


class ProjectSpending(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What counts against the caps: everything reserved, settled or unknown. Dollars as text."""

    spent: Decimal
    cap: Decimal
    cap_per_video: Decimal
    lost_call: Decimal
    """Up to which price a call of unknown outcome counts as paid; 0 where none does."""
    lost_video: Decimal
    """Up to which sum such calls of one video do."""
    month_spent: Decimal | None
    """By all projects together, since the first of the month (UTC); null to keys of single ones."""
    month_cap: Decimal


@get(
    _SPENDING,
    opt=terms(ProjectNotFound) | needs(Action.READ),
    summary="What a project has spent",
)
async def get_project_spending(
    project_id: ProjectId,
    settings: NamedDependency[BridgeSettings],
    caller: NamedDependency[SkipValidation[Caller]],
) -> ProjectSpending:
    """Return a project's spending and the caps in force; 404 if there is no such project."""
    return await _spending(project_id, settings.caps, caller)


@put(
    _SPENDING,
    opt=terms(ProjectNotFound) | needs(Action.MANAGE),
    summary="Give a project its own caps",
)
async def set_project_caps(
    project_id: ProjectId,
    data: JSONBody[ProjectCaps],
    settings: NamedDependency[BridgeSettings],
    caller: NamedDependency[SkipValidation[Caller]],
) -> ProjectSpending:
    """Replace a project's own caps: the next call is held to them, and none under way stops."""
    own = msgspec.convert(msgspec.structs.asdict(data), OwnCaps, strict=False)
    await caps.set_own(project_id, own)
    log.info("project.caps_changed", project_id=project_id, **msgspec.structs.asdict(data))
    return await _spending(project_id, settings.caps, caller)


async def _spending(project_id: str, defaults: Caps, caller: Caller) -> ProjectSpending:
    await caps.check_project(project_id)
    limits = await caps.caps_of(project_id, defaults)
    # What all projects together have spent is nothing that a key of single ones may see.
    month = caps.month_row(clock.now()) if caller.projects is None else None
    return ProjectSpending(
        spent=rounded(await caps.held(caps.project_row(project_id))),
        cap=rounded(limits.project),
        cap_per_video=rounded(limits.video),
        lost_call=rounded(limits.lost_call),
        lost_video=rounded(limits.lost_video),
        month_spent=rounded(await caps.held(month)) if month else None,
        month_cap=rounded(limits.month),
    )


routers = resource("/api/v1/projects", [get_project_spending, set_project_caps], tag="projects")
