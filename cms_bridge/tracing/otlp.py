"""Spans by OpenTelemetry's SDK, sent as protobuf by OTLP over HTTP.

Sent from a thread of the SDK's own, by the batch: an endpoint that is away costs spans and nothing
else. What is only the SDK's to read is read by it: `OTEL_EXPORTER_OTLP_HEADERS`, `…_CERTIFICATE`,
`OTEL_RESOURCE_ATTRIBUTES` and the bounds of its batches.
"""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import UUID

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, StatusCode, TraceFlags

from cms_bridge.tracing import Span, Value

_PATH = "/v1/traces"
_NANOSECONDS = 1_000_000_000
_LOW = (1 << 64) - 1
_root: ContextVar[UUID | None] = ContextVar("root", default=None)


def _span_id(job: UUID) -> int:
    """Return the id of a job's first span: its lower half, which is never nought."""
    return job.int & _LOW


class _Ids(RandomIdGenerator):
    """Ids at random, but for a job's trace and its first span: those are the job's."""

    def generate_span_id(self) -> int:
        """Return a span's id."""
        job = _root.get()
        return _span_id(job) if job else super().generate_span_id()

    def generate_trace_id(self) -> int:
        """Return a trace's id."""
        job = _root.get()
        return job.int if job else super().generate_trace_id()


class _Told:
    """A span of the SDK's."""

    def __init__(self, span: trace.Span) -> None:
        self._span = span

    def note(self, **attributes: Value) -> None:
        """Add attributes."""
        self._span.set_attributes(_named(attributes))

    def fail(self, code: str) -> None:
        """Set the status, with a code alone."""
        self._span.set_status(StatusCode.ERROR, code)


class OtlpRecorder:
    """A `Recorder` that sends to one endpoint."""

    def __init__(self, provider: TracerProvider) -> None:
        """Take the SDK, set up."""
        self._provider = provider
        self._tracer = provider.get_tracer("reelwright")

    def root(self, job: UUID, name: str, since: float, attributes: Mapping[str, Value]) -> None:
        """Make a job's first span."""
        token = _root.set(job)
        try:
            span = self._tracer.start_span(
                name,
                Context(),
                SpanKind.SERVER,
                _named({"job_id": str(job), **attributes}),
                start_time=_nanoseconds(since),
            )
        finally:
            _root.reset(token)
        span.end()

    @contextmanager
    def span(
        self, name: str, job: UUID | None, attributes: Mapping[str, Value], *, outward: bool
    ) -> Generator[Span]:
        """Make a span of a block."""
        with self._tracer.start_as_current_span(
            name,
            _under(job),
            SpanKind.CLIENT if outward else SpanKind.INTERNAL,
            _named(attributes),
            # An error's text may hold what nobody should read; `cms_bridge.tracing` tells its kind.
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            yield _Told(span)

    def past(  # noqa: PLR0913 - a span is that
        self,
        name: str,
        job: UUID | None,
        attributes: Mapping[str, Value],
        *,
        since: float,
        until: float,
        failed: str,
        outward: bool,
    ) -> None:
        """Make a span of what is over."""
        span = self._tracer.start_span(
            name,
            _under(job),
            SpanKind.CLIENT if outward else SpanKind.INTERNAL,
            _named(attributes),
            start_time=_nanoseconds(since),
        )
        if failed:
            span.set_status(StatusCode.ERROR, failed)
        span.end(_nanoseconds(until))

    def close(self) -> None:
        """Send what is left."""
        self._provider.shutdown()


def open_recorder(endpoint: str, *, service: str) -> OtlpRecorder:
    """Return a recorder that sends to `endpoint`/v1/traces in the name of a service."""
    provider = TracerProvider(
        # A job's spans are made by several processes: which are kept is for the collector to say.
        sampler=ALWAYS_ON,
        resource=Resource.create({SERVICE_NAME: service}),
        id_generator=_Ids(),
        shutdown_on_exit=False,
    )
    exporter = OTLPSpanExporter(endpoint=endpoint.rstrip("/") + _PATH)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return OtlpRecorder(provider)


def _under(job: UUID | None) -> Context | None:
    """Return the context of a job's first span; None for that of the span around."""
    if job is None:
        return None
    parent = SpanContext(job.int, _span_id(job), is_remote=True, trace_flags=TraceFlags(1))
    return trace.set_span_in_context(NonRecordingSpan(parent), Context())


def _named(attributes: Mapping[str, Value]) -> dict[str, Value]:
    return {f"reelwright.{name}": value for name, value in attributes.items()}


def _nanoseconds(seconds: float) -> int:
    return round(seconds * _NANOSECONDS)
