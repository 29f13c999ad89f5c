"""The rule that no text in a request contains NUL, which Postgres can't store."""

from typing import Any

NO_NUL = r"^[^\x00]*$"


def forbid_nul(document: dict[str, Any]) -> None:
    """Add the rule to every text in a body or a query that has no stricter pattern."""
    schemas = document["components"]["schemas"]
    seen: set[str] = set()
    for item in document["paths"].values():
        for method, operation in item.items():
            if method == "parameters":
                continue
            for parameter in operation.get("parameters", ()):
                if parameter["in"] == "query":
                    _forbid(parameter["schema"], schemas, seen)
            for content in operation.get("requestBody", {}).get("content", {}).values():
                _forbid(content["schema"], schemas, seen)


def _forbid(schema: dict[str, Any], schemas: dict[str, Any], seen: set[str]) -> None:
    reference = schema.get("$ref", "").rpartition("/")[2]
    if reference:
        if reference not in seen:
            seen.add(reference)
            _forbid(schemas[reference], schemas, seen)
        return
    if _is_unrestricted(schema):
        schema["pattern"] = NO_NUL
    below = [*schema.get("properties", {}).values(), *schema.get("anyOf", ())]
    below += [schema[key] for key in ("items", "additionalProperties") if schema.get(key)]
    for one in below:
        _forbid(one, schemas, seen)


def _is_unrestricted(schema: dict[str, Any]) -> bool:
    is_text = schema.get("type") in ("string", ["string", "null"])
    has_rule = schema.keys() & {"pattern", "enum"} or schema.get("format", "password") != "password"
    return is_text and not has_rule
