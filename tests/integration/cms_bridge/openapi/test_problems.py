"""Refusals as they arrive: in the documented form, whatever the request looks like."""

import re
from collections.abc import AsyncIterator
from itertools import cycle
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import jsonschema_rs
import pytest

from cms_bridge.api.aliases import ALIASES
from cms_bridge.errors import DatabaseError, Refusal
from cms_bridge.tables import Charge, Project
from tests.support import events
from tests.support.api import api_settings, running_api
from tests.support.api_objects import store_api_objects
from tests.support.bridge_process import API_KEY
from tests.support.ledger import new_job

pytestmark = pytest.mark.anyio

Document = dict[str, Any]

HEALTH_503 = {("/health", "503"), ("/health/ready", "503")}
"""The one answer above 399 that is no problem: health is told all the same."""

UNREADABLE = (
    b"",
    b"not json",
    b"\xff",
    b"null",
    b"[]",
    rb'{"projectId": "\ud800"}',
    b"[" * 100_000,
    b'{"projectId":' * 100_000,
    b'{"projectId": NaN}',
    b'{"projectId": -Infinity}',
    b'{"projectId": 1e400}',
    b'{"projectId": ' + b"9" * 5_000 + b"}",
    b'{"projectId": "p1", "projectId": "p2"}',
)


@pytest.fixture
async def http(
    database_url: str, redis_url: str, tmp_path: Path
) -> AsyncIterator[httpx.AsyncClient]:
    settings = api_settings(database_url, redis_url, tmp_path, rate_refusals_per_minute=0)
    async with running_api(settings) as client:
        yield client


@pytest.fixture
async def document(http: httpx.AsyncClient) -> Document:
    return (await http.get("/schema/openapi.json")).json()


def operations(document: Document) -> list[tuple[str, str, Document]]:
    return [
        (method.upper(), path, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
    ]


def check_problem(answer: httpx.Response, document: Document) -> Document:
    """Fail unless an answer is a problem of the documented form; return it."""
    assert answer.headers["content-type"] == "application/problem+json"
    said = answer.json()
    jsonschema_rs.validate(
        {"$ref": "#/components/schemas/ProblemDetails", "components": document["components"]}, said
    )
    assert said["status"] == answer.status_code
    assert said["type"] == f"urn:reelwright:problem:{said['code']}"
    assert said["detail"] != said["title"]
    return said


async def test_without_the_key_each_route_answers_401_alone_as_documented(
    http: httpx.AsyncClient, document: Document
) -> None:
    known = (await store_api_objects())[-1]
    del http.headers["Authorization"]
    wrong = ("", "Bearer", "Bearer wrong", f"Basic {API_KEY}", API_KEY, "Bearer é")
    keyed = [one for one in operations(document) if one[2].get("security")]
    assert len(keyed) == len(operations(document)) - 4  # three on health, and the webhook
    # Each route without one and with one of the wrong ones, with a body and without.
    for (method, path, operation), key, content in zip(
        keyed, cycle(wrong), cycle((None, b"{}", b"not json", b"{}", None)), strict=False
    ):
        assert "401" in operation["responses"]
        for headers in ({}, {"Authorization": key.encode()}):
            answer = await http.request(
                method, path.format(projectId="p1", **known), headers=headers, content=content
            )
            assert answer.status_code == 401, (method, path, headers)
            assert check_problem(answer, document)["code"] == "unauthorised"
            assert answer.headers["www-authenticate"] == 'Bearer realm="reelwright"'


async def test_an_unsigned_webhook_is_told_what_would_be_let_in(
    http: httpx.AsyncClient, document: Document
) -> None:
    answer = await http.post("/api/v1/webhooks/payload", content=b"{}")
    assert check_problem(answer, document)["code"] == "webhook_rejected"
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "StandardWebhooks")


async def test_what_the_router_refuses_is_a_problem_with_title_and_detail_in_their_places(
    http: httpx.AsyncClient, document: Document
) -> None:
    for method, path, status, title in (
        ("GET", "/nowhere", 404, "Not Found"),
        ("GET", "/api/v1/videos/jobs/no-id/status", 404, "Not Found"),
        ("GET", "/api/v1/videos/jobs/%00/status", 404, "Not Found"),
        ("DELETE", "/health", 405, "Method Not Allowed"),
        ("GET", "/api/v1/health/models?hours=0", 400, "Bad Request"),
        ("GET", "/api/v1/health/models?hours=%00", 400, "Bad Request"),
        ("GET", "/api/v1/health/models?ago=99999999999999999999", 400, "Bad Request"),
        ("GET", "/objects/a/b", 400, "Bad Request"),
        ("GET", "/objects/a/b?expires=1&signature=x", 403, "Forbidden"),
        ("GET", "/objects/%00/b?expires=1&signature=%00&name=%00", 403, "Forbidden"),
    ):
        answer = await http.request(method, path)
        said = check_problem(answer, document)
        assert (answer.status_code, said["title"]) == (status, title), path
        assert "?" not in said["detail"], "an address may hold a signature"
        if status == 405:
            assert set(answer.headers["allow"].split(", ")) == {"GET", "OPTIONS"}


async def test_a_project_that_cannot_exist_is_refused_before_any_database_is_asked(
    http: httpx.AsyncClient, document: Document
) -> None:
    for name in ("p1%00", "%00", "p1%0A", "%7F", "x" * 129, "x" * 5_000):
        path = f"/api/v1/projects/{name}/spending"
        for answer in (await http.get(path), await http.put(path, json={})):
            assert answer.status_code == 400, name
            assert check_problem(answer, document)["errors"][0]["key"] == "projectId"


async def test_a_body_that_cannot_be_read_is_the_senders_mistake(
    http: httpx.AsyncClient, document: Document
) -> None:
    known = (await store_api_objects())[-1]
    taking = [
        one
        for one in operations(document)
        if "application/json" in one[2].get("requestBody", {"content": {}})["content"]
        and "security" in one[2]
    ]
    assert len(taking) >= 8
    for method, path, _ in taking:
        for content in UNREADABLE:
            answer = await http.request(
                method, path.format(projectId="p1", **known), content=content
            )
            assert answer.status_code == 400, (path, content[:40])
            assert check_problem(answer, document)["code"] == "bad_request"


async def test_a_signed_body_that_cannot_be_read_is_the_senders_mistake_too(
    http: httpx.AsyncClient, document: Document
) -> None:
    for content in UNREADABLE:
        try:
            body, headers = events.signed(content)
        except UnicodeError:  # Standard Webhooks signs text alone
            continue
        answer = await http.post("/api/v1/webhooks/payload", content=body, headers=headers)
        assert answer.status_code == 400, content[:40]
        assert check_problem(answer, document)["code"] == "malformed_event"


async def test_too_large_a_body_is_a_problem_too(
    http: httpx.AsyncClient, document: Document
) -> None:
    answer = await http.post("/api/v1/media/generate", content=b" " * 11_000_000)
    assert answer.status_code == 413
    assert check_problem(answer, document)["title"] == "Content Too Large"


async def test_an_unknown_field_is_refused_and_takes_no_cap_away(
    http: httpx.AsyncClient, document: Document
) -> None:
    await new_job()
    path = "/api/v1/projects/p1/spending"
    assert (await http.put(path, json={"video": "0.5"})).json()["capPerVideo"] == "0.500000"
    answer = await http.put(path, json={"vido": "0.7"})
    assert answer.status_code == 400
    assert "vido" in check_problem(answer, document)["detail"]
    assert (await http.get(path)).json()["capPerVideo"] == "0.500000"


async def test_a_cap_is_dollars_as_text_or_refused(
    http: httpx.AsyncClient, document: Document
) -> None:
    await new_job()
    large = ("999999.9999999", "1000000", "1e5")
    for cap in ("", "1,5", "1.1234567", *large, "-0", "１", "1_0", "1\n", 1, 0.5):
        answer = await http.put("/api/v1/projects/p1/spending", json={"project": cap})
        assert answer.status_code == 400, cap
        check_problem(answer, document)


async def test_every_amount_that_the_columns_hold_may_be_a_cap(http: httpx.AsyncClient) -> None:
    await new_job()
    for cap in ("0", "0.000001", "999999.999999", "1.10"):
        answer = await http.put("/api/v1/projects/p1/spending", json={"project": cap, "video": cap})
        assert answer.status_code == 200
        row = await Project.select(Project.cap_project).where(Project.id == "p1").first()
        assert row
        assert float(row["cap_project"]) == float(cap)


async def test_text_that_no_database_keeps_is_refused_where_it_would_be_stored(
    http: httpx.AsyncClient, document: Document
) -> None:
    for field in ("projectId", "document", "field", "version", "by"):
        order = {"projectId": "p1", "kind": "image", "prompt": "A loaf", field: "a\u0000b"}
        answer = await http.post("/api/v1/media/generate", json=order)
        assert answer.status_code == 400
        assert check_problem(answer, document)["errors"][0]["key"] == field


async def test_who_speaks_is_one_line(http: httpx.AsyncClient, document: Document) -> None:
    known = (await store_api_objects())[-1]
    path = "/api/v1/videos/jobs/{jobId}/charges/{chargeId}/resolve".format(**known)
    for by in ("a\u0000b", "a\nb"):
        answer = await http.post(path, json={"outcome": "charged", "by": by})
        assert answer.status_code == 400
        check_problem(answer, document)
    assert await Charge.exists().where(
        Charge.id == UUID(known["chargeId"]), Charge.state == "unknown"
    )


async def test_an_event_with_numbers_or_names_past_their_columns_is_malformed(
    http: httpx.AsyncClient, document: Document
) -> None:
    for event in (
        events.submitted(submission=2**31),
        events.submitted(video="a\u0000b"),
        events.cancelled(video="a\u0000b"),
        events.retried(submission=2**63 - 1),
        events.edited(uuid4(), revision=2**31),
        events.approved("a\u0000b"),
    ):
        body, headers = events.signed(event)
        answer = await http.post("/api/v1/webhooks/payload", content=body, headers=headers)
        assert answer.status_code == 400, event
        assert check_problem(answer, document)["code"] == "malformed_event"


async def test_options_tell_every_method_of_a_path(
    http: httpx.AsyncClient, document: Document
) -> None:
    for path, item in document["paths"].items():
        known = {name: str(uuid4()) for name in re.findall(r"{(\w+)}", path)}
        answer = await http.options(path.format(**known))
        # Whatever knows HEAD besides GET is documented as GET.
        allowed = set(answer.headers["allow"].split(", ")) - {"HEAD"}
        assert allowed == {method.upper() for method in item} | {"OPTIONS"}, path


async def test_an_alias_is_documented_as_its_canonical_path_is(document: Document) -> None:
    paths = document["paths"]
    aliases = {
        older + path.removeprefix(name): path
        for name, older in ALIASES.items()
        for path in paths
        if path == name or path.startswith(f"{name}/")
    }
    assert len(aliases) >= len(ALIASES)
    for alias, canonical in aliases.items():
        assert paths[alias].keys() == paths[canonical].keys()
        for method, operation in paths[alias].items():
            same = paths[canonical][method]
            assert operation["x-alias-of"] == canonical
            for part in ("parameters", "requestBody", "responses", "security"):
                assert operation.get(part) == same.get(part), (alias, part)
    named = {path for path, item in paths.items() for one in item.values() if "x-alias-of" in one}
    assert named == aliases.keys()


async def test_every_refusal_of_the_bridge_is_documented_somewhere(document: Document) -> None:
    """Whoever adds one names it in the terms of what raises it; those of workers reach nobody."""

    def kinds(base: type[Refusal]) -> list[type[Refusal]]:
        return [one for sub in base.__subclasses__() for one in (sub, *kinds(sub))]

    # Every one of a database's troubles has one of the two names below it.
    codes = {one.code for one in kinds(Refusal)} - {DatabaseError.code}
    named = {
        code
        for answer in document["components"]["responses"].values()
        for code in answer["content"]["application/problem+json"]["examples"]
    }
    assert codes <= named


async def test_nothing_is_documented_in_any_other_form_than_its_own(document: Document) -> None:
    """Every refusal is a problem; what succeeds is JSON or a redirect; all references lead on."""
    for method, path, operation in operations(document):
        assert {"400", "408", "431", "500", "503"} <= operation["responses"].keys(), (method, path)
        for status, answer in operation["responses"].items():
            shared = answer.get("$ref", "").removeprefix("#/components/responses/")
            whole = document["components"]["responses"][shared] if shared else answer
            form = "application/problem+json" if shared else "application/json"
            in_pieces = "multipart/byteranges" in whole.get("content", {})
            if status in ("200", "206") and (
                in_pieces or form not in whole.get("content", {form: None})
            ):
                # A file or a stream, in its own form.
                stream = [*whole["content"]] == ["text/event-stream"]
                assert stream or "206" in operation["responses"], (method, path, status)
                continue
            if (path, status) in HEALTH_503:
                assert set(whole["content"]) == {"application/json", "application/problem+json"}
                continue
            assert list(whole.get("content", {form: None})) == [form], (method, path, status)
            assert bool(shared) == (int(status) >= 400)
