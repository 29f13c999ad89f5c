"""The type of a field in words, from its JSON schema: `list of [Stage](#stage) or null, ≤ 20`.

`tests/contract/page.py` reads these words back.
"""

from collections.abc import Iterator
from typing import Any

from tests.docs.reference.markdown import format_code, link_schema

Schema = dict[str, Any]

FORMATS = {"date-time": "timestamp", "date": "date", "uuid": "UUID"}
MAX_PATTERN = 40  # longer ones are for programs, which read the OpenAPI document
TEXT_PATTERN = r"^[^\x00]*$"  # of every text: no NUL
MAX_INTEGER = 2**31 - 1  # and above: the bounds of a column


def describe_type(schema: Schema) -> str:
    """The type, its limits and its default."""
    main, is_nullable = split_null(schema)
    words = _describe_core(main) + (" or null" if is_nullable else "")
    limits = list(_limits(main))
    default = schema.get("default")
    if default not in (None, ""):
        limits.append(f"default `{format_default(default)}`")
    return ", ".join([words, *limits])


def format_default(default: Any) -> str:
    return str(default).lower() if isinstance(default, bool) else str(default)


def split_null(schema: Schema) -> tuple[Schema, bool]:
    """The schema without null among its types, and whether null was among them."""
    kinds = schema.get("type")
    if isinstance(kinds, list) and "null" in kinds:
        left = [kind for kind in kinds if kind != "null"]
        return {**schema, "type": left[0] if len(left) == 1 else left}, True
    choices = schema.get("anyOf", [])
    left = [choice for choice in choices if choice != {"type": "null"}]
    if len(left) == len(choices):
        return schema, False
    return (left[0] if len(left) == 1 else {**schema, "anyOf": left}), True


def _describe_core(schema: Schema) -> str:
    if "$ref" in schema:
        return link_schema(schema["$ref"].rpartition("/")[2])
    if "anyOf" in schema:
        return " or ".join(_describe_core(choice) for choice in schema["anyOf"])
    if "enum" in schema:
        return f"one of {format_code(word for word in schema['enum'] if word is not None)}"
    kind = schema.get("type")
    if isinstance(kind, list):
        return " or ".join("list" if each == "array" else each for each in kind)
    if kind == "array":
        return f"list of {_describe_item(schema['items'])}"
    if kind == "object":
        inner = schema.get("additionalProperties")
        return f"map of {_describe_item(inner)}" if isinstance(inner, dict) and inner else "map"
    return FORMATS.get(schema.get("format", ""), str(kind))


def _describe_item(schema: Schema) -> str:
    main, is_nullable = split_null(schema)
    words = _describe_core(main)
    if is_nullable or "anyOf" in main:
        return f"({words}{' or null' if is_nullable else ''})"
    return words


def _limits(schema: Schema) -> Iterator[str]:
    sizes = (
        ("minLength", "maxLength", " characters"),
        ("minItems", "maxItems", " entries"),
        ("minProperties", "maxProperties", " entries"),
        ("minimum", "maximum", ""),
    )
    for lowest, highest, unit in sizes:
        if words := _format_range(schema.get(lowest), schema.get(highest)):
            yield words + unit
    for inside in (schema.get("items"), schema.get("additionalProperties")):
        if isinstance(inside, dict) and (limit := _format_length(split_null(inside)[0])):
            yield f"each {limit}"
    pattern = schema.get("pattern", TEXT_PATTERN)
    if pattern != TEXT_PATTERN and len(pattern) <= MAX_PATTERN:
        yield f"`{pattern}`"


def _format_length(schema: Schema) -> str:
    words = _format_range(schema.get("minLength"), schema.get("maxLength"))
    return f"{words} characters" if words else ""


def _format_range(low: float | None, high: float | None) -> str:
    if high is not None and high >= MAX_INTEGER:
        high = None
    if low is not None and high is not None:
        return _format_number(low) + (f" to {_format_number(high)}" if low != high else "")
    if high is not None:
        return f"≤ {_format_number(high)}"
    return f"≥ {_format_number(low)}" if low is not None and low > 1 else ""


def _format_number(value: float) -> str:
    return f"{int(value) if value == int(value) else value:,}"
