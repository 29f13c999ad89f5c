"""What docs/reference.md says of queries, bodies and answers, the OpenAPI document says, too."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from tests.contract import page
from tests.contract.page import Field, Fields, Line

Schema = dict[str, Any]

LINES = [line for line in page.lines() if line.method != "WS"]
SHAPES = page.shapes()
NOT_SHOWN = {"Empty"}
LIST_QUERIES = {"": set(), "cursor": {"limit", "cursor"}, "offset": {"limit", "offset"}}
JSON = "application/json"


@pytest.fixture(scope="session")
def document(rolled_back_app: Flask) -> Schema:
    found: Schema = rolled_back_app.extensions["api_description"].document
    return found


class Comparison:
    """Looks for what the page and the document say differently."""

    def __init__(self, document: Schema) -> None:
        self._schemas: dict[str, Schema] = document["components"]["schemas"]

    def schema(self, name: str) -> Schema:
        return self._schemas[name]

    def differences(self, documented: Fields, schema: Schema) -> Iterator[str]:
        properties, required = schema.get("properties", {}), schema.get("required", [])
        if missing := properties.keys() ^ documented.keys():
            yield f"only there or only here: {', '.join(sorted(missing))}"
        for name in properties.keys() & documented.keys():
            for wrong in self._field(documented[name], properties[name], name in required):
                yield f"{name}: {wrong}"

    def _field(self, field: Field, schema: Schema, required: bool) -> Iterator[str]:
        schema, is_nullable = _without_null(schema)
        is_list, is_map = schema.get("type") == "array", self._is_map(schema)
        default = schema.get("default")
        facts = {
            "optional": (field.is_optional, not required),
            "null": (field.is_nullable, is_nullable),
            "list": (field.is_list, is_list),
            "map": (field.is_map, is_map),
            "default": (field.default, None if default in (None, "") else _as_written(default)),
            "words": (field.words, frozenset() if is_map else frozenset(_enumerated(schema))),
        }
        yield from (f"{what}: {a} there, {b} here" for what, (a, b) in facts.items() if a != b)
        if not is_map and field.below != (inner := _referenced(schema)):
            yield f"below: {field.below} there, {inner} here"

    def _is_map(self, schema: Schema) -> bool:
        whole = self._resolved(schema)
        is_open = "properties" not in whole or whole.get("additionalProperties") is True
        return whole.get("type") == "object" and is_open

    def _resolved(self, schema: Schema) -> Schema:
        return self._schemas[_name(schema)] if "$ref" in schema else schema


def _name(schema: Schema) -> str:
    return str(schema.get("$ref", "an unnamed object")).rpartition("/")[2]


def _parts(schema: Schema) -> Iterator[Schema]:
    """The schema, its choices, and those of its items."""
    yield schema
    for part in (*schema.get("anyOf", ()), *([schema["items"]] if "items" in schema else ())):
        yield from _parts(part)


def _enumerated(schema: Schema) -> set[str]:
    return {word for part in _parts(schema) for word in part.get("enum", ())} - {None}


def _referenced(schema: Schema) -> str | None:
    return next((_name(part) for part in _parts(schema) if "$ref" in part), None)


def _as_written(default: object) -> str:
    return default if isinstance(default, str) else json.dumps(default)


def _without_null(schema: Schema) -> tuple[Schema, bool]:
    kinds = schema.get("type")
    if isinstance(kinds, list) and "null" in kinds:
        (kind,) = (kind for kind in kinds if kind != "null")
        return {**schema, "type": kind}, True
    choices = [choice for choice in schema.get("anyOf", ()) if choice != {"type": "null"}]
    if len(choices) == 1:
        return choices[0], True
    return schema, False


def _operation(document: Schema, line: Line) -> Schema:
    parts = [f"{{{part[1:]}}}" if part.startswith(":") else part for part in line.path.split("/")]
    found: Schema = document["paths"]["/".join(parts)][line.method.lower()]
    return found


@pytest.mark.parametrize("line", LINES, ids=str)
def test_a_line_names_the_query(document: Schema, line: Line) -> None:
    parameters = _operation(document, line).get("parameters", ())
    asked = {each["name"] for each in parameters if each["in"] == "query"}
    assert line.query == asked - LIST_QUERIES[line.list_kind]


@pytest.mark.parametrize("line", LINES, ids=str)
def test_a_line_shows_the_body(document: Schema, line: Line) -> None:
    content = _operation(document, line).get("requestBody", {}).get("content", {})
    assert line.body == (_name(content[JSON]["schema"]) if JSON in content else None)


@pytest.mark.parametrize("line", LINES, ids=str)
def test_a_line_shows_the_answer(document: Schema, line: Line) -> None:
    responses = _operation(document, line)["responses"]
    own = {status: response for status, response in responses.items() if "$ref" not in response}
    assert line.statuses == own.keys()
    contents = [response["content"] for response in own.values() if "content" in response]
    kinds = {kind: media for content in contents for kind, media in content.items()}
    if line.answer is None:
        assert JSON not in kinds or line.path == "/api/openapi.json"
        return
    schema = kinds[JSON]["schema"]
    if line.list_kind:
        fields = document["components"]["schemas"][_name(schema)]["properties"]
        ours = {"cursor": {"items", "nextCursor"}, "offset": {"items", "total", "limit", "offset"}}
        assert fields.keys() == ours[line.list_kind] | line.more
        schema = fields["items"]["items"]
    assert line.answer == _name(schema)


@pytest.mark.parametrize("name", SHAPES)
def test_a_shape_has_the_fields_of_its_schema(document: Schema, name: str) -> None:
    comparison = Comparison(document)
    assert list(comparison.differences(SHAPES[name], comparison.schema(name))) == []


def test_every_shape_that_is_named_is_shown() -> None:
    named = {name for line in LINES for name in (line.body, line.answer) if name is not None}
    inside = {field.below for shape in SHAPES.values() for field in shape.values() if field.below}
    assert (named | inside) - SHAPES.keys() == NOT_SHOWN
