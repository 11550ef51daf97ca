"""The exposition: the fleet, and the process that tells of it, in Prometheus' text format.

What is the fleet's is the same from every bridge; rules take one of them by `max`.
"""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from cms_bridge.health.models import CircuitState
from cms_bridge.metrics import REGISTRY
from cms_bridge.operations.fleet import Fleet
from cms_bridge.operations.volumes import Volume
from cms_bridge.states import Lane

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Number = float | Decimal


class Told(Collector):
    """Metric families that are known already."""

    def __init__(self, families: Iterable[Metric]) -> None:
        """Take them."""
        self._families = list(families)

    def collect(self) -> Iterable[Metric]:
        """Return them."""
        return self._families


def exposition(families: Iterable[Metric]) -> bytes:
    """Return what this process counted, and some families beside it, as text."""
    told = CollectorRegistry(auto_describe=False)
    told.register(Told(families))
    return generate_latest(REGISTRY) + generate_latest(told)


def gauge(name: str, said: str, value: Number) -> Metric:
    """Return a gauge without labels."""
    return GaugeMetricFamily(name, said, value=float(value))


def gauges(
    name: str, said: str, labels: Iterable[str], values: Mapping[tuple[str, ...], Number]
) -> Metric:
    """Return a gauge with labels: values by theirs, in one order."""
    family = GaugeMetricFamily(name, said, labels=list(labels))
    for of, value in values.items():
        family.add_metric(of, float(value))
    return family


def parts(*, database: bool, redis: bool) -> Iterator[Metric]:
    """Yield which servers answered at this scrape."""
    yield gauge("reelwright_database_up", "Whether the database answered.", database)
    yield gauge("reelwright_redis_up", "Whether Redis answered.", redis)


def volumes(found: Iterable[Volume]) -> Iterator[Metric]:
    """Yield the room on disks, by what lies on them."""
    found = list(found)
    yield gauges(
        "reelwright_disk_free_bytes",
        "Room left where this is kept, for whoever is not root.",
        ["volume"],
        {(one.name,): one.free for one in found},
    )
    yield gauges(
        "reelwright_disk_size_bytes",
        "The disk on which this is kept.",
        ["volume"],
        {(one.name,): one.size for one in found},
    )


def fleet_metrics(
    fleet: Fleet, *, primaries: frozenset[tuple[str, str]], month_cap: Decimal
) -> Iterator[Metric]:
    """Yield the fleet; `primaries` are the models that are asked first, by provider and name."""
    yield from _work(fleet)
    yield from _money(fleet, month_cap)
    yield from _models(fleet, primaries)


def _work(fleet: Fleet) -> Iterator[Metric]:
    backlog = fleet.backlog
    yield gauges(
        "reelwright_jobs",
        "Unfinished jobs by status, 10,000 of each at most.",
        ["status"],
        {(status,): number for status, number in backlog.jobs.items()},
    )
    yield gauge("reelwright_jobs_stuck", "Jobs overdue for a worker.", backlog.stuck_jobs)
    yield gauge("reelwright_jobs_held", "Jobs that a daemon works on.", backlog.held_jobs)
    yield gauge(
        "reelwright_jobs_oldest_due_seconds",
        "How long the job is due that has been for longest.",
        backlog.oldest_due_seconds,
    )
    yield gauges(
        "reelwright_queue_jobs",
        "Jobs by what they are, what they want of a worker, and how they stand.",
        ["kind", "phase", "state"],
        {
            (one.kind, one.phase, state): getattr(one, state)
            for one in fleet.queues
            for state in ("waiting", "late", "scheduled", "held")
        },
    )
    yield gauges(
        "reelwright_queue_oldest_waiting_seconds",
        "How long the job is due that waits for longest in a queue.",
        ["kind", "phase"],
        {(one.kind, one.phase): one.oldest_waiting_seconds for one in fleet.queues},
    )
    there = [one for one in fleet.workers if one.alive]
    yield gauges(
        "reelwright_workers",
        "Daemons: at work, told to stop, or silent without having taken their leave.",
        ["state"],
        {
            ("working",): sum(not one.draining for one in there),
            ("draining",): sum(one.draining for one in there),
            ("silent",): len(fleet.workers) - len(there),
        },
    )
    yield gauges(
        "reelwright_lane_workers",
        "Daemons that take up work of a lane.",
        ["lane"],
        {
            (lane.value,): sum(not one.draining and lane in one.lanes for one in there)
            for lane in Lane
        },
    )
    yield gauge(
        "reelwright_outbox_undelivered", "Messages that the CMS lacks.", backlog.undelivered
    )
    yield gauge(
        "reelwright_outbox_oldest_seconds",
        "For how long the CMS has lacked the oldest of its news.",
        fleet.outbox_oldest_seconds,
    )
    yield gauge(
        "reelwright_webhooks_undelivered",
        "Deliveries to integrators that wait.",
        backlog.undelivered_webhooks,
    )
    yield gauge(
        "reelwright_webhooks_overdue",
        "Those of them that no daemon has taken up in time.",
        backlog.overdue_webhooks,
    )
    yield gauge(
        "reelwright_webhooks_oldest_seconds",
        "How long the delivery is due that has been for longest.",
        fleet.webhooks_oldest_seconds,
    )


def _money(fleet: Fleet, month_cap: Decimal) -> Iterator[Metric]:
    spent = {(name,): amount for name, amount in fleet.spent.items()}
    yield gauges(
        "cost_actual_dollars",
        "What calls really cost that were settled within the last 24 hours.",
        ["provider"],
        # Nothing spent is a fact too, and no gap.
        spent or {("none",): Decimal(0)},
    )
    yield gauge("reelwright_spent_today_dollars", "The same since midnight.", fleet.spent_today)
    yield gauge(
        "reelwright_month_held_dollars",
        "What counts against this month's cap: reserved, settled and unknown.",
        fleet.month_held,
    )
    yield gauge("reelwright_month_cap_dollars", "That cap.", month_cap)
    yield gauges(
        "reelwright_charges",
        "Paid calls whose end is not known, by how far they came; 10,000 of each at most.",
        ["state"],
        {(one.state,): one.number for one in fleet.unsettled},
    )
    yield gauges(
        "reelwright_charges_dollars",
        "What is set aside for them.",
        ["state"],
        {(one.state,): one.dollars for one in fleet.unsettled},
    )
    yield gauges(
        "reelwright_charges_oldest_seconds",
        "How long ago the oldest of them was heard of.",
        ["state"],
        {(one.state,): one.oldest_seconds for one in fleet.unsettled},
    )


def _models(fleet: Fleet, primaries: frozenset[tuple[str, str]]) -> Iterator[Metric]:
    named = {
        (one.provider, one.model, _rank((one.provider, one.model), primaries)): one
        for one in fleet.models
    }
    labels = ["provider", "model", "rank"]
    yield gauges(
        "reelwright_model_available",
        "Whether a call of this model would be let through.",
        labels,
        {of: one.available for of, one in named.items()},
    )
    yield gauges(
        "reelwright_model_away_seconds",
        "For how long its circuit has not been closed; 0 while it is.",
        labels,
        {
            of: max(0.0, (fleet.at - one.circuit.since).total_seconds())
            if one.circuit.state is not CircuitState.CLOSED and one.circuit.since
            else 0.0
            for of, one in named.items()
        },
    )
    for name, said in {
        "calls": "Calls of this model",
        "errors": "Calls of it that failed",
        "fallbacks": "Requests meant for it that another model answered",
    }.items():
        yield gauges(
            f"reelwright_model_{name}_last_hour",
            f"{said} in the last hour.",
            labels,
            {of: getattr(one, name) for of, one in named.items()},
        )
    yield gauges(
        "reelwright_model_seconds_last_hour",
        "Within which this share of its calls made something, in the last hour.",
        [*labels, "percentile"],
        {
            (*of, share): seconds
            for of, one in named.items()
            for share, seconds in (("50", one.p50), ("95", one.p95))
            if seconds is not None
        },
    )


def _rank(model: tuple[str, str], primaries: frozenset[tuple[str, str]]) -> str:
    return "primary" if model in primaries else "fallback"
