"""The exposition: what one daemon counts and how full it is, for Prometheus to fetch.

A small server of its own in a thread, without TLS or key: by default it is off, and once a port
is set it listens on this machine alone. It names no project. What lies in the queues and what was
spent is the fleet's and told by the bridge.
"""

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography import x509
from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from cms_bridge.jobs.workers import Gpu
from cms_bridge.metrics import REGISTRY
from cms_bridge.operations import exposition, volumes
from cms_bridge.settings import PREFIX, SettingsError
from daemon.resources import ResourceMonitor
from daemon.settings import DaemonSettings
from daemon.tasks import Dispatcher
from daemon.work.services import Services

Places = dict[str, tuple[int, int]]
"""By what they are for: how many places there are, and how many of them are taken."""


class DaemonCollector(Collector):
    """What is looked at when it is asked for."""

    def __init__(self, settings: DaemonSettings, places: Callable[[], Places]) -> None:
        """Take where things lie, and how full the daemon is."""
        self._settings = settings
        self._places = places
        self._monitor = ResourceMonitor(settings.work_directory)

    def collect(self) -> Iterator[Metric]:
        """Yield everything this daemon knows of itself."""
        yield from REGISTRY.collect()
        places = self._places()
        for name, said, which in (
            ("reelwright_places", "Places for work, by what is done there.", 0),
            ("reelwright_places_taken", "Those of them that are taken.", 1),
        ):
            yield exposition.gauges(
                name, said, ["work"], {(work,): of[which] for work, of in places.items()}
            )
        kept = {**volumes.places(self._settings), "work": self._settings.work_directory}
        yield from exposition.volumes(volumes.look(kept))
        yield from _machine(self._monitor)
        if certificate := self._settings.signing_certificate:
            yield from _expiry(certificate)


def _machine(monitor: ResourceMonitor) -> Iterator[Metric]:
    """Yield what the daemon and its engines take, and each card of the machine."""
    used = monitor.look()
    yield CounterMetricFamily(
        "reelwright_daemon_cpu_seconds",
        "Processor time of the daemon and of everything it started.",
        value=monitor.cpu_seconds(),
    )
    yield exposition.gauge(
        "reelwright_daemon_memory_bytes",
        "Resident memory of the daemon and of everything it started.",
        used.memory_bytes,
    )
    yield exposition.gauge(
        "reelwright_daemon_cores", "Processors that the daemon may run on.", used.cores
    )
    for name, said, figure in _GPU_FIGURES:
        values = {(card.id, card.name): figure(card) for card in used.gpus}
        yield exposition.gauges(
            name,
            said,
            ["gpu", "model"],
            {of: value for of, value in values.items() if value is not None},
        )


_GPU_FIGURES: tuple[tuple[str, str, Callable[[Gpu], float | None]], ...] = (
    (
        "reelwright_gpu_utilization_ratio",
        "How much of the last moment a graphics card computed.",
        lambda card: card.utilisation,
    ),
    (
        "reelwright_gpu_memory_used_bytes",
        "Memory of a graphics card that is taken, by whomever.",
        lambda card: card.memory_used_bytes,
    ),
    (
        "reelwright_gpu_memory_size_bytes",
        "Memory that a graphics card has.",
        lambda card: card.memory_total_bytes,
    ),
    (
        "reelwright_gpu_process_memory_bytes",
        "What the daemon and everything it started hold of it.",
        lambda card: card.own_memory_bytes,
    ),
)


def _expiry(certificate: Path) -> Iterable[Metric]:
    family = GaugeMetricFamily(
        "reelwright_certificate_expiry_timestamp_seconds",
        "When a certificate ends, the first of its chain to.",
        labels=["certificate"],
    )
    try:
        chain = x509.load_pem_x509_certificates(certificate.read_bytes())
    except (OSError, ValueError):
        # Films fail for it, in words; here a certificate without an end is missing.
        return []
    ends = min(one.not_valid_after_utc for one in chain)
    family.add_metric(["signing"], ends.timestamp())
    return [family]


def places_of(dispatcher: Dispatcher, services: Services) -> Places:
    """Return how full a daemon is."""
    pools = {
        "drafts": dispatcher.drafts.pool,
        "jobs": dispatcher.generation.pool,
        "readings": dispatcher.readings.pool,
        "compositions": dispatcher.composition.pool,
        "news": dispatcher.deliveries.pool,
        "webhooks": dispatcher.webhooks.pool,
    }
    limits = {
        "generations": services.generations,
        "clips": services.clips,
        "engines": services.renders,
    }
    return {
        **{name: (pool.size, pool.size - pool.free_slots) for name, pool in pools.items()},
        **{
            name: (int(limit.total_tokens), limit.borrowed_tokens) for name, limit in limits.items()
        },
    }


@contextmanager
def served(settings: DaemonSettings, places: Callable[[], Places]) -> Generator[int | None]:
    """Answer as long as the block runs, where a port is set; yield the port.

    Raises `SettingsError` where the address cannot be had.
    """
    if settings.metrics_port is None:
        yield None
        return
    registry = CollectorRegistry(auto_describe=False)
    registry.register(DaemonCollector(settings, places))
    try:
        server, thread = start_http_server(
            settings.metrics_port, addr=settings.metrics_host, registry=registry
        )
    except OSError as error:
        at = f"{settings.metrics_host}:{settings.metrics_port}"
        fault = (
            f"{PREFIX}METRICS_PORT: nothing can listen at {at} ({error.strerror});"
            " every daemon of a machine needs a port of its own"
        )
        raise SettingsError([fault]) from error
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
