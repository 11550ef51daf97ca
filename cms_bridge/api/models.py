"""`/api/v1/health/models`: how each model does, and how its calls went lately."""

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated

import msgspec
from litestar import get
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import QueryParameter

from cms_bridge import clock
from cms_bridge.access.callers import Action
from cms_bridge.access.keys import Whose, needs
from cms_bridge.api.resources import resource
from cms_bridge.fields import Moment
from cms_bridge.health import models as model_health
from cms_bridge.health.models import (
    AggregateReport,
    CircuitReport,
    CircuitState,
    FailureReport,
    ModelReport,
)

_DAY, _YEAR = 24, 24 * 366


class ModelHealthReport(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How every model does that a daemon has, or lately had, on its chains."""

    since: Moment
    until: Moment
    """The period whose calls are told."""
    models: list[ModelReport]


def _at(time: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-21T{time}+00:00")


_EXAMPLE = ModelHealthReport(
    since=_at("09:12:30"),
    until=_at("10:12:30"),
    models=[
        ModelReport(
            provider="gemini",
            model="gemini-2.5-flash-image",
            available=False,
            circuit=CircuitReport(
                state=CircuitState.OPEN, since=_at("10:11:02"), until=_at("10:12:32")
            ),
            retired=True,
            successor="gemini-nano-banana-2.1",
            last_success_at=None,
            last_seen_at=None,
            last_failure=FailureReport(
                at=_at("10:12:02"),
                code="model_retired",
                message="Gemini no longer has the model “gemini-2.5-flash-image”."
                " Its successor is “gemini-nano-banana-2.1”.",
            ),
            reported_at=_at("10:12:00"),
            calls=1,
            errors=1,
            fallbacks=6,
            p50=None,
            p95=None,
            aggregates=(
                AggregateReport(
                    starts_at=_at("10:10:00"), calls=1, failures=1, fallbacks=6, p50=None, p95=None
                ),
            ),
        ),
        ModelReport(
            provider="replicate",
            model="black-forest-labs/flux-1.1-pro-ultra",
            available=True,
            circuit=CircuitReport(state=CircuitState.CLOSED, since=None, until=None),
            retired=False,
            successor=None,
            last_success_at=_at("10:11:58"),
            last_seen_at=_at("10:12:01"),
            last_failure=None,
            reported_at=_at("10:12:00"),
            calls=6,
            errors=0,
            fallbacks=0,
            p50=7.9,
            p95=11.2,
            aggregates=(
                AggregateReport(
                    starts_at=_at("10:10:00"), calls=6, failures=0, fallbacks=0, p50=7.9, p95=11.2
                ),
            ),
        ),
    ],
)


@get(
    "/models",
    opt=needs(Action.READ, whose=Whose.NOBODYS),
    summary="How each model does",
    responses={
        HTTPStatus.OK: ResponseSpec(
            ModelHealthReport,
            generate_examples=False,
            description="Every model, by provider and name",
            examples=[Example(summary="A retired model, and one that steps in", value=_EXAMPLE)],
        )
    },
)
async def get_model_health(
    hours: Annotated[
        int, QueryParameter(ge=1, le=_DAY, description="The length of the period, in hours")
    ] = 1,
    ago: Annotated[
        int, QueryParameter(ge=0, le=_YEAR, description="How many hours ago the period ended")
    ] = 0,
) -> ModelHealthReport:
    """Return what the daemons have seen of each model, with its calls in a period."""
    until = clock.now() - timedelta(hours=ago)
    since = until - timedelta(hours=hours)
    return ModelHealthReport(
        since=since, until=until, models=await model_health.health(since=since, until=until)
    )


routers = resource("/api/v1/health", [get_model_health], tag="health")
