"""Callers: whoever asks with a key, and what that key is for."""

from enum import StrEnum

import msgspec

from cms_bridge.errors import ProjectNotFound

NO_PROJECT = "There is no such project."


class Action(StrEnum):
    """What a key may be for. Each route names one; none includes another."""

    READ = "read"
    """See jobs, prices, spending, charges, media and links to files."""
    WRITE = "write"
    """Start and change work that costs nothing beyond what was approved."""
    SPEND = "spend"
    """Let money be spent: approve a storyboard, order a picture or a spoken text."""
    MANAGE = "manage"
    """Set a project's caps and where its webhooks go, and say what became of charges whose outcome
    is unknown."""


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """A key, but for its secret: what a request may do."""

    key: str
    """The key's public id."""
    actions: frozenset[Action]
    projects: frozenset[str] | None
    """Those it is for; None for all, those to come included."""

    def sees(self, project: str) -> bool:
        """Tell whether a project is one of the caller's."""
        return self.projects is None or project in self.projects

    def check_project(self, project: str) -> None:
        """Raise `ProjectNotFound` for another's project, as for one that there is not."""
        if not self.sees(project):
            raise ProjectNotFound(NO_PROJECT)


ENVIRONMENT = Caller(key="environment", actions=frozenset(Action), projects=None)
"""Whoever has `REELWRIGHT_API_KEY`: the CMS's own server."""
