"""Engines: the two databases, with bounds on what waits for them and one error for each trouble.

Piccolo's engines know no bounds: on SQLite everybody tries to write at once and
most are told "database is locked", on PostgreSQL whoever finds no free
connection waits for ever. Those here stand in front of them with a fair queue,
keep connections open, and raise `DatabaseBusy` or `DatabaseUnavailable` where
the drivers have a dozen errors.
"""

from cms_bridge.engines.postgres import Postgres
from cms_bridge.engines.scripts import Script, Step
from cms_bridge.engines.sqlite import SQLite
from cms_bridge.engines.turns import DatabaseBounds

AnyEngine = SQLite | Postgres

__all__ = ["AnyEngine", "DatabaseBounds", "Postgres", "SQLite", "Script", "Step"]
