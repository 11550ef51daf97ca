"""`/api/v1/projects/{id}/tasks`: a project's tasks, newest first, a page at a time."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.exceptions import ValidationException
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import QueryParameter, SkipValidation

from cms_bridge.access.callers import Action
from cms_bridge.access.keys import needs
from cms_bridge.api.contract import terms
from cms_bridge.api.pages import Cursor, cursor_of, end_told_by
from cms_bridge.api.resources import resource
from cms_bridge.api.spending import ProjectId
from cms_bridge.api.tasks import KINDS, TASK, Task, TaskKind, view
from cms_bridge.errors import ProjectNotFound
from cms_bridge.jobs import tasks
from cms_bridge.jobs.line import Line
from cms_bridge.jobs.tasks import Wanted
from cms_bridge.pricing import caps
from cms_bridge.states import Status

_LARGEST_PAGE = 200
_DAWN = datetime(1, 1, 1, tzinfo=UTC)
_DUSK = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


class TaskPage(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Some of a project's tasks, newest first."""

    tasks: list[Task]
    next_cursor: str | None
    """What to ask for the next page with; null at the end."""


_PAGE = TaskPage(tasks=[TASK], next_cursor="WyIyMDI2LTExLTI4VDEwOjEyOjMwWiIsIjBiMGY2ZDBlIl0")


@get(
    "/{project_id:str}/tasks",
    opt=terms(ProjectNotFound) | needs(Action.READ),
    summary="A project's tasks",
    responses={
        HTTPStatus.OK: ResponseSpec(
            TaskPage,
            generate_examples=False,
            description="A page",
            examples=[Example(summary="One task, and more after it", value=_PAGE)],
        )
    },
)
async def list_tasks(  # noqa: PLR0913, PLR0917 - Litestar's
    project_id: ProjectId,
    line: NamedDependency[SkipValidation[Line]],
    cursor: Cursor = None,
    limit: Annotated[
        int, QueryParameter(ge=1, le=_LARGEST_PAGE, description="Tasks of one page at most")
    ] = 50,
    status: Annotated[
        list[Status] | None, QueryParameter(description="Only those that stand there; repeatable")
    ] = None,
    kind: Annotated[
        list[TaskKind] | None, QueryParameter(description="Only those that make this; repeatable")
    ] = None,
    created_from: Annotated[
        str | None,
        QueryParameter(
            name="createdFrom",
            schema_extra={"format": "date-time"},
            description="Only those submitted then or later (RFC 3339, with an offset)",
        ),
    ] = None,
    created_before: Annotated[
        str | None,
        QueryParameter(
            name="createdBefore",
            schema_extra={"format": "date-time"},
            description="Only those submitted earlier (RFC 3339, with an offset)",
        ),
    ] = None,
) -> TaskPage:
    """Return a page of tasks, those of the CMS and those ordered by API; 404 without the project.

    What is submitted while one turns the pages stands before the first of them and moves nothing.
    """
    wanted = Wanted(
        kinds=tuple({KINDS[one] for one in kind or ()}),
        statuses=tuple(set(status or ())),
        since=_utc(created_from, "createdFrom"),
        before=_utc(created_before, "createdBefore"),
        after=end_told_by(cursor),
    )
    await caps.check_project(project_id)
    found, end = await tasks.page(project_id, wanted, size=limit)
    standings = await line.standings({task.id: task.status for task in found})
    return TaskPage(
        tasks=[view(task, standings.get(task.id)) for task in found],
        next_cursor=cursor_of(end) if end else None,
    )


def _utc(told: str | None, name: str) -> datetime | None:
    if told is None:
        return None
    try:
        # Strictly: Litestar would take a number for seconds since 1970.
        moment = msgspec.convert(told, datetime)
    except msgspec.ValidationError:
        raise _fault(name, "is no date and time of RFC 3339") from None
    if moment.tzinfo is None:
        raise _fault(name, "needs an offset from UTC, such as Z")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        # Within a day of either end of the calendar, which nothing here comes near.
        return _DAWN if moment.year == 1 else _DUSK


def _fault(name: str, message: str) -> ValidationException:
    fault = {"message": message, "key": name, "source": "query"}
    return ValidationException("A parameter is not of its form.", extra=[fault])


routers = resource("/api/v1/projects", [list_tasks], tag="projects")
