"""What Schemathesis is told of this API: which ids exist, who asks, and how webhooks are signed."""

import json
import os
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import requests
import schemathesis
import schemathesis.openapi
from hypothesis import strategies
from schemathesis import Case, CheckContext, GenerationMode, HookContext, Response
from schemathesis.core.parameters import ParameterLocation

from tests.support import events

KNOWN: list[dict[str, str]] = json.loads(os.environ["REELWRIGHT_TEST_MET"])
"""Ids that exist, by the names of path parameters; those of one entry belong together."""
FOREIGN = {
    value
    for ids in json.loads(os.environ["REELWRIGHT_TEST_FOREIGN"])
    for name, value in ids.items()
    if name not in {"variant", "file"}
}
"""What is another's than the caller's; pieces of films are called alike everywhere."""
KEYED = bool(os.environ["REELWRIGHT_TEST_KEYED"])
BEFORE_THE_KEY = {400, 401, 404, 405, 408, 421, 431, 503}
"""What is answered before anybody looks for a key: what is no HTTP, and no path or method here."""

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


@schemathesis.check
def nothing_for_strangers(_context: CheckContext, response: Response, case: Case) -> None:
    """Fail where one without a key is told more than that, or one is told of another's."""
    status = response.status_code
    if not KEYED and "security" in case.operation.definition.raw:
        assert status in BEFORE_THE_KEY, f"{status} without a key"
    sent = {str(value) for value in (case.path_parameters or {}).values()}
    assert status >= 400 or not sent & FOREIGN, f"{status} for another's"
    told = {one for one in FOREIGN - sent if len(one) > 8 and one.encode() in response.content}
    assert not told, f"another's are told: {told}"


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
