"""The ops page: the fleet and the board as HTML, what is wrong first.

Rendered whole on the server; everything that a person or a program wrote is escaped. It loads
one style sheet and one script of this bridge's own, and its policy forbids all else.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from html import escape
from importlib.resources import files

import msgspec

from cms_bridge.health.models import CircuitState
from cms_bridge.jobs.workers import HeldJob, WorkerRecord
from cms_bridge.ledger.charges import ChargeState
from cms_bridge.operations.board import Board, FailedJob, StuckJob, why
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


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What the page is made of at one moment."""

    fleet: Fleet
    board: Board
    month_cap: Decimal
    """The configuration's, as the next."""
    project_cap: Decimal


def page(main: str) -> str:
    """Return the whole page around its changing part."""
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><title>Reelwright operations</title>'
        '<link rel="icon" href="data:,"><link rel="stylesheet" href="/ops/ops.css">'
        '<script src="/ops/ops.js" defer></script></head><body>'
        f'<main id="board">{main}</main><p id="live" role="status">'
        "<noscript>Without scripts this page stands still: load it again.</noscript></p>"
        "</body></html>"
    )


def sign_in(problem: str = "") -> str:
    """Return the page that asks for a key."""
    told = f'<p class="bad" role="alert">{escape(problem)}</p>' if problem else ""
    return page(
        '<form class="sign-in" method="post" action="/ops/session"><h1>Reelwright operations</h1>'
        f'{told}<label for="key">Key for all projects</label><input id="key" name="key"'
        ' type="password" autocomplete="current-password" required>'
        "<button>Sign in</button>"
        "<p>Made by <code>reelwright keys create NAME --all-projects --action read</code>; with"
        " <code>--action write</code> it may retry jobs.</p></form>"
    )


def board(shown: Shown, *, form_token: str | None, notice: str = "") -> str:
    """Return the changing part; without a token nothing can be done on it."""
    fleet, told = shown.fleet, shown.board
    return "".join(
        (
            _headline(fleet),
            f'<p class="notice" role="alert">{escape(notice)}</p>' if notice else "",
            _attention(fleet, told),
            _failures(told.failed, form_token),
            _section("queues", "Queues", _queues(told)),
            _section("workers", "Workers", _workers(fleet.workers, fleet.at)),
            _section("models", "Models, last hour", _models(fleet)),
            _section("money", "Money", _money(shown)),
            _section("news", "Deliveries that wait", _news(told, fleet.at)),
            _section("storage", "Storage", _storage(told)),
        )
    )


def _headline(fleet: Fleet) -> str:
    backlog = fleet.backlog
    working = sum(one.alive and not one.draining for one in fleet.workers)
    if backlog.stuck_jobs:
        kind, said = "bad", f"{_jobs(backlog.stuck_jobs)} stuck"
    elif not working:
        kind, said = "bad", "No daemon at work"
    else:
        kind, said = "good", "Nothing is stuck"
    facts = (
        (str(backlog.held_jobs), "being worked on"),
        (str(backlog.due_jobs), "due"),
        (str(working), "daemons at work"),
        (_dollars(fleet.spent_today), "spent today"),
    )
    cells = "".join(f"<div><b>{value}</b> {name}</div>" for value, name in facts)
    return (
        f'<header class="{kind}"><h1>{escape(said)}</h1><div class="facts">{cells}</div>'
        f"<p>As of <time>{fleet.at:%H:%M:%S}</time> UTC</p></header>"
    )


def _jobs(number: int) -> str:
    return "1 job is" if number == 1 else f"{number} jobs are"


def _calls(number: int) -> str:
    return "1 call" if number == 1 else f"{number} calls"


def _attention(fleet: Fleet, told: Board) -> str:
    rows = [_stuck(job, fleet) for job in told.stuck]
    rows += [
        f"<b>{escape(one.provider)}/{escape(one.model)}</b> has been passed over"
        f" for {_ago(one.circuit.since, fleet.at)}."
        f" {escape(one.last_failure.message) if one.last_failure else ''}"
        for one in fleet.models
        if one.circuit.state is not CircuitState.CLOSED
    ]
    if fleet.outbox_oldest_seconds > _LATE:
        late = _span(fleet.outbox_oldest_seconds)
        rows.append(f"<b>The CMS</b> has not taken news for {late}.")
    rows += [
        f"<b>{escape(one.id)}</b> was heard of last {_ago(one.seen_at, fleet.at)} ago, and took no"
        " leave."
        for one in fleet.workers
        if not one.alive
    ]
    if told.unknown:
        of = next(one for one in fleet.unsettled if one.state is ChargeState.UNKNOWN)
        rows.append(
            f"<b>{_calls(of.number)}</b> ({_dollars(of.dollars)}) may have been charged:"
            ' <a href="#money">see below</a>.'
        )
    if not rows:
        return ""
    items = "".join(f"<li>{row}</li>" for row in rows)
    return f'<section id="attention"><h2>Needs attention</h2><ul>{items}</ul></section>'


def _stuck(job: StuckJob, fleet: Fleet) -> str:
    return (
        f"<b>{escape(job.title or job.kind)}</b> in {escape(job.project)}"
        f' <span class="tag">{escape(job.status)}</span> has waited'
        f" <b>{_span(job.due_seconds)}</b>. {escape(why(job, fleet))}"
        f" <code>{job.id}</code>"
    )


def _failures(failed: Sequence[FailedJob], form_token: str | None) -> str:
    rows: list[Sequence[str]] = [
        (
            f"<b>{escape(job.title or job.kind)}</b><br><code>{job.id}</code>",
            escape(job.project),
            f"{escape(job.error.message)} <code>{escape(job.error.code)}</code>"
            if job.error
            else "",
            f"<time>{job.at.astimezone(UTC):%d %b %H:%M}</time>",
            _retry(job, form_token),
        )
        for job in failed
    ]
    head = ("Job", "Project", "Why", "When (UTC)", "")
    return _section("failures", "Last failures", _table(head, rows, "Nothing has failed."))


def _retry(job: FailedJob, form_token: str | None) -> str:
    if form_token is None:
        return ""
    return (
        f'<form method="post" action="/ops/jobs/{job.id}/retry">'
        f'<input type="hidden" name="token" value="{escape(form_token)}">'
        f'<button aria-label="Retry {escape(job.title)}">Retry</button></form>'
    )


def _queues(told: Board) -> str:
    return _table(
        ("Project", "Wants", "Waiting", "Later", "In hand", "Longest wait"),
        [
            (
                escape(one.project),
                escape(one.phase),
                str(one.waiting),
                str(one.scheduled),
                str(one.held),
                _span(one.oldest_seconds) if one.oldest_seconds else "–",
            )
            for one in told.queues
        ],
        "Nothing waits.",
    )


def _workers(workers: Iterable[WorkerRecord], now: datetime) -> str:
    return _table(
        ("Daemon", "State", "In hand", "Places"),
        [
            (
                f"<code>{escape(one.id)}</code>",
                _state(one),
                "".join(f"<div>{_held(job, now)}</div>" for job in one.held) or "–",
                f"{one.drafts} drafts, {one.jobs} jobs",
            )
            for one in workers
        ],
        "No daemon was heard of within a day.",
    )


def _state(worker: WorkerRecord) -> str:
    if not worker.alive:
        return '<span class="tag bad">silent</span>'
    return '<span class="tag">draining</span>' if worker.draining else "at work"


def _held(job: HeldJob, now: datetime) -> str:
    since = _ago(job.since, now)
    return f"{escape(job.project)}: {escape(job.kind)}, {escape(job.status)}, {since}"


def _models(fleet: Fleet) -> str:
    return _table(
        ("Model", "Circuit", "Calls", "Failed", "Fell back", "p50", "p95"),
        [
            (
                f"{escape(one.provider)}/{escape(one.model)}",
                "closed"
                if one.circuit.state is CircuitState.CLOSED
                else f'<span class="tag bad">{escape(one.circuit.state)}</span>',
                str(one.calls),
                str(one.errors),
                _share(one.fallbacks, one.calls - one.errors + one.fallbacks),
                "–" if one.p50 is None else f"{one.p50:.1f} s",
                "–" if one.p95 is None else f"{one.p95:.1f} s",
            )
            for one in fleet.models
        ],
        "No daemon has a paid model on its chains.",
    )


def _share(part: int, of: int) -> str:
    return f"{part} ({part / of:.0%})" if part and of else str(part)


def _money(shown: Shown) -> str:
    fleet, told = shown.fleet, shown.board
    full = float(fleet.month_held / shown.month_cap) if shown.month_cap else 1.0
    month = (
        f"<p>This month <b>{_dollars(fleet.month_held)}</b> of {_dollars(shown.month_cap)}"
        f' <meter value="{min(full, 1):.3f}" high="0.9">{full:.0%}</meter>'
        f" · today <b>{_dollars(fleet.spent_today)}</b></p>"
    )
    projects = _table(
        ("Project", "Held", "Cap"),
        [
            (escape(one.project), _dollars(one.held), _dollars(one.cap or shown.project_cap))
            for one in told.spending
        ],
        "No project has spent anything.",
    )
    unknown = _table(
        ("Possibly charged", "Project", "Amount", "Since (UTC)", "Why"),
        [
            (
                f"{escape(one.provider)}/{escape(one.model)}<br><code>{one.job}</code>",
                escape(one.project),
                _dollars(one.dollars),
                f"<time>{one.at.astimezone(UTC):%d %b %H:%M}</time>",
                escape(one.reason),
            )
            for one in told.unknown
        ],
        "Of every call it is known whether it was charged.",
    )
    return month + projects + unknown


def _news(told: Board, now: datetime) -> str:
    return _table(
        ("To", "What", "Project", "Waits", "Tries", "Last answer"),
        [
            (
                escape(one.to),
                escape(one.what),
                escape(one.project),
                _ago(one.since, now),
                str(one.tries),
                escape(one.reason or "–"),
            )
            for one in told.news
        ],
        "Everybody has been told everything.",
    )


def _storage(told: Board) -> str:
    return _table(
        ("Project", "Films", "Pictures and sound", "Uploads"),
        [
            (escape(one.project), *(_bytes(of) for of in (one.films, one.media, one.uploads)))
            for one in told.stored
        ],
        "Nothing is kept.",
    )


def _section(name: str, title: str, content: str) -> str:
    return f'<section id="{name}"><h2>{escape(title)}</h2>{content}</section>'


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], empty: str) -> str:
    """Return a table of cells that are HTML already."""
    if not rows:
        return f'<p class="empty">{escape(empty)}</p>'
    names = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    body = "".join(
        "<tr>"
        + "".join(
            # A telephone shows each row as a card, and each cell under its column's name.
            f'<td data-name="{escape(name)}"><div>{cell}</div></td>'
            for name, cell in zip(head, row, strict=True)
        )
        + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{names}</tr></thead><tbody>{body}</tbody></table>"


def _dollars(amount: Decimal) -> str:
    return f"${amount:,.2f}"


def _bytes(number: int) -> str:
    size, units = float(number), ["B", "kB", "MB", "GB", "TB"]
    while size >= 1000 and len(units) > 1:  # noqa: PLR2004 - as the units
        size /= 1000
        units.pop(0)
    return f"{size:.0f} {units[0]}" if units[0] == "B" else f"{size:.1f} {units[0]}"


def _ago(moment: datetime | None, now: datetime) -> str:
    return _span((now - moment).total_seconds()) if moment else "–"


def _span(seconds: float) -> str:
    seconds = max(0.0, seconds)
    if seconds < _MINUTE:
        return f"{seconds:.0f} s"
    if seconds < _HOUR:
        return f"{seconds / _MINUTE:.0f} min"
    return f"{seconds / _HOUR:.1f} h" if seconds < _DAY else f"{seconds / _DAY:.1f} days"
