"""`/api/v1/projects/{id}/lexicon`: how a project has words pronounced."""

from typing import Annotated

import msgspec
import structlog
from litestar import get, put
from litestar.params import JSONBody

from cms_bridge import lexicons
from cms_bridge.access.callers import Action
from cms_bridge.access.keys import needs
from cms_bridge.api.contract import terms
from cms_bridge.api.resources import resource
from cms_bridge.api.spending import ProjectId
from cms_bridge.errors import ProjectNotFound
from cms_bridge.lexicons import MOST_ENTRIES
from cms_bridge.pricing import caps
from render.pronunciation import Pronunciation

log = structlog.get_logger()

_LEXICON = "/{project_id:str}/lexicon"


class ProjectLexicon(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """Words and how they are said, in all videos and spoken texts of a project."""

    entries: Annotated[list[Pronunciation], msgspec.Meta(max_length=MOST_ENTRIES)]
    """Of one word, the entry closest to a text's language counts; of two for one, the first."""


@get(
    _LEXICON,
    opt=terms(ProjectNotFound) | needs(Action.READ),
    summary="How a project has words pronounced",
)
async def get_project_lexicon(project_id: ProjectId) -> ProjectLexicon:
    """Return a project's lexicon, empty until one is given; 404 if there is no such project."""
    await caps.check_project(project_id)
    return ProjectLexicon(entries=list(await lexicons.of_project(project_id)))


@put(
    _LEXICON,
    opt=terms(ProjectNotFound) | needs(Action.WRITE),
    summary="Have words pronounced as they are said",
)
async def set_project_lexicon(
    project_id: ProjectId, data: JSONBody[ProjectLexicon]
) -> ProjectLexicon:
    """Replace a project's lexicon; 404 if there is no such project.

    What is spoken from now on is held to it. A narration with a word that is said otherwise
    since is made anew where its scene is made again, at its price; captions keep what is written.
    """
    await caps.check_project(project_id)
    await lexicons.replace(project_id, data.entries)
    log.info("project.lexicon_changed", project_id=project_id, entries=len(data.entries))
    return data


routers = resource("/api/v1/projects", [get_project_lexicon, set_project_lexicon], tag="projects")
