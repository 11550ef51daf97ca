"""A collector of traces: a real OTLP/HTTP receiver, which decodes what the SDK sends."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.support.simulators.serving import served


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A span as it came, with whose it is."""

    service: str
    span: Span

    @property
    def id(self) -> str:
        return self.span.span_id.hex()

    @property
    def parent(self) -> str:
        return self.span.parent_span_id.hex()

    @property
    def trace(self) -> UUID:
        return UUID(bytes=self.span.trace_id)

    @property
    def attributes(self) -> dict[str, str | int | float]:
        return {
            one.key.removeprefix("reelwright."): getattr(one.value, one.value.WhichOneof("value"))
            for one in self.span.attributes
        }


@dataclass
class Collector:
    """What came in."""

    url: str = ""
    spans: list[Seen] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    def of(self, job: UUID) -> dict[str, list[Seen]]:
        """Return a job's spans by their names."""
        found: dict[str, list[Seen]] = {}
        for one in self.spans:
            if one.trace == job:
                found.setdefault(one.span.name, []).append(one)
        return found

    async def take(self, request: Request) -> Response:
        body = await request.body()
        assert request.headers["content-type"] == "application/x-protobuf"
        self.bodies.append(body)
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            named = {one.key: one.value.string_value for one in resource.resource.attributes}
            self.spans += [
                Seen(service=named["service.name"], span=span)
                for scope in resource.scope_spans
                for span in scope.spans
            ]
        answer = ExportTraceServiceResponse().SerializeToString()
        return Response(answer, media_type="application/x-protobuf")


@contextmanager
def collecting() -> Iterator[Collector]:
    """Run a collector; its `url` is the endpoint."""
    collector = Collector()
    app = Starlette(routes=[Route("/v1/traces", collector.take, methods=["POST"])])
    with served(app) as collector.url:
        yield collector
