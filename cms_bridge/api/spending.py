"""`/api/v1/projects/{id}/spending`: what a project has spent, and the caps on it."""

from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import structlog
from litestar import get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from cms_bridge import caps
from cms_bridge.errors import ProjectNotFound
from cms_bridge.money import Caps, rounded
from cms_bridge.security import requires_api_key
from cms_bridge.settings import BridgeSettings
from cms_bridge.tables import Project

log = structlog.get_logger()

PATH = "/api/v1/projects/{project_id:str}/spending"


class OwnCaps(msgspec.Struct, frozen=True, kw_only=True):
    """A project's own caps in US dollars; null leaves one to the configuration."""

    project: Decimal | None = None
    """On all its videos together."""
    video: Decimal | None = None
    """On each of its videos."""

    def __post_init__(self) -> None:
        """Refuse what is no amount."""
        for cap in (self.project, self.video):
            rounded(cap or Decimal(0))


class Spending(msgspec.Struct, frozen=True, kw_only=True):
    """What counts against the caps: everything reserved, settled or unknown. Dollars as text."""

    spent: Decimal
    cap: Decimal
    cap_per_video: Decimal
    month_spent: Decimal
    """By all projects together, since the first of the month (UTC)."""
    month_cap: Decimal


@get(PATH, guards=[requires_api_key], summary="What a project has spent", tags=["projects"])
async def get_spending(
    project_id: FromPath[str], settings: NamedDependency[BridgeSettings]
) -> Spending:
    """Return a project's spending and the caps in force; 404 if there is no such project."""
    return await _spending(project_id, settings.caps)


@put(PATH, guards=[requires_api_key], summary="Give a project its own caps", tags=["projects"])
async def put_caps(
    project_id: FromPath[str],
    data: JSONBody[OwnCaps],
    settings: NamedDependency[BridgeSettings],
) -> Spending:
    """Replace a project's own caps: the next call is held to them, and none under way stops."""
    _storable(project_id)
    changed = (
        await Project.update({Project.cap_project: data.project, Project.cap_video: data.video})
        .where(Project.id == project_id)
        .returning(Project.id)
    )
    if changed:
        log.info(
            "project.caps_changed",
            project_id=project_id,
            project=str(data.project),
            video=str(data.video),
        )
    return await _spending(project_id, settings.caps)


def _storable(project_id: str) -> None:
    # PostgreSQL takes no such text, not even to look for it.
    if "\0" in project_id:
        raise ProjectNotFound("There is no such project.")


async def _spending(project_id: str, defaults: Caps) -> Spending:
    _storable(project_id)
    if not await Project.exists().where(Project.id == project_id):
        raise ProjectNotFound("There is no such project.")
    limits = await caps.caps_of(project_id, defaults)
    return Spending(
        spent=rounded(await caps.held(caps.project_row(project_id))),
        cap=rounded(limits.project),
        cap_per_video=rounded(limits.video),
        month_spent=rounded(await caps.held(caps.month_row(datetime.now(UTC)))),
        month_cap=rounded(limits.month),
    )
