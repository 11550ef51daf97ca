"""Metrics: what one process counts and times as it happens, for Prometheus to fetch.

What the fleet as a whole looks like is no matter of counting and is asked of the database at
each scrape (`cms_bridge.operations.exposition`). Every label's values are few and known: routes
by their template, problems by their code; no project, document or key is named. Units are
seconds, bytes and dollars. Each process answers for itself: whoever runs several scrapes each.
"""

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)

from cms_bridge.states import JobKind

# `…_created` doubles what is scraped, and Prometheus sees a restart by itself.
disable_created_metrics()  # type: ignore[no-untyped-call]

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)
GCCollector(registry=REGISTRY)

_PHASES = ("storyboard", "render")

HTTP_REQUESTS = Counter(
    "reelwright_http_requests",
    "Answers, by method, route template and status; `none` is no route.",
    ("method", "route", "status"),
    registry=REGISTRY,
)
HTTP_RESPONSE_SECONDS = Histogram(
    "reelwright_http_response_seconds",
    "From a request's headers to the first byte of its answer.",
    ("method", "route", "status"),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
    registry=REGISTRY,
)
HTTP_IN_PROGRESS = Gauge(
    "reelwright_http_requests_in_progress",
    "Requests and streams under way.",
    registry=REGISTRY,
)
VIDEO_GEN_DURATION = Histogram(
    "video_gen_duration_seconds",
    "From a daemon's first claim on an approved job to its end, automatic retries included.",
    ("kind",),
    buckets=(5, 10, 20, 30, 60, 120, 180, 300, 450, 600, 900, 1800, 3600, 7200, 18000),
    registry=REGISTRY,
)
JOB_FAILURES = Counter(
    "job_failures",
    "Jobs that were stopped for a reason, by what they are, their phase and the reason's code.",
    ("kind", "phase", "code"),
    registry=REGISTRY,
)
JOBS_FINISHED = Counter(
    "reelwright_jobs_finished",
    "Phases of jobs that came to their end: `succeeded` or `failed`.",
    ("kind", "phase", "outcome"),
    registry=REGISTRY,
)
ATTEMPTS = Counter(
    "reelwright_attempts",
    "Claims on jobs that ended, by how (`cms_bridge.states.AttemptOutcome`).",
    ("phase", "outcome"),
    registry=REGISTRY,
)
PROVIDER_CALLS = Counter(
    "reelwright_provider_calls",
    "Paid calls, by how they ended: `made`, `refused` or `failed`.",
    ("provider", "model", "outcome"),
    registry=REGISTRY,
)
PROVIDER_SECONDS = Histogram(
    "reelwright_provider_call_seconds",
    "What calls took that made something.",
    ("provider", "model"),
    buckets=(0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600),
    registry=REGISTRY,
)
REPLICATE_API_ERRORS = Counter(
    "replicate_api_errors",
    "Calls and free looks at Replicate that failed, by the problem's code.",
    ("code",),
    registry=REGISTRY,
)
OUTBOX_DELIVERIES = Counter(
    "reelwright_outbox_deliveries",
    "Writes to the CMS: `delivered`, `postponed` or `given_up`.",
    ("topic", "outcome"),
    registry=REGISTRY,
)
WEBHOOK_DELIVERIES = Counter(
    "reelwright_webhook_deliveries",
    "Calls to integrators: `delivered`, `postponed` or `given_up`.",
    ("outcome",),
    registry=REGISTRY,
)
STORE_SECONDS = Histogram(
    "reelwright_store_operation_seconds",
    "What operations of the object store took, by how they ended: `ok`, or the error's name.",
    ("operation", "outcome"),
    buckets=(0.005, 0.025, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
    registry=REGISTRY,
)


def _begin_at_nought() -> None:
    """Show what is counted from its first value on: an increase from nothing is none."""
    for kind in JobKind:
        for phase in _PHASES:
            for outcome in ("succeeded", "failed"):
                JOBS_FINISHED.labels(kind, phase, outcome)
        VIDEO_GEN_DURATION.labels(kind)
    for phase in _PHASES:
        JOB_FAILURES.labels(JobKind.VIDEO, phase, "internal_error")
    REPLICATE_API_ERRORS.labels("generation_unavailable")
    for topic in ("storyboard", "rendition"):
        for outcome in ("delivered", "postponed", "given_up"):
            OUTBOX_DELIVERIES.labels(topic, outcome)
    for outcome in ("delivered", "postponed", "given_up"):
        WEBHOOK_DELIVERIES.labels(outcome)


_begin_at_nought()


def job_finished(kind: JobKind, phase: str, *, failure: str | None = None) -> None:
    """Count a phase that came to its end; `failure` is the code of what stopped it."""
    JOBS_FINISHED.labels(kind, phase, "failed" if failure else "succeeded").inc()
    if failure:
        JOB_FAILURES.labels(kind, phase, failure).inc()
