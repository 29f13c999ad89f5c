"""Whatever is sent, what is wrong with it has a code."""

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import Schema, fields

import app.api
from app.api.field_errors import error_codes, flatten_errors
from app.api.schemas import base
from app.api.schemas.webhook import WebhookReply
from app.domain.field_errors import CODES, FieldError

WORDS_OF_RULES = ("error", "message_min", "message_max")


for module in pkgutil.walk_packages(app.api.__path__, "app.api."):
    importlib.import_module(module.name)


def below(kind: type[Schema]) -> Iterator[type[Schema]]:
    for each in kind.__subclasses__():
        yield each
        yield from below(each)


SCHEMAS = sorted(
    {
        kind for kind in below(base.Schema) if kind is not WebhookReply
    },  # an answer, with fields of its own
    key=lambda kind: (kind.__module__, kind.__name__),
)
LOOSE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["", " ", "\0", "\ud800", "a" * 70_000, "-", "::", "{x}", "confirm", "1e999"]),
)
VALUES = st.recursive(
    LOOSE,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=4,
)


def messages(node: Any) -> Iterator[Any]:
    if isinstance(node, dict):
        for inner in node.values():
            yield from messages(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from messages(inner)
    else:
        yield node


def within(field: fields.Field[Any]) -> Iterator[fields.Field[Any]]:
    yield field
    for name in ("inner", "key_field", "value_field"):
        if (inside := getattr(field, name, None)) is not None:
            yield from within(inside)


@pytest.mark.parametrize("kind", SCHEMAS, ids=lambda kind: kind.__name__)
def test_every_message_of_a_schema_has_a_code(kind: type[Schema]) -> None:
    schema = kind()
    found = [*schema.error_messages.items()]
    for field in [each for one in schema.load_fields.values() for each in within(one)]:
        if not field.dump_only:
            found += field.error_messages.items()
        found += [pair for rule in field.validators for pair in messages_by(rule)]
    bare = {(key, words) for key, words in found if words and not isinstance(words, FieldError)}
    assert {pair for pair in bare if not is_never_returned(*pair)} == set()


def messages_by(rule: Any) -> list[tuple[str, Any]]:
    """What marshmallow's rule says; with two bounds it has one message for both."""
    if getattr(rule, "min", None) is not None and rule.max is not None:
        return [("message_all", rule.error or rule.message_all)]
    return [(name, getattr(rule, name, None)) for name in WORDS_OF_RULES]


def is_never_returned(key: str, words: Any) -> bool:
    """Of values that we give it, and of the parts of an awareness that a date has not."""
    return key == "format" or (key == "invalid_awareness" and "{obj_type}" in words)


@st.composite
def bodies(draw: st.DrawFn) -> tuple[Schema, Any]:
    """A schema, and what may be sent in its place: often an object with the fields it knows."""
    schema = draw(st.sampled_from(SCHEMAS))()
    return schema, draw(VALUES | objects(schema, 3))


def objects(schema: Schema, depth: int) -> st.SearchStrategy[Any]:
    known = {str(field.data_key): values(field, depth) for field in schema.load_fields.values()}
    return st.fixed_dictionaries({}, optional={**known, "what": LOOSE})


def values(field: fields.Field[Any], depth: int) -> st.SearchStrategy[Any]:
    if depth and isinstance(field, fields.Nested):
        return VALUES | objects(field.schema, depth - 1)
    if depth and isinstance(field, fields.List):
        return VALUES | st.lists(values(field.inner, depth - 1), max_size=3)
    return VALUES


@given(bodies())
@settings(max_examples=150, deadline=None)
def test_every_field_error_has_a_code_whatever_is_sent(sent: tuple[Schema, Any]) -> None:
    schema, body = sent
    found = schema.validate(body)
    assert {each for each in messages(found) if not isinstance(each, FieldError)} == set()
    codes = error_codes(flatten_errors({"json": found}))
    assert {each["code"] for field in codes.values() for each in field} <= set(CODES)


def test_codes_stand_where_the_messages_stand() -> None:
    found = flatten_errors(
        {"json": {"pipeline": {0: {"name": [FieldError("too_long", "{max} at most")(max=2)]}}}}
    )
    assert found == {"pipeline.0.name": ["2 at most"]}
    assert error_codes(found) == {"pipeline.0.name": [{"code": "too_long", "params": {"max": 2}}]}


@pytest.mark.parametrize("words", ["of somebody else", "a { b", "}", "{} {0} {x!q} {x.y}"])
def test_even_words_that_have_none_come_with_a_code(words: str) -> None:
    found = flatten_errors({"json": {"name": [words]}})
    assert found == {"name": [words]}
    assert error_codes(found) == {"name": [{"code": "invalid", "params": {}}]}
