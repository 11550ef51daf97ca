"""One project never sees another's: every route of the OpenAPI document, walked with two keys.

A route that names something in its path is asked for theirs with our key. One
that does not must be listed here, with what it is asked for instead: a new route
fails until it is.
"""

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import httpx
import pytest

from cms_bridge.access import registry
from cms_bridge.access.callers import Action
from cms_bridge.tables import TABLES, ApiKey
from tests.support import media_files
from tests.support.api import api_settings, running_api
from tests.support.api_objects import store_api_objects
from tests.support.bridge_process import API_KEY

pytestmark = pytest.mark.anyio

NOBODYS = {
    ("GET", "/api/v1/health/models"),
    ("GET", "/api/health/models"),
    ("GET", "/api/v1/fonts"),
    ("GET", "/api/v1/beds"),
    ("GET", "/api/v1/voices"),
}
"""What a key is needed for, and is about no project: models, how they do, voices, fonts, music."""

EVERYBODYS = {("GET", "/api/v1/workers/status"), ("GET", "/api/v1/queues/status")}
"""What tells of all projects together, to keys of all alone."""

SIGNED = {("POST", "/api/v1/webhooks/payload")}
HEALTH = {("GET", path) for path in ("/health", "/health/ready", "/health/live")}
"""What no key is asked for."""


def ordered(project: str) -> dict[str, Any]:
    return {"projectId": project, "kind": "image", "prompt": "A loaf"}


def submitted(project: str) -> dict[str, Any]:
    return {"projectId": project, "kind": "audio", "text": "A loaf."}


def uploaded(project: str) -> dict[str, Any]:
    return {"data": {"projectId": project}, "files": {"file": media_files.picture("png")}}


IN_A_FORM = {("POST", "/api/v1/upload-asset"), ("POST", "/api/v2/upload-asset")}
"""What names it in a form."""


def briefed(project: str) -> dict[str, Any]:
    return {"projectId": project, "brief": {"title": "Bread", "script": "A loaf."}}


def heard(project: str) -> dict[str, Any]:
    return {"projectId": project, "voice": "offline:en-us"}


IN_THE_BODY = {
    ("POST", "/api/v1/videos/generate"): briefed,
    ("POST", "/api/videos/generate"): briefed,
    **dict.fromkeys(IN_A_FORM, uploaded),
    ("POST", "/api/v1/tasks/submit"): submitted,
    ("POST", "/api/v1/media/generate"): ordered,
    ("POST", "/api/media/generate"): ordered,
    ("POST", "/api/v1/voices/samples"): heard,
}
"""What names its project in the body, and how."""

WELL_FORMED = {
    "resolve": {"outcome": "charged"},
    "replay-failed": {"since": "2026-01-01T00:00:00Z"},
}
"""Bodies that lead as far as to what is named in the path, by its end."""
WITHIN = {"variant", "file"}
"""What names a piece of a film by its place: the same words in every project."""

Ids = dict[str, str]


class Operation(NamedTuple):
    method: str
    path: str
    action: str | None
    has_body: bool
    codes: frozenset[str]
    """Of every problem that is documented."""

    @property
    def names(self) -> list[str]:
        return re.findall(r"{(\w+)}", self.path)

    @property
    def key(self) -> tuple[str, str]:
        return self.method, self.path


class Bridge(NamedTuple):
    http: httpx.AsyncClient
    operations: list[Operation]
    ours: list[Ids]
    theirs: list[Ids]
    our_key: str
    their_key: str

    async def ask(
        self, operation: Operation, ids: Ids, key: str, body: Any = None
    ) -> httpx.Response:
        sent: dict[str, Any] = {}
        if operation.key in IN_A_FORM and body:
            sent = body
        elif operation.has_body:
            sent = {"json": {} if body is None else body}
        return await self.http.request(
            operation.method,
            operation.path.format(**ids),
            headers={"Authorization": f"Bearer {key}"},
            **sent,
        )


@pytest.fixture
async def bridge(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Bridge]:
    # Streams are read to their end.
    settings = api_settings(database_url, redis_url, tmp_path, progress_stream_seconds=0.1)
    async with running_api(settings, headers={}) as http:
        document = (await http.get("/schema/openapi.json")).json()
        operations = [
            Operation(
                method.upper(),
                path,
                *(one["security"][0]["key"] if "security" in one else [None]),
                has_body="requestBody" in one,
                codes=frozenset(documented(document, one)),
            )
            for path, item in document["paths"].items()
            for method, one in item.items()
        ]
        ours, theirs = await store_api_objects("ours"), await store_api_objects("theirs")
        keys = [(await key_for(*Action, project=project)) for project in ("ours", "theirs")]
        yield Bridge(http, operations, ours, theirs, *keys)


def documented(document: dict[str, Any], operation: dict[str, Any]) -> Iterator[str]:
    """Yield the codes of the problems that an operation may answer."""
    for answer in operation["responses"].values():
        if name := answer.get("$ref", "").rpartition("/")[2]:
            (media,) = document["components"]["responses"][name]["content"].values()
            yield from media["examples"]


async def key_for(*actions: Action, project: str) -> str:
    token, _ = await registry.create(project, projects=(project,), actions=actions, lasts=None)
    return token


async def everything() -> dict[str, list[dict[str, Any]]]:
    return {
        table.__name__: await table.select(*table.all_columns()).order_by(table._meta.primary_key)
        for table in TABLES
        if table is not ApiKey
    }


def unknown(ids: Ids) -> Ids:
    return {name: "nobodys" if name == "projectId" else str(uuid4()) for name in ids}


async def test_every_route_names_its_project_or_is_listed(bridge: Bridge) -> None:
    named = {one.key for one in bridge.operations if one.names}
    listed = NOBODYS | EVERYBODYS | SIGNED | HEALTH | set(IN_THE_BODY)
    assert {one.key for one in bridge.operations} - named == listed
    assert not named & listed
    assert {one.key for one in bridge.operations if one.action is None} == SIGNED | HEALTH


async def test_what_is_anothers_is_as_what_there_is_not(bridge: Bridge) -> None:
    before = await everything()
    for operation in bridge.operations:
        for ids in bridge.theirs if operation.names else ():
            if not ids.keys() >= set(operation.names):
                continue
            answer = await bridge.ask(operation, ids, bridge.our_key)
            nothing = await bridge.ask(operation, unknown(ids), bridge.our_key)
            assert answer.status_code == 404, (operation, answer.text)
            assert answer.json()["code"] in operation.codes, operation
            assert answer.content == nothing.content, operation
            assert answer.headers.keys() == nothing.headers.keys(), operation
    assert await everything() == before


async def test_a_part_of_anothers_is_not_found_within_ours(bridge: Bridge) -> None:
    mixed = [one for one in bridge.operations if len(one.names) > 1]
    assert mixed
    for operation in mixed:
        _, *parts = operation.names
        whole = [ids for ids in bridge.ours if ids.keys() >= set(operation.names)]
        foreign = [ids for ids in bridge.theirs if ids.keys() >= set(operation.names)]
        for part in set(parts) - WITHIN:
            ids = whole[0] | {part: foreign[0][part]}
            body = WELL_FORMED.get(operation.path.rpartition("/")[2], {})
            answer = await bridge.ask(operation, ids, bridge.our_key, body)
            nothing = await bridge.ask(
                operation, whole[0] | {part: str(uuid4())}, bridge.our_key, body
            )
            assert (answer.status_code, answer.content) == (404, nothing.content), operation


async def test_what_is_ours_is_there_and_nothing_of_anothers_beside_it(bridge: Bridge) -> None:
    foreign = {value for ids in bridge.theirs for name, value in ids.items() if name not in WITHIN}
    # What is deleted last, and by one name each, is there for all others.
    for operation in sorted(bridge.operations, key=lambda one: one.method == "DELETE"):
        if not operation.names:
            continue
        found: list[bool] = []
        for ids in bridge.ours:
            deleted = operation.method == "DELETE" and any(found)
            if deleted or not ids.keys() >= set(operation.names):
                continue
            answer = await bridge.ask(operation, ids, bridge.our_key)
            nothing = await bridge.ask(operation, unknown(ids), bridge.our_key)
            assert answer.status_code not in {401, 500}, (operation, answer.text)
            assert not [value for value in foreign if value in answer.text], operation
            found.append(answer.content != nothing.content)
        assert any(found), operation


async def test_a_project_in_the_body_is_held_to_as_one_in_the_path(bridge: Bridge) -> None:
    for operation in bridge.operations:
        if (body := IN_THE_BODY.get(operation.key)) is None:
            continue
        before = await everything()
        told = [
            await bridge.ask(operation, {}, bridge.our_key, body(project))
            for project in ("theirs", "nobodys")
        ]
        assert [one.status_code for one in told] == [404, 404], operation
        assert told[0].content == told[1].content
        assert await everything() == before
        assert (await bridge.ask(operation, {}, bridge.our_key, body("ours"))).status_code < 300


async def test_a_key_is_for_its_actions_alone(bridge: Bridge) -> None:
    keys = {action: await key_for(action, project="ours") for action in Action}
    for operation in bridge.operations:
        for action, key in keys.items() if operation.action else ():
            for ids in bridge.ours[:1] + bridge.theirs[:1] + bridge.ours[-1:]:
                if not ids.keys() >= set(operation.names):
                    continue
                answer = await bridge.ask(operation, ids, key)
                refused = answer.status_code == 403 and (
                    answer.json()["code"] == "action_not_allowed"
                )
                assert refused == (action != operation.action), (operation, answer.text)
                if refused:
                    assert answer.json()["params"] == {"action": operation.action}
                    assert f"`{operation.action}`" in answer.json()["detail"]


async def test_what_is_told_of_all_together_is_told_to_keys_of_all_alone(bridge: Bridge) -> None:
    for operation in bridge.operations:
        if operation.key in EVERYBODYS:
            answer = await bridge.ask(operation, {}, bridge.our_key)
            assert (answer.status_code, answer.json()["code"]) == (403, "all_projects_only")
            assert "all_projects_only" in operation.codes
            assert (await bridge.ask(operation, {}, API_KEY)).status_code == 200


async def test_what_all_projects_spend_is_told_to_keys_of_all_alone(bridge: Bridge) -> None:
    for key, told in ((API_KEY, "0.110000"), (bridge.our_key, None)):
        answer = await bridge.http.get(
            "/api/v1/projects/ours/spending", headers={"Authorization": f"Bearer {key}"}
        )
        assert answer.json()["spent"] == "0.110000"
        if told is None:
            assert answer.json()["monthSpent"] is None
        else:
            assert answer.json()["monthSpent"] == "0.220000"
