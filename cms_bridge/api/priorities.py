"""`/api/v1/projects/{id}/priority`: what jobs go by that have no priority of their own."""

import msgspec
import structlog
from litestar import get, put
from litestar.params import JSONBody

from cms_bridge import projects
from cms_bridge.access.callers import Action
from cms_bridge.access.keys import needs
from cms_bridge.api.contract import terms
from cms_bridge.api.resources import resource
from cms_bridge.api.spending import ProjectId
from cms_bridge.errors import ProjectNotFound
from cms_bridge.states import Priority

log = structlog.get_logger()

_PRIORITY = "/{project_id:str}/priority"


class ProjectPriority(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """What a project's jobs go by that have no priority of their own."""

    priority: Priority


@get(
    _PRIORITY,
    opt=terms(ProjectNotFound) | needs(Action.READ),
    summary="A project's priority",
)
async def get_project_priority(project_id: ProjectId) -> ProjectPriority:
    """Return what the project's jobs go by; 404 if there is no such project."""
    return ProjectPriority(priority=await projects.priority_of(project_id))


@put(
    _PRIORITY,
    opt=terms(ProjectNotFound) | needs(Action.MANAGE),
    summary="Give a project a priority",
)
async def set_project_priority(
    project_id: ProjectId, data: JSONBody[ProjectPriority]
) -> ProjectPriority:
    """Have jobs without a priority of their own go by this, those that wait by now too.

    It orders a project's jobs among each other: no project goes before another by it.
    """
    await projects.set_priority(project_id, data.priority)
    log.info("project.priority_changed", project_id=project_id, priority=data.priority)
    return data


routers = resource("/api/v1/projects", [get_project_priority, set_project_priority], tag="projects")
