"""Every field of every request and event, given what it is not for: refused by name, or harmless.

The bodies are made up from the contract, so that a field which comes later is walked too.
"""

import json
import re
from collections.abc import AsyncIterator, Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.support import events
from tests.support.api import api_settings, running_api
from tests.support.api_objects import store_api_objects
from tests.support.bridge_process import WEBHOOKS

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(600)]

Form = tuple[str, str, str, Any]
"""Method and path of an operation, a form of its body by name, and such a body."""
Place = tuple[Any, ...]
"""The names and numbers that lead to a value in a body."""

LONG = "x" * 100_000
TEXTS = (
    "a", "s1", "en", "#14213d", "0.15", "1.jpg", "0" * 64, "https://example.com/hook",
    "2026-11-28T10:00:00Z", str(uuid4()),
)  # fmt: skip
"""What texts of a pattern or a format are tried with."""
WRONG: tuple[Any, ...] = (None, True, -1, 0, 2**31, 2**63, 2**70, 1e308, 1e-300, [], {}, "", "\0")
EXEMPT = {"ingredients"}
"""They come back from what was signed by older versions, which knew more of them."""

INSTEAD = {"mood": {"file", "assetId"}, "prompt": {"mood"}, "own": {"file"}}
"""What stands in place of another: a body that has both is refused as a whole."""


@pytest.fixture
async def http(
    database_url: str, redis_url: str, tmp_path: Path
) -> AsyncIterator[httpx.AsyncClient]:
    unlimited = {f"rate_{name}_per_minute": 0 for name in ("reads", "writes", "events")}
    settings = api_settings(database_url, redis_url, tmp_path, **unlimited)
    async with running_api(settings, raises=False) as client:
        yield client


def made_up(form: dict[str, Any], document: dict[str, Any]) -> Any:
    """Return a value of a schema with every field there is."""
    if "$ref" in form:
        form = document["components"]["schemas"][form["$ref"].rpartition("/")[2]]
    if several := form.get("anyOf") or form.get("oneOf"):
        return made_up(next(one for one in several if one.get("type") != "null"), document)
    if listed := form.get("enum"):
        return listed[0]
    fields, items = form.get("properties", {}), form.get("items")
    values = {
        "object": lambda: {
            name: made_up(one, document)
            for name, one in fields.items()
            if not INSTEAD.get(name, set()) & fields.keys()
        },
        "array": lambda: [made_up(items, document)] if items else [],
        "integer": lambda: form.get("minimum", 0),
        "number": lambda: form.get("minimum", form.get("exclusiveMinimum", 0) + 1),
        "boolean": lambda: False,
        "string": lambda: text(form),
    }
    return form["const"] if "const" in form else values[form["type"]]()


def text(form: dict[str, Any]) -> str:
    if form.get("format") == "uuid":
        return TEXTS[-1]
    if form.get("format") == "date-time":
        return TEXTS[-2]
    pattern = form.get("pattern", "")
    return next((one for one in TEXTS if re.search(pattern, one)), "a")


def forms(document: dict[str, Any]) -> Iterator[Form]:
    """Yield every body that is asked for, by method and path, and every form of it."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            content = operation.get("requestBody", {}).get("content", {})
            if operation.get("x-alias-of") or "application/json" not in content:
                continue
            schema = content["application/json"]["schema"]
            for one in schema.get("anyOf") or schema.get("oneOf") or [schema]:
                name = one.get("$ref", path).rpartition("/")[2]
                yield method.upper(), path, name, made_up(one, document)


def places(body: Any, *at: Any) -> Iterator[Place]:
    """Yield the way to every value in a body."""
    inner = body.items() if isinstance(body, dict) else enumerate(body)
    for key, value in inner:
        yield (*at, key)
        if isinstance(value, dict | list):
            yield from places(value, *at, key)


def changed(body: Any, place: Place, value: Any) -> Any:
    other = inner = deepcopy(body)
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    return other


def objects(body: Any, *at: Any) -> Iterator[Place]:
    if isinstance(body, dict):
        yield at
    for place in places(body, *at):
        value = body
        for key in place:
            value = value[key]
        if isinstance(value, dict):
            yield place


def names(place: Place, answer: httpx.Response) -> bool:
    """Tell whether an answer speaks of a field, in whatever spelling."""
    said = re.sub(r"[^a-z]", "", answer.text.lower())
    (*_, name) = [one for one in place if isinstance(one, str)]
    return name.lower() in said


class Sender:
    """Sends bodies to where the contract wants them, signed where it wants that."""

    def __init__(self, http: httpx.AsyncClient, ids: dict[str, str]) -> None:
        self._http = http
        self._ids = ids

    async def send(self, method: str, path: str, body: Any) -> httpx.Response:
        filled = re.sub(r"{(\w+)}", lambda name: self._ids.get(name[1], str(uuid4())), path)
        content, headers = json.dumps(body).encode(), {"Content-Type": "application/json"}
        if path == WEBHOOKS:
            content, headers = events.signed(content)
        return await self._http.request(method, filled, content=content, headers=headers)


@pytest.fixture
async def sender(http: httpx.AsyncClient) -> Sender:
    return Sender(http, (await store_api_objects("p1"))[0])


@pytest.fixture
async def bodies(http: httpx.AsyncClient) -> list[Form]:
    return list(forms((await http.get("/schema/openapi.json")).json()))


def once(bodies: list[Form], ways: Callable[..., Iterator[Place]]) -> Iterator[tuple[Form, Place]]:
    """Yield each place of each form, but those of a kind alone: a scene's title is one, wherever
    scenes are."""
    seen: set[tuple[Any, ...]] = set()
    for form in bodies:
        _, _, name, body = form
        for place in ways(body):
            kind = (name, *(one for one in place if isinstance(one, str)))[-2:]
            if kind not in seen:
                seen.add(kind)
                yield form, place


async def test_no_value_of_any_field_is_more_than_a_refusal(
    sender: Sender, bodies: list[Form]
) -> None:
    tried = list(once(bodies, places))
    assert len(tried) > 100
    broken = [
        (path, name, place, wrong, answer.status_code)
        for number, ((method, path, name, body), place) in enumerate(tried)
        # Some of them for each: all of them below.
        for wrong in (WRONG + WRONG)[number % len(WRONG) :][:3]
        for answer in [await sender.send(method, path, changed(body, place, wrong))]
        if answer.status_code >= 500
    ]
    assert broken == []


@pytest.mark.slow
@pytest.mark.timeout(1_800)
async def test_no_value_of_any_field_in_any_form_is_more_than_a_refusal(
    sender: Sender, bodies: list[Form]
) -> None:
    broken = [
        (path, name, place, wrong, answer.status_code)
        for method, path, name, body in bodies
        for place in places(body)
        for wrong in WRONG
        for answer in [await sender.send(method, path, changed(body, place, wrong))]
        if answer.status_code >= 500
    ]
    assert broken == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_what_is_too_long_is_refused_by_name(sender: Sender, bodies: list[Form]) -> None:
    taken = [
        (path, name, place, answer.text[:300])
        for (method, path, name, body), place in once(bodies, places)
        for answer in [await sender.send(method, path, changed(body, place, LONG))]
        if answer.status_code not in {400, 422} or not names(place, answer)
    ]
    assert len(bodies) > 10
    assert taken == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_what_is_not_known_is_refused_by_name_wherever_it_stands(
    sender: Sender, bodies: list[Form]
) -> None:
    taken = [
        (path, name, place, answer.text[:300])
        for (method, path, name, body), place in once(bodies, objects)
        if not EXEMPT & set(place)
        for answer in [await sender.send(method, path, changed(body, (*place, "misspelt"), 1))]
        if answer.status_code != 400 or "misspelt" not in answer.text
    ]
    assert taken == []
