"""Traces: a film from its webhook to its write-back, as a collector of OTLP receives it."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import anyio
import msgspec
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from render.storyboard import Brief
from tests.support.installation import (
    COMPLETED,
    DRAFTED,
    RunningInstallation,
    last,
    running_installation,
)
from tests.support.servers.otlp import Collector, Seen, collecting
from tests.support.simulators import gemini
from tests.support.simulators.gemini import GeminiSimulator
from tests.support.simulators.serving import served

SCRIPT = "# One\nThe tide is in.\n\n# Two\nThe boats leave."


async def taken(_request: Request) -> Response:
    return Response(status_code=204)


@pytest.fixture(scope="module")
def film(
    tmp_path_factory: pytest.TempPathFactory, gemini_server: GeminiSimulator
) -> Iterator[tuple[UUID, Collector, RunningInstallation]]:
    """A film that was made with a model, told to a CMS, and traced; everything has ended."""
    models = {"gemini": {"check_availability": False}, "gemini_text": ""}
    cms = Starlette(routes=[Route("/{path:path}", taken, methods=["PUT"])])
    with collecting() as collector:
        with (
            served(cms) as payload,
            running_installation(
                tmp_path_factory.mktemp("traces"),
                cms=False,
                otlp_endpoint=collector.url,
                payload_url=payload,
                gemini_api_key=gemini.KEY,
                gemini_url=gemini_server.url,
                models=msgspec.json.encode(models).decode(),
            ) as running,
        ):

            async def make() -> str:
                async with running.sender() as sender:
                    job = await sender.submit(Brief(title="Harbour", script=SCRIPT))
                    drafted = await last(sender.follow(job, until=DRAFTED, seconds=60))
                    await sender.approve(drafted)
                    await last(sender.follow(job, until=COMPLETED, seconds=120))
                    return job

            job = UUID(anyio.run(make))
        # Whoever ends sends what it still has.
        yield job, collector, running


def parents(spans: dict[str, list[Seen]]) -> dict[str, set[str]]:
    """Return the names of spans, each with the names of those that it hangs under."""
    names = {one.id: name for name, several in spans.items() for one in several}
    return {name: {names.get(one.parent, "") for one in of} for name, of in spans.items()}


def test_a_film_is_one_trace_by_its_jobs_id_from_webhook_to_write_back(
    film: tuple[UUID, Collector, RunningInstallation],
) -> None:
    job, collector, _ = film
    assert {one.trace for one in collector.spans} == {job}
    spans = collector.of(job)
    submitted = "webhook video.submitted"
    assert parents(spans) == {
        submitted: {""},
        "webhook storyboard.approved": {submitted},
        "attempt storyboard": {submitted},
        "attempt render": {submitted},
        "provider gemini": {"attempt render"},
        "engine": {"attempt render"},
        "segment": {"engine"},
        "upload": {"attempt render"},
        "write-back": {submitted},
    }
    (first,) = spans[submitted]
    assert first.service == "reelwright-bridge"
    daemons = {"attempt render", "engine", "upload", "write-back"}
    assert {one.service for name in daemons for one in spans[name]} == {"reelwright-daemon"}


def test_every_span_lies_in_time_where_its_work_did(
    film: tuple[UUID, Collector, RunningInstallation],
) -> None:
    spans = film[1].of(film[0])
    (attempt,), (engine,) = spans["attempt render"], spans["engine"]
    for inner in (*spans["segment"], *spans["upload"], *spans["provider gemini"], engine):
        assert attempt.span.start_time_unix_nano <= inner.span.start_time_unix_nano
        assert inner.span.start_time_unix_nano <= inner.span.end_time_unix_nano
        assert inner.span.end_time_unix_nano <= attempt.span.end_time_unix_nano
    assert len(spans["segment"]) == engine.attributes["segments"]
    for segment in spans["segment"]:
        assert engine.span.start_time_unix_nano <= segment.span.start_time_unix_nano
        assert segment.span.end_time_unix_nano > segment.span.start_time_unix_nano


def test_spans_say_what_an_operator_asks_and_no_text_or_secret(
    film: tuple[UUID, Collector, RunningInstallation],
) -> None:
    job, collector, running = film
    spans = collector.of(job)
    (attempt,) = spans["attempt render"]
    assert attempt.attributes["job_id"] == str(job)
    assert (attempt.attributes["attempt"], attempt.attributes["outcome"]) == (2, "succeeded")
    calls = [one.attributes for one in spans["provider gemini"]]
    assert {one["sign"] for one in calls} == {"made"}
    assert all("gemini" in str(one["model"]) for one in calls)
    sent = b"".join(collector.bodies)
    house = running.installation
    for hidden in (house.api_key, house.webhook_secret, gemini.KEY, "The tide", "Harbour"):
        assert hidden.encode() not in sent


def test_who_sends_no_traces_does_not_even_load_what_would() -> None:
    code = (
        "import sys, cms_bridge.app, daemon.worker;"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parents[3], capture_output=True, check=True
    )
    assert told.stdout.strip() == b"[]"
