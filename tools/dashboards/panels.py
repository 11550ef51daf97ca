"""Panels: what a dashboard is made of, and how that becomes Grafana's JSON."""

import json
from typing import Any, NamedTuple

from grafana_foundation_sdk.builders import dashboard, stat, timeseries
from grafana_foundation_sdk.builders.common import (
    ReduceDataOptions,
    VizLegendOptions,
)
from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import LegendDisplayMode, LegendPlacement
from grafana_foundation_sdk.models.dashboard import (
    DataSourceRef,
    Threshold,
    ThresholdsMode,
)

_WIDTH = 24
_SOURCE = DataSourceRef(type_val="prometheus", uid="prometheus")
_GREEN, _RED = "green", "red"


class Query(NamedTuple):
    """What a panel asks Prometheus, and what each answer is called."""

    expression: str
    legend: str = ""


class Panel(NamedTuple):
    """One picture."""

    title: str
    told: str
    unit: str
    queries: tuple[Query, ...]
    bad: float | None = None
    """A single figure, red from here on."""
    good_from: float | None = None
    """A single figure, red below this."""
    figure: bool = False
    """A single figure without a judgement."""


class Board(NamedTuple):
    """A dashboard: its rows of panels."""

    name: str
    title: str
    rows: tuple[tuple[str, tuple[Panel, ...]], ...]


def fleet(name: str, by: str = "") -> str:
    """Ask for a figure that every bridge tells alike."""
    return f"max by ({by}) ({name})" if by else f"max({name})"


def rate(name: str, by: str) -> str:
    """Ask how often a second something happens in all processes together."""
    return f"sum by ({by}) (rate({name}[$__rate_interval]))"


def quantile(share: float, name: str, by: str = "") -> str:
    """Ask for a percentile of a histogram over all processes."""
    labels = f"le, {by}" if by else "le"
    return f"histogram_quantile({share}, sum by ({labels}) (rate({name}_bucket[$__rate_interval])))"


def _query(number: int, query: Query, *, instant: bool) -> Dataquery:
    asked = Dataquery().expr(query.expression).legend_format(query.legend or "__auto")
    asked = asked.ref_id(chr(ord("A") + number))
    return asked.instant() if instant else asked.range()


def _thresholds(panel: Panel) -> dashboard.ThresholdsConfig:
    if panel.bad is not None:
        steps = [Threshold(value=None, color=_GREEN), Threshold(value=panel.bad, color=_RED)]
    elif panel.good_from is not None:
        steps = [Threshold(value=None, color=_RED), Threshold(value=panel.good_from, color=_GREEN)]
    else:
        steps = [Threshold(value=None, color="text")]
    return dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps)


def _panel(panel: Panel, *, span: int) -> stat.Panel | timeseries.Panel:
    judged = panel.figure or panel.bad is not None or panel.good_from is not None
    made: Any
    if judged:
        made = (
            stat.Panel()
            .reduce_options(ReduceDataOptions().calcs(["lastNotNull"]))
            .thresholds(_thresholds(panel))
        )
    else:
        made = (
            timeseries.Panel()
            .fill_opacity(8)
            .legend(
                VizLegendOptions()
                .display_mode(LegendDisplayMode.LIST)
                .placement(LegendPlacement.BOTTOM)
                .show_legend(True)  # noqa: FBT003 - the builder's own form
            )
            .min(0)
        )
    made = made.title(panel.title).description(panel.told).unit(panel.unit).datasource(_SOURCE)
    for number, query in enumerate(panel.queries):
        made = made.with_target(_query(number, query, instant=judged))
    return made.span(span).height(5 if judged else 8)


def build(board: Board) -> str:
    """Return a dashboard as Grafana's JSON."""
    made = (
        dashboard.Dashboard(board.title)
        .uid(f"reelwright-{board.name}")
        .tags(["reelwright"])
        .refresh("30s")
        .time("now-6h", "now")
        .timezone("browser")
        .readonly()
    )
    for title, panels in board.rows:
        made = made.with_row(dashboard.Row(title))
        for panel in panels:
            made = made.with_panel(_panel(panel, span=_WIDTH // len(panels)))
    told = JSONEncoder(sort_keys=True, indent=2).encode(made.build())
    return json.dumps(json.loads(told), indent=2, ensure_ascii=False) + "\n"
