"""The contract: the OpenAPI document, with every answer that can come, from one place.

Litestar lists routes and parameters. Added here are the forms of bodies, as
msgspec itself describes what it decodes by; the key; and every problem, by what
a route has (the key, a body, parameters) and what its handler declares with
`terms`. The page that shows it is in `cms_bridge.api.reference`.
"""

import inspect
import re
from collections.abc import Iterator
from functools import partial
from http import HTTPStatus
from typing import Any, cast

import msgspec
from litestar import HttpMethod, Litestar, Request, Router
from litestar.handlers import HTTPRouteHandler
from litestar.handlers.base import BaseRouteHandler
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin, OpenAPIRenderPlugin
from litestar.openapi.spec import Example
from litestar.response import Response
from litestar.routes import HTTPRoute
from litestar.types.internal_types import PathParameterDefinition

from cms_bridge import problems
from cms_bridge.access import rates
from cms_bridge.access.keys import TICKET, is_public, needs_of, public, takes_tickets
from cms_bridge.api import messages, ranges, reference
from cms_bridge.api.aliases import canonical
from cms_bridge.errors import (
    CompressedBody,
    DatabaseBusy,
    DatabaseUnavailable,
    Forbidden,
    HostNotServed,
    RateLimited,
    Unauthorised,
    UnknownParameter,
    kind,
)
from cms_bridge.fields import camel_case
from cms_bridge.inbox.webhooks import HEADERS
from cms_bridge.problems import ProblemDetails
from cms_bridge.protections import own_policy
from cms_bridge.server import REFUSALS
from render import schema
from render.errors import EmptyScript, InvalidStoryboard, LimitExceeded, UnknownVoice

Document = dict[str, Any]

UNFILMABLE = (InvalidStoryboard, EmptyScript, LimitExceeded, UnknownVoice)
"""What the engine refuses of a brief or a storyboard."""

_KEYED = (Unauthorised, Forbidden, RateLimited)
"""What may be answered wherever a key is needed."""

_KEYS = """\
One that `reelwright keys create` made, or that of the CMS's server (`REELWRIGHT_API_KEY`), which is
for everything. A key of single projects finds nothing of others: 404, as where there is nothing."""

_TICKETS = """\
One that `POST /api/v1/jobs/{jobId}/tickets` gave out: for browsers, whose `EventSource` and
`WebSocket` send no key. It is for one job, and good for some minutes."""

_TERMS = "terms"
_JSON = "application/json"
_EVENTS = "text/event-stream"
_FORM = "multipart/form-data"
_KEY = "key"


class _Terms(msgspec.Struct, frozen=True, kw_only=True):
    refuses: tuple[type[Exception], ...]
    signed_body: Any = None
    files: tuple[str, ...] = ()
    event: Any = None
    form: Any = None


def terms(
    *refuses: type[Exception],
    signed_body: Any = None,
    files: tuple[str, ...] = (),
    event: Any = None,
    form: Any = None,
) -> dict[str, Any]:
    """Return a handler's `opt`: the errors that it raises besides those that its kind has.

    `signed_body` is the type of a body that the handler reads for itself, by the
    rules of Standard Webhooks; `files` the media types of a file that it answers
    (`cms_bridge.api.ranges`); `event` the type of the data of each event of a stream;
    `form` the type of a multipart form that the handler reads for itself.
    """
    told = _Terms(refuses=refuses, signed_body=signed_body, files=files, event=event, form=form)
    return {_TERMS: told}


def openapi_config(version: str) -> OpenAPIConfig:
    """Return how the document, and the page that shows it, are served under `/schema`."""
    return OpenAPIConfig(
        title="Reelwright bridge",
        version=version,
        openapi_router=Router(
            "/schema",
            route_handlers=[],
            include_in_schema=False,
            opt=public("It tells strangers how to ask, and nothing of anybody's.")
            | own_policy(reference.POLICY),
        ),
        use_handler_docstrings=True,
        operation_id_creator=_operation_id,
        render_plugins=[_Page(path="/"), _Json()],
    )


def _operation_id(
    handler: HTTPRouteHandler, method: str, path: list[str | PathParameterDefinition]
) -> str:
    """Return a handler's name in camelCase; an older path needs one of its own."""
    older = canonical("/" + "/".join(map(str, path)))
    head = "Head" if method == HttpMethod.HEAD else ""
    return camel_case(handler.handler_name) + head + ("Alias" if older else "")


def describe(app: Litestar) -> Document:
    """Return an application's OpenAPI document; it is made once."""
    if _TERMS not in app.state:
        app.state[_TERMS] = _described(app)
    return app.state[_TERMS]


class _Json(JsonRenderPlugin):
    def render(self, request: Request[Any, Any, Any], openapi_schema: Document) -> bytes:  # noqa: ARG002
        return msgspec.json.encode(describe(request.app))


class _Page(OpenAPIRenderPlugin):
    def render(self, request: Request[Any, Any, Any], openapi_schema: Document) -> bytes:  # noqa: ARG002
        return reference.page(describe(request.app)).encode()


def _described(app: Litestar) -> Document:
    # Defaults and examples among it are structs, which only msgspec can take apart.
    document: Document = msgspec.to_builtins(app.openapi_schema.to_schema(), str_keys=True)
    # Litestar keeps the paths of one handler as a set.
    # HEAD is wherever GET is, and the same but for the body.
    document["paths"] = {
        path: {method: one for method, one in item.items() if method != "head"}
        for path, item in sorted(document["paths"].items())
    }
    slots: list[tuple[dict[str, Any], Any]] = []
    refusals: dict[str, dict[str, Any]] = {}
    for path, handler, operation in _operations(app, document):
        slots += _bodies(handler, operation)
        if needed := needs_of(handler):
            tickets: list[dict[str, list[str]]] = [{TICKET: []}] if takes_tickets(handler) else []
            operation["security"] = [{_KEY: [needed.action]}, *tickets]
            operation["description"] += f"\n\nNeeds a key that may `{needed.action}`."
        for status, said in _problems(handler, operation).items():
            name = "Or".join(code.title().replace("_", "") for code in said)
            if name not in refusals:
                refusals[name], media = _refusal(status, said)
                slots.append((media, ProblemDetails))
            if status in (handler.responses or {}):
                # The handler's own answer of this status stands beside the problem.
                own = operation["responses"][str(int(status))]
                own["description"] += f"\n\n{refusals[name]['description']}"
                own["content"] |= refusals[name]["content"]
                continue
            operation["responses"][str(int(status))] = {"$ref": f"#/components/responses/{name}"}
        # Those that no handler names, Litestar keeps in a set too.
        operation.get("parameters", []).sort(key=partial(_position, path))
        for parameter in operation.get("parameters", ()):
            _bound(handler, parameter)
            if parameter["in"] == "path":
                parameter["name"] = camel_case(parameter["name"])
        if same := canonical(_template(path)):
            operation["x-alias-of"] = same
            operation["description"] += f"\n\nThe same as `{same}`, by an older name."
    document["webhooks"], told = messages.described()
    slots += told
    forms, named = schema.components(
        [form for _, form in slots], ref_template="#/components/schemas/{name}"
    )
    for (media, _), form in zip(slots, forms, strict=True):
        media["contentSchema" if "contentMediaType" in media else "schema"] = form
    document["paths"] = {_template(path): item for path, item in document["paths"].items()}
    document["components"] = {
        "schemas": dict(sorted(named.items())),
        "responses": dict(sorted(refusals.items())),
        "securitySchemes": {
            _KEY: {
                "type": "http",
                "scheme": "bearer",
                "description": _KEYS,
            },
            TICKET: {
                "type": "apiKey",
                "in": "query",
                "name": TICKET,
                "description": _TICKETS,
            },
        },
    }
    return schema.publish(document)


def _template(path: str) -> str:
    """Return a path with its parameters named as members are."""
    return re.sub(r"{\w+}", lambda name: camel_case(name[0]), path)


def _operations(
    app: Litestar, document: Document
) -> Iterator[tuple[str, HTTPRouteHandler, dict[str, Any]]]:
    for one in sorted(app.routes, key=lambda one: one.path_format):
        if isinstance(one, HTTPRoute) and (known := document["paths"].get(one.path_format)):
            for handler in one.route_handlers:
                for method in handler.http_methods:
                    if operation := known.get(method.lower()):
                        yield one.path_format, handler, operation


def _bodies(
    handler: HTTPRouteHandler, operation: dict[str, Any]
) -> Iterator[tuple[dict[str, Any], Any]]:
    """Yield the place and the type of every body that a handler takes or gives."""
    signature = handler.parsed_fn_signature
    if asked := signature.parameters.get("data"):
        media = operation["requestBody"]["content"][_JSON]
        examples = cast(list[Example], getattr(asked.kwarg_definition, "examples", None) or [])
        media |= _examples(examples)
        yield media, asked.annotation
    if form := _terms_of(handler).form:
        form_media: dict[str, Any] = {}
        operation["requestBody"] = {"required": True, "content": {_FORM: form_media}}
        yield form_media, form
    if signed := _terms_of(handler).signed_body:
        signed_media: dict[str, Any] = {}
        operation["requestBody"] = {"required": True, "content": {_JSON: signed_media}}
        operation["parameters"] = [
            {"name": name, "in": "header", "required": True, "schema": {"type": "string"}}
            for name in HEADERS
        ]
        yield signed_media, signed
    if files := _terms_of(handler).files:
        operation["responses"] |= ranges.documented(files)
        return
    if event := _terms_of(handler).event:
        yield _event_data(operation), event
    given = signature.return_type
    if given.is_subclass_of(Response) and given.inner_types:
        (given,) = given.inner_types
    forms: dict[int, Any] = {handler.status_code: given.annotation}
    for status, spec in (handler.responses or {}).items():
        forms[status] = spec.data_container
    for status, form in forms.items():
        content = operation["responses"][str(int(status))].get("content", {})
        if _JSON in content:
            yield content[_JSON], form


def _examples(examples: list[Example]) -> dict[str, Any]:
    told = {
        str(number): {"summary": one.summary, "value": msgspec.to_builtins(one.value)}
        for number, one in enumerate(examples, start=1)
    }
    return {"examples": told} if told else {}


def _position(path: str, parameter: dict[str, Any]) -> int:
    return path.find(parameter["name"]) if parameter["in"] == "path" else len(path)


def _bound(handler: HTTPRouteHandler, parameter: dict[str, Any]) -> None:
    """Tell a parameter's form as it is: Litestar lets it be null, and leaves a least of 0 out."""
    form = parameter["schema"]
    for one in form.pop("oneOf", ()):
        if one.get("type") != "null":
            form |= one
    for name, field in handler.parsed_fn_signature.parameters.items():
        said = field.kwarg_definition
        alias = getattr(said, "query", None) or getattr(said, "header", None)
        alias = alias or getattr(said, "name", None) or name
        if alias == parameter["name"] and getattr(said, "ge", None) == 0:
            form["minimum"] = 0


def _event_data(operation: dict[str, Any]) -> dict[str, Any]:
    """Describe a stream of events; return the place of what each of them holds."""
    # Before OpenAPI 3.2 the schema of such a stream is that of each event.
    data: dict[str, Any] = {"type": "string", "contentMediaType": _JSON}
    operation["responses"][str(int(HTTPStatus.OK))]["content"][_EVENTS]["schema"] = {
        "type": "object",
        "properties": {"id": {"type": "string"}, "data": data},
        "required": ["data"],
    }
    return data


def _problems(
    handler: HTTPRouteHandler, operation: dict[str, Any]
) -> dict[HTTPStatus, dict[str, str]]:
    """Return the sentence of every problem that a handler may answer, by status and code."""
    found: dict[HTTPStatus, dict[str, str]] = {}

    def add(status: HTTPStatus) -> None:
        found.setdefault(status, {})[problems.code_of(status)] = problems.SAID[status]

    places = {parameter["in"] for parameter in operation.get("parameters", ())}
    own = _terms_of(handler)
    has_body = "requestBody" in operation
    if (has_body or places) and not own.signed_body:
        add(HTTPStatus.BAD_REQUEST)
    if has_body and not own.signed_body:
        add(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    if "path" in places:
        add(HTTPStatus.NOT_FOUND)
    always = (
        *((CompressedBody,) if has_body else ()),
        UnknownParameter,
        DatabaseBusy,
        DatabaseUnavailable,
        HostNotServed,
    )
    for error in (*own.refuses, *(() if is_public(handler) else _KEYED), *always):
        status, code = kind(error)
        found.setdefault(status, {})[code] = (inspect.getdoc(error) or "").partition("\n")[0]
    add(HTTPStatus.INTERNAL_SERVER_ERROR)
    for code, (status, sentence) in REFUSALS.items():
        found.setdefault(status, {})[code] = sentence
    return dict(sorted(found.items()))


def _refusal(status: HTTPStatus, said: dict[str, str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a status's problems as a response, and the place of their form in it."""
    media: dict[str, Any] = {
        "examples": {
            code: {"value": msgspec.to_builtins(problems.details(status, code, sentence))}
            for code, sentence in said.items()
        }
    }
    response: dict[str, Any] = {
        "description": "\n\n".join(f"`{code}`: {sentence}" for code, sentence in said.items()),
        "content": {problems.MEDIA_TYPE: media},
    }
    if status is HTTPStatus.UNAUTHORIZED:
        response["headers"] = {
            "WWW-Authenticate": {
                "description": "What would be let in.",
                "required": True,
                "schema": {"type": "string"},
            }
        }
    if status in {HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS}:
        response["headers"] = {
            "Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}
        }
    if status is HTTPStatus.TOO_MANY_REQUESTS:
        response["headers"] |= {
            name: {"description": said, "schema": {"type": "string"}}
            for name, said in rates.HEADERS.items()
        }
    return response, media


def takes_body(handler: BaseRouteHandler) -> bool:
    """Tell whether a registered route reads a body."""
    own = _terms_of(handler)
    return bool("data" in handler.parsed_fn_signature.parameters or own.signed_body or own.form)


def _terms_of(handler: BaseRouteHandler) -> _Terms:
    return handler.opt.get(_TERMS, _Terms(refuses=()))
