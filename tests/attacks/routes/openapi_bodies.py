"""What the OpenAPI document says that routes take, for tests that try everything on everything."""

from collections.abc import Iterator
from typing import Any

import config
from app.factory import create_app
from tests.conftest import NOWHERE, SECRETS

METHODS = ("get", "post", "put", "delete", "patch")


def document() -> Any:
    app = create_app(config.load({**SECRETS, **NOWHERE}))
    return app.test_client().get("/api/openapi.json").json


DOCUMENT = document()


def operations() -> Iterator[tuple[str, Any]]:
    """(`PUT /api/web/projects/*`, what the document says of it)."""
    for path, item in DOCUMENT["paths"].items():
        starred = "/".join("*" if part[:1] == "{" else part for part in path.split("/"))
        for method in METHODS:
            if method in item:
                yield f"{method.upper()} {starred}", item[method]


def resolved(schema: Any) -> Any:
    """The schema that a reference leads to."""
    while "$ref" in schema:
        schema = DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def body_schema(operation: Any) -> Any | None:
    """Of a JSON body: those of files have none."""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    return resolved(content["schema"]) if content else None


def query_names(operation: Any) -> list[str]:
    return [each["name"] for each in operation.get("parameters", []) if each.get("in") == "query"]


BODIES = {route: schema for route, operation in operations() if (schema := body_schema(operation))}
QUERIES = {route: names for route, operation in operations() if (names := query_names(operation))}
