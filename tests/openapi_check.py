"""Checks every response that a test gets against the OpenAPI document.

A status, media type, header or body that the document does not have fails the test.
"""

import json
import threading
from collections.abc import Callable
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

import jsonschema_rs
from flask import Flask
from flask_smorest.spec.plugins import FlaskPlugin
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from app.api.schemas.base import camel_case

_describing = threading.Lock()  # from Python 3.12 on, a cached_property has none of its own
METHOD_NOT_ALLOWED = 405  # the framework's answer where the document has no operation


def check(app: Flask, response: TestResponse) -> None:
    """Raise AssertionError for a response that the document does not have."""
    rule = _rule(app, response)
    if rule is None or rule.websocket or response.status_code == METHOD_NOT_ALLOWED:
        return
    with _describing:
        document = app.extensions["api_description"].document
    operation = _operation(document, rule, response.request.method)
    if operation is None:
        return  # a route that the test has added
    what = f"{response.request.method} {rule.rule} → {response.status_code}"
    documented = operation["responses"].get(str(response.status_code))
    assert documented is not None, f"{what} is not documented: {response.get_data()[:500]!r}"
    documented = _resolved(document, documented)
    for name, header in documented.get("headers", {}).items():
        missing = _resolved(document, header).get("required") and name not in response.headers
        assert not missing, f"{what} has no {name}"
    if "content" in documented:
        assert response.mimetype in documented["content"], f"{what} is {response.mimetype}"
        if response.is_json:
            _check_body(app, documented["content"][response.mimetype]["schema"], response, what)


def _rule(app: Flask, response: TestResponse) -> Rule | None:
    request = response.request
    try:
        found = app.url_map.bind("").match(request.path, request.method, return_rule=True)
    except HTTPException:
        return None
    return found[0]


def _operation(document: dict[str, Any], rule: Rule, method: str) -> Any:
    path = FlaskPlugin.flaskpath2openapi(rule.rule)
    for name in rule.arguments:
        path = path.replace(f"{{{name}}}", f"{{{camel_case(name)}}}")
    return document["paths"].get(path, {}).get(method.lower())


def _resolved(document: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    for part in node.get("$ref", "").split("/")[1:]:
        document = document[part]
    return document if "$ref" in node else node


def _check_body(app: Flask, schema: Any, response: TestResponse, what: str) -> None:
    validator = _validators_of(app)(json.dumps(schema))
    wrong = [
        f"{'.'.join(map(str, error.instance_path))}: {error.message}"
        for error in validator.iter_errors(response.json)
    ]
    assert not wrong, f"{what}: {'; '.join(wrong)}"


Validators = Callable[[str], jsonschema_rs.Draft202012Validator]
_known: WeakKeyDictionary[Flask, Validators] = WeakKeyDictionary()


def _validators_of(app: Flask) -> Validators:
    """Makes a validator of a schema (as JSON), once for each; what all refer to is read once."""
    if app not in _known:
        document = app.extensions["api_description"].document
        named = {"components": {"schemas": document["components"]["schemas"]}}
        registry = jsonschema_rs.Registry([("urn:document", named)])

        @cache
        def validator(schema: str) -> jsonschema_rs.Draft202012Validator:
            elsewhere = schema.replace('"#/components/', '"urn:document#/components/')
            return jsonschema_rs.Draft202012Validator(
                json.loads(elsewhere), validate_formats=True, registry=registry
            )

        _known[app] = validator
    return _known[app]
