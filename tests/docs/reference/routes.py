"""The section on routes: one table for each group of paths, and one of their query parameters."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from flask import Flask

from app.api import guards, scopes
from app.api.schemas.base import camel_case
from app.console.routes import PAGES
from tests.docs.reference import access
from tests.docs.reference.field_types import Schema, describe_type
from tests.docs.reference.markdown import (
    format_code,
    format_paragraph,
    format_sentence,
    format_table,
    join_blocks,
    link_schema,
)
from tests.docs.reference.schemas import EMPTY, ListPage, describe, find_list_page
from tests.docs.reference.texts import TEXTS, format_intro

EVERYWHERE = frozenset(
    (
        *("malformed_request", "too_many_requests", "internal_error", "unavailable"),
        *("unauthenticated", "invalid_token", "forbidden", "insufficient_scope", "not_found"),
        *("request_timeout", "body_too_large", "unsupported_media_type", "validation_failed"),
    )
)
GROUPS = (
    *("/api/auth", "/api/web/tasks", "/api/web/machines", "/api/web/projects"),
    *("/api/web/profile", "/api/web", "/api/admin", "/api/workers", "/webhook", "/install"),
)
METHODS = ("GET", "POST", "PUT", "DELETE", "WS")
HEAD = ("route", "purpose", "access", "scope", "takes", "returns", "problems")
JSON = "application/json"


class Route(NamedTuple):
    """A method of a path. `rule` is Flask's spelling of `path`; a socket has no `operation`."""

    method: str
    path: str
    rule: str
    operation: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def render(app: Flask, document: Schema) -> str:
    pages = ", ".join(f"`{_name_parameters(path)}`" for path in PAGES)
    found = list_routes(app, document)
    groups = [
        (prefix, [one for one in found if find_group(one.path) == prefix])
        for prefix in (*GROUPS, "")
    ]
    return join_blocks(
        format_intro("routes"),
        format_intro("problems"),
        access.render_access_names(),
        *(_render_group(prefix, routes, document) for prefix, routes in groups),
        "### Console pages",
        format_paragraph(f"Pages return HTML and aren't part of the API: {pages}."),
    )


def list_routes(app: Flask, document: Schema) -> list[Route]:
    """All routes but the console's, by path and method."""
    found = []
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("console."):
            continue
        path = _name_parameters(rule.rule)
        if rule.websocket:
            found.append(Route("WS", path, rule.rule, {}))
            continue
        item = document["paths"].get(re.sub(r":(\w+)", r"{\1}", path), {})
        found += [
            Route(method, path, rule.rule, item[method.lower()])
            for method in METHODS
            if method.lower() in item and method in (rule.methods or ())
        ]
    return sorted(found, key=lambda one: (one.path, METHODS.index(one.method)))


def _name_parameters(rule: str) -> str:
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: f":{camel_case(found[1])}", rule)


def find_group(path: str) -> str:
    """The prefix under whose heading a path is."""
    return next((prefix for prefix in GROUPS if f"{path}/".startswith(f"{prefix}/")), "")


def _render_group(prefix: str, routes: list[Route], document: Schema) -> str:
    schemas = document["components"]["schemas"]
    rows = [_row(route, document) for route in routes]
    queries = [row for route in routes for row in _query_rows(route, schemas)]
    query_table = format_table(("query of", "parameter", "type", "description"), queries)
    return join_blocks(
        f"### {prefix or 'Other routes'}", format_table(HEAD, rows), query_table if queries else ""
    )


def _row(route: Route, document: Schema) -> tuple[str, ...]:
    summary = route.operation.get("summary", "") or TEXTS["sockets"].get(route.path, "")
    http_method = "GET" if route.method == "WS" else route.method
    wildcard = re.sub(r":\w+", "*", f"{http_method} {route.path}")
    schemas = document["components"]["schemas"]
    return (
        f"`{route}`",
        format_sentence(summary),
        access.name_access(str(route), wildcard),
        _scope(route),
        ", ".join(_describe_request(route.operation, schemas)),
        _returns(route.operation, schemas),
        _problems(route.operation, document["components"]),
    )


def _scope(route: Route) -> str:
    if not guards.accepts_personal_tokens(route.method, route.rule) or not route.operation:
        return ""
    scope = scopes.required_scope(route.method, route.rule)
    return f"`{scope}`" if scope else ""


def _describe_request(operation: dict[str, Any], schemas: dict[str, Schema]) -> Iterator[str]:
    parameters = operation.get("parameters", ())
    if query := [each["name"] for each in _own_query(operation, schemas)]:
        yield format_code(f"?{name}" for name in query)
    if headers := [each["name"] for each in parameters if each["in"] == "header"]:
        yield format_code(headers)
    if body := operation.get("requestBody"):
        if JSON not in body["content"]:
            yield format_code(body["content"])
            return
        name = _name(body["content"][JSON]["schema"])
        link = "`{}`" if name == EMPTY else link_schema(name)
        yield link if body["required"] else f"{link} (optional)"


def _own_query(operation: dict[str, Any], schemas: dict[str, Schema]) -> list[Schema]:
    """The query parameters, but those that all lists have."""
    page = _find_list(operation, schemas)
    of_list = {"limit", page.kind} if page else set()
    return [
        each
        for each in operation.get("parameters", ())
        if each["in"] == "query" and each["name"] not in of_list
    ]


def _query_rows(route: Route, schemas: dict[str, Schema]) -> Iterator[tuple[str, ...]]:
    for parameter in _own_query(route.operation, schemas):
        schema = parameter["schema"]
        text = parameter.get("description") or describe(schema)
        yield f"`{route}`", f"`{parameter['name']}`", describe_type(schema), format_sentence(text)


def _returns(operation: dict[str, Any], schemas: dict[str, Schema]) -> str:
    answers = {
        status: answer
        for status, answer in operation.get("responses", {}).items()
        if "$ref" not in answer
    }
    statuses = "" if list(answers) == ["200"] else ", ".join(sorted(answers))
    media = {
        kind: each for one in answers.values() for kind, each in one.get("content", {}).items()
    }
    bodies = [_describe_body(kind, each.get("schema", {}), schemas) for kind, each in media.items()]
    return " ".join(part for part in (statuses, ", ".join(bodies)) if part)


def _describe_body(kind: str, schema: Schema, schemas: dict[str, Schema]) -> str:
    if kind != JSON or "$ref" not in schema:
        return f"`{kind}`"
    name = _name(schema)
    if name == EMPTY:
        return "`{}`"
    page = find_list_page(schemas[name])
    if page is None:
        return link_schema(name)
    more = f" and {format_code(page.more)}" if page.more else ""
    return f"{page.kind} list of {link_schema(_name(page.item))}{more}"


def _problems(operation: dict[str, Any], components: Schema) -> str:
    found = []
    for status, answer in operation.get("responses", {}).items():
        if "$ref" in answer:
            problem = components["schemas"][answer["$ref"].rpartition("/")[2]]
            codes = [
                code for code in problem["properties"]["code"]["enum"] if code not in EVERYWHERE
            ]
            found += [f"{status} {format_code(codes)}"] if codes else []
    return ", ".join(found)


def _name(schema: Schema) -> str:
    return str(schema["$ref"]).rpartition("/")[2]


def _find_list(operation: dict[str, Any], schemas: dict[str, Schema]) -> ListPage | None:
    """The page of a list that the operation returns, if it does."""
    answer = operation.get("responses", {}).get("200", {})
    schema = answer.get("content", {}).get(JSON, {}).get("schema", {})
    return find_list_page(schemas[_name(schema)]) if "$ref" in schema else None
