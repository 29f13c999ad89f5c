"""Field rules in JSON Schema that apispec doesn't know."""

from typing import Any

from apispec.ext.marshmallow.openapi import OpenAPIConverter
from marshmallow import fields, validate

from app.api.schemas import network, repository, texts
from app.api.schemas.labels import check_selector
from app.api.schemas.network import Network, check_host_entry
from app.api.schemas.texts import CommaList
from app.api.schemas.workers import Capability
from app.domain.labels import FORM
from app.domain.network import HOST

# The patterns of rules that are functions.
PATTERNS = {
    texts.check_single_line: texts.SINGLE_LINE,
    texts.check_maskable: texts.MASKABLE,
    repository.check_repo_url: repository.REPO_URL,
    repository.check_branch_name: repository.BRANCH_NAME,
    check_host_entry: HOST,
    check_selector: FORM,
}

AGENT_TYPE = {"type": "string", "minLength": 1, "maxLength": 64, "pattern": texts.SINGLE_LINE}


def register_field_rules(converter: OpenAPIConverter) -> None:
    """Register all field rules with the converter."""
    converter.add_attribute_function(_field_properties)  # type: ignore[no-untyped-call]


def _field_properties(
    _: Any, field: fields.Field[Any], ret: dict[str, Any], **__: Any
) -> dict[str, Any]:
    if isinstance(field, CommaList):
        return _comma_list(field)
    if isinstance(field, Capability):
        return {"anyOf": [{"$ref": ret.pop("$ref")}, AGENT_TYPE]}
    if isinstance(field, Network):
        words = {"type": "string", "enum": list(network.KEYWORDS)}
        return {"anyOf": [words, {"$ref": ret.pop("$ref")}]}
    properties: dict[str, Any] = {}
    if isinstance(field, fields.Enum):
        properties |= _allowed(field)
    if "enum" in ret and "type" not in ret:
        properties["type"] = ["string", "null"] if None in ret["enum"] else "string"
    if isinstance(field, fields.Dict) and "maxLength" in ret:
        properties["maxProperties"] = ret.pop("maxLength")
    if isinstance(field, fields.Dict) and field.key_field is not None:
        properties |= _property_names(field.key_field)
    patterns = _patterns(field)
    if patterns:
        first, *more = patterns
        properties["pattern"] = "^" + "".join(f"(?={pattern[1:]})" for pattern in more) + first[1:]
    return properties


def _allowed(field: fields.Enum[Any]) -> dict[str, Any]:
    """Return the enum values that a rule allows, if it doesn't allow all."""
    rules = [rule for rule in field.validators if isinstance(rule, validate.OneOf)]
    return {"enum": [choice.value for choice in rules[0].choices]} if rules else {}


def _property_names(key: fields.Field[Any]) -> dict[str, Any]:
    patterns = _patterns(key)
    return {"propertyNames": {"pattern": patterns[0]}} if patterns else {}


def _patterns(field: fields.Field[Any]) -> list[str]:
    return [pattern for rule in field.validators if (pattern := _pattern(rule))]


def _pattern(rule: Any) -> str | None:
    """Return the rule as an ECMA 262 pattern, from `^` to `$`."""
    if isinstance(rule, validate.Regexp):
        return "^" + str(rule.regex.pattern).removeprefix("^").removesuffix(r"\Z") + "$"
    if isinstance(rule, validate.ContainsNoneOf):
        return f"^[^{''.join(rule.iterable)}]*$"
    return PATTERNS.get(rule) if callable(rule) else None


def _comma_list(field: CommaList) -> dict[str, Any]:
    word = "|".join(field.values)
    return {"type": "string", "default": "", "pattern": f"^(({word})(,({word}))*)?$"}
