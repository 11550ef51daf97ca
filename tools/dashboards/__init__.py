"""Grafana's dashboards: operations, performance and business.

`python -m tools.dashboards` writes them into deploy/grafana.

Figures of the fleet are told alike by every bridge, so panels take their `max`; what a process
counts by itself is summed (specs/metrics.md).
"""

from tools.dashboards.business import BUSINESS
from tools.dashboards.operations import OPERATIONS
from tools.dashboards.panels import Board, Panel, Query, build
from tools.dashboards.performance import PERFORMANCE

BOARDS = (OPERATIONS, PERFORMANCE, BUSINESS)

__all__ = ["BOARDS", "Board", "Panel", "Query", "build"]
