"""The OpenAPI document: flask-smorest's, plus everything that follows from path and method."""

import re
from collections.abc import Iterator
from copy import deepcopy
from typing import Any, NamedTuple

from flask import Flask
from flask_smorest.spec.plugins import FlaskPlugin
from werkzeug.routing import Rule

from app.api.openapi import links, platforms, problem_responses, security
from app.api.openapi.examples import Examples
from app.api.openapi.headers import COMPONENTS, RATE_LIMIT, REQUEST_ID
from app.api.openapi.info import INFO, SERVERS
from app.api.openapi.text_rules import forbid_nul
from app.api.schemas.base import camel_case
from app.domain.errors import TooManyAttempts
from app.services.projects.projects import KEY

ROUTES_WITHOUT_POSTGRES = ("/healthz", "/readyz", "/api/openapi.json", "/api/docs")
BODY_REQUIRED_PREFIX = "/api/auth/browser/"  # the JSON content type proves the sender
KEY_SCHEMA = {"type": "string", "pattern": f"^{KEY.pattern}$", "minLength": 1, "maxLength": 64}


class Operation(NamedTuple):
    """A method of a path, and the Flask rule that serves it."""

    rule: Rule
    method: str
    spec: dict[str, Any]


def complete_document(
    app: Flask, gathered: dict[str, Any], statuses: problem_responses.Statuses
) -> dict[str, Any]:
    """Build the complete OpenAPI document.

    `gathered` is flask-smorest's; `statuses` maps the domain's errors to HTTP statuses.
    """
    paths = deepcopy(gathered["paths"])
    schemas = deepcopy(gathered["components"]["schemas"])
    responses = problem_responses.Responses()
    for operation in _operations(app, paths):
        _complete_operation(operation, schemas, responses, statuses)
    document = {
        "openapi": gathered["openapi"],
        "info": {**gathered["info"], **INFO},
        "servers": SERVERS,
        "tags": gathered["tags"],
        "paths": {_camel(path): item for path, item in paths.items()},
        "components": {
            "securitySchemes": security.SCHEMES,
            "headers": COMPONENTS,
            "responses": responses.responses,
            "schemas": schemas | responses.schemas,
        },
    }
    platforms.add_platform_variants(schemas["NewBot"])
    _drop_unused_schemas(document)
    _drop_null_defaults(document)
    forbid_nul(document)
    links.add_links(document)
    Examples(document).add()
    return document


def _operations(app: Flask, paths: dict[str, Any]) -> Iterator[Operation]:
    rules = {
        (FlaskPlugin.flaskpath2openapi(rule.rule), method.lower()): rule
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
    }
    for path, item in paths.items():
        for parameter in item.get("parameters", ()):
            _complete_path_parameter(parameter)
        for method, spec in item.items():
            if method != "parameters":
                yield Operation(rules[path, method], method, spec)


def _complete_operation(
    operation: Operation,
    schemas: dict[str, Any],
    responses: problem_responses.Responses,
    statuses: problem_responses.Statuses,
) -> None:
    spec = operation.spec
    spec["operationId"] = _operation_id(operation.rule)
    spec["security"] = security.operation_security(operation.method.upper(), operation.rule.rule)
    if "requestBody" in spec:
        is_checked = operation.rule.rule.startswith(BODY_REQUIRED_PREFIX)
        spec["requestBody"]["required"] = is_checked or _is_body_required(
            spec["requestBody"], schemas
        )
    for parameter in spec.get("parameters", ()):
        _complete_query_parameter(parameter)
    facts = _traits(operation, spec.pop("x-problems"))
    # Responses with `$ref` are flask-smorest's own problems, which ours replace.
    answered = {
        code: response for code, response in spec["responses"].items() if "$ref" not in response
    }
    problems = responses.references_for(
        spec["operationId"], problem_responses.list_problems(facts, statuses)
    )
    spec["responses"] = {**answered, **problems}
    for answer in answered.values():
        answer["headers"] = {**REQUEST_ID, **answer.get("headers", {})}
        if facts.requires_credential or TooManyAttempts in facts.kinds:
            answer["headers"] |= RATE_LIMIT


def _operation_id(rule: Rule) -> str:
    """Return the operation's ID for generated clients: the view's name in camel case.

    Views that also serve /api/admin get the prefix `admin` there.
    """
    room, _, view = rule.endpoint.rpartition(".")
    return camel_case(f"admin_{view}" if room.startswith("admin-") else view)


def _is_body_required(body: dict[str, Any], schemas: dict[str, Any]) -> bool:
    """Whether a body is required: not if all its fields are optional."""
    if "application/json" not in body["content"]:
        return True
    reference = body["content"]["application/json"]["schema"]["$ref"]
    return bool(schemas[reference.rpartition("/")[2]].get("required"))


def _traits(operation: Operation, kinds: tuple[Any, ...]) -> problem_responses.OperationTraits:
    rule, spec = operation.rule, operation.spec
    is_api = rule.rule.startswith("/api/")
    return problem_responses.OperationTraits(
        requires_credential=bool(spec["security"]),
        is_admin_only=rule.rule.startswith("/api/admin/"),
        accepts_personal_tokens={"personalAccessToken": []} in spec["security"],
        has_path_parameters=bool(rule.arguments),
        has_arguments="requestBody" in spec or "parameters" in spec,
        has_body="requestBody" in spec,
        is_write=is_api and operation.method != "get",
        needs_postgres=rule.rule not in ROUTES_WITHOUT_POSTGRES,
        kinds=kinds,
    )


def _complete_path_parameter(parameter: dict[str, Any]) -> None:
    name, schema = parameter["name"], parameter["schema"]
    parameter["name"] = camel_case(name)
    if schema["type"] == "integer":
        schema["minimum"] = 1
    if name == "key":
        parameter["schema"] = dict(KEY_SCHEMA)
        parameter["description"] = "project key (case-insensitive)"


def _complete_query_parameter(parameter: dict[str, Any]) -> None:
    """Remove null from a query parameter's schema: a query can't contain null."""
    schema = parameter["schema"]
    if isinstance(schema.get("type"), list):
        schema["type"] = next(kind for kind in schema["type"] if kind != "null")


def _camel(path: str) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: f"{{{camel_case(found[1])}}}", path)


def _drop_null_defaults(node: Any) -> None:
    """Remove `default: null`, which only means that a field is optional.

    Generators assume that a field with a default is always present.
    """
    if isinstance(node, dict):
        if node.get("default", ...) is None:
            del node["default"]
        for below in node.values():
            _drop_null_defaults(below)
    elif isinstance(node, list):
        for below in node:
            _drop_null_defaults(below)


def _drop_unused_schemas(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    while unused := schemas.keys() - set(_references(document)):
        for name in unused:
            del schemas[name]


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        reference = node.get("$ref")
        if isinstance(reference, str) and reference.startswith("#/components/schemas/"):
            yield reference.rpartition("/")[2]
        for below in node.values():
            yield from _references(below)
    elif isinstance(node, list):
        for below in node:
            yield from _references(below)
