"""What Schemathesis is told of this API: which ids exist, and how webhooks are signed."""

import json
import os
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import requests
import schemathesis
import schemathesis.openapi
from hypothesis import strategies
from schemathesis import Case, GenerationMode, HookContext
from schemathesis.core.parameters import ParameterLocation

from tests.support import events

KNOWN: list[dict[str, str]] = json.loads(os.environ["REELWRIGHT_TEST_KNOWN"])
"""Ids that exist, by the names of path parameters; those of one entry belong together."""

schemathesis.openapi.format(
    "date-time",
    strategies.datetimes(timezones=strategies.just(UTC)).map(datetime.isoformat),
)


@schemathesis.hook
def before_call(_context: HookContext, case: Case, _kwargs: dict[str, Any]) -> None:
    """Lead every other request to something that exists, and sign what is sent as a webhook."""
    if case.path_parameters and _well_formed(case, ParameterLocation.PATH):
        seen = sum(str(sorted(case.path_parameters.items())).encode())
        known = KNOWN[seen // 2 % len(KNOWN)]
        for name in case.path_parameters:
            if seen % 2 and name in known:
                case.path_parameters[name] = known[name]
    if case.path.endswith("/webhooks/payload") and _well_formed(case, ParameterLocation.HEADER):
        case.body = _whole(case.body)
        sent = case.as_transport_kwargs(base_url="http://bridge")
        wanted = {
            key: sent[key] for key in ("method", "url", "headers", "data", "json") if key in sent
        }
        body = requests.Request(**wanted).prepare().body or b""
        body = body if isinstance(body, bytes) else body.encode()
        # Standard Webhooks signs text: other bytes have no signature, and are refused for that.
        with suppress(UnicodeError):
            _, headers = events.signed(body)
            case.headers.update(headers)


def _whole(body: Any) -> Any:
    """Write 3.0 as 3: a whole number to JSON Schema either way, and to msgspec a float."""
    if isinstance(body, dict):
        return {name: _whole(value) for name, value in body.items()}
    if isinstance(body, list):
        return [_whole(value) for value in body]
    return int(body) if isinstance(body, float) and body.is_integer() else body


def _well_formed(case: Case, location: ParameterLocation) -> bool:
    component = case.meta.components.get(location) if case.meta else None
    return component is None or component.mode is GenerationMode.POSITIVE
