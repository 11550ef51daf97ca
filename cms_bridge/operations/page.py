"""The ops page: the fleet and the board as HTML, what is wrong first.

Rendered whole on the server, by templates that escape everything that a person or a program
wrote. It loads one style sheet and one script of this bridge's own, and its policy forbids all
else.
"""

from datetime import UTC, datetime
from decimal import Decimal
from importlib.resources import files
from typing import Any

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined

from cms_bridge.health.models import CircuitState
from cms_bridge.health.service import Backlog
from cms_bridge.jobs.workers import unserved_by
from cms_bridge.ledger.charges import ChargeState
from cms_bridge.operations.board import Board, why
from cms_bridge.operations.fleet import Fleet

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self';"
    " img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
STYLE = files("cms_bridge.operations").joinpath("ops.css").read_text(encoding="utf-8")
SCRIPT = files("cms_bridge.operations").joinpath("ops.js").read_text(encoding="utf-8")
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
_LATE = 900
"""Seconds after which waiting news is told of as wrong."""
_CENT = Decimal("0.01")


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What the page is made of at one moment."""

    fleet: Fleet
    board: Board
    month_cap: Decimal
    """The configuration's, as the next."""
    project_cap: Decimal


def page(board: str) -> str:
    """Return the whole page around its changing part."""
    return _TEMPLATES.get_template("page.html").render(board=board)


def sign_in(problem: str = "") -> str:
    """Return the page that asks for a key."""
    return _TEMPLATES.get_template("sign_in.html").render(problem=problem)


def board(shown: Shown, *, form_token: str | None, notice: str = "") -> str:
    """Return the changing part; without a token nothing can be done on it."""
    fleet = shown.fleet
    working = sum(one.alive and not one.draining for one in fleet.workers)
    unknown = next((one for one in fleet.unsettled if one.state is ChargeState.UNKNOWN), None)
    return _TEMPLATES.get_template("board.html").render(
        fleet=fleet,
        board=shown.board,
        month_cap=shown.month_cap,
        project_cap=shown.project_cap,
        full=float(fleet.month_held / shown.month_cap) if shown.month_cap else 1.0,
        headline=_headline(fleet.backlog, working),
        working=working,
        unserved=unserved_by(fleet.workers) if working else [],
        away=[one for one in fleet.models if one.circuit.state is not CircuitState.CLOSED],
        silent=[one for one in fleet.workers if not one.alive],
        late=fleet.outbox_oldest_seconds > _LATE,
        unknown=unknown if unknown and unknown.number else None,
        why=why,
        form_token=form_token,
        notice=notice,
    )


def _headline(backlog: Backlog, working: int) -> str:
    if stuck := backlog.stuck_jobs:
        return "1 job is stuck" if stuck == 1 else f"{stuck} jobs are stuck"
    if working and backlog.unserved:
        return f"Nobody does {' or '.join(backlog.unserved)}"
    return "Nothing is stuck" if working else "No daemon at work"


def _share(part: int, of: int) -> str:
    return f"{part} ({part / of:.0%})" if part and of else str(part)


def _dollars(amount: Decimal) -> str:
    # Many a call costs a fraction of a cent, which is not nothing.
    return f"${amount:,.4f}" if 0 < amount < _CENT else f"${amount:,.2f}"


def _ago(moment: datetime | None, now: datetime) -> str:
    return _span((now - moment).total_seconds()) if moment else "–"


def _span(seconds: float) -> str:
    seconds = max(0.0, seconds)
    if seconds < _MINUTE:
        return f"{seconds:.0f} s"
    if seconds < _HOUR:
        return f"{seconds / _MINUTE:.0f} min"
    return f"{seconds / _HOUR:.1f} h" if seconds < _DAY else f"{seconds / _DAY:.1f} days"


def _clock(moment: datetime) -> str:
    return f"{moment:%H:%M:%S}"


def _day(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%d %b %H:%M}"


_TEMPLATES = Environment(
    loader=PackageLoader("cms_bridge", "operations"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
# Jinja declares no type for its filters, and what is inferred are the signatures of its own.
_FILTERS: dict[str, Any] = {
    "ago": _ago,
    "clock": _clock,
    "day": _day,
    "dollars": _dollars,
    "share": _share,
    "span": _span,
}
_TEMPLATES.filters.update(_FILTERS)
