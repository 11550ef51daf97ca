"""Projects: what isolates one customer's objects from another's, written down when first named."""

from cms_bridge import clock
from cms_bridge.errors import ProjectNotFound
from cms_bridge.states import Priority
from cms_bridge.tables import Project

UPSERT = (
    "INSERT INTO project (id, name, created_at) VALUES ({}, {}, {}) ON CONFLICT (id)"
    " DO UPDATE SET name = CASE WHEN {} THEN excluded.name ELSE project.name END"
)


async def upsert(project: str, *, name: str | None = None) -> None:
    """Make sure that a project is there, and give it a name if one is told.

    A project that nobody has named yet is called by its id. Call inside a transaction, which then
    holds the project as `hold` does.
    """
    await Project.raw(
        UPSERT,
        project,
        name or project,
        clock.now(),
        name is not None,
    )


async def hold(project: str) -> None:
    """Let nobody else submit, or begin anew, a video of a project until the transaction ends.

    Taken before any job: whoever takes both in one order waits for nobody who waits for them.
    """
    await Project.update({Project.name: Project.name}).where(Project.id == project)


async def priority_of(project: str) -> Priority:
    """Return what jobs go by that have no priority of their own; raise `ProjectNotFound`."""
    row = await Project.select(Project.priority).where(Project.id == project).first()
    if row is None:
        raise ProjectNotFound("There is no such project.")
    return Priority.of(row["priority"])


async def set_priority(project: str, priority: Priority) -> None:
    """Have jobs without a priority of their own go by this, also those that wait by now.

    Raises `ProjectNotFound`.
    """
    changed = (
        await Project.update({Project.priority: priority.rank})
        .where(Project.id == project)
        .returning(Project.id)
    )
    if not changed:
        raise ProjectNotFound("There is no such project.")
