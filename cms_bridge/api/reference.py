"""The page that shows the OpenAPI document: plain HTML that loads nothing, from anywhere.

It is rendered here, has no script, and forbids the browser by its policy to
fetch anything at all; so it reads the same on a machine without a network.
"""

from collections.abc import Iterable, Iterator
from html import escape
from importlib.resources import files
from itertools import groupby
from typing import Any, NamedTuple

Schema = dict[str, Any]

_STYLE = files("cms_bridge.api").joinpath("reference.css").read_text(encoding="utf-8")
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""The browser may load nothing; the page's header says the same."""
_BOUNDS = {
    "format": "{}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minimum": "from {}",
    "exclusiveMinimum": "above {}",
    "maximum": "to {}",
    "exclusiveMaximum": "below {}",
    "pattern": "like <code>{}</code>",
    "default": "else <code>{}</code>",
}
_TYPES = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "yes or no",
    "object": "object",
    "null": "null",
}
_METHODS = ("get", "put", "post", "delete", "patch")


def page(document: dict[str, Any]) -> str:
    """Return the whole page."""
    info = document["info"]
    operations = sorted(_operations(document), key=lambda one: one.tag)
    groups = [(tag, list(ones)) for tag, ones in groupby(operations, key=lambda one: one.tag)]
    links = "".join(f'<a href="#{escape(tag)}">{escape(tag)}</a>' for tag, _ in groups)
    title, version = escape(info["title"]), escape(info["version"])
    return "".join(
        (
            '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f'<title>{title}</title><link rel="icon" href="data:,">',
            f"<style>{_STYLE}</style></head><body><h1>{title}</h1><p>Version {version}, as an ",
            '<a href="/schema/openapi.json">OpenAPI document</a></p>',
            f'<nav aria-label="Contents">{links}<a href="#forms">forms</a></nav>',
            *(_group(tag, ones) for tag, ones in groups),
            '<h2 id="forms">Forms</h2>',
            *(_form(name, schema) for name, schema in document["components"]["schemas"].items()),
            "</body></html>",
        )
    )


class _Operation(NamedTuple):
    tag: str
    path: str
    method: str
    spec: Schema
    older: list[str]
    """Its other paths."""


def _operations(document: dict[str, Any]) -> Iterator[_Operation]:
    """Yield each operation once, under its canonical path."""
    older: dict[tuple[str, str], list[str]] = {}
    for path, item in document["paths"].items():
        for method, spec in item.items():
            if canonical := spec.get("x-alias-of"):
                older.setdefault((canonical, method), []).append(path)
    for path, item in document["paths"].items():
        for method in _METHODS:
            spec = item.get(method)
            if spec and "x-alias-of" not in spec:
                tag = (spec.get("tags") or ["other"])[0]
                spec = {**spec, "responses": _resolved(spec["responses"], document)}
                yield _Operation(tag, path, method, spec, older.get((path, method), []))


def _resolved(responses: Schema, document: dict[str, Any]) -> Schema:
    shared = document["components"]["responses"]
    return {
        status: shared[one["$ref"].rpartition("/")[2]] if "$ref" in one else one
        for status, one in responses.items()
    }


def _group(tag: str, operations: Iterable[_Operation]) -> str:
    whole = "".join(_operation(one) for one in operations)
    return f'<h2 id="{escape(tag)}">{escape(tag)}</h2>{whole}'


def _operation(one: _Operation) -> str:
    operation, method = one.spec, one.method
    asked = [
        _row(
            f"{parameter['name']} ({parameter['in']})",
            parameter["schema"],
            needed=parameter.get("required", False),
        )
        for parameter in operation.get("parameters", ())
    ]
    parts = [_prose(operation.get("description", ""))]
    if operation.get("security"):
        parts.append("<p>Needs the key: <code>Authorization: Bearer …</code></p>")
    if one.older:
        names = ", ".join(f"<code>{escape(path)}</code>" for path in one.older)
        parts.append(f"<p>Also at {names}</p>")
    if asked:
        parts.append(f"<h3>Parameters</h3>{_table(asked)}")
    if body := operation.get("requestBody"):
        parts.append(f"<h3>Body</h3>{_content(body)}")
    answers = (
        f"<tr><th>{status}</th><td>{_prose(answer['description'])}{_content(answer)}</td></tr>"
        for status, answer in sorted(operation["responses"].items())
    )
    parts.append(f"<h3>Answers</h3>{_table(answers)}")
    return (
        f'<details id="{escape(operation["operationId"])}"><summary>'
        f'<span class="method {method}">{method.upper()}</span>'
        f'<span class="path">{escape(one.path)}</span>'
        f'<span class="said">{escape(operation.get("summary", ""))}</span></summary>'
        f'<div class="inside">{"".join(parts)}</div></details>'
    )


def _content(holder: Schema) -> str:
    return "".join(
        f"<p>{_type(media['schema'])} as <code>{escape(kind)}</code></p>"
        for kind, media in holder.get("content", {}).items()
    )


def _form(name: str, schema: Schema) -> str:
    needed = set(schema.get("required", ()))
    rows = [
        _row(key, form, needed=key in needed) for key, form in schema.get("properties", {}).items()
    ]
    body = _table(rows) if rows else f"<p>{_type(schema)}</p>"
    said = _prose(schema.get("description", ""))
    return f'<h4 id="form-{escape(name)}">{escape(name)}</h4>{said}{body}'


def _row(name: str, schema: Schema, *, needed: bool) -> str:
    optional = "" if needed else ' <span class="bounds">optional</span>'
    return (
        f"<tr><th><code>{escape(name)}</code>{optional}</th>"
        f"<td>{_type(schema)}{_prose(schema.get('description', ''))}</td></tr>"
    )


def _table(rows: Iterable[str]) -> str:
    return f"<table>{''.join(rows)}</table>"


def _type(schema: Schema) -> str:
    """Return what a schema allows, in a few words."""
    if reference := schema.get("$ref"):
        name = escape(reference.rpartition("/")[2])
        return f'<a href="#form-{name}">{name}</a>'
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return " or ".join(_type(one) for one in schema[several])
    if "enum" in schema or "const" in schema:
        values = schema.get("enum", [schema.get("const")])
        return " or ".join(f"<code>{escape(str(value))}</code>" for value in values)
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    bounds = [
        said.format(escape(str(schema[key])))
        for key, said in _BOUNDS.items()
        if schema.get(key) not in (None, "")
    ]
    known = _TYPES.get(schema.get("type", ""), "anything")
    return known + (f' <span class="bounds">({", ".join(bounds)})</span>' if bounds else "")


def _prose(text: str) -> str:
    """Return paragraphs, with what stands between backticks as code."""
    return "".join(
        f"<p>{''.join(_marked(paragraph))}</p>" for paragraph in text.split("\n\n") if paragraph
    )


def _marked(text: str) -> Iterator[str]:
    for number, piece in enumerate(text.split("`")):
        yield f"<code>{escape(piece)}</code>" if number % 2 else escape(piece)
